//! Random sequences of what can happen to the versions of a package, against a slow reference.

use super::*;
use crate::options::Quotas;
use crate::state::Format;
use crate::state::package::{OriginConfiguration, PackageKey};
use crate::state::publish::{Growth, Publication};
use crate::state::version::{Asset, Origin};
use jiff::Timestamp;
use proptest::prelude::*;

const STATUSES: [Status; 5] =
    [Status::Published, Status::Unfinished, Status::Unlisted, Status::Archived, Status::Disposed];
const CHANGES: [Change; 5] =
    [Change::Publish, Change::Unlist, Change::Archive, Change::Dispose, Change::Delete];

/// One call.
#[derive(Clone, Debug)]
enum Step {
    Publish { version: String, file: &'static str, content: &'static str, unfinished: bool },
    Change { change: Change, versions: Vec<String>, expected: Option<Status>, revisions: Revisions },
}

/// Which revisions a call names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Revisions {
    None,
    Right,
    /// That of the first version is another's.
    FirstWrong,
}

/// A version as the reference knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    status: &'static str,
    files: BTreeMap<&'static str, &'static str>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let version = || prop::sample::select(vec!["1", "2", "3", "4"]).prop_map(str::to_owned);
    let publish = (version(), prop::sample::select(vec!["a", "b"]), prop::sample::select(vec!["x", "y"]));
    let publish = (publish, any::<bool>()).prop_map(|((version, file, content), unfinished)| Step::Publish {
        version,
        file,
        content,
        unfinished,
    });
    let change = (
        prop::sample::select(CHANGES.to_vec()),
        prop::collection::btree_set(version(), 1..4),
        prop::option::weighted(0.3, prop::sample::select(STATUSES.to_vec())),
        prop::sample::select(vec![Revisions::None, Revisions::None, Revisions::Right, Revisions::FirstWrong]),
    );
    let change = change.prop_map(|(change, versions, expected, revisions)| Step::Change {
        change,
        versions: versions.into_iter().collect(),
        expected,
        revisions,
    });
    prop::collection::vec(prop_oneof![publish, change], 1..40)
}

/// What the guide's sentences say of publishing a file of a generic package: what is known then, or
/// none when it is refused. Written apart from the code that it checks.
fn published(
    known: Option<&Known>,
    file: &'static str,
    content: &'static str,
    unfinished: bool,
) -> Option<Known> {
    let asked = if unfinished { "Unfinished" } else { "Published" };
    let Some(known) = known else {
        return Some(Known { status: asked, files: BTreeMap::from([(file, content)]) });
    };
    let mut after = known.clone();
    after.files.insert(file, content);
    match (known.status, known.files.get(file)) {
        ("Archived" | "Disposed", _) => None,
        (_, Some(there)) if *there != content => None,
        ("Unfinished", _) => Some(Known { status: asked, ..after }),
        (_, Some(_)) => Some(after),
        (_, None) => None,
    }
}

/// And of changing a version: the code of the refusal.
fn refusal(
    goal: &str,
    stands: Option<&str>,
    expected: Option<&str>,
    revision_fits: bool,
) -> Option<&'static str> {
    const NEVER: [(&str, &str); 7] = [
        ("Disposed", "Published"),
        ("Disposed", "Unlisted"),
        ("Disposed", "Archived"),
        ("Disposed", "Disposed"),
        ("Unfinished", "Unlisted"),
        ("Unfinished", "Archived"),
        ("Unfinished", "Disposed"),
    ];
    match stands {
        None => Some("NOT_FOUND"),
        Some(stands) if expected.is_some_and(|expected| expected != stands) => Some("MISMATCHED_STATUS"),
        Some(_) if !revision_fits => Some("MISMATCHED_REVISION"),
        Some(stands) => NEVER.contains(&(stands, goal)).then_some("NOT_ALLOWED"),
    }
}

struct World {
    package: Package,
    reference: BTreeMap<String, Known>,
}

impl World {
    fn new() -> Self {
        let key = PackageKey::new(Format::Generic, Some("acme"), "widgets").unwrap();
        let package = Package::new(key, OriginConfiguration::of_first_version(true));
        Self { package, reference: BTreeMap::new() }
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Publish { version, file, content, unfinished } => {
                self.publish(&version, (file, content), unfinished)
            }
            Step::Change { change, versions, expected, revisions } => {
                self.change(change, &versions, expected, revisions)
            }
        }
    }

    fn publish(
        &mut self,
        version: &str,
        (file, content): (&'static str, &'static str),
        unfinished: bool,
    ) -> Result<(), TestCaseError> {
        let publication = Publication {
            key: self.package.key.clone(),
            version: version.into(),
            asset: Asset::new(file, content.into()),
            details: None,
            tags: vec![format!("of-{version}")],
            growth: Growth::WhileUnfinished,
            unfinished,
        };
        let origin = Origin::Internal("team".into());
        let done = self.package.publish(publication, origin, &Quotas::default(), Timestamp::UNIX_EPOCH);
        let wanted = published(self.reference.get(version), file, content, unfinished);
        prop_assert_eq!(done.is_ok(), wanted.is_some());
        self.reference.extend(wanted.map(|known| (version.to_owned(), known)));
        Ok(())
    }

    fn change(
        &mut self,
        change: Change,
        versions: &[String],
        expected: Option<Status>,
        revisions: Revisions,
    ) -> Result<(), TestCaseError> {
        let revision = |(index, version): (usize, &String)| {
            let known = self.package.versions.get(version).map(|version| version.revision.to_string());
            let is_wrong = revisions == Revisions::FirstWrong && index == 0;
            known.filter(|_| !is_wrong).unwrap_or_else(|| "other".into())
        };
        let named: Vec<String> = versions.iter().enumerate().map(revision).collect();
        let named = versions.iter().map(String::as_str).zip(named.iter().map(String::as_str));
        let batch = Batch {
            change,
            versions: versions.iter().map(String::as_str).collect(),
            expected,
            revisions: named.filter(|_| revisions != Revisions::None).collect(),
        };
        let outcome = self.package.change(&batch, Timestamp::UNIX_EPOCH);
        let goal = change.goal().name();
        let refusals: Vec<Option<&str>> = (0..versions.len())
            .map(|index| {
                let stands = self.reference.get(&versions[index]).map(|known| known.status);
                let fits = revisions != Revisions::FirstWrong || index > 0;
                refusal(goal, stands, expected.map(Status::name), fits)
            })
            .collect();
        let succeeds = refusals.iter().all(Option::is_none);
        for (version, refusal) in versions.iter().zip(refusals) {
            let seen = outcome.failed.get(version).map(Failure::code);
            prop_assert_eq!(seen, refusal.or((!succeeds).then_some("SKIPPED")));
            prop_assert_eq!(outcome.successful.contains_key(version), succeeds);
            match (succeeds, self.reference.get_mut(version)) {
                (true, Some(_)) if goal == "Deleted" => drop(self.reference.remove(version)),
                (true, Some(known)) => {
                    known.status = goal;
                    known.files.retain(|_, _| goal != "Disposed");
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The package as the reference would have it.
    fn seen(&self) -> BTreeMap<String, Known> {
        let known = |version: &crate::state::version::Version| Known {
            status: version.status.name(),
            files: ["a", "b"]
                .into_iter()
                .filter_map(|file| {
                    let content = version.asset(file)?.content();
                    Some((file, if content == "x" { "x" } else { "y" }))
                })
                .collect(),
        };
        self.package.versions.iter().map(|(number, version)| (number.clone(), known(version))).collect()
    }

    fn revisions(&self) -> BTreeMap<String, String> {
        let versions = self.package.versions.values();
        versions.map(|version| (version.number.clone(), version.revision.to_string())).collect()
    }
}

proptest! {
    /// The package is what the reference says after each step; a revision changes when, and only
    /// when, the version comes to have other files by publishing; tags mean versions that are there.
    #[test]
    fn a_package_follows_the_reference(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            let (before, revisions) = (world.seen(), world.revisions());
            let publishes = matches!(step, Step::Publish { .. });
            world.take(step)?;
            let after = world.seen();
            prop_assert_eq!(&after, &world.reference);
            for (number, revision) in world.revisions() {
                if let (Some(former), Some(known)) = (revisions.get(&number), before.get(&number)) {
                    let grew = publishes && known.files != after[&number].files;
                    prop_assert_eq!(*former != revision, grew);
                }
            }
            prop_assert!(world.package.tags.values().all(|to| world.package.versions.contains_key(to)));
        }
    }
}
