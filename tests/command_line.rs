//! Commands that need neither AWS nor a cluster, through the real program.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Runs the program with a manifest on standard input.
fn run(arguments: &[&str], manifest: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codeartifact-operator"));
    command.args(arguments).env_clear();
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = piped.unwrap();
    // A program that refuses its flags does not read.
    drop(child.stdin.take().unwrap().write_all(manifest.as_bytes()));
    child.wait_with_output().unwrap()
}

fn told(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

const LOGIN: &str = "
apiVersion: codeartifact-operator.dev/v1alpha1
kind: RegistryCredential
metadata: {name: login}
spec:
  registries:
  - repository: {domain: acme, name: store}
    formats: [npm, pip, netrc]
  secret:
    templates: {login.env: \"TOKEN={{ token | shell }}\\n\"}
";
const FLAGS: [&str; 4] = ["--account-id", "111122223333", "--region", "eu-central-1"];

#[test]
fn render_prints_the_secret_with_masked_tokens() {
    let output = run(&[&["render", "-f", "-", "-n", "team-a"], &FLAGS[..]].concat(), LOGIN);
    assert!(output.status.success(), "{output:?}");
    let secret: Value = serde_saphyr::from_slice(&output.stdout).unwrap();
    assert_eq!(secret["kind"], "Secret");
    assert_eq!(secret["metadata"]["namespace"], "team-a");
    assert_eq!(secret["stringData"]["login.env"], "TOKEN='masked-token-of-acme'\n");
    let pip = secret["stringData"]["pip.conf"].as_str().unwrap();
    assert!(pip.contains("//aws:masked-token-of-acme@acme-111122223333.d.codeartifact.eu-central-1.amazonaws.com/pypi/store/simple/"), "{pip}");
}

#[test]
fn render_reads_a_file_and_says_all_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("login.yaml");
    let name = file.display().to_string();
    let missing = told(&run(&["render", "-f", &name], ""));
    assert!(missing.starts_with(&format!("Error: cannot read {name}: ")), "{missing}");
    std::fs::write(&file, format!("{LOGIN}---{}", LOGIN.replace("npm", "rpm"))).unwrap();
    let wrong = told(&run(&["render", "-f", &name], ""));
    assert_eq!(wrong.lines().count(), 1, "{wrong}");
    assert!(
        wrong.contains(&format!("{name}: document 2: spec.registries[0].formats[0] is rpm; write one of")),
        "{wrong}"
    );
    std::fs::write(&file, LOGIN).unwrap();
    let without = told(&run(&["render", "-f", &name], ""));
    assert!(without.contains("RegistryCredential default/login: AwsAccount default is not in the file; add it to the file, or say --account-id and --region"), "{without}");
}

#[test]
fn render_needs_a_manifest_and_both_of_account_and_region() {
    for arguments in [
        &["render"][..],
        &["render", "-f", "-", "--region", "eu-central-1"],
        &["render", "-f", "-", "-n", "No"],
    ] {
        assert!(told(&run(arguments, LOGIN)).contains("--"), "{arguments:?}");
    }
}

#[test]
fn usage_prints_what_a_pod_needs_and_no_token() {
    let output = run(&["usage", "-f", "-", "-n", "team-a"], LOGIN);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let pod: Value = serde_saphyr::from_str(&text).unwrap();
    let variables = pod["containers"][0]["env"].as_array().unwrap();
    let named =
        |name: &str| variables.iter().find(|variable| variable["name"] == name).map(|it| &it["value"]);
    assert_eq!(named("NPM_CONFIG_USERCONFIG").unwrap(), "/var/run/codeartifact/.npmrc");
    assert_eq!(named("PIP_CONFIG_FILE").unwrap(), "/var/run/codeartifact/pip.conf");
    assert_eq!(named("NETRC").unwrap(), "/var/run/codeartifact/.netrc");
    assert_eq!(pod["containers"][0]["volumeMounts"][0]["mountPath"], "/var/run/codeartifact");
    assert_eq!(pod["volumes"][0]["secret"]["secretName"], "login");
    assert!(text.contains("# templates: login.env") && !text.contains("masked-token"), "{text}");

    let elsewhere = run(&["usage", "login", "-f", "-", "--mount", "/creds"], LOGIN);
    assert!(String::from_utf8(elsewhere.stdout).unwrap().contains("value: /creds/.npmrc"));
}

#[test]
fn usage_says_what_it_does_not_find() {
    assert!(told(&run(&["usage"], LOGIN)).contains("<NAME>"));
    let other = told(&run(&["usage", "other", "-f", "-"], LOGIN));
    assert_eq!(other, "Error: -: there is no RegistryCredential other in it\n");
    assert!(
        told(&run(&["usage", "-f", "-", "--mount", "creds"], LOGIN)).contains("a folder is an absolute path")
    );
}
