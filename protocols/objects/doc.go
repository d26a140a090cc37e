// Package objects fetches and serves blocks and transactions by hash
// (mechanisms 60, 61).
//
//	opener ── getdata ──▶ ≤ 1,024 items
//	       ◀── block ──── one message an item, in the order asked:
//	       ◀── tx ─────── the object,
//	       ◀── notfound ─ or a notfound that holds just this item
//
// Payloads are Bitcoin's, with witnesses:
//
//	getdata, notfound   varint n · n × (4 type · 32 hash)
//	                    1 tx · 2 block · 0x40000001 tx · 0x40000002 block, the same here
//	block               80 header · varint n · n × transaction
//	tx                  one transaction
//
// Answers are streamed as they are read from the database, byte for byte as
// they lie there. The opener may send the next getdata before the answers to
// the last are in; they are answered in the order asked.
//
// Sources: BIP 144 for the encoding, design.md §3 for the limits.
package objects
