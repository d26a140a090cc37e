package syncbench

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// companion starts this test binary once more, as what a variable of the environment makes
// of it (see TestMain), and returns it with the first line that it writes. It ends when
// held is closed.
func companion(b *testing.B, variable string, value int64) (cmd *exec.Cmd, held io.Closer, line string) {
	b.Helper()
	cmd = exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", variable, value))
	held, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return cmd, held, strings.TrimSpace(line)
}

// companionOf returns what this process is to do instead of tests and benchmarks; nil =
// these.
func companionOf() func() error {
	if size, err := strconv.ParseInt(os.Getenv(rawServer), 10, 64); err == nil {
		return func() error { return serveRaw(size) }
	}
	if os.Getenv(bystander) != "" {
		return serveNothing
	}
	return nil
}
