// Package seeder answers DNS for a network's peers, so that a new node finds its
// first ones by a name (mechanism 38).
//
//	A, AAAA  seed.example           addresses of peers, for tools that want no more
//	TXT      _dnsaddr.seed.example  "dnsaddr=/ip4/…/tcp/…/p2p/…", what nodes ask for
//	SOA, NS  seed.example           so that a parent zone can delegate to it
//
// A [Zone] makes answers of messages and is pure; a [Server] carries them. An answer
// is a draw of a few peers, one a netgroup at most, so that no operator of many
// nodes fills it, small enough for one datagram, so that the server amplifies little
// for who forges a victim's address; and each netgroup is answered so often a
// second and no more.
//
// Sources: RFC 1035, 2308 (negative answers), 6891 (sizes), 8482 (ANY), 5358 (a
// server that does not recurse); Bitcoin's seeders for what an answer holds.
package seeder
