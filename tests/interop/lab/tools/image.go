package main

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// created is the same for every image, so that an image of the same name has the same digest each time.
var created = time.Date(2026, time.November, 21, 8, 0, 0, 0, time.UTC)

// runImage pushes a tiny image and prints IMAGE@DIGEST. With more than one platform it is an index.
// Its content depends on the repository's name and -seed only.
func runImage(args []string) error {
	f := flag.NewFlagSet("image", flag.ContinueOnError)
	platforms := f.String("platforms", "linux/amd64", "comma-separated")
	seed := f.String("seed", "", "text to tell apart images of the same repository")
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := need("image", f.Args(), 1); err != nil {
		return err
	}
	tag, err := name.NewTag(f.Arg(0), name.StrictValidation)
	if err != nil {
		return err
	}
	text := tag.RepositoryStr() + *seed
	list := strings.Split(*platforms, ",")
	if len(list) == 1 {
		img, err := newImage(list[0], text)
		if err != nil {
			return err
		}
		if err := remote.Write(tag, img); err != nil {
			return err
		}
		return printDigest(tag, img)
	}
	index := v1.ImageIndex(mutate.IndexMediaType(empty.Index, types.OCIImageIndex))
	for _, p := range list {
		img, err := newImage(p, text)
		if err != nil {
			return err
		}
		index, err = addImage(index, img, p, nil)
		if err != nil {
			return err
		}
	}
	if err := remote.WriteIndex(tag, index); err != nil {
		return err
	}
	return printDigest(tag, index)
}

// newImage has one layer with one file of a few bytes.
func newImage(platform, text string) (v1.Image, error) {
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		return nil, err
	}
	content := []byte(text + " for " + platform + "\n")
	var layer bytes.Buffer
	t := tar.NewWriter(&layer)
	if err := t.WriteHeader(&tar.Header{Name: "etc/motd", Mode: 0o644, Size: int64(len(content)), ModTime: created}); err != nil {
		return nil, err
	}
	if _, err := t.Write(content); err != nil {
		return nil, err
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.Append(img, mutate.Addendum{
		Layer:   static.NewLayer(layer.Bytes(), types.OCIUncompressedLayer),
		History: v1.History{Created: v1.Time{Time: created}, CreatedBy: "bonafide labtool image"},
	})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = p.OS, p.Architecture, p.Variant
	config.Created = v1.Time{Time: created}
	return mutate.ConfigFile(img, config)
}

func addImage(index v1.ImageIndex, img v1.Image, platform string, annotations map[string]string) (v1.ImageIndex, error) {
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		return nil, err
	}
	d := v1.Descriptor{Platform: p, Annotations: annotations}
	return mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: d}), nil
}

func printDigest(tag name.Tag, what interface{ Digest() (v1.Hash, error) }) error {
	d, err := what.Digest()
	if err != nil {
		return err
	}
	fmt.Printf("%s@%s\n", tag.Context().Name(), d)
	return nil
}

// runPlatforms prints "os/arch IMAGE@DIGEST" for each platform of an index, and nothing for an image.
func runPlatforms(args []string) error {
	if err := need("platforms", args, 1); err != nil {
		return err
	}
	tag, err := name.NewTag(args[0], name.StrictValidation)
	if err != nil {
		return err
	}
	d, err := remote.Get(tag)
	if err != nil || !d.MediaType.IsIndex() {
		return err
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(d.Manifest))
	if err != nil {
		return err
	}
	for _, m := range index.Manifests {
		fmt.Printf("%s %s@%s\n", m.Platform, tag.Context().Name(), m.Digest)
	}
	return nil
}
