// Package eclipse measures how far an attacker with many addresses gets: how often
// all of a node's outbound links are his after a restart. The address book under
// attack is discovery/addrbook itself; beside it stand a model of Bitcoin Core's
// tables and a flat list, in the same world with the same attacker.
//
//	honest past ──▶ book ◀── attacker's links, at the full rate that is allowed
//	                 │ feelers, links
//	                 ▼
//	       restart: anchors, then picks ──▶ 8 + 2 links: how many are his?
//
// What is assumed stands in [Scenario]. Run `make eclipse`.
package eclipse
