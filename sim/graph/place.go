package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Place is where a node is: a point of the unit sphere.
type Place struct{ X, Y, Z float32 }

// Region is where nodes are many.
type Region struct {
	Name                string
	Latitude, Longitude float64 // of its middle, in degrees
	Spread              float64 // standard deviation from there, in degrees
	Share               float64 // of the nodes, in proportion to the other shares
}

// Earth returns three regions that have the most nodes of public networks, and a
// fourth. The shares are round numbers of ours, not a measurement: what is measured on
// them shows the effect of distance, not of this map.
func Earth() []Region {
	return []Region{
		{Name: "Europe", Latitude: 50, Longitude: 10, Spread: 7, Share: 0.45},
		{Name: "North America", Latitude: 40, Longitude: -95, Spread: 12, Share: 0.35},
		{Name: "East Asia", Latitude: 30, Longitude: 120, Spread: 10, Share: 0.15},
		{Name: "Oceania", Latitude: -33, Longitude: 148, Spread: 5, Share: 0.05},
	}
}

// Scatter draws places for n nodes.
func Scatter(n int, regions []Region, rng *rand.Rand) ([]Place, error) {
	total := 0.0
	for _, r := range regions {
		if !(r.Share >= 0) || !(r.Spread >= 0) || math.IsInf(r.Share, 1) {
			return nil, fmt.Errorf("graph: region %q has a share of %v and spreads %v: allowed is 0 and above", r.Name, r.Share, r.Spread)
		}
		total += r.Share
	}
	if total == 0 {
		return nil, fmt.Errorf("graph: %d regions have no share of the nodes", len(regions))
	}
	places := make([]Place, n)
	for v := range places {
		places[v] = regions[draw(regions, rng.Float64()*total)].place(rng)
	}
	return places, nil
}

func draw(regions []Region, at float64) int {
	for i, r := range regions {
		if at < r.Share {
			return i
		}
		at -= r.Share
	}
	return len(regions) - 1
}

// place draws a place about the region's middle: in a random direction, as far as a
// normal law in two dimensions says.
func (r Region) place(rng *rand.Rand) Place {
	far := math.Hypot(rng.NormFloat64(), rng.NormFloat64()) * r.Spread
	bearing := rng.Float64() * 2 * math.Pi
	sinLat, cosLat := math.Sincos(radians(r.Latitude))
	sinFar, cosFar := math.Sincos(radians(far))
	sin := sinLat*cosFar + cosLat*sinFar*math.Cos(bearing)
	longitude := radians(r.Longitude) + math.Atan2(math.Sin(bearing)*sinFar*cosLat, cosFar-sinLat*sin)
	cos := math.Sqrt(max(0, 1-sin*sin))
	return Place{float32(cos * math.Cos(longitude)), float32(cos * math.Sin(longitude)), float32(sin)}
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

// Distance is how far two places are from each other along the sphere: 0 … 1, of half
// its circumference.
func Distance(a, b Place) float64 {
	// Of the chord, as the arc cosine of a product loses small distances.
	half := math.Sqrt(square(a.X-b.X)+square(a.Y-b.Y)+square(a.Z-b.Z)) / 2
	return 2 * math.Asin(min(1, half)) / math.Pi
}

func square(x float32) float64 { return float64(x) * float64(x) }

// Placed returns the same graph with its nodes at places.
func (g *Graph) Placed(places []Place) (*Graph, error) {
	if len(places) != g.Len() {
		return nil, fmt.Errorf("%w: %d nodes and %d places", ErrNodes, g.Len(), len(places))
	}
	placed := *g
	placed.places = places
	return &placed, nil
}

// Place returns where a node is; false, if the nodes are nowhere.
func (g *Graph) Place(v int) (Place, bool) {
	if g.places == nil {
		return Place{}, false
	}
	return g.places[v], true
}

// Distance is how far two nodes are from each other: 0 … 1, and 0 if they are nowhere.
func (g *Graph) Distance(u, v int32) float64 {
	if g.places == nil {
		return 0
	}
	return Distance(g.places[u], g.places[v])
}
