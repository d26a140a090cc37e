package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pappus-network/pappus/node"
)

const (
	// wantFiles is how many files a process should be let open: 125 peers with TCP and QUIC,
	// 256 connections of the API, and the database's.
	wantFiles = 1024
	// wantBuffer is the receive buffer that QUIC wants, in bytes. Source: quic-go's wiki, UDP
	// Buffer Sizes.
	wantBuffer = 7_500_000
	// wantFree is the least disk space: two days of blocks of 4 MB. The node's readiness
	// asks for as much.
	wantFree = 2 * 144 * 4_000_000
	// ownersOnly are the permissions that let others neither read nor write.
	ownersOnly = 0o077
)

// checkMachine looks at what the system gives a process, and at its clock.
func checkMachine() []finding {
	var limit syscall.Rlimit
	var all []finding
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
		all = append(all, judged("files", limit.Max >= wantFiles, bad, fmt.Sprintf("a process may open %d files", limit.Max),
			fmt.Sprintf("let it open %d: ulimit -n, or LimitNOFILE= in the service's unit", wantFiles)))
	}
	// Linux alone says so there.
	if text, err := os.ReadFile("/proc/sys/net/core/rmem_max"); err == nil {
		if n, err := strconv.Atoi(string(bytes.TrimSpace(text))); err == nil {
			all = append(all, judged("udp", n >= wantBuffer, warning, fmt.Sprintf("a socket buffers up to %s", size(float64(n))),
				fmt.Sprintf("QUIC loses packets at high rates: sysctl -w net.core.rmem_max=%d net.core.wmem_max=%d", wantBuffer, wantBuffer)))
		}
	}
	// Long before this program was written: the clock stands at its battery's mercy.
	written := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := time.Now()
	return append(all, judged("time", now.After(written), bad, "this machine's clock says "+now.UTC().Format(time.RFC3339), "set the clock, best by a time service"))
}

// checkFolder looks at the network's folder: who may read the secrets, and how much room
// there is.
func checkFolder(cfg node.Config) []finding {
	dir := cfg.Dir()
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return []finding{{"folder", warning, dir + " is not there yet", "`pappus node` makes it; or name another with --datadir and --network"}}
	}
	if err != nil || !info.IsDir() {
		return []finding{{"folder", bad, dir + " cannot be used", "run this as the user that runs the node, or name another folder with --datadir"}}
	}
	all := []finding{{Name: "folder", Grade: good, Says: dir}}
	if unix.Access(dir, unix.W_OK) != nil {
		all[0] = finding{"folder", bad, dir + " cannot be written", "chown it to the user that runs the node, or run this as that user"}
	}
	for _, name := range []string{"identity.key", ".cookie"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			continue // made by the node
		}
		all = append(all, judged("secrets", info.Mode()&ownersOnly == 0, bad, fmt.Sprintf("%s has mode %04o", name, info.Mode().Perm()),
			fmt.Sprintf("others may read it: chmod 600 %s", filepath.Join(dir, name))))
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err == nil {
		free := float64(disk.Bavail) * float64(disk.Bsize)
		all = append(all, judged("space", free >= wantFree, bad, size(free)+" are free", "make room, or keep less with --prune"))
	}
	return all
}
