package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// The parts of an SPDX 2.3 document that say what a program is made of. Source: the
// specification at spdx.dev, JSON form.
type spdxDocument struct {
	Version       string             `json:"spdxVersion"`
	License       string             `json:"dataLicense"`
	ID            string             `json:"SPDXID"`
	Name          string             `json:"name"`
	Namespace     string             `json:"documentNamespace"`
	Creation      spdxCreation       `json:"creationInfo"`
	Packages      []spdxPackage      `json:"packages"`
	Relationships []spdxRelationship `json:"relationships"`
}

type spdxCreation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	ID        string         `json:"SPDXID"`
	Name      string         `json:"name"`
	Version   string         `json:"versionInfo"`
	Location  string         `json:"downloadLocation"`
	Analyzed  bool           `json:"filesAnalyzed"`
	Concluded string         `json:"licenseConcluded"`
	Declared  string         `json:"licenseDeclared"`
	Copyright string         `json:"copyrightText"`
	Checksums []spdxChecksum `json:"checksums,omitempty"`
	Refs      []spdxRef      `json:"externalRefs"`
	Comment   string         `json:"comment,omitempty"`
}

type spdxChecksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type spdxRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type spdxRelationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

const (
	spdxRoot = "SPDXRef-DOCUMENT"
	spdxSelf = "SPDXRef-pappus"
	unknown  = "NOASSERTION" // SPDX's word for what nobody has looked at
)

// sbom says what a program is made of, from what the linker has written into it. The same
// program gives the same bytes.
func sbom(path, version string, created time.Time) (spdxDocument, error) {
	program, err := os.ReadFile(path)
	if err != nil {
		return spdxDocument{}, fmt.Errorf("read the program: %w", err)
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return spdxDocument{}, fmt.Errorf("%s is no program that Go has built: %w", path, err)
	}
	digest := sha256.Sum256(program)
	sum := hex.EncodeToString(digest[:])
	self := describeModule(spdxSelf, &info.Main)
	self.Name, self.Version, self.Declared = "pappus", version, "MIT"
	self.Checksums = []spdxChecksum{{"SHA256", sum}}
	doc := spdxDocument{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: spdxRoot, Name: "pappus " + version + " " + platformOf(info),
		Namespace: "https://" + info.Main.Path + "/spdx/" + sum,
		Creation:  spdxCreation{Created: created.UTC().Format(time.RFC3339), Creators: []string{"Tool: pappus"}},
		Packages:  []spdxPackage{self},
		Relationships: []spdxRelationship{
			{spdxRoot, "DESCRIBES", spdxSelf},
		},
	}
	add := func(p spdxPackage) {
		doc.Packages = append(doc.Packages, p)
		doc.Relationships = append(doc.Relationships, spdxRelationship{spdxSelf, "DEPENDS_ON", p.ID})
	}
	language := describeModule("SPDXRef-go", &debug.Module{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")})
	language.Name, language.Declared, language.Location = "go", "BSD-3-Clause", "https://go.dev/dl/"
	add(language)
	for i, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		p := describeModule("SPDXRef-module-"+strconv.Itoa(i+1), m)
		if m.Sum != "" {
			p.Comment = "go.sum: " + m.Sum // a hash of names and contents, none that SPDX knows
		}
		add(p)
	}
	return doc, nil
}

func describeModule(id string, m *debug.Module) spdxPackage {
	return spdxPackage{
		ID: id, Name: m.Path, Version: m.Version, Location: unknown, Concluded: unknown, Declared: unknown, Copyright: unknown,
		Refs: []spdxRef{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + strings.ToLower(m.Path) + "@" + strings.ReplaceAll(m.Version, "+", "%2B")}},
	}
}

// platformOf is what the program was built for.
func platformOf(info *debug.BuildInfo) string {
	system, arch := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS":
			system = s.Value
		case "GOARCH":
			arch = s.Value
		}
	}
	return system + "/" + arch
}

// buildTime is when the source was last changed, by the convention of reproducible
// builds; without it now.
func buildTime(env environment, now time.Time) (time.Time, error) {
	text, ok := env.variable("SOURCE_DATE_EPOCH")
	if !ok || text == "" {
		return now, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return now, fmt.Errorf("SOURCE_DATE_EPOCH %q is not a number of seconds", text)
	}
	return time.Unix(seconds, 0), nil
}

// printSBOM prints what a program is made of.
func printSBOM(path, version string, env environment, term terminal) error {
	created, err := buildTime(env, time.Now())
	if err != nil {
		return &usageError{err}
	}
	doc, err := sbom(path, version, created)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the list: %w", err)
	}
	return term.printf("%s\n", text)
}
