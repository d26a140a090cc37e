// Command pappus is a libp2p node for Bitcoin-family blockchains, and the tool
// to look after it. Run it with --help.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// exitForced is the exit code of a process that is stopped twice: the usual
// 128 + SIGINT.
const exitForced = 130

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	go awaitSignals(cancel) // ends with the process
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	cancel()
	os.Exit(code)
}

// awaitSignals asks for a graceful stop with the first signal and forces it
// with the second.
func awaitSignals(stop context.CancelFunc) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	<-signals
	stop()
	<-signals
	fmt.Fprintln(os.Stderr, "pappus: stopped at once, on the second signal")
	os.Exit(exitForced)
}
