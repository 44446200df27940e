package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"
)

// serve is a registry that keeps in memory what is pushed to it, until the process ends. Anybody who reaches the address may
// push, so it must be one of this machine alone.
func serve(address string, out io.Writer) error {
	listener, err := listen(address)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "serving on %s\n", listener.Addr())
	quiet := log.New(io.Discard, "", 0)
	return http.Serve(listener, registry.New(registry.WithReferrersSupport(true), registry.Logger(quiet)))
}

func listen(address string) (net.Listener, error) {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	if !at.IP.IsLoopback() {
		return nil, errors.New("-listen must be a loopback address, because anybody may push")
	}
	return net.ListenTCP("tcp", at)
}
