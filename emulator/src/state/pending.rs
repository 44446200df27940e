//! Pending changes, which happen at a time of the emulator's clock without a call: a public registry's change that
//! CodeArtifact does not see yet, and a version that is still being ingested.

use super::package::PackageKey;
use super::public::Edit;
use super::repository::RepositoryId;
use super::version::Version;
use super::{DomainKey, PublicRegistries, State};
use imbl::OrdMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The pending changes, by their time and a unique number.
pub(crate) type Pending = OrdMap<(Timestamp, u64), Arc<Due>>;

/// One pending change.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Due {
    /// A public registry was changed.
    Registry(Vec<Edit>),
    /// A version was fetched.
    Ingestion(Ingestion),
}

/// A version that repositories shall hold.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Ingestion {
    pub(super) domain: DomainKey,
    /// The repositories by name and id: a repository that was made anew under the name has another id.
    pub(super) repositories: Vec<(String, RepositoryId)>,
    pub(super) key: PackageKey,
    pub(super) version: Arc<Version>,
    /// Whether it comes from a public registry now, so that this is when it is published here.
    pub(super) is_new: bool,
}

impl State {
    /// Let a change happen after the delay, or at once when there is no delay.
    pub(crate) fn await_due(&mut self, due: Due, now: Timestamp, delay: SignedDuration) {
        if delay.is_zero() {
            return self.come(&due, now);
        }
        let at = now.saturating_add(delay).unwrap_or(Timestamp::MAX);
        let id = self.next_id();
        self.pending.insert((at, id), Arc::new(due));
    }

    /// What the public registries hold, with the changes that CodeArtifact does not see yet.
    pub(crate) fn public_to_come(&self) -> PublicRegistries {
        let mut public = self.public.clone();
        for due in self.pending.values() {
            if let Due::Registry(edits) = &**due {
                for edit in edits {
                    public.apply(edit);
                }
            }
        }
        public
    }

    /// The time of the first pending change, if that time has come.
    pub(crate) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.pending.get_min().map(|((at, _), _)| *at).filter(|at| *at <= now)
    }

    /// Let the first pending change happen.
    pub(crate) fn let_next_come(&mut self) {
        let first = self.pending.get_min().map(|(key, _)| *key);
        if let Some((at, id)) = first
            && let Some(due) = self.pending.remove(&(at, id))
        {
            self.come(&due, at);
        }
    }

    /// Whether the same version is being ingested by one of the repositories.
    pub(super) fn is_ingesting(&self, ingestion: &Ingestion) -> bool {
        self.pending.values().any(|due| match &**due {
            Due::Registry(_) => false,
            Due::Ingestion(other) => {
                other.key == ingestion.key
                    && other.version.number == ingestion.version.number
                    && ingestion.repositories.iter().all(|one| other.repositories.contains(one))
            }
        })
    }

    fn come(&mut self, due: &Due, at: Timestamp) {
        match due {
            Due::Registry(edits) => edits.iter().for_each(|edit| self.public.apply(edit)),
            Due::Ingestion(ingestion) => self.retain(ingestion, at),
        }
    }

    /// Keep the version in the repositories that are still there.
    fn retain(&mut self, ingestion: &Ingestion, at: Timestamp) {
        let Ok(domain) = self.domain_mut(&ingestion.domain) else { return };
        let origin = domain.groups.ruling(&ingestion.key).first_origin(false);
        let mut version = ingestion.version.clone();
        if ingestion.is_new {
            Arc::make_mut(&mut version).published = at;
        }
        for (name, id) in &ingestion.repositories {
            if let Ok(repository) = domain.repository_mut(name)
                && repository.id == *id
            {
                repository.retain(&ingestion.key, &version, origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::state::public::{Change, Edit};
    use crate::state::version::Asset;
    use crate::state::{Connection, Settings};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    /// A file of a version comes, or the version goes.
    fn edit((number, file): (u8, Option<u8>), at: Timestamp) -> Edit {
        let number = number.to_string();
        let change = match file {
            Some(file) => {
                let asset = Asset::new(file.to_string(), "x".into());
                Change::Put { number, asset, details: Box::default(), at }
            }
            None => Change::Remove { number: Some(number), file: None },
        };
        let connection = Connection::parse("public:pypi").unwrap();
        Edit { connection, key: PackageKey::from_python_name("widgets"), change }
    }

    /// The versions with their files.
    fn told(public: &PublicRegistries) -> Vec<(String, Vec<String>)> {
        let packages = public.registry(Connection::parse("public:pypi").unwrap());
        let versions = packages.values().flat_map(|package| package.versions.values());
        let files = |version: &Version| version.assets.iter().map(|asset| asset.name.clone()).collect();
        versions.map(|version| (version.number.clone(), files(version))).collect()
    }

    proptest! {
        #[test]
        fn what_is_seen_is_what_there_was_before_the_lag(
            steps in vec((0..20_i64, (0..3_u8, proptest::option::of(0..3_u8))), 0..12),
            lag in 0..60_i64,
        ) {
            let settings = Settings::new(Options::default(), "http://127.0.0.1:1".parse().unwrap());
            let mut state = State::new(settings.into());
            let (mut now, mut made) = (0, Vec::new());
            for (after, what) in steps {
                now += after;
                while state.next_due(minute(now)).is_some() {
                    state.let_next_come();
                }
                let edit = edit(what, minute(now));
                made.push((now, edit.clone()));
                state.await_due(Due::Registry(vec![edit]), minute(now), SignedDuration::from_mins(lag));
                let (mut seen, mut all) = (PublicRegistries::default(), PublicRegistries::default());
                for (at, edit) in &made {
                    all.apply(edit);
                    if at + lag <= now {
                        seen.apply(edit);
                    }
                }
                prop_assert_eq!(told(&state.public), told(&seen));
                prop_assert_eq!(told(&state.public_to_come()), told(&all));
            }
        }
    }
}
