package cluster

import "fmt"

// idOf makes one word of where a record stands in etcd: it is another one whenever the record is put anew.
func idOf(key string, revision, lease int64) string {
	return fmt.Sprintf("%d %d %s", revision, lease, key)
}

func parseID(id string) (key string, revision, lease int64, err error) {
	_, err = fmt.Sscanf(id, "%d %d %s", &revision, &lease, &key)
	return key, revision, lease, err
}
