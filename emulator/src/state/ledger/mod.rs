//! The state on disk: a record for each thing, written before the call that changed it is answered. A
//! process that is killed at any moment finds all of it again.

mod changes;
mod file;
mod key;
mod restore;

use super::State;
use super::version::{Asset, Checksum};
use crate::clock::Setting;
use changes::Changes;
use file::File;
use jiff::SignedDuration;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use restore::{Kept, restore};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// The things of the state, as JSON, by their keys as JSON.
const RECORDS: TableDefinition<&str, &[u8]> = TableDefinition::new("records");
/// The bytes of assets by their SHA-256, once however many versions have them.
const CONTENTS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("contents");
/// What there is one of.
const SINGLES: TableDefinition<&str, &[u8]> = TableDefinition::new("singles");

/// Whose state it is, to tell a file of another program or of other options.
const IDENTITY: &str = "identity";
const CLOCK: &str = "clock";
/// How often the clock was moved. Files did not always have it.
const MOVES: &str = "moves";
const KEPT: &str = "kept";

/// Records are written and seldom read; the state itself is in memory.
const CACHE: usize = 16 << 20;

/// The layout of the records. A file of another layout is refused.
const LAYOUT: u32 = 3;

/// The file, and what is known of what is in it.
pub(crate) struct Ledger {
    database: Database,
    /// How many assets have each content.
    uses: BTreeMap<Checksum<32>, usize>,
    /// The small things as they were written last.
    kept: Vec<u8>,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It cannot be opened, or it is in use.
    #[error("cannot use the state file {0}: {1}")]
    Open(String, std::io::Error),
    /// It is no state, or it is damaged. It is left as it is.
    #[error("{0} is not a state that can be read: {1}. It was left as it is; move it away to start afresh")]
    Damaged(String, String),
    /// It was made with other options.
    #[error("{0} is the state of account {1} in Region {2}: start with --account {1} --region {2}")]
    Other(String, String, String),
}

/// A change that could not be written. It has no effect.
#[derive(Debug, thiserror::Error)]
#[error("the change could not be written to the state file: {0}")]
pub(crate) struct Unsaved(String);

impl Unsaved {
    fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    layout: u32,
    account: String,
    region: String,
}

impl Identity {
    fn of(state: &State) -> Self {
        Self {
            layout: LAYOUT,
            account: state.settings.account.clone(),
            region: state.settings.region.clone(),
        }
    }
}

/// A file that is whole from the moment that it is there, whenever the making of it is ended. Of
/// several processes that make it at once, one does, and none takes it away from another.
fn make(path: &Path, identity: &Identity, state: &State) -> Result<(), std::io::Error> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = Path::new(&draft);
    let file = File::open(draft)?;
    file.clear()?;
    let ledger = Ledger::of(file).map_err(std::io::Error::other)?;
    ledger.begin(identity, state).map_err(std::io::Error::other)?;
    if path.exists() {
        // It is empty; somebody made it so that it has an owner or a mode.
        return std::fs::rename(draft, path);
    }
    match std::fs::hard_link(draft, path) {
        // Some file systems have no links.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => std::fs::rename(draft, path),
        Ok(()) | Err(_) => std::fs::remove_file(draft),
    }
}

impl Ledger {
    /// Open the file, or make it, and bring the state to what is in it. How the clock stands comes back
    /// too.
    pub(crate) fn open(path: &Path, state: &mut State) -> Result<(Self, Setting), LedgerError> {
        let name = path.display().to_string();
        let cannot = |error| LedgerError::Open(name.clone(), error);
        let damaged = |error: String| LedgerError::Damaged(name.clone(), error);
        let identity = Identity::of(state);
        if std::fs::metadata(path).map_or(true, |known| known.len() == 0) {
            make(path, &identity, state).map_err(cannot)?;
        }
        let file = File::open(path).map_err(cannot)?;
        let mut ledger = Self::of(file).map_err(|error| damaged(error.to_string()))?;
        let found: Identity = ledger.single(IDENTITY).map_err(damaged)?;
        if found.layout != LAYOUT {
            return Err(damaged(format!("its layout is {}, not {LAYOUT}", found.layout)));
        }
        if found != identity {
            return Err(LedgerError::Other(name, found.account, found.region));
        }
        ledger.read(state).map_err(damaged)?;
        let offset = ledger.single(CLOCK).map_err(damaged)?;
        let seq = ledger.single_or_none(MOVES).map_err(damaged)?.unwrap_or_default();
        Ok((ledger, Setting { offset, seq }))
    }

    /// Every page is checked, so that nothing is trusted that somebody else has written.
    fn of(file: File) -> Result<Self, redb::DatabaseError> {
        let mut builder = Database::builder();
        builder.set_check_integrity_on_open(true).set_cache_size(CACHE);
        let database = builder.create_with_backend(file)?;
        Ok(Self { database, uses: BTreeMap::new(), kept: Vec::new() })
    }

    /// Write what differs. It is there, whatever happens to this process afterwards.
    pub(crate) fn commit(&mut self, before: &State, after: &State) -> Result<(), Unsaved> {
        let changes = Changes::between(before, after).map_err(Unsaved::because)?;
        let kept = serde_json::to_vec(&Kept::of(after)).map_err(Unsaved::because)?;
        if changes.is_empty() && kept == self.kept {
            return Ok(());
        }
        let uses = self.uses_after(&changes);
        self.write(&changes, &uses, &kept).map_err(Unsaved::because)?;
        for (sha256, count) in uses {
            match count {
                0 => self.uses.remove(&sha256),
                count => self.uses.insert(sha256, count),
            };
        }
        self.kept = kept;
        Ok(())
    }

    /// Write how the clock stands.
    pub(crate) fn record_clock(&self, clock: Setting) -> Result<(), Unsaved> {
        let offset = serde_json::to_vec(&clock.offset).map_err(Unsaved::because)?;
        let moves = serde_json::to_vec(&clock.seq).map_err(Unsaved::because)?;
        self.put_singles(&[(CLOCK, &offset), (MOVES, &moves)]).map_err(Unsaved::because)
    }

    fn begin(&self, identity: &Identity, state: &State) -> Result<(), Unsaved> {
        let identity = serde_json::to_vec(identity).map_err(Unsaved::because)?;
        let clock = serde_json::to_vec(&SignedDuration::ZERO).map_err(Unsaved::because)?;
        let kept = serde_json::to_vec(&Kept::of(state)).map_err(Unsaved::because)?;
        let singles = [(IDENTITY, identity.as_slice()), (CLOCK, &clock), (KEPT, &kept)];
        self.put_singles(&singles).map_err(Unsaved::because)
    }

    fn put_singles(&self, singles: &[(&str, &[u8])]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(SINGLES)?;
            for (name, value) in singles {
                table.insert(*name, *value)?;
            }
            // They are there from the start, so that reading them cannot fail for want of them.
            transaction.open_table(RECORDS)?;
            transaction.open_table(CONTENTS)?;
        }
        Ok(transaction.commit()?)
    }

    /// How many assets have each content that the changes are about.
    fn uses_after(&self, changes: &Changes) -> BTreeMap<Checksum<32>, usize> {
        let mut uses = BTreeMap::new();
        let known = |sha256: &Checksum<32>| self.uses.get(sha256).copied().unwrap_or_default();
        for asset in &changes.assets {
            let count = uses.entry(asset.sha256()).or_insert_with(|| known(&asset.sha256()));
            *count = count.saturating_add(1);
        }
        for sha256 in &changes.gone {
            let count = uses.entry(*sha256).or_insert_with(|| known(sha256));
            *count = count.saturating_sub(1);
        }
        uses
    }

    fn write(
        &self,
        changes: &Changes,
        uses: &BTreeMap<Checksum<32>, usize>,
        kept: &[u8],
    ) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut records = transaction.open_table(RECORDS)?;
            for (key, value) in &changes.records {
                match value {
                    Some(value) => drop(records.insert(key.as_str(), value.as_slice())?),
                    None => drop(records.remove(key.as_str())?),
                }
            }
            let mut contents = transaction.open_table(CONTENTS)?;
            for asset in changes.assets.iter().filter(|asset| !self.uses.contains_key(&asset.sha256())) {
                contents.insert(asset.sha256().0.as_slice(), asset.content().as_ref())?;
            }
            for (sha256, _) in uses.iter().filter(|(_, count)| **count == 0) {
                contents.remove(sha256.0.as_slice())?;
            }
            transaction.open_table(SINGLES)?.insert(KEPT, kept)?;
        }
        Ok(transaction.commit()?)
    }

    fn single<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        self.single_or_none(name)?.ok_or_else(|| format!("it has no {name}"))
    }

    fn single_or_none<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>, String> {
        let text = self.single_text(name).map_err(|error| error.to_string())?;
        let parsed = text.map(|text| serde_json::from_slice(&text));
        parsed.transpose().map_err(|error| format!("its {name}: {error}"))
    }

    fn single_text(&self, name: &str) -> Result<Option<Vec<u8>>, redb::Error> {
        let table = self.database.begin_read()?.open_table(SINGLES)?;
        Ok(table.get(name)?.map(|value| value.value().to_vec()))
    }

    fn read(&mut self, state: &mut State) -> Result<(), String> {
        let kept = self.single_text(KEPT).map_err(|error| error.to_string())?;
        self.kept = kept.ok_or("it has no things kept")?;
        let records = self.records().map_err(|error| error.to_string())?;
        let content = |sha256: &[u8]| -> Result<Option<Vec<u8>>, redb::Error> {
            let table = self.database.begin_read()?.open_table(CONTENTS)?;
            Ok(table.get(sha256)?.map(|value| value.value().to_vec()))
        };
        let content = |sha256: &[u8]| content(sha256).map_err(|error| error.to_string());
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        let used = |asset: &Asset| *counts.entry(asset.sha256()).or_default() += 1;
        restore(state, &self.kept, records, content, used)?;
        self.uses = counts;
        Ok(())
    }

    fn records(&self) -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
        let table = self.database.begin_read()?.open_table(RECORDS)?;
        let record = |entry: Result<(redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, &[u8]>), _>| {
            let (key, value) = entry?;
            Ok((key.value().to_owned(), value.value().to_vec()))
        };
        table.iter()?.map(record).collect()
    }
}
