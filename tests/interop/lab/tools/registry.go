package main

import (
	"log"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

// runRegistry serves a registry with the OCI 1.1 referrers API; everything is kept in memory.
func runRegistry(args []string) error {
	if err := need("registry", args, 1); err != nil {
		return err
	}
	handler := registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(os.Stderr, "", log.LstdFlags)))
	return http.ListenAndServe(args[0], handler)
}
