package main

import (
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const loginIssuer = "lab.example"

// runLoginFiles writes what a registry needs to let in one user: a TLS certificate for this machine by an
// authority of its own, a htpasswd file, and the keys by which it knows the tokens of `labtool login-server`.
func runLoginFiles(args []string) (err error) {
	if err := need("login-files", args, 4); err != nil {
		return err
	}
	keys, dir, user, password := args[0], args[1], args[2], args[3]
	key, err := readOIDCKey(keys)
	if err != nil {
		return err
	}
	defer func() { // as in runKeys
		if r := recover(); r != nil {
			err = r.(error)
		}
	}()
	w := keyWriter{dir: dir, from: time.Now().Add(-time.Hour).UTC().Truncate(time.Second)}
	authority := w.authority("Bonafide lab registry CA", elliptic.P256(), nil, 0, 0)
	server := w.localLeaf(authority)
	w.file("ca.pem", authority.pem())
	w.file("tls.pem", server.pem())
	w.private("tls.key", server.key)
	// An authority that signed nothing here.
	w.file("other-ca.pem", w.authority("Bonafide lab other CA", elliptic.P256(), nil, 0, 0).pem())
	hash := must(bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost))
	w.file("htpasswd", []byte(user+":"), hash, []byte("\n"))
	w.file("jwks.json", must(json.Marshal(map[string]any{"keys": []any{publicJWK(key)}})))
	return nil
}

func (w keyWriter) localLeaf(parent *pair) *pair {
	t := w.template("127.0.0.1")
	// This machine, and this machine under another address, for what has to be elsewhere.
	t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(127, 0, 0, 2)}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return w.sign(t, newEC(elliptic.P256()), parent)
}

// runLoginServer hands out tokens over TLS as the distribution project's token specification has it, to one
// user, for pulling what is asked for.
func runLoginServer(args []string) error {
	if err := need("login-server", args, 5); err != nil {
		return err
	}
	keys, dir, addr, user, password := args[0], args[1], args[2], args[3], args[4]
	key, err := readOIDCKey(keys)
	if err != nil {
		return err
	}
	http.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) {
		if name, given, ok := r.BasicAuth(); !ok || name != user || given != password {
			w.WriteHeader(http.StatusUnauthorized)
			writeJSON(w, map[string]any{"errors": []any{map[string]string{"code": "UNAUTHORIZED", "message": "wrong login"}}})
			return
		}
		now := time.Now().Unix()
		token, err := signJWT(key, map[string]any{
			"iss": loginIssuer, "aud": r.URL.Query().Get("service"), "sub": user,
			"iat": now - 5, "nbf": now - 5, "exp": now + 300, "access": access(r.URL.Query()["scope"]),
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeJSON(w, map[string]any{"token": token, "expires_in": 300})
	})
	return http.ListenAndServeTLS(addr, filepath.Join(dir, "tls.pem"), filepath.Join(dir, "tls.key"), nil)
}

// access grants of each scope, such as repository:acme/shop:pull, the pulling.
func access(scopes []string) []any {
	granted := []any{}
	for _, scope := range scopes {
		kind, rest, _ := strings.Cut(scope, ":")
		if name, actions, ok := strings.Cut(rest, ":"); ok && strings.Contains(actions, "pull") {
			granted = append(granted, map[string]any{"type": kind, "name": name, "actions": []string{"pull"}})
		}
	}
	return granted
}

func publicJWK(key *rsa.PrivateKey) map[string]string {
	return map[string]string{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": oidcKeyID,
		"n": b64url(key.N.Bytes()), "e": b64url(big.NewInt(int64(key.E)).Bytes()),
	}
}
