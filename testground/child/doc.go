// Package child runs processes that leave nothing behind: process groups are
// killed as a whole, and on Linux a process is killed when its parent dies in whatever
// way.
package child
