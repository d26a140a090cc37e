package adverts

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// What a hash is for. Two uses never hash the same bytes.
const (
	forID byte = iota + 1
	forDay
	forChoice
)

// day is how long the peers that are told of somebody stay the same. Source: Bitcoin
// Core's ROTATE_ADDR_RELAY_DEST_INTERVAL.
const day = 24 * time.Hour

// hash returns what nobody without the secret can predict.
func (r *Router) hash(use byte, data ...[]byte) [sha256.Size]byte {
	all := append(r.secret[:len(r.secret):len(r.secret)], use)
	for _, d := range data {
		all = append(binary.LittleEndian.AppendUint32(all, uint32(len(d))), d...) // ids are short
	}
	return sha256.Sum256(all)
}

// id is the number of a record. It is keyed, or somebody would make one that another's
// is taken for.
func (r *Router) id(a Advert) uint64 {
	sum := r.hash(forID, []byte(a.Peer), binary.LittleEndian.AppendUint64(nil, a.Seq))
	return binary.LittleEndian.Uint64(sum[:])
}

// chosen returns the links over which an advert goes on: so many, of the least hashes,
// which are the same for a day; it changes at another hour for each peer.
func (r *Router) chosen(now time.Time, from, about peer.ID, copies int) []*link {
	sum := r.hash(forDay, []byte(about))
	shift := binary.LittleEndian.Uint32(sum[:]) % uint32(day/time.Second)
	today := binary.LittleEndian.AppendUint64(nil, uint64((now.Unix()+int64(shift))/int64(day/time.Second))) // after 1970
	type ranked struct {
		*link
		rank [sha256.Size]byte
	}
	var all []ranked
	for _, l := range r.links {
		if l.takes && l.peer != from && l.peer != about {
			all = append(all, ranked{l, r.hash(forChoice, []byte(about), today, []byte(l.peer))})
		}
	}
	slices.SortFunc(all, func(a, b ranked) int { return bytes.Compare(a.rank[:], b.rank[:]) })
	links := make([]*link, 0, copies)
	for _, l := range all[:min(copies, len(all))] {
		links = append(links, l.link)
	}
	return links
}
