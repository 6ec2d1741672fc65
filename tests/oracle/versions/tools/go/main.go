// Command go compares versions and names with Go's own `golang.org/x/mod`, and names of images with Docker's
// `distribution/reference`: the first argument is `version`, `golang` or `docker`.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/distribution/reference"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

func main() {
	ask := map[string]func(string, string) string{"version": versions, "golang": names(goModule), "docker": names(image)}[os.Args[1]]
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		one, other, _ := strings.Cut(lines.Text(), "\t")
		fmt.Println(ask(one, other))
	}
}

func versions(one, other string) string {
	valid := map[bool]string{true: "y", false: "n"}
	order := "-"
	if semver.IsValid(one) && semver.IsValid(other) {
		order = string("<=>"[semver.Compare(one, other)+1])
	}
	return valid[semver.IsValid(one)] + valid[semver.IsValid(other)] + order
}

func names(read func(string) (string, error)) func(string, string) string {
	return func(one, other string) string {
		first, err := read(one)
		if err != nil {
			return "invalid"
		}
		second, err := read(other)
		if err != nil {
			return "invalid"
		}
		return map[bool]string{true: "yes", false: "no"}[first == second]
	}
}

// A path as the proxy of Go writes it, or as a go.mod does. Bonafide drops the case of every name.
func goModule(path string) (string, error) {
	if strings.Contains(path, "!") {
		unescaped, err := module.UnescapePath(path)
		return strings.ToLower(unescaped), err
	}
	return strings.ToLower(path), module.CheckPath(path)
}

func image(name string) (string, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", err
	}
	return reference.TrimNamed(named).Name(), nil
}
