package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// A registry that knows referrers answers for itself; for another one the pusher keeps a list under a tag.
func TestPushedIsWhatWasBuilt(t *testing.T) {
	for _, referrers := range []bool{true, false} {
		t.Run(fmt.Sprintf("referrers=%t", referrers), func(t *testing.T) {
			server := httptest.NewServer(registry.New(registry.WithReferrersSupport(referrers), registry.Logger(log.New(io.Discard, "", 0))))
			defer server.Close()
			repository, err := name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/team/program")
			ok(t, err)
			var out bytes.Buffer
			ok(t, push(*layoutFlag, repository.String(), &out))
			ok(t, push(*layoutFlag, repository.String()+":again", &out))

			index, manifest := index(t)
			digest, err := index.Digest()
			ok(t, err)
			version := manifest.Annotations[annotation+"version"]
			if want := fmt.Sprintf("%s:%s@%s\n", repository, version, digest); !strings.HasPrefix(out.String(), want) {
				t.Errorf("it prints %s, not first %s", out.String(), want)
			}
			for _, reference := range []name.Reference{repository.Digest(digest.String()), repository.Tag(version), repository.Tag("again")} {
				pulled, err := remote.Index(reference)
				ok(t, err)
				ok(t, validate.Index(pulled))
				same(t, pulled, index)
			}
			for _, entry := range manifest.Manifests {
				attached(t, repository, entry)
			}
		})
	}
}

func same(t *testing.T, got, want interface{ RawManifest() ([]byte, error) }) {
	t.Helper()
	one, err := got.RawManifest()
	ok(t, err)
	other, err := want.RawManifest()
	ok(t, err)
	if !bytes.Equal(one, other) {
		t.Errorf("pulled %s\nbuilt %s", one, other)
	}
}

// attached compares the only artifact that refers to an image with the file beside the layout.
func attached(t *testing.T, repository name.Repository, entry v1.Descriptor) {
	t.Helper()
	referrers, err := remote.Referrers(repository.Digest(entry.Digest.String()))
	ok(t, err)
	list, err := referrers.IndexManifest()
	ok(t, err)
	if len(list.Manifests) != 1 || list.Manifests[0].ArtifactType != string(cycloneDX) {
		t.Fatalf("these refer to the image for %s: %+v", entry.Platform, list.Manifests)
	}
	artifact, err := remote.Image(repository.Digest(list.Manifests[0].Digest.String()))
	ok(t, err)
	layers, err := artifact.Layers()
	ok(t, err)
	content, err := layers[0].Compressed()
	ok(t, err)
	defer content.Close()
	got, err := io.ReadAll(content)
	ok(t, err)
	want, err := os.ReadFile(fmt.Sprintf("%s-%s.cdx.json", *layoutFlag, entry.Platform.Architecture))
	ok(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("the attached SBOM for %s has %d bytes and differs from the file of %d bytes", entry.Platform, len(got), len(want))
	}
}
