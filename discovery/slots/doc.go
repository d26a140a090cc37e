// Package slots decides which links to take, keep and drop. [Rotation] has outbound
// links make way for others (mechanisms 28 and 82): an observer who has placed itself
// next to a node does not stay there.
//
//	idle ── mean 30 min, exponential ──▶ Dial a candidate
//	 ▲                                        │ up
//	 └──────── Drop a link that may go ◀──────┘
//
// One link at a time changes, and the new one is up before the old one goes, so
// that the number of links never falls below the target.
//
// [Door] decides who may come in and which inbound link makes way when the slots are
// full, so that a flood of dials costs neither the links that are worth something nor a
// newcomer his. It lies below libp2p's limits, which refuse and never make room.
//
//	dial ── Knock ──▶ handshake ── Enter ──▶ a guest, if the slots are full
//	          │                              └─ Stayed ──▶ the least useful link goes
//	          └─▶ turned away: its netgroup weighs too much, or knocks too often
//
// The package is pure: time and chance are arguments, results are values. Sources:
// Bitcoin Core's node/eviction.cpp; dcrd's connmgr for shedding by netgroup.
package slots
