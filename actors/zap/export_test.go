package zap

// Before has f called before each decision: to fail the decider.
func (c Config) Before(f func(*Request)) Config {
	c.before = f
	return c
}
