package main

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// runProxy passes requests on to a registry after a delay, and prints one line for each: what a client
// asked, counted from outside, and what it costs when the registry is far away.
func runProxy(args []string) error {
	if err := need("proxy", args, 3); err != nil {
		return err
	}
	delay, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	target := &url.URL{Scheme: "http", Host: args[1]}
	proxy := httputil.NewSingleHostReverseProxy(target)
	// The registry must see its own name, or the locations that it answers with lead past the proxy.
	director := proxy.Director
	proxy.Director = func(r *http.Request) {
		director(r)
		r.Host = args[1]
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(delay)
		fmt.Println(r.Method, r.URL.RequestURI())
		proxy.ServeHTTP(w, r)
	})
	return http.ListenAndServe(args[0], handler)
}
