//! What was done in the namespaces since it was told last: one event for each sort of deed, however many namespaces there are. Pure.

use std::collections::BTreeMap;

use crate::engine::object::EventRecord;
use crate::reason::Reason;

/// How many namespaces an event names.
const NAMED: usize = 5;

/// Something that was done to the Secret of one namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    /// There was none.
    Created,
    /// Another tool's was taken over.
    Adopted,
    /// It holds a new token.
    Renewed,
    /// It had been deleted.
    PutBack,
    /// It differed from what is declared.
    Rewritten,
    /// The namespace is not picked any more, or the Secret has an earlier name.
    Removed,
    /// The grant has gone.
    Withdrawn,
}

/// The deeds that are still to be told.
#[derive(Debug, Default)]
pub(super) struct Deeds(BTreeMap<Deed, (usize, Vec<String>)>);

impl Deeds {
    /// Something was done in a namespace.
    pub(super) fn add(&mut self, deed: Deed, namespace: &str) {
        let (count, named) = self.0.entry(deed).or_default();
        *count += 1;
        if named.len() < NAMED {
            named.push(namespace.to_owned());
        }
    }

    /// The events, after which nothing is left to tell.
    pub(super) fn take(&mut self, secret: &str) -> Vec<EventRecord> {
        std::mem::take(&mut self.0)
            .into_iter()
            .map(|(deed, (count, named))| told(deed, secret, &places(count, &named)))
            .collect()
    }
}

fn places(count: usize, named: &[String]) -> String {
    let kind = if count == 1 { "namespace" } else { "namespaces" };
    let more = match count.saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{kind} {}{more}", named.join(", "))
}

fn told(deed: Deed, secret: &str, places: &str) -> EventRecord {
    let normal = |reason, what: &str| EventRecord::normal(reason, format!("Secret {secret} {what} {places}"));
    match deed {
        Deed::Created => normal(Reason::Created, "created in"),
        Deed::Adopted => normal(Reason::Adopted, "taken over in"),
        Deed::Renewed => normal(Reason::Renewed, "holds a new token in"),
        Deed::PutBack => normal(Reason::Updated, "had been deleted and was put back in"),
        Deed::Rewritten => normal(Reason::Updated, "written as declared again in"),
        Deed::Removed => normal(Reason::Updated, "removed, because the spec does not pick it any more, from"),
        Deed::Withdrawn => {
            let message = format!(
                "Secret {secret} removed, because a grant is gone or has become narrower, from {places}"
            );
            EventRecord::warning(Reason::GrantMissing, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_deeds_of_a_sort_are_one_event() {
        let mut deeds = Deeds::default();
        for number in 0..7 {
            deeds.add(Deed::Created, &format!("team-{number}"));
        }
        deeds.add(Deed::Withdrawn, "other");
        let told: Vec<_> =
            deeds.take("npm").into_iter().map(|event| (event.warning, event.message)).collect();
        let created = "Secret npm created in namespaces team-0, team-1, team-2, team-3, team-4 and 2 more";
        let withdrawn =
            "Secret npm removed, because a grant is gone or has become narrower, from namespace other";
        assert_eq!(told, [(false, created.to_owned()), (true, withdrawn.to_owned())]);
        assert!(deeds.take("npm").is_empty(), "they are told once");
    }
}
