package main

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// What cargo-auditable wrote into the program must be in the SBOM, too.
func TestSBOMNamesWhatTheProgramHolds(t *testing.T) {
	each(t, func(t *testing.T, image built) {
		data, err := os.ReadFile(fmt.Sprintf("%s-%s.cdx.json", *layoutFlag, image.platform.Architecture))
		ok(t, err)
		var sbom struct {
			Metadata struct {
				Component struct{ Name, Version string }
			}
			Components []struct{ Name, Version string }
		}
		ok(t, json.Unmarshal(data, &sbom))
		listed := map[string]bool{sbom.Metadata.Component.Name + " " + sbom.Metadata.Component.Version: true}
		for _, component := range sbom.Components {
			listed[component.Name+" "+component.Version] = true
		}
		packages := auditable(t, filepath.Join(image.root, filepath.Base(*layoutFlag)))
		if len(packages) < 50 {
			t.Errorf("the program names %d crates only", len(packages))
		}
		for _, name := range packages {
			if !listed[name] {
				t.Errorf("the SBOM does not have %s", name)
			}
		}
		t.Logf("%d crates in the program, %d components in the SBOM", len(packages), len(sbom.Components))
	})
}

// auditable reads the crates that are linked, not those that only ran during the build.
func auditable(t *testing.T, path string) []string {
	t.Helper()
	program, err := elf.Open(path)
	ok(t, err)
	defer program.Close()
	section := program.Section(".dep-v0")
	if section == nil {
		t.Fatalf("%s has no list of crates", path)
	}
	packed, err := section.Data()
	ok(t, err)
	reader, err := zlib.NewReader(bytes.NewReader(packed))
	ok(t, err)
	var list struct {
		Packages []struct{ Name, Version, Kind string }
	}
	ok(t, json.NewDecoder(reader).Decode(&list))
	var names []string
	for _, found := range list.Packages {
		if found.Kind != "build" {
			names = append(names, found.Name+" "+found.Version)
		}
	}
	return names
}
