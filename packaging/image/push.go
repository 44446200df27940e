package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const cycloneDX types.MediaType = "application/vnd.cyclonedx+json"

// push sends the index with all its images, and then attaches to each image the list of what is in it. The login is
// the one that `docker login` keeps.
func push(folder, to string, out io.Writer) error {
	index, version, err := open(folder)
	if err != nil {
		return err
	}
	tag, err := target(to, version)
	if err != nil {
		return err
	}
	login := remote.WithAuthFromKeychain(authn.DefaultKeychain)
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	attached, err := attachments(folder, manifest)
	if err != nil {
		return err
	}
	if err := remote.WriteIndex(tag, index, login); err != nil {
		return fmt.Errorf("pushing to %s: %w", tag, err)
	}
	fmt.Fprintf(out, "%s@%s\n", tag, digest)
	for at, artifact := range attached {
		digest, err := artifact.Digest()
		if err != nil {
			return err
		}
		if err := remote.Write(tag.Context().Digest(digest.String()), artifact, login); err != nil {
			return fmt.Errorf("attaching the SBOM to %s: %w", manifest.Manifests[at].Digest, err)
		}
		fmt.Fprintf(out, "%s: SBOM %s\n", manifest.Manifests[at].Platform, digest)
	}
	return nil
}

// target adds the version as the tag where no tag is given.
func target(to, version string) (name.Tag, error) {
	if tag, err := name.NewTag(to, name.StrictValidation); err == nil {
		return tag, nil
	}
	repository, err := name.NewRepository(to, name.StrictValidation)
	if err != nil {
		return name.Tag{}, fmt.Errorf("%w; write REGISTRY/REPOSITORY or REGISTRY/REPOSITORY:TAG", err)
	}
	return repository.Tag(version), nil
}

// attachments makes one artifact for each image of an index, in the same order. They refer to their images, so that
// scanners find them.
func attachments(folder string, index *v1.IndexManifest) ([]v1.Image, error) {
	var artifacts []v1.Image
	for _, entry := range index.Manifests {
		if entry.Platform == nil {
			return nil, errors.New("an image of the index has no platform")
		}
		path := fmt.Sprintf("%s-%s.cdx.json", folder, entry.Platform.Architecture)
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), cycloneDX)
		image, err = mutate.Append(image, mutate.Addendum{
			Layer:       static.NewLayer(data, cycloneDX),
			Annotations: map[string]string{annotation + "title": filepath.Base(path)},
		})
		if err != nil {
			return nil, err
		}
		subject := v1.Descriptor{MediaType: entry.MediaType, Digest: entry.Digest, Size: entry.Size}
		artifacts = append(artifacts, mutate.Subject(image, subject).(v1.Image))
	}
	return artifacts, nil
}
