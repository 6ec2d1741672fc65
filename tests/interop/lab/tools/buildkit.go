package main

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	intotoType      = types.MediaType("application/vnd.in-toto+json")
	dsseType        = types.MediaType("application/vnd.dsse.envelope.v1+json")
	attestationType = "application/vnd.docker.attestation.manifest.v1+json"
	slsaV1          = "https://slsa.dev/provenance/v1"
	spdxType        = "https://spdx.dev/Document"
)

// attested is an image and how its attestation manifests are written.
type attested struct {
	tag       name.Tag
	platforms []string
	// form says where an attestation manifest names its image: "index" in the index alone, as BuildKit does; "artifact"
	// there and in its own subject, as BuildKit does with oci-artifact=true; "bare" in its subject, without annotations;
	// "referrer" in its subject, and not in the index at all, as Docker Hardened Images have it.
	form string
	// slsa is the version of the provenance.
	slsa string
	// bend is one thing that is wrong, or odd.
	bend   string
	images []v1.Image
	beside []v1.Image
}

// runBuildkit pushes an index in the form BuildKit writes with --provenance and --sbom: beside each platform an
// "attestation manifest" whose layers are in-toto statements. It prints IMAGE@DIGEST, and writes the same of each attestation
// manifest to a file, in the order of the platforms.
func runBuildkit(args []string) error {
	f := flag.NewFlagSet("buildkit", flag.ContinueOnError)
	form := f.String("form", "index", "index, artifact, bare or referrer")
	slsa := f.String("slsa", "v0.2", "version of the provenance: v0.2, or v1 as docker/github-builder has it written")
	bend := f.String("bend", "", "what is wrong with it")
	list := f.String("list", "", "file for the attestation manifests")
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := need("buildkit", f.Args(), 1); err != nil {
		return err
	}
	tag, err := name.NewTag(f.Arg(0), name.StrictValidation)
	if err != nil {
		return err
	}
	a := attested{tag: tag, form: *form, slsa: *slsa, bend: *bend, platforms: []string{"linux/amd64", "linux/arm64"}}
	index, err := a.build()
	if err != nil {
		return err
	}
	if err := remote.WriteIndex(tag, index); err != nil {
		return err
	}
	var lines []string
	for _, manifest := range a.beside {
		digest, err := manifest.Digest()
		if err != nil {
			return err
		}
		where := tag.Context().Digest(digest.String())
		if a.form == "referrer" {
			if err := remote.Write(where, manifest); err != nil {
				return err
			}
		}
		lines = append(lines, where.Name())
	}
	if *list != "" {
		if err := os.WriteFile(*list, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			return err
		}
	}
	return printDigest(tag, index)
}

func (a *attested) build() (v1.ImageIndex, error) {
	for _, p := range a.platforms {
		img, err := newImage(p, a.tag.RepositoryStr())
		if err != nil {
			return nil, err
		}
		a.images = append(a.images, img)
	}
	index := v1.ImageIndex(mutate.IndexMediaType(empty.Index, types.OCIImageIndex))
	var err error
	for i, img := range a.images {
		if index, err = addImage(index, img, a.platforms[i], nil); err != nil {
			return nil, err
		}
	}
	for i := range a.images {
		att, err := a.manifest(i)
		if err != nil {
			return nil, err
		}
		a.beside = append(a.beside, att)
		if a.form == "referrer" {
			continue
		}
		about := []int{i}
		switch {
		case a.bend == "swapped-annotations":
			about = []int{1 - i}
		case a.bend == "twice" && i == 0:
			about = []int{0, 1}
		}
		for _, place := range about {
			if index, err = a.list(index, att, place); err != nil {
				return nil, err
			}
		}
	}
	if a.bend == "nested" {
		outer := v1.ImageIndex(mutate.IndexMediaType(empty.Index, types.OCIImageIndex))
		index = mutate.AppendManifests(outer, mutate.IndexAddendum{Add: index})
	}
	return index, nil
}

// list adds an attestation manifest to the index, as being about one of the images.
func (a *attested) list(index v1.ImageIndex, att v1.Image, place int) (v1.ImageIndex, error) {
	digest, err := a.images[place].Digest()
	if err != nil {
		return nil, err
	}
	annotations := map[string]string{
		"vnd.docker.reference.digest": digest.String(),
		"vnd.docker.reference.type":   "attestation-manifest",
	}
	if a.form == "bare" {
		annotations = nil
	}
	if a.bend == "index" {
		d := v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}, Annotations: annotations}
		inner := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: att})
		return mutate.AppendManifests(index, mutate.IndexAddendum{Add: inner, Descriptor: d}), nil
	}
	return addImage(index, att, "unknown/unknown", annotations)
}

// manifest is the attestation manifest of one of the images.
func (a *attested) manifest(place int) (v1.Image, error) {
	statements, err := a.statements(place)
	if err != nil {
		return nil, err
	}
	att := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, s := range statements {
		raw, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		mediaType := intotoType
		switch a.bend {
		case "media-type":
			mediaType = "application/json"
		case "dsse", "dsse-type":
			raw, err = json.Marshal(object{
				"payloadType": intotoType, "payload": base64.StdEncoding.EncodeToString(raw),
				"signatures": []object{{"sig": "AAAA"}},
			})
			if err != nil {
				return nil, err
			}
			if a.bend == "dsse-type" {
				mediaType = dsseType
			}
		}
		att, err = mutate.Append(att, mutate.Addendum{
			Layer:       static.NewLayer(raw, mediaType),
			Annotations: map[string]string{"in-toto.io/predicate-type": s["predicateType"].(string)},
		})
		if err != nil {
			return nil, err
		}
	}
	if a.form == "index" {
		config, err := att.ConfigFile()
		if err != nil {
			return nil, err
		}
		config = config.DeepCopy()
		config.OS, config.Architecture = "unknown", "unknown"
		return mutate.ConfigFile(att, config)
	}
	about := place
	if a.bend == "swapped-subjects" {
		about = 1 - place
	}
	subject, err := partial.Descriptor(a.images[about])
	if err != nil {
		return nil, err
	}
	return artifact{att, *subject}, nil
}

// statements are what BuildKit writes of one of the images, with one thing bent.
func (a *attested) statements(place int) ([]object, error) {
	about := place
	if a.bend == "swapped-statements" {
		about = 1 - place
	}
	digest, err := a.images[about].Digest()
	if err != nil {
		return nil, err
	}
	purl := "pkg:docker/registry.example/" + a.tag.RepositoryStr() + "@" + a.tag.TagStr() + "?platform="
	subject := func(digest string, place int) object {
		escaped := strings.ReplaceAll(a.platforms[place], "/", "%2F")
		return object{"name": purl + escaped, "digest": object{"sha256": strings.TrimPrefix(digest, "sha256:")}}
	}
	subjects := []object{subject(digest.String(), about)}
	switch a.bend {
	case "other-image":
		subjects = []object{subject("sha256:"+strings.Repeat("0", 63)+"1", place)}
	case "two-subjects":
		other, err := a.images[1-place].Digest()
		if err != nil {
			return nil, err
		}
		subjects = append([]object{subject(other.String(), 1-place)}, subjects...)
	}
	statement := func(predicateType string, predicate any) object {
		return object{
			"_type": "https://in-toto.io/Statement/v0.1", "subject": subjects,
			"predicateType": predicateType, "predicate": predicate,
		}
	}
	truth, lie := githubBuilderProvenance(a.platforms[place], ""), githubBuilderProvenance(a.platforms[place], a.bend)
	statements := []object{statement(spdxType, spdx(a.tag.RepositoryStr(), digest.String())), statement(slsaV1, lie)}
	if a.slsa == "v0.2" {
		statements[1] = statement("https://slsa.dev/provenance/v0.2", buildkitProvenance())
	}
	switch a.bend {
	case "also-a-lie":
		lie := githubBuilderProvenance(a.platforms[place], "repository")
		statements = []object{statements[0], statement(slsaV1, lie), statement(slsaV1, truth)}
	case "sign-claim":
		statements = append(statements, statement("https://sigstore.dev/cosign/sign/v1", object{}))
	}
	return statements, nil
}

// artifact is an image manifest with a subject, as BuildKit writes it with oci-artifact=true.
type artifact struct {
	v1.Image
	subject v1.Descriptor
}

const emptyJSON = "{}"

func (a artifact) RawConfigFile() ([]byte, error) { return []byte(emptyJSON), nil }

func (a artifact) ConfigName() (v1.Hash, error) {
	h, _, err := v1.SHA256(strings.NewReader(emptyJSON))
	return h, err
}

func (a artifact) RawManifest() ([]byte, error) {
	raw, err := a.Image.RawManifest()
	if err != nil {
		return nil, err
	}
	var manifest object
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return nil, err
	}
	config, err := a.ConfigName()
	if err != nil {
		return nil, err
	}
	manifest["config"] = object{
		"mediaType": "application/vnd.oci.empty.v1+json", "digest": config.String(), "size": len(emptyJSON), "data": "e30=",
	}
	manifest["artifactType"] = attestationType
	manifest["subject"] = object{
		"mediaType": a.subject.MediaType, "digest": a.subject.Digest.String(), "size": a.subject.Size,
	}
	return json.Marshal(manifest)
}

func (a artifact) Manifest() (*v1.Manifest, error) { return partial.Manifest(a) }
func (a artifact) Digest() (v1.Hash, error)        { return partial.Digest(a) }
func (a artifact) Size() (int64, error)            { return partial.Size(a) }
func (a artifact) ConfigFile() (*v1.ConfigFile, error) {
	return &v1.ConfigFile{}, nil
}

// githubBuilderProvenance is BuildKit's predicate in SLSA v1 as docker/github-builder has it written, for the run whose tokens
// labtool mints by default; with one thing in it that is not so.
func githubBuilderProvenance(platform, lie string) object {
	run, err := parseRun("buildkit", nil)
	if err != nil {
		panic(err)
	}
	switch lie {
	case "repository":
		run.repo = "mallory/shop"
	case "commit":
		run.sha = strings.Repeat("0", 39) + "1"
	case "run":
		run.runID = "1"
	}
	server := "https://github.com/" + run.repo
	return object{
		"buildDefinition": object{
			"buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
			"externalParameters": object{
				"configSource": object{
					"uri": server + ".git#" + run.ref, "digest": object{"sha1": run.sha}, "path": "Dockerfile",
				},
				"request": object{"frontend": "dockerfile.v0", "args": object{"target": "release"}},
			},
			"internalParameters": object{"builderPlatform": platform},
			"resolvedDependencies": []object{
				{
					"uri":    "pkg:docker/alpine@3.22?platform=" + strings.ReplaceAll(platform, "/", "%2F"),
					"digest": object{"sha256": "4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1"},
				},
				{"uri": server + ".git#" + run.ref, "digest": object{"sha1": run.sha}},
			},
		},
		"runDetails": object{
			"builder": object{"id": server + "/actions/runs/" + run.runID + "/attempts/" + run.attempt},
			"metadata": object{
				"invocationId": "q1x8m4d0yq5c2l7k3n6h9t0vw", "startedOn": "2026-11-21T07:59:52Z", "finishedOn": "2026-11-21T08:00:00Z",
			},
		},
	}
}

// buildkitProvenance is BuildKit's predicate in SLSA v0.2, in its "min" mode.
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

// runReplay attaches to one manifest what is a Sigstore bundle of another: the same bytes, listed as a referrer.
func runReplay(args []string) error {
	if err := need("replay", args, 2); err != nil {
		return err
	}
	from, err := name.NewDigest(args[0])
	if err != nil {
		return err
	}
	to, err := name.NewDigest(args[1])
	if err != nil {
		return err
	}
	subject, err := remote.Head(to)
	if err != nil {
		return err
	}
	list, err := remote.Referrers(from)
	if err != nil {
		return err
	}
	index, err := list.IndexManifest()
	if err != nil {
		return err
	}
	copied := 0
	for _, d := range index.Manifests {
		img, err := remote.Image(from.Context().Digest(d.Digest.String()))
		if err != nil {
			return err
		}
		moved, ok := mutate.Subject(img, v1.Descriptor{
			MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size,
		}).(v1.Image)
		if !ok {
			return fmt.Errorf("no image: %s", d.Digest)
		}
		digest, err := moved.Digest()
		if err != nil {
			return err
		}
		if err := remote.Write(to.Context().Digest(digest.String()), moved); err != nil {
			return err
		}
		copied++
	}
	if copied == 0 {
		return fmt.Errorf("nothing is attached to %s", from)
	}
	return nil
}
