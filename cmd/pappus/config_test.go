package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestConfigShowTellsWhereEachValueComesFrom(t *testing.T) {
	dir := configure(t, "max-peers = 11\nlisten = [\"/ip4/127.0.0.1/tcp/1\"]\nmine-every = \"3s\"\nrpcuser = \"alice\"\nrpcpassword = \"correct horse\"\n")
	got := call(t, []string{"PAPPUS_MAX_PEERS=22", "PAPPUS_TXINDEX=true"}, "config", "show", "--datadir", dir, "--network", "regtest", "--json")
	var all []setting
	if err := json.Unmarshal([]byte(got.out), &all); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	found := make(map[string]setting)
	for _, s := range all {
		found[s.Name] = s
	}
	for name, want := range map[string]setting{
		"network":     {Value: "regtest", From: "flag --network"},
		"datadir":     {Value: dir, From: "flag --datadir"},
		"max-peers":   {Value: 22.0, From: "PAPPUS_MAX_PEERS"},
		"txindex":     {Value: true, From: "PAPPUS_TXINDEX"},
		"mine-every":  {Value: "3s", From: dir + "/pappus.toml"},
		"log-level":   {Value: "info", From: "default"},
		"rpcpassword": {Value: hidden, From: dir + "/pappus.toml"},
		"rpcauth":     {From: "default"},
	} {
		got := found[name]
		if got.From != want.From || want.Value != nil && got.Value != want.Value {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if len(all) < 30 || strings.Contains(got.out, "horse") {
		t.Errorf("%d settings: %s", len(all), got.out)
	}
	people := call(t, nil, "config", "show", "--datadir", dir)
	if people.code != exitDone || !strings.Contains(people.out, "/ip4/127.0.0.1/tcp/1") || strings.Contains(people.out, "horse") {
		t.Errorf("%+v", people)
	}
}

func TestConfigValidate(t *testing.T) {
	fine := configure(t, "max-peers = 11\n")
	if got := call(t, nil, "config", "validate", "--datadir", fine); got.code != exitDone || !strings.Contains(got.out, "valid; 2 of them") {
		t.Errorf("%+v", got)
	}
	for name, text := range map[string]string{
		"unknown key":         "max-peer = 11\n",
		"wrong kind":          "max-peers = \"many\"\n",
		"cannot work":         "max-peers = 0\n",
		"not TOML":            "max-peers =\n",
		"open without a door": "api = \"0.0.0.0:8480\"\n",
		"user without":        "rpcuser = \"alice\"\n",
	} {
		if got := call(t, nil, "config", "validate", "--datadir", configure(t, text)); got.code != exitUsage || got.err == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
