//! What the node knows of a Pod: its processes and its memory.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// The process of the operator in a Pod. Every process of a container is seen from the namespaces of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator(Pid);

impl Operator {
    /// The process that works in the Pod of that name.
    pub fn of(pod: &str) -> Result<Self> {
        let named = format!("POD_NAME={pod}");
        let has = |process: &Path| {
            let command = std::fs::read(process.join("cmdline")).unwrap_or_default();
            let environment = std::fs::read(process.join("environ")).unwrap_or_default();
            let mut variables = environment.split(|byte| *byte == 0);
            command.starts_with(b"/codeartifact-operator\0run\0")
                && variables.any(|variable| variable == named.as_bytes())
        };
        let found = std::fs::read_dir("/proc")?.flatten().map(|entry| entry.path()).find(|path| has(path));
        let found = found.with_context(|| format!("no operator runs in the Pod {pod}"))?;
        let number = found.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        number.and_then(Pid::from_raw).map(Self).context("no process id")
    }

    /// Sends a signal.
    pub fn signal(self, signal: Signal) -> Result<()> {
        kill_process(self.0, signal).with_context(|| format!("{signal:?}"))
    }

    /// Whether the process is gone.
    pub fn has_ended(self) -> bool {
        !Path::new("/proc").join(self.0.as_raw_nonzero().to_string()).exists()
    }
}

/// What the kernel counts of a Pod's memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Without files that the kernel can drop: what kubelet looks at.
    pub working_set: u64,
    /// What no file backs.
    pub anonymous: u64,
    /// The most that ever counted towards the limit, files too.
    pub peak: u64,
}

impl Memory {
    /// Reads the control group of a Pod by its uid.
    pub(super) fn of(cgroup: &str, uid: &str) -> Result<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let first = root.join("memory").join(cgroup);
        let (top, names) = if first.exists() { (first, V1) } else { (root.join(cgroup), V2) };
        let group = find(&top, &format!("pod{uid}")).with_context(|| format!("no control group of {uid}"))?;
        let text = |file: &str| std::fs::read_to_string(group.join(file)).with_context(|| file.to_owned());
        let number = |file: &str| -> Result<u64> { Ok(text(file)?.trim().parse()?) };
        let stat = text("memory.stat")?;
        let counted = |name: &str| -> Result<u64> {
            let value = stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            Ok(value.with_context(|| format!("no {name}"))?.parse()?)
        };
        Ok(Self {
            working_set: number(names.usage)?.saturating_sub(counted(names.inactive)?),
            anonymous: counted(names.anonymous)?,
            peak: number(names.peak)?,
        })
    }
}

/// The names of files and counters, which the versions of control groups do not share.
#[derive(Clone, Copy)]
struct Names {
    usage: &'static str,
    peak: &'static str,
    inactive: &'static str,
    anonymous: &'static str,
}

const V1: Names = Names {
    usage: "memory.usage_in_bytes",
    peak: "memory.max_usage_in_bytes",
    inactive: "total_inactive_file",
    anonymous: "total_rss",
};
const V2: Names =
    Names { usage: "memory.current", peak: "memory.peak", inactive: "inactive_file", anonymous: "anon" };

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let folders =
        std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    for path in folders {
        if path.file_name().is_some_and(|file| file == name) {
            return Some(path);
        }
        if let Some(found) = find(&path, name) {
            return Some(found);
        }
    }
    None
}
