package main

import (
	"encoding/json"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const intotoType = types.MediaType("application/vnd.in-toto+json")

// runBuildkit pushes an index in the form BuildKit writes with --provenance and --sbom: beside each
// platform an "attestation manifest" whose layers are in-toto statements. Nobody signed them.
func runBuildkit(args []string) error {
	if err := need("buildkit", args, 1); err != nil {
		return err
	}
	tag, err := name.NewTag(args[0], name.StrictValidation)
	if err != nil {
		return err
	}
	var images, statements []v1.Image
	platforms := []string{"linux/amd64", "linux/arm64"}
	for _, p := range platforms {
		img, err := newImage(p, tag.RepositoryStr())
		if err != nil {
			return err
		}
		att, err := attestationManifest(img, tag, p)
		if err != nil {
			return err
		}
		images, statements = append(images, img), append(statements, att)
	}
	index := v1.ImageIndex(mutate.IndexMediaType(empty.Index, types.OCIImageIndex))
	for i, img := range images {
		if index, err = addImage(index, img, platforms[i], nil); err != nil {
			return err
		}
	}
	for i, att := range statements {
		digest, err := images[i].Digest()
		if err != nil {
			return err
		}
		index, err = addImage(index, att, "unknown/unknown", map[string]string{
			"vnd.docker.reference.digest": digest.String(),
			"vnd.docker.reference.type":   "attestation-manifest",
		})
		if err != nil {
			return err
		}
	}
	if err := remote.WriteIndex(tag, index); err != nil {
		return err
	}
	return printDigest(tag, index)
}

func attestationManifest(img v1.Image, tag name.Tag, platform string) (v1.Image, error) {
	digest, err := img.Digest()
	if err != nil {
		return nil, err
	}
	subject := []object{{
		"name":   "pkg:docker/registry.example/" + tag.RepositoryStr() + "@" + tag.TagStr() + "?platform=" + platform,
		"digest": object{"sha256": digest.Hex},
	}}
	att := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, s := range []struct {
		predicateType string
		predicate     object
	}{
		{"https://spdx.dev/Document", spdx(tag.RepositoryStr(), digest.String())},
		{"https://slsa.dev/provenance/v0.2", buildkitProvenance()},
	} {
		raw, err := json.Marshal(object{
			"_type": "https://in-toto.io/Statement/v0.1", "subject": subject,
			"predicateType": s.predicateType, "predicate": s.predicate,
		})
		if err != nil {
			return nil, err
		}
		att, err = mutate.Append(att, mutate.Addendum{
			Layer:       static.NewLayer(raw, intotoType),
			Annotations: map[string]string{"in-toto.io/predicate-type": s.predicateType},
		})
		if err != nil {
			return nil, err
		}
	}
	config, err := att.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "unknown", "unknown"
	return mutate.ConfigFile(att, config)
}

// buildkitProvenance is BuildKit's predicate in its "min" mode.
func buildkitProvenance() object {
	return object{
		"builder":   object{"id": ""},
		"buildType": "https://mobyproject.org/buildkit@v1",
		"materials": []object{{
			"uri":    "pkg:docker/alpine@3.22?platform=linux%2Famd64",
			"digest": object{"sha256": "4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1"},
		}},
		"invocation": object{
			"configSource": object{"entryPoint": "Dockerfile"},
			"parameters":   object{"frontend": "dockerfile.v0", "locals": []object{{"name": "context"}, {"name": "dockerfile"}}},
			"environment":  object{"platform": "linux/amd64"},
		},
		"metadata": object{
			"buildInvocationID": "q1x8m4d0yq5c2l7k3n6h9t0vw",
			"buildStartedOn":    "2026-11-21T07:59:52Z", "buildFinishedOn": "2026-11-21T08:00:00Z",
			"completeness": object{"parameters": true, "environment": true, "materials": false},
			"reproducible": false,
			"https://mobyproject.org/buildkit@v1#metadata": object{},
		},
	}
}
