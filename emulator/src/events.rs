//! The events that EventBridge would get: one for each change of a package version and each account that is
//! told of it, in order.

mod happened;

pub(crate) use happened::Happened;

use crate::wire::uuid_shaped;
use happened::{Extent, Subject};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Older events go when there are more.
const CAPACITY: usize = 10_000;

/// One event.
#[derive(Clone)]
pub(crate) struct Event {
    /// Counts events from 1, through resets too.
    seq: u64,
    at: Timestamp,
    /// The `sequenceNumber`: of two changes of a package, the later one has the greater number.
    sequence: u64,
    receiver: Receiver,
    happened: Happened,
}

/// Whom an event is for.
#[derive(Clone, Copy)]
enum Receiver {
    Owner,
    Administrator,
}

/// The latest events.
#[derive(Default)]
pub(crate) struct Events {
    last: u64,
    latest: VecDeque<Event>,
    /// The packages that the events are about, each kept once.
    subjects: BTreeSet<Arc<Subject>>,
}

impl Events {
    /// Tell the domain's owner, and the repository's administrator when that is another account.
    pub(crate) fn append(&mut self, mut happened: Happened, at: Timestamp, sequence: u64) {
        match self.subjects.get(&happened.subject) {
            Some(known) => happened.subject = known.clone(),
            None => drop(self.subjects.insert(happened.subject.clone())),
        }
        let Subject { domain, administrator, .. } = &*happened.subject;
        let is_shared = *administrator != domain.owner;
        let receivers = [Some(Receiver::Owner), is_shared.then_some(Receiver::Administrator)];
        for receiver in receivers.into_iter().flatten() {
            self.last += 1;
            if self.latest.len() == CAPACITY {
                self.drop_oldest();
            }
            let happened = happened.clone();
            self.latest.push_back(Event { seq: self.last, at, sequence, receiver, happened });
        }
    }

    fn drop_oldest(&mut self) {
        let Some(Event { happened: Happened { subject, .. }, .. }) = self.latest.pop_front() else { return };
        // Two holders are left, the set of subjects and this event: no other event is about the package.
        if Arc::strong_count(&subject) == 2 {
            self.subjects.remove(&subject);
        }
    }

    pub(crate) fn since(&self, seq: u64) -> Vec<Event> {
        let first = self.latest.partition_point(|event| event.seq <= seq);
        self.latest.range(first..).cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.latest.clear();
        self.subjects.clear();
    }
}

impl Event {
    /// The event as EventBridge passes it on, with its number here.
    pub(crate) fn describe(&self, region: &str) -> Value {
        let subject = &self.happened.subject;
        let account = match self.receiver {
            Receiver::Owner => &subject.domain.owner,
            Receiver::Administrator => &subject.administrator,
        };
        let arn = subject.arn(region);
        let change = Sha256::digest(format!("{arn} {} {}", self.sequence, self.at));
        let delivery = Sha256::digest(format!("{} {account}", hex::encode(change)));
        let bits = delivery.iter().take(16).fold(0, |bits, &byte| (bits << 8) | u128::from(byte));
        let event = json!({
            "version": "0",
            "id": uuid_shaped(bits),
            "detail-type": "CodeArtifact Package Version State Change",
            "source": "aws.codeartifact",
            "account": account,
            "time": format!("{:.0}", self.at),
            "region": region,
            "resources": [arn],
            "detail": self.detail(&hex::encode(&change[..16])),
        });
        json!({ "seq": self.seq, "event": event })
    }

    fn detail(&self, deduplication: &str) -> Value {
        let Happened { subject, version, revision, status, extent, kind } = &self.happened;
        let Subject { domain, repository, administrator, key } = &**subject;
        let Extent { added, removed, updated, metadata, status: moved } = extent;
        json!({
            "domainName": domain.name,
            "domainOwner": domain.owner,
            "repositoryName": repository,
            "repositoryAdministrator": administrator,
            "packageFormat": key.format.name(),
            "packageNamespace": key.namespace,
            "packageName": key.name,
            "packageVersion": version,
            "packageVersionState": status.name(),
            "packageVersionRevision": revision.to_string(),
            "changes": {
                "assetsAdded": added,
                "assetsRemoved": removed,
                "assetsUpdated": updated,
                "metadataUpdated": metadata,
                "statusChanged": moved,
            },
            "operationType": kind.name(),
            "sequenceNumber": self.sequence,
            "eventDeduplicationId": deduplication,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::DomainKey;
    use crate::state::package::PackageKey;
    use crate::state::version::{Asset, Details, Origin, Version};

    fn happened(administrator: &str) -> Happened {
        let subject = Subject {
            domain: DomainKey { owner: "123456789012".into(), name: "acme".into() },
            repository: "team".into(),
            administrator: administrator.into(),
            key: PackageKey::from_npm_name("widgets").unwrap(),
        };
        let origin = Origin::Internal("team".into());
        let asset = Asset::new("a", "x".into());
        let made = Version::new("1.0.0", origin, asset, Details::default(), Timestamp::UNIX_EPOCH);
        Happened::of(&subject.into(), "1.0.0", (None, Some(&made))).unwrap()
    }

    #[test]
    fn the_oldest_events_go_and_numbers_stay() {
        let mut events = Events::default();
        for sequence in 1..=CAPACITY as u64 + 2 {
            events.append(happened("123456789012"), Timestamp::UNIX_EPOCH, sequence);
        }
        let all = events.since(0);
        assert_eq!((all.len(), all[0].seq, events.subjects.len()), (CAPACITY, 3, 1));
        events.clear();
        events.append(happened("123456789012"), Timestamp::UNIX_EPOCH, 1);
        assert_eq!(events.since(0)[0].seq, CAPACITY as u64 + 3);
        assert!(events.since(CAPACITY as u64 + 3).is_empty());
    }

    #[test]
    fn another_accounts_administrator_is_told_of_the_same_change() {
        let mut events = Events::default();
        events.append(happened("210987654321"), Timestamp::UNIX_EPOCH, 7);
        let told: Vec<_> = events.since(0).iter().map(|event| event.describe("us-east-1")).collect();
        let [owner, administrator] = &told[..] else { panic!("{told:?}") };
        assert_eq!(owner["event"]["account"], "123456789012");
        assert_eq!(administrator["event"]["account"], "210987654321");
        assert_ne!(owner["event"]["id"], administrator["event"]["id"]);
        assert_eq!(owner["event"]["detail"], administrator["event"]["detail"]);
        assert_eq!(owner["event"]["time"], "1970-01-01T00:00:00Z");
        let arn = "arn:aws:codeartifact:us-east-1:123456789012:package/acme/team/npm//widgets";
        assert_eq!(owner["event"]["resources"][0], arn);
    }
}
