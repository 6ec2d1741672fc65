package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// runKeys writes every key and certificate of the instance. A folder that is complete is left alone:
// the logs of a running lab are tied to these keys. Only the TLS certificate of the issuers is made anew when a host
// name has been added to them.
func runKeys(args []string) (err error) {
	if err := need("keys", args, 1); err != nil {
		return err
	}
	dir := args[0]
	done := filepath.Join(dir, "done")
	_, missing := os.Stat(done)
	if missing == nil && hasIssuerHosts(dir) {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	defer func() { // the functions below panic: there is nothing to recover from half a set of keys
		if r := recover(); r != nil {
			err = r.(error)
		}
	}()
	w := keyWriter{dir: dir, from: time.Now().Add(-24 * time.Hour).UTC().Truncate(time.Second)}
	w.issuerTLS()
	if missing == nil {
		return nil
	}

	// Fulcio: root and intermediate. The intermediate signs the short-lived certificates.
	fulcioRoot := w.authority("Bonafide lab Fulcio root", elliptic.P384(), nil, 1, 0)
	fulcio := w.authority("Bonafide lab Fulcio intermediate", elliptic.P384(), fulcioRoot, 0, x509.ExtKeyUsageCodeSigning)
	w.private("fulcio.key", fulcio.key)
	w.file("fulcio-chain.pem", fulcio.pem(), fulcioRoot.pem())
	w.file("fulcio-root.pem", fulcioRoot.pem())

	// Timestamp authority: root, intermediate and the certificate that signs the tokens.
	tsaRoot := w.authority("Bonafide lab TSA root", elliptic.P384(), nil, 1, 0)
	tsaInter := w.authority("Bonafide lab TSA intermediate", elliptic.P384(), tsaRoot, 0, x509.ExtKeyUsageTimeStamping)
	tsa := w.tsaLeaf("Bonafide lab TSA", tsaInter)
	w.private("tsa.key", tsa.key)
	w.file("tsa-chain.pem", tsa.pem(), tsaInter.pem(), tsaRoot.pem())

	// The three logs.
	for _, name := range []string{"ct", "rekor1"} {
		k := newEC(elliptic.P256())
		w.private(name+".key", k)
		w.public(name+".pub", k.Public())
	}
	edPub, ed := must2(ed25519.GenerateKey(rand.Reader))
	w.private("rekor2.key", ed)
	w.public("rekor2.pub", edPub)

	// The OIDC issuer: a key for tokens.
	w.private("oidc.key", must(rsa.GenerateKey(rand.Reader, 2048)))

	w.file("done")
	return nil
}

// issuerTLS writes a TLS certificate for the issuers' host names.
func (w keyWriter) issuerTLS() {
	ca := w.authority("Bonafide lab TLS CA", elliptic.P256(), nil, 0, 0)
	leaf := w.tlsLeaf(ca, issuerHosts)
	w.file("tls-ca.pem", ca.pem())
	w.file("tls.pem", leaf.pem())
	w.private("tls.key", leaf.key)
}

func hasIssuerHosts(dir string) bool {
	raw, err := os.ReadFile(filepath.Join(dir, "tls.pem"))
	if err != nil {
		return false
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	return err == nil && !slices.ContainsFunc(issuerHosts, func(host string) bool { return cert.VerifyHostname(host) != nil })
}

type keyWriter struct {
	dir  string
	from time.Time
}

type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (p *pair) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw})
}

func (w keyWriter) authority(cn string, curve elliptic.Curve, parent *pair, pathLen int, eku x509.ExtKeyUsage) *pair {
	t := w.template(cn)
	t.IsCA, t.BasicConstraintsValid = true, true
	t.MaxPathLen, t.MaxPathLenZero = pathLen, pathLen == 0
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	if eku != 0 {
		t.ExtKeyUsage = []x509.ExtKeyUsage{eku}
	}
	return w.sign(t, newEC(curve), parent)
}

func (w keyWriter) tsaLeaf(cn string, parent *pair) *pair {
	t := w.template(cn)
	t.KeyUsage = x509.KeyUsageDigitalSignature
	// RFC 3161, 2.3: the only extended key usage, and critical. Go writes it as not critical by itself.
	oid := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	value := must(asn1.Marshal([]asn1.ObjectIdentifier{oid}))
	t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: value}}
	return w.sign(t, newEC(elliptic.P256()), parent)
}

func (w keyWriter) tlsLeaf(parent *pair, hosts []string) *pair {
	t := w.template(hosts[0])
	t.DNSNames = hosts
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return w.sign(t, newEC(elliptic.P256()), parent)
}

func (w keyWriter) template(cn string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))),
		Subject:      pkix.Name{Organization: []string{"lab.example"}, CommonName: cn},
		NotBefore:    w.from,
		NotAfter:     w.from.AddDate(10, 0, 0),
	}
}

func (w keyWriter) sign(t *x509.Certificate, key *ecdsa.PrivateKey, parent *pair) *pair {
	issuer, issuerKey := t, key
	if parent != nil {
		issuer, issuerKey = parent.cert, parent.key
	}
	der := must(x509.CreateCertificate(rand.Reader, t, issuer, key.Public(), issuerKey))
	return &pair{cert: must(x509.ParseCertificate(der)), key: key}
}

func (w keyWriter) private(name string, k crypto.PrivateKey) {
	w.file(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(k))}))
}

func (w keyWriter) public(name string, k crypto.PublicKey) {
	w.file(name, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(k))}))
}

func (w keyWriter) file(name string, parts ...[]byte) {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	if err := os.WriteFile(filepath.Join(w.dir, name), all, 0o600); err != nil {
		panic(err)
	}
}

func newEC(c elliptic.Curve) *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(c, rand.Reader)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}
