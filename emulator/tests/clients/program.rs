//! Running package managers so that nothing of the machine's own configuration reaches them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// What a program may see of the environment: where programs are, and where temporary files go.
const KEPT: &[&str] = &["PATH", "TMPDIR", "JAVA_HOME", "RUSTUP_HOME"];

/// The program, at home in `home` and nowhere else.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>, home: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(home).env_clear();
    command.envs(KEPT.iter().filter_map(|variable| Some((variable, std::env::var_os(variable)?))));
    command.env("HOME", home).env("XDG_CONFIG_HOME", home.join("config"));
    command
}

/// The folder of package managers that `setup/NAME.sh` fills; it is filled first where it is not.
pub(crate) fn pinned(name: &str) -> PathBuf {
    static INSTALLED: LazyLock<()> = LazyLock::new(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/setup.sh");
        let output = Command::new(script).output().unwrap();
        assert!(output.status.success(), "{script} failed: {}", said(&output));
    });
    LazyLock::force(&INSTALLED);
    clients().join(name)
}

/// `target/clients`, where the package managers and what they have shown are kept.
pub(crate) fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target").join("clients")
}

/// Run to the end; the output may be of a failure. A program that is not there fails the test.
pub(crate) async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || {
        command.stdin(std::process::Stdio::null());
        command
            .output()
            .unwrap_or_else(|error| panic!("{} must be installed: {error}", command.get_program().display()))
    })
    .await
    .unwrap()
}

/// Everything that a program said.
pub(crate) fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).join("\n")
}

/// What a program said, which must have ended well.
pub(crate) fn succeeded(output: &Output) -> String {
    let said = said(output);
    assert!(output.status.success(), "{said}");
    said
}

/// What a program said, which must have failed.
pub(crate) fn failed(output: &Output) -> String {
    let said = said(output);
    assert!(!output.status.success(), "{said}");
    said
}
