// labtool holds what the interop lab needs beside the public Sigstore servers, so that Go is the only
// language the lab depends on: keys, an OIDC issuer, a registry with the referrers API, test images,
// predicates and an exporter to OCI image layouts.
//
// It is a test tool: it mints tokens for anybody and must never listen on anything but loopback.
package main

import (
	"fmt"
	"os"
	"sort"
)

type command struct {
	usage string
	run   func(args []string) error
}

var commands map[string]command

// Filled here and not in the declaration: the commands themselves look up their usage in it.
func init() {
	commands = map[string]command{
		"keys":         {"DIR", runKeys},
		"oidc":         {"KEYS-DIR PROXY-ADDR TLS-ADDR", runOIDC},
		"token":        {"KEYS-DIR github [run flags] | KEYS-DIR email|google|spiffe|username|kubernetes|gitlab|buildkite NAME", runToken},
		"provenance":   {"[run flags]", runProvenance},
		"sbom":         {"FORM IMAGE@DIGEST", runSBOM},
		"registry":     {"ADDR", runRegistry},
		"proxy":        {"ADDR REGISTRY-ADDR DELAY", runProxy},
		"image":        {"[-platforms os/arch,…] IMAGE:TAG", runImage},
		"buildkit":     {"[-form FORM] [-slsa VERSION] [-bend BEND] [-list FILE] IMAGE:TAG", runBuildkit},
		"replay":       {"FROM@DIGEST TO@DIGEST", runReplay},
		"platforms":    {"IMAGE:TAG", runPlatforms},
		"report":       {"REPORT.json", runReport},
		"export":       {"IMAGE:TAG LAYOUT-DIR", runExport},
		"login-files":  {"KEYS-DIR DIR USER PASSWORD", runLoginFiles},
		"login-server": {"KEYS-DIR DIR ADDR USER PASSWORD", runLoginServer},
	}
}

func main() {
	if len(os.Args) > 1 {
		if c, ok := commands[os.Args[1]]; ok {
			if err := c.run(os.Args[2:]); err != nil {
				fmt.Fprintf(os.Stderr, "labtool %s: %v\n", os.Args[1], err)
				os.Exit(1)
			}
			return
		}
	}
	names := make([]string, 0, len(commands))
	for n := range commands {
		names = append(names, n)
	}
	sort.Strings(names)
	fmt.Fprintln(os.Stderr, "usage:")
	for _, n := range names {
		fmt.Fprintf(os.Stderr, "  labtool %s %s\n", n, commands[n].usage)
	}
	os.Exit(2)
}

// need fails with the usage of a command when the number of its arguments is wrong.
func need(name string, args []string, n int) error {
	if len(args) != n {
		return fmt.Errorf("usage: labtool %s %s", name, commands[name].usage)
	}
	return nil
}
