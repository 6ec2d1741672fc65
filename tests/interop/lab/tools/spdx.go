package main

import (
	"fmt"
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

// sboms are the forms of SBOM that the stage attests, by name.
var sboms = map[string]func(repository, digest string) object{
	"spdx": spdx, "spdx-3": spdx3, "cyclonedx": cyclonedx, "empty": emptySPDX, "noassertion": noAssertion,
}

// runSBOM prints an SBOM which describes the image and lists its packages, in one of the forms.
func runSBOM(args []string) error {
	if err := need("sbom", args, 2); err != nil {
		return err
	}
	form, known := sboms[args[0]]
	if !known {
		return fmt.Errorf("no such form of SBOM: %q", args[0])
	}
	image, err := name.NewDigest(args[1])
	if err != nil {
		return err
	}
	return printJSON(form(image.RepositoryStr(), image.DigestStr()))
}

// emptySPDX lists the image itself and nothing in it.
func emptySPDX(repository, digest string) object {
	document := spdx(repository, digest)
	document["packages"] = document["packages"].([]object)[:1]
	document["relationships"] = document["relationships"].([]object)[:1]
	return document
}

// noAssertion lists every package and says nothing of any.
func noAssertion(repository, digest string) object {
	document := spdx(repository, digest)
	for _, p := range document["packages"].([]object)[1:] {
		p["supplier"], p["licenseDeclared"] = "NOASSERTION", "NOASSERTION"
		delete(p, "versionInfo")
		delete(p, "externalRefs")
	}
	return document
}

// spdx3 is the same in SPDX 3.0.1, as JSON-LD.
func spdx3(repository, digest string) object {
	hex := strings.TrimPrefix(digest, "sha256:")
	namespace := "https://sbom.lab.example/" + repository + "/" + hex[:16] + "#"
	element := func(kind, id string, more object) object {
		more["type"], more["spdxId"], more["creationInfo"] = kind, namespace+id, "_:creation"
		return more
	}
	var all []string
	graph := []object{
		{
			"type": "CreationInfo", "@id": "_:creation", "specVersion": "3.0.1", "created": "2026-11-21T08:00:00Z",
			"createdBy": []string{namespace + "acme"}, "createdUsing": []string{namespace + "labtool"},
		},
		element("Organization", "acme", object{"name": "Acme"}),
		element("Tool", "labtool", object{"name": "bonafide-labtool-1"}),
		element("software_Package", "image", object{
			"name": "registry.example/" + repository, "software_packageVersion": digest, "software_primaryPurpose": "container",
			"suppliedBy":    namespace + "acme",
			"verifiedUsing": []object{{"type": "Hash", "algorithm": "sha256", "hashValue": hex}},
		}),
	}
	for _, c := range components {
		id := "package-" + c.name
		all = append(all, namespace+id)
		graph = append(graph,
			element("Organization", "supplier-"+c.name, object{"name": strings.TrimPrefix(c.supplier, "Organization: ")}),
			element("software_Package", id, object{
				"name": c.name, "software_packageVersion": c.version, "software_packageUrl": c.purl,
				"suppliedBy": namespace + "supplier-" + c.name,
			}),
			element("simplelicensing_LicenseExpression", "licence-"+c.name, object{
				"simplelicensing_licenseExpression": c.licence,
			}),
			element("Relationship", "declares-"+c.name, object{
				"from": namespace + id, "relationshipType": "hasDeclaredLicense", "to": []string{namespace + "licence-" + c.name},
			}))
	}
	graph = append(graph,
		element("Relationship", "contains", object{"from": namespace + "image", "relationshipType": "contains", "to": all}),
		element("software_Sbom", "sbom", object{
			"rootElement": []string{namespace + "image"}, "element": append(all, namespace+"image"),
		}),
		element("SpdxDocument", "document", object{
			"name": "registry.example/" + repository, "rootElement": []string{namespace + "sbom"},
			"profileConformance": []string{"core", "software", "simpleLicensing"},
		}))
	return object{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}
}

// cyclonedx is the same in CycloneDX 1.6.
func cyclonedx(repository, digest string) object {
	var list []object
	var all []string
	for _, c := range components {
		all = append(all, c.purl)
		list = append(list, object{
			"type": "library", "bom-ref": c.purl, "name": c.name, "version": c.version, "purl": c.purl,
			"supplier": object{"name": strings.TrimPrefix(c.supplier, "Organization: ")},
			"licenses": []object{{"expression": c.licence}},
		})
	}
	short := repository[strings.LastIndex(repository, "/")+1:]
	purl := "pkg:oci/" + short + "@sha256%3A" + strings.TrimPrefix(digest, "sha256:")
	return object{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
		"metadata": object{
			"timestamp": "2026-11-21T08:00:00Z",
			"tools":     object{"components": []object{{"type": "application", "name": "bonafide-labtool", "version": "1"}}},
			"authors":   []object{{"name": "Acme"}},
			"component": object{"type": "container", "bom-ref": "image", "name": "registry.example/" + repository, "version": digest, "purl": purl},
		},
		"components":   list,
		"dependencies": []object{{"ref": "image", "dependsOn": all}},
	}
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
