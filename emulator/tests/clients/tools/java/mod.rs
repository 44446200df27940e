//! Maven and Gradle.

mod gradle;
mod maven;

pub(crate) use gradle::Gradle;
pub(crate) use maven::Maven;

use super::Client;
use crate::program::{program, succeeded};
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// Quick to start, small, and on one core.
const JVM: &str = "-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

/// Where a Java client works, and with what it logs in.
struct Workplace {
    home: TempDir,
    endpoint: String,
    token: String,
    /// Options of the JVM.
    jvm: String,
}

impl Workplace {
    async fn new(world: &World, token: &str) -> Self {
        let endpoint = world.endpoint(PackageFormat::Maven, "team").await;
        let jvm = format!("{JVM}{}", world.surroundings.java_options().await);
        Self { home: tempfile::tempdir().unwrap(), endpoint, token: token.into(), jvm }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A new folder with one file.
    fn folder(&self, file: &str, text: &str) -> PathBuf {
        let folder = tempfile::Builder::new().prefix("project").tempdir_in(self.home.path()).unwrap().keep();
        std::fs::write(folder.join(file), text).unwrap();
        folder
    }

    /// A jar that knows its own version. No two clients make the same one.
    fn jar(&self, name: &str, version: &str) -> PathBuf {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("made.properties", SimpleFileOptions::default()).unwrap();
        let maker = self.home.path().display();
        write!(archive, "name={name}\nversion={version}\nmaker={maker}\n").unwrap();
        let path = self.path("made.jar");
        std::fs::write(&path, archive.finish().unwrap().into_inner()).unwrap();
        path
    }

    /// Forget what was installed before.
    fn empty_installed(&self) -> PathBuf {
        let folder = self.path("installed");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        folder
    }

    /// What the one installed jar says of itself under a key.
    fn said(&self, key: &str) -> String {
        let mut files = std::fs::read_dir(self.path("installed")).unwrap();
        let jar = std::fs::File::open(files.next().unwrap().unwrap().path()).unwrap();
        assert!(files.next().is_none());
        let mut text = String::new();
        let mut archive = zip::ZipArchive::new(jar).unwrap();
        archive.by_name("made.properties").unwrap().read_to_string(&mut text).unwrap();
        text.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned()
    }

    fn installed(&self, name: &str) -> String {
        assert_eq!(self.said("name="), name);
        self.said("version=")
    }
}

/// A client whose jars tell which client made them.
pub(crate) trait Maker: Client {
    /// The name in the jars that it makes.
    fn maker(&self) -> String;

    /// The name in the jar that it installed last.
    fn installed_maker(&self) -> String;
}

/// `org.acme:widgets` taken apart.
fn coordinates(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap()
}

/// The version after a program's name in what it says of itself.
fn said_version(file: &Path, word: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let output = program(file, home.path()).arg("--version").output().unwrap();
    let said = succeeded(&output);
    let version = said.split(word).nth(1).unwrap().split_whitespace().next().unwrap();
    version.trim_end_matches("\u{1b}[m").to_owned()
}
