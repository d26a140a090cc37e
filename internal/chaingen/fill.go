package chaingen

import "github.com/btcsuite/btcd/wire/v2"

// What a block has beside the parts that are counted by themselves, in bytes.
const (
	headerBytes     = 80 + 3 // and the number of transactions
	commitmentBytes = 8 + 1 + 38 + 2 + 1 + 1 + 32
	witnessFlag     = 2 // marker of a transaction with witnesses
)

// fill adds data outputs to bring the block to its planned size. Earlier blocks'
// deviations, a byte for every other signature, are made up for.
func (g *generator) fill(coinbase *wire.MsgTx, drafts []draft) {
	if g.shape.BlockBytes == 0 {
		return
	}
	size := headerBytes + coinbase.SerializeSize()
	for _, d := range drafts {
		size += d.size()
	}
	if len(drafts) > 0 {
		size += commitmentBytes
	}
	room := int(int64(g.at.height)*int64(g.shape.BlockBytes)-g.written) - size
	room = min(room, maxBlockBytes-size)
	if len(drafts) == 0 {
		g.addData(coinbase, room)
		return
	}
	for i, d := range drafts {
		part := room / (len(drafts) - i)
		g.addData(d.tx, part)
		room -= part
	}
}

// size is what the transaction will have when it is signed, without its data.
func (d draft) size() int {
	size := d.tx.SerializeSize() + witnessFlag
	for _, c := range d.spent {
		size += c.kind.inputBytes() - 41 // an unsigned input
	}
	return size
}

// addData adds an output of random bytes, which no compression shortens, if there
// is room for one.
func (g *generator) addData(tx *wire.MsgTx, size int) {
	if size < minDataOutput {
		return
	}
	out, data := dataOutput(size)
	_, _ = g.filler.Read(data) // it never fails
	tx.AddTxOut(out)
}
