package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// write replaces the layout in one step; what is no layout is never replaced.
func write(folder string, index v1.ImageIndex, labels map[string]string) error {
	if _, err := os.Stat(folder); err == nil {
		if _, err := layout.FromPath(folder); err != nil {
			return fmt.Errorf("%s exists and is no OCI layout: %w", folder, err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(folder), filepath.Base(folder)+".")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	path, err := layout.Write(fresh, empty.Index)
	if err != nil {
		return err
	}
	version := labels[annotation+"version"]
	tag := map[string]string{
		annotation + "ref.name": version,
		// `docker load` and `nerdctl load` give the image this name.
		"io.containerd.image.name": "docker.io/library/" + labels[annotation+"title"] + ":" + version,
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(tag)); err != nil {
		return err
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return os.Rename(fresh, folder)
}

// open returns the one index that a layout of ours has, and the tag that the layout names.
func open(folder string) (v1.ImageIndex, string, error) {
	content, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return nil, "", fmt.Errorf("%s is no OCI layout: %w", folder, err)
	}
	manifest, err := content.IndexManifest()
	if err != nil {
		return nil, "", err
	}
	if len(manifest.Manifests) != 1 {
		return nil, "", fmt.Errorf("%s has %d entries, not one", folder, len(manifest.Manifests))
	}
	entry := manifest.Manifests[0]
	index, err := content.ImageIndex(entry.Digest)
	return index, entry.Annotations[annotation+"ref.name"], err
}

// report prints the digest of the index, and digest and size of each image.
func report(out io.Writer, program string, index v1.ImageIndex) error {
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %s\n", program, digest)
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, entry := range manifest.Manifests {
		image, err := index.Image(entry.Digest)
		if err != nil {
			return err
		}
		packed, unpacked, err := sizes(image)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s, %.2f MiB to pull, %.2f MiB unpacked\n", entry.Platform, entry.Digest, mebibytes(packed), mebibytes(unpacked))
	}
	return nil
}

// sizes adds up the layers of an image.
func sizes(image v1.Image) (packed, unpacked int64, err error) {
	layers, err := image.Layers()
	if err != nil {
		return 0, 0, err
	}
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			return 0, 0, err
		}
		packed += size
		content, err := layer.Uncompressed()
		if err != nil {
			return 0, 0, err
		}
		length, err := io.Copy(io.Discard, content)
		if err := errors.Join(err, content.Close()); err != nil {
			return 0, 0, err
		}
		unpacked += length
	}
	return packed, unpacked, nil
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
