package main

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// bar is one ratio.
type bar struct {
	ratio spread
	color color.Color
}

// bars are drawn in groups, at 0, 1, 2, … of the x axis; the y axis has the decimal logarithm of a
// ratio. So a bar begins at 1, the reference, and twice as much and half as much are equally long. The
// whisker goes from the least to the most.
type bars struct{ groups [][]bar }

// DataRange implements plot.DataRanger.
func (b *bars) DataRange() (xmin, xmax, ymin, ymax float64) {
	ymin, ymax = math.Log10(0.7), math.Log10(1.4) // at the least
	for _, g := range b.groups {
		for _, one := range g {
			ymin = min(ymin, math.Log10(one.ratio.least))
			ymax = max(ymax, math.Log10(one.ratio.most))
		}
	}
	room := 0.08 * (ymax - ymin) // for the numbers; on the right for the legend
	return -0.5, float64(len(b.groups)) + 0.6, ymin - room, ymax + room
}

// Plot implements plot.Plotter.
func (b *bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, g := range b.groups {
		width := (x(1) - x(0)) * 0.8 / vg.Length(max(len(g), 3))
		left := x(float64(i)) - width*vg.Length(len(g))/2
		for k, one := range g {
			one.plot(c, p, left+width*vg.Length(k), width, y)
		}
	}
	line := draw.LineStyle{Color: color.Black, Width: vg.Points(1)}
	c.StrokeLine2(line, c.Min.X, y(0), c.Max.X, y(0))
}

// plot draws one bar, its whisker, and the number at its end.
func (b *bar) plot(c draw.Canvas, p *plot.Plot, left, width vg.Length, y func(float64) vg.Length) {
	top, middle, right := y(math.Log10(b.ratio.median)), left+width/2, left+width*0.9
	c.FillPolygon(b.color, []vg.Point{{X: left, Y: y(0)}, {X: left, Y: top}, {X: right, Y: top}, {X: right, Y: y(0)}})
	thin := draw.LineStyle{Color: color.Gray{90}, Width: vg.Points(0.7)}
	c.StrokeLine2(thin, middle, y(math.Log10(b.ratio.least)), middle, y(math.Log10(b.ratio.most)))
	style := p.Legend.TextStyle
	style.Font.Size = vg.Points(7)
	style.XAlign, style.YAlign = draw.XCenter, draw.YBottom
	at := y(math.Log10(b.ratio.most)) + vg.Points(2)
	if b.ratio.median < 1 {
		style.YAlign = draw.YTop
		at = y(math.Log10(b.ratio.least)) - vg.Points(2)
	}
	c.FillText(style, vg.Point{X: middle, Y: at}, three(b.ratio.median))
}

// ratioTicks puts 1, 2, 5, 10, … and 0.5, 0.2, … on the y axis, or more where that would be few.
func ratioTicks(least, most float64) (all []plot.Tick) {
	steps := []float64{1, 2, 5}
	if most-least < 1.2 {
		steps = []float64{1, 1.2, 1.5, 2, 3, 4, 5, 6, 8}
	}
	for decade := math.Floor(least); decade <= most; decade++ {
		for _, step := range steps {
			at := decade + math.Log10(step)
			if at >= least && at <= most {
				all = append(all, plot.Tick{Value: at, Label: strconv.FormatFloat(math.Pow(10, at), 'g', 2, 64)})
			}
		}
	}
	return all
}

// swatch is a subject's colour in the legend.
type swatch struct{ color color.Color }

// Thumbnail implements plot.Thumbnailer.
func (s swatch) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(s.color, []vg.Point{c.Min, {X: c.Min.X, Y: c.Max.Y}, c.Max, {X: c.Max.X, Y: c.Min.Y}})
}
