package score

// Order says how alike two nodes' orders of arrival are (mechanism 67).
type Order struct {
	// Tau is Kendall's: 1 if the orders are the same, 0 if they have nothing in
	// common, −1 if one is the other's reverse. Not a number, with fewer than two.
	Tau float64
	// Disorder is the share of pairs that are in opposite orders: (1−τ)/2.
	Disorder float64
	Common   int // things that both have received
}

// OrderOf compares the orders in which two nodes received things. Each is named once;
// what only one of the nodes has received does not count.
func OrderOf(a, b []int32) Order {
	place := make(map[int32]int, len(b))
	for i, x := range b {
		place[x] = i
	}
	places := make([]int, 0, len(a))
	for _, x := range a {
		if i, ok := place[x]; ok {
			places = append(places, i)
		}
	}
	n := len(places)
	pairs := float64(n) * float64(n-1) / 2
	disorder := float64(inversions(places, make([]int, n))) / pairs
	return Order{Tau: 1 - 2*disorder, Disorder: disorder, Common: n}
}

// inversions sorts by merging and counts the pairs that were in the wrong order.
func inversions(values, spare []int) int {
	if len(values) < 2 {
		return 0
	}
	half := len(values) / 2
	left, right := values[:half], values[half:]
	count := inversions(left, spare) + inversions(right, spare)
	merged := spare[:0]
	for len(left) > 0 && len(right) > 0 {
		if right[0] < left[0] {
			count += len(left) // all of them stood before it
			merged, right = append(merged, right[0]), right[1:]
		} else {
			merged, left = append(merged, left[0]), left[1:]
		}
	}
	merged = append(append(merged, left...), right...)
	copy(values, merged)
	return count
}

// MeanOrder is the mean of [OrderOf] over all pairs of nodes that have two things in
// common.
func MeanOrder(orders [][]int32) Order {
	var sum Order
	pairs := 0
	for i, a := range orders {
		for _, b := range orders[:i] {
			o := OrderOf(a, b)
			if o.Common < 2 {
				continue
			}
			sum.Tau += o.Tau
			sum.Disorder += o.Disorder
			sum.Common += o.Common
			pairs++
		}
	}
	sum.Tau /= float64(pairs) // 0/0: not a number
	sum.Disorder /= float64(pairs)
	if pairs > 0 {
		sum.Common /= pairs
	}
	return sum
}
