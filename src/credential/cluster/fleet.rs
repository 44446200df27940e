//! What is known of the namespaces of each ClusterRegistryCredential. It is kept in memory alone: a status could not hold thousands of
//! namespaces, and after a restart the metadata of the Secrets tells which of them are as written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem::Discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::deeds::{Deed, Deeds};
use super::summary::Standing;
use crate::api::{SecretWrite, TokenStatus};
use crate::reason::Outlook;

/// The status of an object is told anew after this time at the earliest.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// The namespaces of each object, by the object's name. Cheap to clone; all clones share the map.
#[derive(Clone, Debug, Default)]
pub(super) struct Fleets(Arc<Mutex<HashMap<String, Fleet>>>);

/// The namespaces of one object.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    uid: String,
    /// For what all namespaces were visited last.
    surveyed: Option<Mark>,
    places: HashMap<String, Place>,
    /// The namespaces of that survey that nobody has visited yet.
    due: HashSet<String>,
    /// Secrets of the object that have another name than the one that is declared now.
    earlier: HashMap<String, Vec<String>>,
    deeds: Deeds,
    /// What the Secrets hold: most namespaces share one entry.
    tokens: Vec<Arc<[TokenStatus]>>,
    telling: bool,
    told: Option<Instant>,
}

/// What makes it necessary to visit all namespaces again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) generation: Option<i64>,
    pub(super) deleted: bool,
    pub(super) asked: [Option<String>; 2],
}

/// What is known of one namespace.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// How it stands; `None` before the first visit.
    pub(super) standing: Option<Standing>,
    /// The operator's last write to the Secret, or what the operator found as written after a restart.
    pub(super) last: Option<SecretWrite>,
    /// What the Secret holds; `None` while that is not known.
    pub(super) tokens: Option<Arc<[TokenStatus]>>,
    /// The generation of the object that was carried out.
    pub(super) generation: Option<i64>,
    /// Failures of one sort in a row.
    pub(super) failures: Option<(Discriminant<Outlook>, u32)>,
}

impl Fleets {
    /// Whether all namespaces must be visited.
    pub(super) fn must_survey(&self, name: &str, uid: &str, mark: &Mark) -> bool {
        self.with(name, uid, |fleet| fleet.surveyed.as_ref() != Some(mark))
    }

    /// All namespaces are to be visited: something that they have in common has changed.
    pub(super) fn unmark(&self, name: &str) {
        if let Some(fleet) = self.lock().get_mut(name) {
            fleet.surveyed = None;
        }
    }

    /// Records a survey. Returns the namespaces to visit: those, and all that are known.
    pub(super) fn surveyed(
        &self,
        (name, uid): (&str, &str),
        mark: Mark,
        namespaces: HashSet<String>,
        earlier: HashMap<String, Vec<String>>,
    ) -> Vec<String> {
        self.with(name, uid, |fleet| {
            fleet.surveyed = Some(mark);
            fleet.earlier = earlier;
            fleet.due = namespaces;
            fleet.due.extend(fleet.places.keys().cloned());
            fleet.due.iter().cloned().collect()
        })
    }

    /// What is known of a namespace, and the Secrets with earlier names there.
    pub(super) fn place(&self, name: &str, uid: &str, namespace: &str) -> (Place, Vec<String>) {
        self.with(name, uid, |fleet| {
            let place = fleet.places.get(namespace).cloned().unwrap_or_default();
            (place, fleet.earlier.get(namespace).cloned().unwrap_or_default())
        })
    }

    /// Takes in what a visit found and did; a place of which nothing is known any more is forgotten. Returns whether that is worth to be
    /// told, and whether all namespaces of the last survey have been visited.
    pub(super) fn visited(
        &self,
        (name, uid, namespace): (&str, &str, &str),
        mut place: Place,
        deeds: &[Deed],
        cleared: bool,
    ) -> (bool, bool) {
        self.with(name, uid, |fleet| {
            for deed in deeds {
                fleet.deeds.add(*deed, namespace);
            }
            if cleared {
                fleet.earlier.remove(namespace);
            }
            let told_before = fleet.places.get(namespace).and_then(|before| before.standing.as_ref());
            let same = match (told_before, &place.standing) {
                (None, None) => true,
                (Some(before), Some(now)) => before.is_like(now),
                _ => false,
            };
            let held = fleet.places.get(namespace).and_then(|before| before.tokens.clone());
            place.tokens = place.tokens.map(|tokens| fleet.shared(tokens));
            let same = same && held == place.tokens;
            if place.standing.is_some() {
                fleet.places.insert(namespace.to_owned(), place);
            } else {
                fleet.places.remove(namespace);
            }
            let was_due = fleet.due.remove(namespace);
            let done = fleet.due.is_empty();
            (!same || !deeds.is_empty() || (was_due && done), done)
        })
    }

    /// Asks something of an object's namespaces.
    pub(super) fn ask<T>(&self, name: &str, uid: &str, question: impl FnOnce(&mut Fleet) -> T) -> T {
        self.with(name, uid, question)
    }

    /// After how long the status is to be told, unless somebody is about to do so.
    pub(super) fn begin_telling(&self, name: &str) -> Option<Duration> {
        let mut fleets = self.lock();
        let fleet = fleets.get_mut(name).filter(|fleet| !fleet.telling)?;
        fleet.telling = true;
        Some(fleet.told.map_or(Duration::ZERO, |told| TOLD_EVERY.saturating_sub(told.elapsed())))
    }

    /// The status is being told now.
    pub(super) fn tells(&self, name: &str) {
        if let Some(fleet) = self.lock().get_mut(name) {
            fleet.telling = false;
            fleet.told = Some(Instant::now());
        }
    }

    /// The object is gone. Returns the namespaces that were known.
    pub(super) fn forget(&self, name: &str) -> Vec<String> {
        let fleet = self.lock().remove(name);
        fleet.map(|fleet| fleet.places.into_keys().collect()).unwrap_or_default()
    }

    /// An object that was made again under its name knows nothing of the earlier one.
    fn with<T>(&self, name: &str, uid: &str, work: impl FnOnce(&mut Fleet) -> T) -> T {
        let mut fleets = self.lock();
        let fleet = fleets.entry(name.to_owned()).or_default();
        if fleet.uid != uid {
            *fleet = Fleet { uid: uid.to_owned(), ..Fleet::default() };
        }
        work(fleet)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Fleet>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fleet {
    /// Whether namespaces of the last survey have not been visited yet.
    pub(super) fn is_under_way(&self) -> bool {
        !self.due.is_empty()
    }

    /// How a namespace stands.
    pub(super) fn standing(&self, namespace: &str) -> Standing {
        self.places.get(namespace).and_then(|place| place.standing.clone()).unwrap_or(Standing::Due)
    }

    /// The tokens in the Secrets, the one that ends first before the others.
    pub(super) fn tokens(&mut self) -> Vec<TokenStatus> {
        self.tokens.retain(|tokens| Arc::strong_count(tokens) > 1);
        let tokens = self.tokens.iter().flat_map(|tokens| tokens.iter());
        let sorted: BTreeMap<_, _> = tokens
            .map(|token| {
                let minter = token.service_account.as_ref().map(|minter| &minter.uid);
                let minter = (&token.account, &token.role_arn, minter);
                ((token.expires_at, token.issued_at, &token.domain, &token.owner, minter), token)
            })
            .collect();
        sorted.into_values().cloned().collect()
    }

    /// The deeds that were not told yet.
    pub(super) fn deeds(&mut self) -> &mut Deeds {
        &mut self.deeds
    }

    fn shared(&mut self, tokens: Arc<[TokenStatus]>) -> Arc<[TokenStatus]> {
        if let Some(known) = self.tokens.iter().find(|known| **known == tokens) {
            return Arc::clone(known);
        }
        self.tokens.retain(|tokens| Arc::strong_count(tokens) > 1);
        self.tokens.push(Arc::clone(&tokens));
        tokens
    }
}
