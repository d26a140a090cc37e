package addrbook

// table is one of the two. An entry has one slot of tried, or one for each of its
// sources of new.
type table struct {
	slots    []*entry
	clusters []*cluster // those that have entries
	byGroup  map[Group]*cluster
	count    int // entries
}

// cluster is the entries of one netgroup in one table.
type cluster struct {
	group   Group
	at      int // its index in the table
	entries []*entry
}

func newTable(slots int) table {
	return table{slots: make([]*entry, slots), byGroup: make(map[Group]*cluster)}
}

// join adds an entry to its netgroup's.
func (t *table) join(e *entry) {
	c := t.byGroup[e.group]
	if c == nil {
		c = &cluster{group: e.group, at: len(t.clusters)}
		t.byGroup[e.group] = c
		t.clusters = append(t.clusters, c)
	}
	e.inCluster = int32(len(c.entries)) // a table has a million slots at most
	c.entries = append(c.entries, e)
	t.count++
}

// leave takes an entry from its netgroup's.
func (t *table) leave(e *entry) {
	c, at := t.byGroup[e.group], e.inCluster
	last := len(c.entries) - 1
	c.entries[at] = c.entries[last]
	c.entries[at].inCluster = at
	c.entries[last] = nil
	c.entries = c.entries[:last]
	t.count--
	if last > 0 {
		return
	}
	end := len(t.clusters) - 1
	t.clusters[c.at] = t.clusters[end]
	t.clusters[c.at].at = c.at
	t.clusters[end] = nil
	t.clusters = t.clusters[:end]
	delete(t.byGroup, c.group)
}
