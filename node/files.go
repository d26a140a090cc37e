package node

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/multiformats/go-multiaddr"
)

// Files in the network's folder that other programs read (design.md §6).
const (
	identityFile = "identity.key"
	addrsFile    = "addrs"
	apiFile      = "api"
	chainFolder  = "chain"
)

// identity reads the node's key, or makes one at the first start.
func identity(dir string) (crypto.PrivKey, error) {
	path := filepath.Join(dir, identityFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newIdentity(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read identity: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): run chmod 600 %s", path, mode, path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read identity: %w", err)
	}
	key, err := crypto.UnmarshalPrivateKey(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): restore it from a backup, or delete it to start with a new identity", path, err)
	}
	return key, nil
}

func newIdentity(path string) (crypto.PrivKey, error) {
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make identity: %w", err)
	}
	raw, err := crypto.MarshalPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode identity: %w", err)
	}
	if err := replaceFile(path, raw, 0o600); err != nil {
		return nil, err
	}
	return key, nil
}

// writeAddrs publishes the addresses the node listens on, one a line.
func writeAddrs(dir string, addrs []multiaddr.Multiaddr) error {
	var text strings.Builder
	for _, a := range addrs {
		text.WriteString(a.String() + "\n")
	}
	return replaceFile(filepath.Join(dir, addrsFile), []byte(text.String()), 0o644)
}

// writeAPI publishes where the API listens.
func writeAPI(dir, addr string) error {
	return replaceFile(filepath.Join(dir, apiFile), []byte(addr+"\n"), 0o644)
}

// replaceFile writes a file so that readers, and a crash, see the old content
// or the new and nothing between.
func replaceFile(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}

// removeFiles deletes the files that tell where a running node is reached.
func removeFiles(dir string) error {
	var errs []error
	for _, name := range []string{addrsFile, apiFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
