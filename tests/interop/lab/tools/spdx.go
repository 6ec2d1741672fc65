package main

import (
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// component is a package the SBOM of every test image lists.
type component struct{ name, version, purl, supplier, licence string }

var components = []component{
	{"alpine-baselayout", "3.6.8-r1", "pkg:apk/alpine/alpine-baselayout@3.6.8-r1?arch=x86_64&distro=alpine-3.22", "Organization: Alpine Linux", "GPL-2.0-only"},
	{"musl", "1.2.5-r10", "pkg:apk/alpine/musl@1.2.5-r10?arch=x86_64&distro=alpine-3.22", "Organization: Alpine Linux", "MIT"},
	{"ca-certificates-bundle", "20250619-r0", "pkg:apk/alpine/ca-certificates-bundle@20250619-r0?arch=x86_64&distro=alpine-3.22", "Organization: Alpine Linux", "MPL-2.0 AND MIT"},
	{"serde", "1.0.228", "pkg:cargo/serde@1.0.228", "Organization: serde-rs", "MIT OR Apache-2.0"},
	{"tokio", "1.48.0", "pkg:cargo/tokio@1.48.0", "Organization: Tokio Contributors", "MIT"},
}

// runSPDX prints an SPDX 2.3 document which describes the image and lists its packages.
func runSPDX(args []string) error {
	if err := need("spdx", args, 1); err != nil {
		return err
	}
	image, err := name.NewDigest(args[0])
	if err != nil {
		return err
	}
	return printJSON(spdx(image.RepositoryStr(), image.DigestStr()))
}

func spdx(repository, digest string) object {
	hex := strings.TrimPrefix(digest, "sha256:")
	short := repository[strings.LastIndex(repository, "/")+1:]
	const imageID = "SPDXRef-Image"
	packages := []object{{
		"SPDXID": imageID, "name": "registry.example/" + repository, "versionInfo": digest,
		"primaryPackagePurpose": "CONTAINER", "supplier": "Organization: Acme",
		"downloadLocation": "NOASSERTION", "filesAnalyzed": false,
		"licenseConcluded": "NOASSERTION", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION",
		"checksums":    []object{{"algorithm": "SHA256", "checksumValue": hex}},
		"externalRefs": purl("pkg:oci/" + short + "@sha256%3A" + hex + "?repository_url=registry.example/" + repository),
	}}
	relationships := []object{{
		"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": imageID,
	}}
	for _, c := range components {
		id := "SPDXRef-Package-" + c.name
		packages = append(packages, object{
			"SPDXID": id, "name": c.name, "versionInfo": c.version, "supplier": c.supplier,
			"downloadLocation": "NOASSERTION", "filesAnalyzed": false,
			"licenseConcluded": "NOASSERTION", "licenseDeclared": c.licence, "copyrightText": "NOASSERTION",
			"externalRefs": purl(c.purl),
		})
		relationships = append(relationships, object{
			"spdxElementId": imageID, "relationshipType": "CONTAINS", "relatedSpdxElement": id,
		})
	}
	return object{
		"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
		"name":              "registry.example/" + repository,
		"documentNamespace": "https://sbom.lab.example/" + repository + "/" + hex[:16],
		"creationInfo": object{
			"created":            "2026-11-21T08:00:00Z",
			"creators":           []string{"Organization: Acme", "Tool: bonafide-labtool-1"},
			"licenseListVersion": "3.27",
		},
		"documentDescribes": []string{imageID},
		"packages":          packages,
		"relationships":     relationships,
	}
}

func purl(p string) []object {
	return []object{{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": p}}
}
