// Package verdict reads what a plan's instances say on their standard output and
// judges them. An instance has succeeded exactly if it said so, said nothing of a
// failure or crash, and its process has ended; the exit code says nothing, since the
// SDK ends with 0 whatever happened. The rule is Testground's own.
package verdict
