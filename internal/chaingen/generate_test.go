package chaingen_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

func networks() []*chaincfg.Params {
	return []*chaincfg.Params{&chaincfg.SimNetParams, &chaincfg.RegressionNetParams}
}

// thin is Mixed with few of its signatures, to test quickly beyond the height at
// which simnet enforces segwit.
func thin(blocks int) chaingen.Shape {
	const less = 40
	shape := chaingen.Mixed(blocks)
	shape.Txs, shape.Inputs = shape.Txs/less, shape.Inputs/less
	return shape
}

func generate(tb testing.TB, params *chaincfg.Params, seed uint64, shape chaingen.Shape) []*btcutil.Block {
	tb.Helper()
	var blocks []*btcutil.Block
	err := chaingen.Generate(params, seed, shape, func(block *btcutil.Block) error {
		blocks = append(blocks, block)
		return nil
	})
	if err != nil {
		tb.Fatalf("generate: %v", err)
	}
	return blocks
}

// A change of these hashes needs a new version of the cached files.
func TestGenerateIsReproducible(t *testing.T) {
	tests := []struct {
		name   string
		params *chaincfg.Params
		seed   uint64
		shape  chaingen.Shape
		tip    string
	}{
		{"mixed on simnet", &chaincfg.SimNetParams, 1, thin(310), "3b34f532666d35fa837a7c3cc1991e4d148344fef62cabde522fceed694773a2"},
		{"mixed on regtest", &chaincfg.RegressionNetParams, 1, thin(120), "7060b5c36104d8839fe32eb1aa7077a2c849df272f9af1f118dc9c8fb8734331"},
		{"another seed", &chaincfg.RegressionNetParams, 2, thin(120), "22e17716df13bd07c9669acef20bbbd5837616d33574984604e5e64bc9624e28"},
		{"blob", &chaincfg.SimNetParams, 1, chaingen.Blob(11), "74f694333ae125949a0445c3ceccdf03e68498f0b5e4263b6c1bc22442cec069"},
		{"small", &chaincfg.SimNetParams, 1, chaingen.Small(2100), "53e7997a8c736c8d36ad389b17b8509ab677402028d88a262bc29cfe88ffc077"},
		{"another seed of empty blocks", &chaincfg.SimNetParams, 2, chaingen.Small(10), "58f6dc602537a5d0d1d1bf6301bc7e93d9ba640d8d850e71d90b81c56165bf2b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			blocks := generate(t, test.params, test.seed, test.shape)
			if tip := blocks[len(blocks)-1].Hash(); tip.String() != test.tip {
				t.Errorf("tip = %v, want %s", tip, test.tip)
			}
		})
	}
}

func TestGeneratedChainsAreValid(t *testing.T) {
	late := thin(105)
	late.Start = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	late.Step = time.Hour
	shapes := map[string]chaingen.Shape{
		"mixed, full density": chaingen.Mixed(104),
		"mixed, with segwit":  thin(330),
		"blob":                chaingen.Blob(12),
		"small, retargeted":   chaingen.Small(2100),
		"another start":       late,
	}
	for name, shape := range shapes {
		for _, params := range networks() {
			t.Run(name+" on "+params.Name, func(t *testing.T) {
				chain := newChain(t, params)
				blocks := generate(t, params, 7, shape)
				for _, block := range blocks {
					accept(t, chain, block)
				}
				checkTotals(t, blocks, shape)
				if last := blocks[len(blocks)-1].MsgBlock().Header.Timestamp; !last.Equal(shape.End(params)) {
					t.Errorf("the last block is of %v, want %v", last, shape.End(params))
				}
			})
		}
	}
}

func checkTotals(t *testing.T, blocks []*btcutil.Block, shape chaingen.Shape) {
	t.Helper()
	want, got := shape.Totals(), chaingen.Totals{}
	for _, block := range blocks {
		got.Blocks++
		got.Txs += len(block.Transactions())
		got.Bytes += int64(block.MsgBlock().SerializeSize())
		for _, tx := range block.MsgBlock().Transactions[1:] {
			got.Inputs += len(tx.TxIn)
		}
	}
	if got.Blocks != want.Blocks || got.Txs != want.Txs || got.Inputs != want.Inputs {
		t.Errorf("totals = %+v, want %+v", got, want)
	}
	if want.Bytes > 0 && math.Abs(float64(got.Bytes-want.Bytes)) > float64(shape.BlockBytes)/50 {
		t.Errorf("%d bytes, want %d but for 2 %% of the last block", got.Bytes, want.Bytes)
	}
}

// The figures of the chains that btcd was measured with.
func TestFullShapesAreTheMeasuredOnes(t *testing.T) {
	tests := []struct {
		shape chaingen.Shape
		want  chaingen.Totals
	}{
		{chaingen.Blob(330), chaingen.Totals{Blocks: 3440, Txs: 3440 + 4*3340, Inputs: 14 * 3340, Bytes: 330_000_000}},
		{chaingen.Mixed(3000), chaingen.Totals{Blocks: 3000, Txs: 261_200, Inputs: 438_494, Bytes: 171_000_000}},
		{chaingen.Small(20_000), chaingen.Totals{Blocks: 20_000, Txs: 20_000}},
	}
	for _, test := range tests {
		got := test.shape.Totals()
		for _, pair := range [][2]int64{
			{int64(got.Blocks), int64(test.want.Blocks)},
			{int64(got.Txs), int64(test.want.Txs)},
			{int64(got.Inputs), int64(test.want.Inputs)},
			{got.Bytes, test.want.Bytes},
		} {
			if math.Abs(float64(pair[0]-pair[1])) > 0.02*float64(pair[1]) {
				t.Errorf("%s has %+v, want %+v within 2 %%", test.shape.Name, got, test.want)
				break
			}
		}
	}
}

func TestMixedSpendsEveryKind(t *testing.T) {
	params := &chaincfg.RegressionNetParams
	outputs := make(map[wire.OutPoint]txscript.ScriptClass)
	spent := make(map[txscript.ScriptClass]int)
	total := 0
	for _, block := range generate(t, params, 3, thin(350)) {
		for i, tx := range block.Transactions() {
			for _, in := range tx.MsgTx().TxIn {
				if i > 0 {
					spent[outputs[in.PreviousOutPoint]]++
					total++
				}
			}
			for n, out := range tx.MsgTx().TxOut {
				at := wire.OutPoint{Hash: *tx.Hash(), Index: uint32(n)}
				outputs[at] = txscript.GetScriptClass(out.PkScript)
			}
		}
	}
	for _, class := range []txscript.ScriptClass{txscript.PubKeyHashTy, txscript.WitnessV0PubKeyHashTy, txscript.WitnessV1TaprootTy} {
		if share := float64(spent[class]) / float64(total); share < 0.25 || share > 0.42 {
			t.Errorf("%v is %.2f of what is spent, want about a third", class, share)
		}
	}
}

func TestShapesThatCannotBe(t *testing.T) {
	change := func(f func(*chaingen.Shape)) chaingen.Shape {
		shape := chaingen.Mixed(10)
		f(&shape)
		return shape
	}
	tests := []struct {
		name   string
		params *chaincfg.Params
		shape  chaingen.Shape
	}{
		{"real proof of work", &chaincfg.MainNetParams, chaingen.Small(1)},
		{"no blocks", &chaincfg.SimNetParams, chaingen.Small(0)},
		{"blocks too large", &chaincfg.SimNetParams, change(func(s *chaingen.Shape) { s.BlockBytes = 1 << 20 })},
		{"fewer inputs than transactions", &chaincfg.SimNetParams, change(func(s *chaingen.Shape) { s.Inputs = 1 })},
		{"inputs without transactions", &chaincfg.SimNetParams, change(func(s *chaingen.Shape) { s.Txs = 0 })},
		{"a step that makes it harder", &chaincfg.SimNetParams, change(func(s *chaingen.Shape) { s.Step = time.Minute })},
		{"half a second", &chaincfg.RegressionNetParams, change(func(s *chaingen.Shape) { s.Step = time.Second / 2 })},
		{"before genesis", &chaincfg.SimNetParams, change(func(s *chaingen.Shape) { s.Start = time.Unix(0, 0) })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := chaingen.Generate(test.params, 1, test.shape, func(*btcutil.Block) error { return nil })
			if err == nil {
				t.Error("it was generated")
			}
		})
	}
}

func TestGenerateStopsWhenEmitFails(t *testing.T) {
	stop, n := errors.New("stop"), 0
	err := chaingen.Generate(&chaincfg.SimNetParams, 1, chaingen.Small(10), func(*btcutil.Block) error {
		n++
		return stop
	})
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("generate = %v after %d blocks", err, n)
	}
}

func TestFileHoldsTheChain(t *testing.T) {
	params, shape := &chaincfg.RegressionNetParams, thin(110)
	dir := t.TempDir()
	path := filepath.Join(dir, "chain.dat")
	if err := chaingen.WriteFile(path, params, 5, shape); err != nil {
		t.Fatal(err)
	}
	want := generate(t, params, 5, shape)
	n := 0
	for block, err := range chaingen.ReadFile(path, params.Net) {
		if err != nil {
			t.Fatal(err)
		}
		if *block.Hash() != *want[n].Hash() {
			t.Fatalf("block %d is %v, want %v", n+1, block.Hash(), want[n].Hash())
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d blocks, want %d", n, len(want))
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	for _, err := range chaingen.ReadFile(path, chaincfg.SimNetParams.Net) {
		if err == nil {
			t.Error("a file of another network was read")
		}
	}
}

func TestFileThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := chaingen.WriteFile(filepath.Join(dir, "chain.dat"), &chaincfg.SimNetParams, 1, chaingen.Small(0)); err == nil {
		t.Error("a chain without blocks was written")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestFileIsMadeOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	shape := chaingen.Small(5)
	path := chaingen.File(t, shape)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if again := chaingen.File(t, shape); again != path {
		t.Errorf("the file moved from %s to %s", path, again)
	}
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was made twice: %v", err)
	}
	other := chaingen.Small(5)
	other.Step = time.Hour
	if chaingen.File(t, other) == path {
		t.Error("another shape has the same file")
	}
}

// Bubbles begin in 2000, before any network's genesis.
func TestGeneratedChainInABubble(t *testing.T) {
	chain := newChain(t, &chaincfg.SimNetParams)
	synctest.Test(t, func(t *testing.T) {
		shape := chaingen.Small(20)
		time.Sleep(time.Until(shape.End(&chaincfg.SimNetParams)))
		for _, block := range generate(t, &chaincfg.SimNetParams, 1, shape) {
			accept(t, chain, block)
		}
	})
}

func TestHeadersAreAChain(t *testing.T) {
	for _, params := range networks() {
		chain := newChain(t, params)
		headers := chaingen.Headers(params.GenesisBlock.Header, 2100, 1)
		for i := range headers {
			if _, err := chain.ProcessBlockHeader(&headers[i], blockchain.BFNone, false); err != nil {
				t.Fatalf("%s, header %d: %v", params.Name, i+1, err)
			}
		}
		seen := make(map[chainhash.Hash]bool)
		for _, header := range append(headers, chaingen.Headers(params.GenesisBlock.Header, 10, 2)...) {
			seen[header.BlockHash()] = true
		}
		if len(seen) != len(headers)+10 {
			t.Errorf("%s: two seeds share headers", params.Name)
		}
	}
}

func BenchmarkHeaders(b *testing.B) {
	for b.Loop() {
		chaingen.Headers(chaincfg.SimNetParams.GenesisBlock.Header, 2000, 1)
	}
	b.ReportMetric(2000*float64(b.N)/b.Elapsed().Seconds(), "headers/s")
}

// BenchmarkFullShapes generates and validates the measured chains whole: minutes.
func BenchmarkFullShapes(b *testing.B) {
	for _, shape := range []chaingen.Shape{chaingen.Small(20_000), chaingen.Blob(330), chaingen.Mixed(3000)} {
		params := &chaincfg.SimNetParams
		b.Run("generate/"+shape.Name, func(b *testing.B) {
			for b.Loop() {
				if err := chaingen.Generate(params, 1, shape, func(*btcutil.Block) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("validate/"+shape.Name, func(b *testing.B) {
			path := chaingen.File(b, shape)
			for b.Loop() {
				b.StopTimer()
				chain := newChain(b, params)
				b.StartTimer()
				for block, err := range chaingen.ReadFile(path, params.Net) {
					if err != nil {
						b.Fatal(err)
					}
					if _, _, err := chain.ProcessBlock(block, blockchain.BFNone); err != nil {
						b.Fatal(err)
					}
				}
				if best := chain.BestSnapshot(); int(best.Height) != shape.Blocks {
					b.Fatalf("the chain ends at %d, want %d", best.Height, shape.Blocks)
				}
			}
		})
	}
}
