//! Private namespaces: a program starts itself anew in them, as `unshare` does, and what it starts there ends with it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::process::{guarded, tail};
use crate::scratch::Scratch;

/// Tells the program that it runs inside, and in which folder the files of its node lie.
const FOLDER: &str = "CODEARTIFACT_NODE_FOLDER";
/// The file of that folder in which the process stands by which others come in.
const DOOR: &str = "door";
/// Where the machine's control groups are.
const CGROUPS: &str = "/sys/fs/cgroup";

/// What a program knows inside the namespaces.
#[derive(Debug)]
pub struct Inside {
    /// Where the files of the node lie; removed when the program has ended.
    pub folder: PathBuf,
    /// The control group of the node, made in each hierarchy beforehand.
    pub cgroup: String,
}

/// Where the program runs.
#[derive(Debug)]
pub enum Place {
    /// Inside: go on.
    Inside(Inside),
    /// Outside, and the same program ran inside and ended so.
    Ended(ExitStatus),
}

/// The folder of the node, inside the namespaces.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Returns at once inside. Outside, runs this program with its arguments inside, to its end. The error says what the machine lacks.
pub fn enter() -> Result<Place> {
    if let Some(folder) = folder() {
        let cgroup = folder.file_name().context("no folder")?.to_string_lossy().into_owned();
        return Ok(Place::Inside(Inside { folder, cgroup: format!("codeartifact-{cgroup}") }));
    }
    if !rustix::process::geteuid().is_root() {
        bail!("a node needs root, for mounts and a network of its own");
    }
    let scratch = Scratch::new()?;
    let name = scratch.path().file_name().context("no folder")?.to_string_lossy().into_owned();
    let cgroups = Cgroups::make(&format!("codeartifact-{name}"))?;
    let mut command = guarded("unshare");
    command
        .args(["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--mount-proc", "--kill-child", "--"])
        .arg(crate::repository().join("tests/node/init.sh"))
        .arg(scratch.path())
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(FOLDER, scratch.path());
    let status = ended(command, &scratch.path().join(DOOR))?;
    cgroups.remove();
    Ok(Place::Ended(status))
}

/// Runs the command to its end. Whoever waits out here lives on to remove what is left, after Ctrl-C, which reaches every process of the
/// terminal, and after SIGTERM, which ends everything inside at once.
fn ended(command: Command, door: &Path) -> Result<ExitStatus> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let _outlived = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let child = tokio::process::Command::from(command).spawn();
        let mut child = child.context("unshare cannot be started")?;
        std::fs::write(door, child.id().context("unshare has ended")?.to_string())?;
        tokio::select! {
            status = child.wait() => return Ok(status?),
            _ = terminate.recv() => child.kill().await?,
        }
        Ok(child.wait().await?)
    })
}

impl Inside {
    /// The command by which root gets into the namespaces from outside.
    pub fn door(&self) -> Result<String> {
        let process = std::fs::read_to_string(self.folder.join(DOOR)).context("the way in")?;
        Ok(format!("nsenter --target {process} --mount --net --uts"))
    }

    /// The ends of the logs of the node's programs.
    pub fn logs(&self) -> String {
        let of = |name: &str| format!("== {name}\n{}", tail(&self.folder.join(format!("{name}.log")), 15));
        ["containerd", "kubelet", "kube-scheduler"].map(of).join("\n")
    }

    /// Writes a file of the node and returns its path.
    pub(super) fn write(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        std::fs::write(&path, content).with_context(|| path.display().to_string())?;
        Ok(path)
    }
}

/// The control groups of a node.
#[derive(Debug)]
struct Cgroups(Vec<PathBuf>);

impl Cgroups {
    /// Makes a group of that name in each hierarchy of version 1, or in the one of version 2.
    fn make(name: &str) -> Result<Self> {
        let root = Path::new(CGROUPS);
        let mut made = Vec::new();
        if root.join("cgroup.controllers").exists() {
            made.push(root.join(name));
        } else {
            for hierarchy in std::fs::read_dir(root).context(CGROUPS)?.flatten() {
                if hierarchy.path().join("cgroup.procs").exists() {
                    made.push(hierarchy.path().join(name));
                }
            }
        }
        for group in &made {
            std::fs::create_dir_all(group).with_context(|| format!("{} cannot be made", group.display()))?;
            // A group of processors is of no use before it has some.
            for file in ["cpuset.cpus", "cpuset.mems"] {
                let parent = group.parent().unwrap_or(group).join(file);
                if let Ok(value) = std::fs::read_to_string(parent) {
                    drop(std::fs::write(group.join(file), value.trim()));
                }
            }
        }
        Ok(Self(made))
    }

    /// Removes the groups, the innermost first. The kernel keeps a group busy until the last killed process has left the group, so that
    /// the removal is tried for 5 s.
    fn remove(&self) {
        for group in &self.0 {
            for _ in 0..50 {
                match remove_below(group) {
                    Err(error) if error.kind() == ErrorKind::ResourceBusy => {
                        std::thread::sleep(Duration::from_millis(100));
                    }
                    _ => break,
                }
            }
        }
    }
}

fn remove_below(group: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(group)?.flatten() {
        if entry.file_type()?.is_dir() {
            remove_below(&entry.path())?;
        }
    }
    std::fs::remove_dir(group)
}
