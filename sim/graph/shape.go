package graph

import "slices"

// Degrees are how many neighbours nodes have, whoever dialled.
type Degrees struct {
	Mean, Median float64
	Least, Most  int
}

// Degrees returns them.
func (g *Graph) Degrees() Degrees {
	all := make([]int, g.Len())
	var row []int32
	sum := 0
	for v := range all {
		row = g.Neighbours(v, row[:0])
		all[v] = len(row)
		sum += len(row)
	}
	slices.Sort(all)
	n := len(all)
	return Degrees{
		Mean:   float64(sum) / float64(n),
		Median: float64(all[(n-1)/2]+all[n/2]) / 2,
		Least:  all[0],
		Most:   all[n-1],
	}
}

// Components returns for each node the component that it is in, numbered from 0 by
// their least nodes, and how many there are. Links hold both ways.
func (g *Graph) Components() (component []int32, count int) {
	component = slices.Repeat([]int32{-1}, g.Len())
	var found, row []int32
	for v := range component {
		if component[v] >= 0 {
			continue
		}
		component[v] = int32(count) // at most as many as nodes
		found = append(found[:0], int32(v))
		for len(found) > 0 {
			u := found[len(found)-1]
			found = found[:len(found)-1]
			row = g.Neighbours(int(u), row[:0])
			for _, w := range row {
				if component[w] < 0 {
					component[w] = int32(count)
					found = append(found, w)
				}
			}
		}
		count++
	}
	return component, count
}

// Connected says whether every node can reach every other one, whoever dialled.
func (g *Graph) Connected() bool {
	_, count := g.Components()
	return count == 1
}
