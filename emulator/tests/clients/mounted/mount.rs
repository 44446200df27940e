//! A Secret as a kubelet mounts it: links to a folder that is replaced as a whole.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use codeartifact_operator::api::{Format, PackageFormat};
use codeartifact_operator::credential::render::{DomainKey, Files, Login, Registry, files};
use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::support::ACCOUNT;

/// The folder of a mount, in which each key is a link by way of `..data`.
pub(super) struct Mount {
    folder: PathBuf,
    registries: Vec<Registry>,
    mode: u32,
}

impl Mount {
    /// A mount in the folder with a first token, whose files have that mode.
    pub(super) fn new(folder: PathBuf, registries: Vec<Registry>, mode: u32, token: &str) -> Self {
        std::fs::create_dir(&folder).unwrap();
        let mount = Self { folder, registries, mode };
        let files = mount.swap(token);
        for key in files.keys() {
            symlink(Path::new("..data").join(key), mount.folder.join(key)).unwrap();
        }
        mount
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The content of a key.
    pub(super) fn read(&self, key: &str) -> String {
        std::fs::read_to_string(self.folder.join(key)).unwrap()
    }

    /// Another token: a new folder takes the place of the old one, which goes.
    pub(super) fn rotate(&self, token: &str) {
        let old = std::fs::read_link(self.folder.join("..data")).unwrap();
        self.swap(token);
        std::fs::remove_dir_all(self.folder.join(old)).unwrap();
    }

    fn swap(&self, token: &str) -> Files {
        let files = self.rendered(token);
        let folder = tempfile::Builder::new().prefix("..2026_").tempdir_in(&self.folder).unwrap().keep();
        for (key, text) in &files {
            let file = folder.join(key);
            std::fs::write(&file, text.expose_secret()).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(self.mode)).unwrap();
        }
        symlink(folder.file_name().unwrap(), self.folder.join("..data_tmp")).unwrap();
        std::fs::rename(self.folder.join("..data_tmp"), self.folder.join("..data")).unwrap();
        files
    }

    /// What the operator writes into the Secret.
    fn rendered(&self, token: &str) -> Files {
        let login = Login { text: token.into(), expires: Timestamp::MAX };
        files(&self.registries, &BTreeMap::from([(domain(), login)]), &BTreeMap::new()).unwrap()
    }
}

fn domain() -> DomainKey {
    DomainKey {
        account: "default".into(),
        region: "us-east-1".into(),
        owner: ACCOUNT.into(),
        domain: "acme".into(),
    }
}

/// A registry of the emulator at that address, with a scope or without.
pub(super) fn registry(url: &str, repository: &str, scope: Option<&str>, formats: Vec<Format>) -> Registry {
    let endpoint = |format: PackageFormat| {
        let format = format.as_str();
        (format.to_owned(), format!("{url}/{format}/d/acme-{ACCOUNT}/{repository}/"))
    };
    Registry {
        domain: domain(),
        repository: repository.into(),
        formats,
        scopes: scope.into_iter().map(Into::into).collect(),
        endpoints: PackageFormat::ALL.map(endpoint).into(),
        is_private: false,
    }
}
