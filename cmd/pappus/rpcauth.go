package main

import (
	"crypto/rand"
	"errors"
	"strings"

	"github.com/pappus-network/pappus/api"
)

type rpcAuthCommand struct {
	User     string `arg:"" help:"Name of the user."`
	Password string `arg:"" optional:"" help:"The password; without it one is made up."`
}

func (*rpcAuthCommand) examples() [2]string {
	return [2]string{
		"pappus rpcauth alice",
		"pappus rpcauth alice --json",
	}
}

// Run prints what goes into the settings, and the password, which is stored nowhere.
func (c *rpcAuthCommand) Run(g globals, term terminal) error {
	if c.User == "" || strings.ContainsAny(c.User, ":$") {
		return &usageError{errors.New("the user's name is empty, or has a colon or a dollar sign in it")}
	}
	password := c.Password
	if password == "" {
		password = rand.Text() // 130 bits of chance
	}
	line := api.SaltedUser(c.User, password)
	if g.JSON {
		return term.printJSON(map[string]string{"rpcauth": line, "user": c.User, "password": password})
	}
	return term.printf("rpcauth = [\"%s\"]\n\nThat is the line for pappus.toml. User %s, password %s: it is stored nowhere else.\n", line, c.User, password)
}
