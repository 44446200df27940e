package main

import (
	"archive/tar"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// What `make image` has written.
var layoutFlag = flag.String("layout", "../../target/image/codeartifact-operator", "the layout that is tested")

const largestImage = 15 << 20

// built is one image of the layout, and what it has unpacked in a folder.
type built struct {
	v1.Image
	platform *v1.Platform
	root     string
}

func index(t *testing.T) (v1.ImageIndex, *v1.IndexManifest) {
	t.Helper()
	index, _, err := open(*layoutFlag)
	ok(t, err)
	manifest, err := index.IndexManifest()
	ok(t, err)
	if len(manifest.Manifests) == 0 {
		t.Fatal("the index has no image")
	}
	return index, manifest
}

// each runs a test for each image of the layout.
func each(t *testing.T, test func(*testing.T, built)) {
	index, manifest := index(t)
	for _, entry := range manifest.Manifests {
		t.Run(entry.Platform.String(), func(t *testing.T) {
			image, err := index.Image(entry.Digest)
			ok(t, err)
			test(t, built{image, entry.Platform, unpack(t, image)})
		})
	}
}

func TestLayoutIsValid(t *testing.T) {
	index, _ := index(t)
	ok(t, validate.Index(index))
}

func TestLayoutNamesItsImageForWhoLoadsIt(t *testing.T) {
	path, err := layout.FromPath(*layoutFlag)
	ok(t, err)
	top, err := path.ImageIndex()
	ok(t, err)
	manifest, err := top.IndexManifest()
	ok(t, err)
	annotations := manifest.Manifests[0].Annotations
	name := "docker.io/library/" + filepath.Base(*layoutFlag) + ":" + annotations[annotation+"ref.name"]
	if loaded := annotations["io.containerd.image.name"]; loaded != name {
		t.Errorf("who loads the layout gets %q, not %q", loaded, name)
	}
}

func TestImageIsSmall(t *testing.T) {
	each(t, func(t *testing.T, image built) {
		_, unpacked, err := sizes(image)
		ok(t, err)
		if unpacked >= largestImage {
			t.Errorf("%.2f MiB unpacked, which is not less than 15 MiB", mebibytes(unpacked))
		}
	})
}

func TestConfigSaysWhatAndWhose(t *testing.T) {
	each(t, func(t *testing.T, image built) {
		config, err := image.ConfigFile()
		ok(t, err)
		if config.Config.User != "65532:65532" || config.OS != "linux" || config.Architecture != image.platform.Architecture {
			t.Errorf("user %q, %s/%s", config.Config.User, config.OS, config.Architecture)
		}
		program := filepath.Base(*layoutFlag)
		if entry := config.Config.Entrypoint; len(entry) != 1 || entry[0] != "/"+program {
			t.Errorf("entry point %q", entry)
		}
		manifest, err := image.Manifest()
		ok(t, err)
		for _, label := range []string{"created", "description", "licenses", "title", "version"} {
			value := config.Config.Labels[annotation+label]
			if value == "" || manifest.Annotations[annotation+label] != value {
				t.Errorf("label %s is %q, the annotation is %q", label, value, manifest.Annotations[annotation+label])
			}
		}
		if created := config.Created.Format(time.RFC3339); created != config.Config.Labels[annotation+"created"] {
			t.Errorf("made at %s, the label says %s", created, config.Config.Labels[annotation+"created"])
		}
	})
}

func TestFilesBelongToRootAndAreDatedAlike(t *testing.T) {
	each(t, func(t *testing.T, image built) {
		files := tar.NewReader(mutate.Extract(image))
		for {
			header, err := files.Next()
			if err == io.EOF {
				return
			}
			ok(t, err)
			if header.Uid != 0 || header.Gid != 0 || header.Mode&0o022 != 0 || header.ModTime.Unix() != 0 {
				t.Errorf("%s: owner %d:%d, mode %o, %s", header.Name, header.Uid, header.Gid, header.Mode, header.ModTime)
			}
		}
	})
}

// The authorities of Amazon's Trust Services sign every endpoint of AWS.
func TestAuthoritiesOfAWSAreWhereTheProgramLooks(t *testing.T) {
	if !strings.HasSuffix(*layoutFlag, "operator") {
		t.Skip("only the operator calls AWS")
	}
	each(t, func(t *testing.T, image built) {
		config, err := image.ConfigFile()
		ok(t, err)
		var bundle string
		for _, variable := range config.Config.Env {
			if path, found := strings.CutPrefix(variable, certificatesVariable+"="); found {
				bundle = path
			}
		}
		data, err := os.ReadFile(filepath.Join(image.root, bundle))
		ok(t, err)
		wanted := map[string]bool{
			"Amazon Root CA 1": true, "Amazon Root CA 2": true, "Amazon Root CA 3": true, "Amazon Root CA 4": true,
			"Starfield Services Root Certificate Authority - G2": true,
		}
		count := 0
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			certificate, err := x509.ParseCertificate(block.Bytes)
			ok(t, err)
			delete(wanted, certificate.Subject.CommonName)
			count++
		}
		if len(wanted) > 0 || count < 100 {
			t.Errorf("%d authorities, and these are missing: %v", count, wanted)
		}
		t.Logf("%d authorities", count)
	})
}

func TestProgramStarts(t *testing.T) {
	each(t, func(t *testing.T, image built) {
		config, err := image.ConfigFile()
		ok(t, err)
		printed := start(t, image, config.Config.Entrypoint[0], "--version")
		want := filepath.Base(*layoutFlag) + " " + config.Config.Labels[annotation+"version"] + "\n"
		if printed != want {
			t.Errorf("it prints %q, not %q", printed, want)
		}
		t.Logf("%s prints %s", image.platform, printed)
	})
}

// start runs a program of an image. As root it sees nothing but the image and is the image's user. Programs for another
// processor run under Debian's qemu-user-static.
func start(t *testing.T, image built, program string, arguments ...string) string {
	t.Helper()
	command := exec.Command(program, arguments...)
	if image.platform.Architecture != runtime.GOARCH {
		machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[image.platform.Architecture]
		emulator, err := exec.LookPath("qemu-" + machine + "-static")
		ok(t, err)
		data, err := os.ReadFile(emulator)
		ok(t, err)
		ok(t, os.WriteFile(filepath.Join(image.root, "emulator"), data, 0o755))
		command = exec.Command("/emulator", append([]string{program}, arguments...)...)
	}
	command.Env = []string{}
	if os.Geteuid() == 0 {
		command.Dir = "/"
		command.SysProcAttr = &syscall.SysProcAttr{Chroot: image.root, Credential: &syscall.Credential{Uid: nonroot, Gid: nonroot}}
	} else {
		command.Path = filepath.Join(image.root, command.Path)
		if len(command.Args) > len(arguments)+1 {
			command.Args[1] = filepath.Join(image.root, program)
		}
	}
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
	return string(output)
}

func unpack(t *testing.T, image v1.Image) string {
	t.Helper()
	root := t.TempDir()
	// The image's user must be able to pass.
	for folder := root; folder != os.TempDir() && folder != "/"; folder = filepath.Dir(folder) {
		ok(t, os.Chmod(folder, 0o755))
	}
	files := tar.NewReader(mutate.Extract(image))
	for {
		header, err := files.Next()
		if err == io.EOF {
			return root
		}
		ok(t, err)
		path := filepath.Join(root, header.Name)
		if header.Typeflag == tar.TypeDir {
			ok(t, os.MkdirAll(path, 0o755))
			continue
		}
		ok(t, os.MkdirAll(filepath.Dir(path), 0o755))
		data, err := io.ReadAll(files)
		ok(t, err)
		ok(t, os.WriteFile(path, data, os.FileMode(header.Mode)))
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
