// Package dnsseed asks DNS seeds for peers (mechanism 38).
//
//	seed.example  →  TXT _dnsaddr.seed.example
//	                 "dnsaddr=/ip4/192.0.2.7/tcp/8477/p2p/12D3Koo…"   a peer
//	                 "dnsaddr=/dnsaddr/eu.seed.example"               another name to ask
//
// A dial needs a peer id, so that Bitcoin's A records do not suffice; these are
// libp2p's dnsaddr records (multiformats/multiaddr, protocols/DNSADDR.md). DNS is
// neither signed nor private: what comes from it is one source among others, and
// its answers are bounded in names, records and time, whatever a seed says.
package dnsseed
