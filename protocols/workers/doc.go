// Package workers gives each peer a goroutine of its own, so that one that is slow to
// take, answer or be reached holds up no other.
//
//	Start(p, work) ──▶ waits for Run ──▶ work(ctx) ──▶ ends with Stop(p) or Run's context
//
// Who has peers that come and go calls Start and Stop, which never block and may be
// called under a lock of the caller's, and runs the set beside whatever else it does.
// What there is to do for a peer, and what wakes its worker for it, is the caller's.
package workers
