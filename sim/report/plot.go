package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/pappus-network/pappus/sim/study"
)

// The size of a plot and of the legend at its right, in points.
const (
	width       = 640
	height      = 340
	legendWidth = 190
)

// palette can be told apart by people who do not see all colours. Source: Okabe
// and Ito, "Color Universal Design" (2008), without yellow, which paper hides.
var palette = []color.RGBA{
	{0, 114, 178, 255},
	{213, 94, 0, 255},
	{0, 158, 115, 255},
	{204, 121, 167, 255},
	{86, 180, 233, 255},
	{230, 159, 0, 255},
	{90, 90, 90, 255},
}

// SVG draws one metric of results: ours as lines with error bars, the published
// values as hollow circles in the same colour. It returns nil if there is nothing to draw.
func SVG(r *study.Results, metric study.Metric) ([]byte, error) {
	c := newChart(r, metric)
	if len(c.series) == 0 {
		return nil, nil
	}
	p := plot.New()
	p.BackgroundColor = color.Transparent // the page has its own
	p.Title.Text = metric.Title
	p.X.Label.Text = study.Short(c.axis)
	p.Y.Label.Text = metric.Title + unit(metric)
	c.scale(p)
	legend := plot.NewLegend()
	legend.Top, legend.Left = true, true
	legend.YOffs = -vg.Points(20)
	for i, s := range c.series {
		if err := s.draw(p, &legend, palette[i%len(palette)]); err != nil {
			return nil, fmt.Errorf("draw %s of %s: %w", metric.Name, r.Scenario.Name, err)
		}
	}
	dress(p, &legend)
	canvas := vgsvg.New(width, height)
	area := draw.New(canvas)
	p.Draw(draw.Crop(area, 0, -legendWidth, 0, 0))
	legend.Draw(draw.Crop(area, width-legendWidth+vg.Points(8), 0, 0, 0))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("draw %s of %s: %w", metric.Name, r.Scenario.Name, err)
	}
	// A browser without the font would take one with serifs.
	return bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,sans-serif")), nil
}

// dress sets all texts in one face.
func dress(p *plot.Plot, legend *plot.Legend) {
	for _, s := range []*text.Style{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &legend.TextStyle,
	} {
		s.Font.Variant = "Sans"
		s.Font.Size = font.Length(10)
	}
	p.Title.TextStyle.Font.Size = 12
}

// chart is what one plot shows.
type chart struct {
	axis   string
	names  []string // of the places on an axis that has no numbers
	series []*series
	logX   bool
	logY   bool
}

// series are the points that differ in the axis alone.
type series struct {
	name      string
	ours      spots
	published spots
}

// spots are points with the halves of their intervals.
type spots struct {
	plotter.XYs
	halves []float64
}

// YError implements plotter.YErrorer.
func (s spots) YError(i int) (low, high float64) { return s.halves[i], s.halves[i] }

func newChart(r *study.Results, metric study.Metric) *chart {
	s := r.Scenario
	c := &chart{axis: s.XAxis(), logX: s.Plot.LogX, logY: s.Plot.LogY}
	at := slices.Index(s.Axes, c.axis)
	byName := map[string]*series{}
	for _, row := range r.Rows() {
		if row.Metric.Name != metric.Name || at < 0 {
			continue
		}
		x := c.place(row.Point.Values[at])
		name := s.Label(row.Point, c.axis)
		line := byName[name]
		if line == nil {
			line = &series{name: name}
			byName[name] = line
			c.series = append(c.series, line)
		}
		c.add(&line.ours, x, row.Ours.Mean, row.Ours.Half())
		if row.Published != nil {
			c.add(&line.published, x, row.Published.Value, row.Published.Within)
		}
	}
	return c
}

// add keeps a spot, if it can be drawn on the scale.
func (c *chart) add(s *spots, x, y, half float64) {
	if c.logX && x <= 0 || c.logY && y <= 0 || math.IsNaN(y) {
		return
	}
	if k := len(s.XYs); k > 0 && s.XYs[k-1].X == x && s.XYs[k-1].Y == y {
		return // of a point with several published values
	}
	if math.IsNaN(half) {
		half = 0
	}
	if c.logY {
		half = min(half, 0.99*y)
	}
	s.XYs = append(s.XYs, plotter.XY{X: x, Y: y})
	s.halves = append(s.halves, half)
}

// place is where a value stands on the axis: names in the order of the scenario.
func (c *chart) place(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	name := fmt.Sprint(v)
	i := slices.Index(c.names, name)
	if i < 0 {
		i = len(c.names)
		c.names = append(c.names, name)
	}
	return float64(i)
}

func (c *chart) scale(p *plot.Plot) {
	p.Add(plotter.NewGrid())
	if c.names != nil {
		p.NominalX(c.names...)
	}
	if c.logX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	if c.logY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		return
	}
	p.Y.Min = 0 // a figure whose floor is not 0 makes differences look large
}

func (s *series) draw(p *plot.Plot, legend *plot.Legend, c color.RGBA) error {
	line, dots, err := plotter.NewLinePoints(s.ours.XYs)
	if err != nil {
		return err
	}
	bars, err := plotter.NewYErrorBars(s.ours)
	if err != nil {
		return err
	}
	line.Color, bars.Color, dots.Color = c, c, c
	dots.Shape, dots.Radius = draw.CircleGlyph{}, vg.Points(2)
	line.Width = vg.Points(1.2)
	p.Add(line, bars, dots)
	name := s.name
	if name == "" {
		name = "ours"
	}
	legend.Add(short(name), line, dots)
	if len(s.published.XYs) == 0 {
		return nil
	}
	rings, err := plotter.NewScatter(s.published.XYs)
	if err != nil {
		return err
	}
	rings.Color, rings.Shape, rings.Radius = c, draw.RingGlyph{}, vg.Points(4)
	p.Add(rings)
	legend.Add("  published", rings)
	return nil
}

// short cuts a name to what the legend has room for.
func short(name string) string {
	const most = 32
	if r := []rune(name); len(r) > most {
		return strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return name
}
