// Merges pprof files with google/pprof: the peer of `tidemark profile merge`.
package main

import (
	"fmt"
	"os"

	"github.com/google/pprof/profile"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: merge OUT FILE...")
		os.Exit(2)
	}
	var profiles []*profile.Profile
	for _, name := range os.Args[2:] {
		data, err := os.ReadFile(name)
		check(err)
		parsed, err := profile.ParseData(data)
		check(err)
		profiles = append(profiles, parsed)
	}
	merged, err := profile.Merge(profiles)
	check(err)
	out, err := os.Create(os.Args[1])
	check(err)
	check(merged.Write(out))
	check(out.Close())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
