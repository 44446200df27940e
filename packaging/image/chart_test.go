package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

const user, password = "pusher", "secret"

// What `make push-chart` pushes with the login of docker is the chart, without what only its tests need.
func TestPushedChartIsTheChart(t *testing.T) {
	behind := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if name, secret, _ := request.BasicAuth(); name != user || secret != password {
			answer.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			answer.WriteHeader(http.StatusUnauthorized)
			return
		}
		behind.ServeHTTP(answer, request)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	repository := "oci://" + host + "/team/charts"

	folder := t.TempDir()
	stranger := append(os.Environ(), "HOME="+folder, "DOCKER_CONFIG="+filepath.Join(folder, "docker"))
	if out, err := runAs(stranger, "make", "push-chart", "REPOSITORY="+repository); err == nil {
		t.Fatalf("it was pushed without a login: %s", out)
	}
	ok(t, os.Mkdir(filepath.Join(folder, "docker"), 0o700))
	login := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	config := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, login)
	ok(t, os.WriteFile(filepath.Join(folder, "docker", "config.json"), []byte(config), 0o600))
	out, err := runAs(stranger, "make", "push-chart", "REPOSITORY="+repository)
	if err != nil || !strings.Contains(out, "Digest: sha256:") {
		t.Fatalf("%v: %s", err, out)
	}
	out, err = runAs(stranger, "target/cluster/bin/helm", "pull", "--plain-http", "--destination", folder, repository+"/codeartifact-operator")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pulled, err := filepath.Glob(filepath.Join(folder, "codeartifact-operator-*.tgz"))
	ok(t, err)
	if len(pulled) != 1 {
		t.Fatalf("pulled %v", pulled)
	}
	compare(t, pulled[0])
}

// compare reads a packaged chart beside the chart's folder.
func compare(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	ok(t, err)
	defer file.Close()
	plain, err := gzip.NewReader(file)
	ok(t, err)
	packaged := map[string]bool{}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		ok(t, err)
		packaged[header.Name] = true
		content, err := io.ReadAll(archive)
		ok(t, err)
		// Helm writes Chart.yaml anew.
		if strings.HasSuffix(header.Name, "/Chart.yaml") {
			continue
		}
		source, err := os.ReadFile(filepath.Join("../../charts", header.Name))
		ok(t, err)
		if string(source) != string(content) {
			t.Errorf("%s was changed on its way", header.Name)
		}
	}
	for _, wanted := range []string{"values.yaml", "values.schema.json", "templates/deployment.yaml", "crds/domains.yaml"} {
		if !packaged["codeartifact-operator/"+wanted] {
			t.Errorf("%s is not packaged", wanted)
		}
	}
	for name := range packaged {
		if strings.Contains(name, "/tests/") || strings.Contains(name, "/ci/") {
			t.Errorf("%s is packaged, though only tests need it", name)
		}
	}
}

func runAs(environment []string, program string, arguments ...string) (string, error) {
	command := exec.Command(program, arguments...)
	command.Dir, command.Env = "../..", environment
	out, err := command.CombinedOutput()
	return string(out), err
}
