// Package chaingen makes block chains for tests and benchmarks: valid under all of
// btcd's rules on simnet and regtest, with real signatures, and the same to the
// byte for the same seed.
//
//	Generate, WriteFile, File   large chains of a given Shape, streamed
//	Builder                     block by block: forks, spends, broken blocks
//	Headers                     only headers, by the ten thousand
//
// # Rules of a generated chain
//
// The first block comes one step after genesis (on regtest in April 2012, where P2SH
// begins) and every step is the same, long enough that a retarget leaves the
// difficulty at its minimum. Blocks signal CSV,
// segwit and taproot, which are active from [ActiveFrom]; before it only P2PKH is
// spent. Coinbases mature after 100 blocks, so spending starts at height 101.
//
// # Clocks
//
// The chains begin in 2014 or 2012 and end months later. The clock of a synctest bubble starts in 2000: there, sleep until
// [Shape.End] or the tip's time before anything else is started, which costs
// nothing. A later [Shape.Start] gives a chain that ends near the present.
package chaingen
