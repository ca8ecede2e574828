package main

import (
	"errors"
	"image/color"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// figure is a chart of ratios to a reference.
type figure struct {
	name, title, axis string
	shows             func(*summary) *spread // the ratio to show; nil: none
}

var figures = []figure{
	{"throughput-libzmq", "Throughput relative to libzmq's own C tools: up is better", "libzmq = 1", func(s *summary) *spread {
		return given(s.metric.more && s.subject != s.scenario.a, s.toA)
	}},
	{"throughput-pebbe", "Throughput relative to raw pebbe/zmq4: up is better", "pebbe = 1", func(s *summary) *spread {
		return given(s.metric.more && s.subject != s.scenario.b, s.toB)
	}},
	{"cost-pebbe", "Time, memory and allocations relative to raw pebbe/zmq4: down is better", "pebbe = 1", func(s *summary) *spread {
		return given(!s.metric.more && s.subject != s.scenario.b, s.toB)
	}},
}

// given is s, if it can be shown: what is nearly nothing may have come out below 0, and has no logarithm.
func given(ok bool, s *spread) *spread {
	if !ok || s == nil || s.least <= 0 {
		return nil
	}
	return s
}

// palette has a colour for each subject, the same in every figure.
var palette = map[string]color.Color{
	tools:      color.RGBA{40, 40, 40, 255},
	blockingC:  color.RGBA{95, 95, 95, 255},
	raw:        color.RGBA{150, 150, 150, 255},
	locked:     color.RGBA{175, 175, 175, 255},
	eachPolled: color.RGBA{200, 200, 200, 255},
	batch:      color.RGBA{0, 114, 178, 255},
	ours:       color.RGBA{0, 114, 178, 255},
	single:     color.RGBA{86, 180, 233, 255},
	lean:       color.RGBA{86, 180, 233, 255},
	coalesced:  color.RGBA{0, 158, 115, 255},
	channeler:  color.RGBA{213, 94, 0, 255},
	pureGo:     color.RGBA{230, 159, 0, 255},
	channel:    color.RGBA{204, 121, 167, 255},
	tell:       color.RGBA{235, 190, 215, 255},
}

// drawAll draws every figure that there is something for, as PNG and as SVG.
func drawAll(dir string, all []summary) error {
	var wrong []error
	for _, f := range figures {
		wrong = append(wrong, f.draw(dir, all))
	}
	return errors.Join(wrong...)
}

func (f *figure) draw(dir string, all []summary) error {
	var names []string
	b := &bars{}
	seen := map[string]bool{}
	p := plot.New()
	for i := range all {
		s := &all[i]
		ratio := f.shows(s)
		if ratio == nil {
			continue
		}
		group := s.scenario.name
		if s.metric.name != "" {
			group += "\n" + s.metric.name
		}
		if len(names) == 0 || names[len(names)-1] != group {
			names = append(names, group)
			b.groups = append(b.groups, nil)
		}
		last := len(b.groups) - 1
		b.groups[last] = append(b.groups[last], bar{*ratio, palette[s.subject]})
		if !seen[s.subject] {
			seen[s.subject] = true
			p.Legend.Add(s.subject, swatch{palette[s.subject]})
		}
	}
	if len(names) == 0 {
		return nil
	}
	f.dress(p)
	p.Add(b)
	p.NominalX(names...)
	width := vg.Length(len(names))*vg.Points(100) + vg.Points(100)
	for _, ext := range []string{".png", ".svg"} {
		if err := p.Save(width, vg.Points(400), filepath.Join(dir, f.name+ext)); err != nil {
			return err
		}
	}
	return nil
}

// dress sets everything but the data.
func (f *figure) dress(p *plot.Plot) {
	p.Title.Text, p.Y.Label.Text = f.title, f.axis
	p.Title.Padding = vg.Points(8)
	p.Y.Tick.Marker = plot.TickerFunc(ratioTicks)
	for _, label := range []*vg.Length{&p.X.Tick.Label.Font.Size, &p.Y.Tick.Label.Font.Size, &p.Legend.TextStyle.Font.Size} {
		*label = vg.Points(9)
	}
	p.Legend.Top = true
	p.Legend.XOffs = vg.Points(-6)
	p.Legend.Padding = vg.Points(2)
	grid := plotter.NewGrid()
	grid.Vertical.Color = nil
	p.Add(grid)
}
