package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// The chart runs the operator as the same user.
	nonroot = 65532
	// rustls-native-certs, with which AWS's SDK finds its authorities, reads the file that SSL_CERT_FILE names.
	certificatesPath     = "/etc/ssl/certs/ca-certificates.crt"
	certificatesVariable = "SSL_CERT_FILE"
	annotation           = "org.opencontainers.image."
)

// recipe is what makes an image: the same recipe and the same binaries make the same bytes.
type recipe struct {
	program      string
	labels       map[string]string
	created      time.Time
	certificates []byte
	// bundle is the name of the file that the certificates came from; it names the version of their package.
	bundle string
	// defaults are the arguments that the program gets when none are given.
	defaults []string
}

type file struct {
	path string
	mode int64
	data []byte
}

// labels describes the package as its manifest does.
func labels(metadata io.Reader, program, revision string, created time.Time) (map[string]string, error) {
	var cargo struct {
		Packages []struct{ Name, Version, Description, License, Repository string }
	}
	if err := json.NewDecoder(metadata).Decode(&cargo); err != nil {
		return nil, fmt.Errorf("the output of cargo metadata: %w", err)
	}
	for _, found := range cargo.Packages {
		if found.Name != program {
			continue
		}
		labels := map[string]string{"created": created.Format(time.RFC3339), "title": program}
		for name, value := range map[string]string{
			"description": found.Description, "licenses": found.License, "revision": revision,
			"source": found.Repository, "version": found.Version,
		} {
			if value != "" {
				labels[name] = value
			}
		}
		named := map[string]string{}
		for name, value := range labels {
			named[annotation+name] = value
		}
		return named, nil
	}
	return nil, fmt.Errorf("cargo metadata knows no package %s", program)
}

// index makes one image for each binary, and the index of all of them.
func (r recipe) index(binaries []string) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	index = mutate.Annotations(index, r.labels).(v1.ImageIndex)
	seen := map[string]bool{}
	for _, binary := range binaries {
		architecture, err := architecture(binary)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", binary, err)
		}
		if seen[architecture] {
			return nil, fmt.Errorf("%s is the second binary for %s", binary, architecture)
		}
		seen[architecture] = true
		image, err := r.image(binary, architecture)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", binary, err)
		}
		platform := v1.Platform{OS: "linux", Architecture: architecture}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	return index, nil
}

// architecture reads from a program for which processor it was built. The image has nothing but the program, so the
// program must be static.
func architecture(binary string) (string, error) {
	program, err := elf.Open(binary)
	if err != nil {
		return "", err
	}
	defer program.Close()
	for _, header := range program.Progs {
		if header.Type == elf.PT_INTERP {
			return "", errors.New("the program is not static")
		}
	}
	switch program.Machine {
	case elf.EM_X86_64:
		return "amd64", nil
	case elf.EM_AARCH64:
		return "arm64", nil
	}
	return "", fmt.Errorf("no image is made for %s", program.Machine)
}

func (r recipe) image(binary, architecture string) (v1.Image, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	// What seldom changes is a layer of its own, which a registry keeps once for all versions.
	base, err := layer(r.base())
	if err != nil {
		return nil, err
	}
	top, err := layer([]file{{"/" + r.program, 0o755, program}})
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, r.config(architecture))
	if err != nil {
		return nil, err
	}
	made := v1.Time{Time: r.created}
	image, err = mutate.Append(image,
		mutate.Addendum{Layer: base, History: v1.History{Created: made, CreatedBy: strings.TrimSpace("nonroot " + r.bundle)}},
		mutate.Addendum{Layer: top, History: v1.History{Created: made, CreatedBy: r.program}})
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(image, r.labels).(v1.Image), nil
}

func (r recipe) base() []file {
	files := []file{
		{"/etc/group", 0o644, fmt.Appendf(nil, "nonroot:x:%d:\n", nonroot)},
		{"/etc/passwd", 0o644, fmt.Appendf(nil, "nonroot:x:%d:%[1]d:nonroot:/:/sbin/nologin\n", nonroot)},
	}
	if r.certificates != nil {
		files = append(files, file{certificatesPath, 0o644, r.certificates})
	}
	return files
}

func (r recipe) config(architecture string) *v1.ConfigFile {
	config := v1.Config{
		Cmd:        r.defaults,
		Entrypoint: []string{"/" + r.program},
		Labels:     r.labels,
		User:       fmt.Sprintf("%d:%[1]d", nonroot),
		WorkingDir: "/",
	}
	if r.certificates != nil {
		config.Env = []string{certificatesVariable + "=" + certificatesPath}
	}
	return &v1.ConfigFile{
		Architecture: architecture,
		Config:       config,
		Created:      v1.Time{Time: r.created},
		OS:           "linux",
		RootFS:       v1.RootFS{Type: "layers"},
	}
}

// layer packs files, which belong to root, with their folders. They all have the time 0, so that a layer depends on
// nothing but what is in it.
func layer(files []file) (v1.Layer, error) {
	var packed bytes.Buffer
	writer := tar.NewWriter(&packed)
	folders := map[string]bool{}
	for _, file := range files {
		names := strings.Split(strings.TrimPrefix(file.path, "/"), "/")
		for depth := 1; depth < len(names); depth++ {
			folder := strings.Join(names[:depth], "/") + "/"
			if folders[folder] {
				continue
			}
			folders[folder] = true
			if err := writer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder, Mode: 0o755, ModTime: time.Unix(0, 0)}); err != nil {
				return nil, err
			}
		}
		header := tar.Header{Typeflag: tar.TypeReg, Name: strings.Join(names, "/"), Mode: file.mode, Size: int64(len(file.data)), ModTime: time.Unix(0, 0)}
		if err := writer.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := writer.Write(file.data); err != nil {
			return nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithMediaType(types.OCILayer))
}
