package main

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

const (
	githubIssuer = "https://token.actions.githubusercontent.com"
	emailIssuer  = "https://accounts.lab.example"

	gitlabIssuer     = "https://gitlab.com"
	buildkiteIssuer  = "https://agent.buildkite.com"
	googleIssuer     = "https://accounts.google.com"
	kubernetesIssuer = "https://cluster.lab.example"
	spiffeIssuer     = "https://spiffe.lab.example"
	usernameIssuer   = "https://users.lab.example"
)

// issuerHosts are the host names the TLS certificate of the issuer is made for.
var issuerHosts = []string{
	"token.actions.githubusercontent.com", "accounts.lab.example", "gitlab.com", "agent.buildkite.com",
	"accounts.google.com", "cluster.lab.example", "spiffe.lab.example", "users.lab.example",
}

// runOIDC serves discovery and keys of every issuer over TLS, and beside it a CONNECT proxy which leads
// each host name to that server. Fulcio is started with the proxy in HTTPS_PROXY and trusts nothing but
// our TLS CA: so the issuers carry their real names, nothing leaves the machine, and no system file
// (hosts, certificate store) is changed.
func runOIDC(args []string) error {
	if err := need("oidc", args, 3); err != nil {
		return err
	}
	dir, proxyAddr, tlsAddr := args[0], args[1], args[2]
	key, err := readOIDCKey(dir)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		issuer := "https://" + r.Host
		writeJSON(w, map[string]any{
			"issuer": issuer, "jwks_uri": issuer + "/keys",
			"authorization_endpoint": issuer + "/auth", "token_endpoint": issuer + "/token",
			"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"keys": []any{publicJWK(key)}})
	})
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls.pem"), filepath.Join(dir, "tls.key"))
	if err != nil {
		return err
	}
	issuer := &http.Server{Addr: tlsAddr, Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}
	failed := make(chan error, 2)
	go func() { failed <- issuer.ListenAndServeTLS("", "") }()
	go func() { failed <- http.ListenAndServe(proxyAddr, connectTo(tlsAddr)) }()
	return <-failed
}

// connectTo answers every CONNECT with a tunnel to addr, whatever host was asked for.
func connectTo(addr string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "this proxy only knows CONNECT", http.StatusMethodNotAllowed)
			return
		}
		log.Printf("CONNECT %s", r.Host)
		up, err := net.Dial("tcp", addr)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer up.Close()
		down, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			log.Print(err)
			return
		}
		defer down.Close()
		fmt.Fprint(down, "HTTP/1.1 200 Connection established\r\n\r\n")
		ended := make(chan struct{}, 2)
		go func() { _, _ = io.Copy(up, buf); ended <- struct{}{} }()
		go func() { _, _ = io.Copy(down, up); ended <- struct{}{} }()
		<-ended // either side gone: the deferred closes end the other copy
	})
}

func readOIDCKey(dir string) (*rsa.PrivateKey, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "oidc.key"))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("%s/oidc.key is not PEM", dir)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	rsaKey, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s/oidc.key is a %T, not an RSA key", dir, key)
	}
	return rsaKey, nil
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func b64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
