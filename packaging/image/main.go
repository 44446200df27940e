// Command image writes the container image of a program as an OCI layout, pushes it to a registry, and is a registry for
// tests. It needs no container engine.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

const usage = `usage:
  image build -layout DIR -program NAME -created SECONDS [-revision COMMIT] [-certificates FILE] BINARY... -- [ARGUMENT...]
      writes DIR anew: one image for each binary and the index of all of them; reads the output of cargo metadata from
      standard input
  image push -layout DIR -to REPOSITORY[:TAG]
      pushes the index with its images, and attaches DIR-ARCHITECTURE.cdx.json to the image of each architecture
  image serve -listen ADDRESS
      is a registry in memory, for tests, on a loopback address
`

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(arguments []string, in io.Reader, out io.Writer) error {
	if len(arguments) > 0 {
		switch arguments[0] {
		case "build":
			return runBuild(arguments[1:], in, out)
		case "push":
			return runPush(arguments[1:], out)
		case "serve":
			return runServe(arguments[1:], out)
		}
	}
	return fmt.Errorf("no such command\n%s", usage)
}

func runBuild(arguments []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	layout := flags.String("layout", "", "folder to write")
	program := flags.String("program", "", "name of the program, of its package and of its file in the image")
	created := flags.String("created", "", "when the image was made, in seconds since 1970")
	revision := flags.String("revision", "", "commit of the source")
	certificates := flags.String("certificates", "", "PEM file of the authorities that the program trusts")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(*created, 10, 64)
	if err != nil {
		return fmt.Errorf("-created: %w", err)
	}
	binaries, defaults := split(flags.Args())
	if *layout == "" || *program == "" || len(binaries) == 0 {
		return fmt.Errorf("-layout, -program and a binary are needed\n%s", usage)
	}
	recipe := recipe{program: *program, created: time.Unix(seconds, 0).UTC(), defaults: defaults}
	if recipe.labels, err = labels(in, *program, *revision, recipe.created); err != nil {
		return err
	}
	if *certificates != "" {
		recipe.bundle = filepath.Base(*certificates)
		if recipe.certificates, err = os.ReadFile(*certificates); err != nil {
			return err
		}
	}
	index, err := recipe.index(binaries)
	if err != nil {
		return err
	}
	if err := write(filepath.Clean(*layout), index, recipe.labels); err != nil {
		return err
	}
	return report(out, *program, index)
}

func runPush(arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("push", flag.ContinueOnError)
	layout := flags.String("layout", "", "folder to read")
	to := flags.String("to", "", "repository, with a tag or without one")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *layout == "" || *to == "" || flags.NArg() > 0 {
		return fmt.Errorf("-layout and -to are needed\n%s", usage)
	}
	return push(filepath.Clean(*layout), *to, out)
}

func runServe(arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	address := flags.String("listen", "", "loopback address")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *address == "" || flags.NArg() > 0 {
		return fmt.Errorf("-listen is needed\n%s", usage)
	}
	return serve(*address, out)
}

// split returns what stands before and after "--".
func split(arguments []string) (before, after []string) {
	for at, argument := range arguments {
		if argument == "--" {
			return arguments[:at], arguments[at+1:]
		}
	}
	return arguments, nil
}
