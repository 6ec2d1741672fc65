package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const refName = "org.opencontainers.image.ref.name"

// runExport copies an image with all evidence about it into an OCI image layout. Every byte is kept as
// the registry has it. index.json names the image by its tag, and by their tags the referrers index of
// each manifest (sha256-HEX) and the legacy manifests (sha256-HEX.sig, sha256-HEX.att), so that a reader
// finds everything without a registry.
//
// It reads tags only, never the referrers API: use it on a registry without that API, where cosign
// keeps the referrers index up to date itself.
func runExport(args []string) error {
	if err := need("export", args, 2); err != nil {
		return err
	}
	tag, err := name.NewTag(args[0], name.StrictValidation)
	if err != nil {
		return err
	}
	e := exporter{repo: tag.Context(), dir: args[1]}
	if err := os.RemoveAll(filepath.Join(e.dir, "blobs")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(e.dir, "blobs", "sha256"), 0o755); err != nil {
		return err
	}
	subjects, err := e.tagged(tag.TagStr())
	if err != nil {
		return err
	}
	if len(subjects) == 0 {
		return fmt.Errorf("%s is not in the registry", tag)
	}
	// What is attached may have something attached itself.
	for seen := map[v1.Hash]bool{}; len(subjects) > 0; subjects = subjects[1:] {
		d := subjects[0]
		if seen[d] {
			continue
		}
		seen[d] = true
		for _, suffix := range []string{"", ".sig", ".att"} {
			attached, err := e.tagged("sha256-" + d.Hex + suffix)
			if err != nil {
				return err
			}
			subjects = append(subjects, attached...)
		}
	}
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: e.entries}
	raw, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(e.dir, "index.json"), append(raw, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(e.dir, "oci-layout"), []byte("{\"imageLayoutVersion\":\"1.0.0\"}\n"), 0o644)
}

type exporter struct {
	repo    name.Repository
	dir     string
	entries []v1.Descriptor
}

// tagged copies what a tag names and notes it in index.json. It returns the digests of all manifests
// copied, and nothing when there is no such tag.
func (e *exporter) tagged(tag string) ([]v1.Hash, error) {
	d, err := remote.Get(e.repo.Tag(tag))
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e.entries = append(e.entries, v1.Descriptor{
		MediaType: d.MediaType, Size: d.Size, Digest: d.Digest,
		Annotations: map[string]string{refName: tag},
	})
	return e.manifest(d)
}

func (e *exporter) manifest(d *remote.Descriptor) ([]v1.Hash, error) {
	if err := e.write(d.Digest, bytes.NewReader(d.Manifest)); err != nil {
		return nil, err
	}
	all := []v1.Hash{d.Digest}
	if d.MediaType.IsIndex() {
		index, err := v1.ParseIndexManifest(bytes.NewReader(d.Manifest))
		if err != nil {
			return nil, err
		}
		for _, m := range index.Manifests {
			child, err := remote.Get(e.repo.Digest(m.Digest.String()))
			if err != nil {
				return nil, err
			}
			below, err := e.manifest(child)
			if err != nil {
				return nil, err
			}
			all = append(all, below...)
		}
		return all, nil
	}
	m, err := v1.ParseManifest(bytes.NewReader(d.Manifest))
	if err != nil {
		return nil, err
	}
	for _, b := range append(m.Layers, m.Config) {
		if err := e.blob(b.Digest); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (e *exporter) blob(h v1.Hash) error {
	l, err := remote.Layer(e.repo.Digest(h.String()))
	if err != nil {
		return err
	}
	r, err := l.Compressed()
	if err != nil {
		return err
	}
	defer r.Close()
	return e.write(h, r)
}

// write stores one blob and makes sure that it is what its name says.
func (e *exporter) write(h v1.Hash, r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	got, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if got != h {
		return fmt.Errorf("the registry answered %s for %s", got, h)
	}
	return os.WriteFile(filepath.Join(e.dir, "blobs", strings.ReplaceAll(h.String(), ":", "/")), raw, 0o644)
}

func isNotFound(err error) bool {
	var t *transport.Error
	return errors.As(err, &t) && t.StatusCode == http.StatusNotFound
}
