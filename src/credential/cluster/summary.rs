//! What a ClusterRegistryCredential says of all its namespaces: counts, the first failures, and how it stands as a whole. Pure.

use std::sync::Arc;

use crate::api::{NamespaceCounts, NamespaceFailure};
use crate::engine::object::{Requeue, Success};
use crate::error::{Error, Result};
use crate::reason::{Outlook, Reason};

/// How many failures the status names.
const NAMED: usize = 20;
/// How many characters of a failure's message the status holds.
const LONGEST_MESSAGE: usize = 256;

/// How a namespace stands that is picked.
#[derive(Clone, Debug)]
pub(super) enum Standing {
    /// Its Secret holds a valid login.
    Filled,
    /// Its Secret holds a valid login that cannot be renewed, or cannot be written as declared now; and what is told of that.
    Troubled(Arc<Error>, String),
    /// Its Secret holds a valid login, and nobody looks after it while something is suspended, which the error names.
    Resting(Arc<Error>),
    /// It has no valid login; the error says whether that passes by itself.
    Failed(Arc<Error>),
    /// Nobody has got to it yet.
    Due,
    /// The spec lists it, and there is no such namespace.
    Absent,
}

/// What is said of all namespaces.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) counts: NamespaceCounts,
    pub(super) failures: Vec<NamespaceFailure>,
    pub(super) outcome: Result<Success>,
}

/// What the words are about.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    /// Name of the Secret.
    pub(super) secret: &'a str,
    /// The domains that the login opens, for a reader.
    pub(super) domains: &'a str,
    /// Whether the present spec was carried out in all namespaces before: then a namespace that is due is a new one.
    pub(super) settled: bool,
    /// When to look again.
    pub(super) again: Requeue,
}

/// Sums up the namespaces, in the order of their names.
pub(super) fn summarize(namespaces: &[(&str, Standing)], about: About<'_>) -> Summary {
    let count = |test: &dyn Fn(&Standing) -> bool| {
        u32::try_from(namespaces.iter().filter(|(_, standing)| test(standing)).count()).unwrap_or(u32::MAX)
    };
    let counts = NamespaceCounts {
        selected: count(&|_| true),
        filled: count(&|standing| standing.holds()),
        failing: count(&|standing| standing.fails()),
        waiting: count(&|standing| standing.waits()),
    };
    let failures = namespaces.iter().filter_map(|(name, standing)| failure(name, standing));
    let failures: Vec<_> = failures.take(NAMED).collect();
    let outcome = outcome(namespaces, &counts, &failures, about);
    Summary { counts, failures, outcome }
}

impl Standing {
    /// Whether the other one would be told in the same words.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let words = |standing: &Self| match standing {
            Self::Filled | Self::Due | Self::Absent => None,
            Self::Troubled(error, told) => Some((error.reason(), error.outlook(), told.clone())),
            Self::Resting(error) | Self::Failed(error) => {
                Some((error.reason(), error.outlook(), error.to_string()))
            }
        };
        std::mem::discriminant(self) == std::mem::discriminant(other) && words(self) == words(other)
    }

    /// Whether the Secret holds a valid login.
    fn holds(&self) -> bool {
        matches!(self, Self::Filled | Self::Troubled(..) | Self::Resting(_))
    }

    fn fails(&self) -> bool {
        matches!(self, Self::Failed(error) if error.outlook() != Outlook::Waiting)
    }

    fn waits(&self) -> bool {
        match self {
            Self::Due | Self::Absent => true,
            Self::Failed(error) => error.outlook() == Outlook::Waiting,
            Self::Filled | Self::Troubled(..) | Self::Resting(_) => false,
        }
    }
}

fn failure(namespace: &str, standing: &Standing) -> Option<NamespaceFailure> {
    let (reason, message) = match standing {
        Standing::Troubled(_, told) => (Reason::RenewalFailing, told.clone()),
        Standing::Failed(error) => (error.reason(), error.to_string()),
        Standing::Absent => (
            Reason::NotFound,
            format!("there is no namespace {namespace}; make it, or take it out of spec.namespaces"),
        ),
        Standing::Filled | Standing::Resting(_) | Standing::Due => return None,
    };
    Some(NamespaceFailure {
        namespace: namespace.to_owned(),
        reason: reason.as_str().to_owned(),
        message: shortened(&message),
    })
}

/// One namespace that cannot be filled does not make the object unready: anybody who may write Secrets in his own namespace could do
/// that to all others. When no namespace at all can be filled, the object is not ready.
fn outcome(
    namespaces: &[(&str, Standing)],
    counts: &NamespaceCounts,
    failures: &[NamespaceFailure],
    about: About<'_>,
) -> Result<Success> {
    let NamespaceCounts { selected, filled, failing, .. } = counts;
    let due = namespaces.iter().any(|(_, standing)| matches!(standing, Standing::Due));
    if due && !(about.settled && *filled > 0) {
        let message = format!("{filled} of {selected} namespaces have Secret {} so far", about.secret);
        return Err(Error::waiting(Reason::Progressing, message));
    }
    let resting = namespaces.iter().find_map(|(_, standing)| match standing {
        Standing::Resting(error) => Some(error),
        _ => None,
    });
    if let Some(error) = resting {
        return Err(Error::Shared(Arc::clone(error)));
    }
    let errors = || namespaces.iter().filter_map(|(name, standing)| Some((name, standing.error()?)));
    let hopeless =
        errors().find(|(_, error)| error.outlook() != Outlook::Waiting).or_else(|| errors().next());
    if let (0, Some((name, error))) = (filled, hopeless) {
        let note = format!("no namespace has a login; in namespace {name}");
        return Err(Error::Shared(Arc::clone(error)).after(&note));
    }
    let secret = format!("Secret {} holds a login for {}", about.secret, about.domains);
    let message = if selected == filled {
        format!("{secret} in {}", of(*selected))
    } else if *filled == 0 {
        "no namespace is picked that exists".to_owned()
    } else {
        format!("{secret} in {filled} of {}{}", of(*selected), first(failures))
    };
    let message = if *selected == 0 { "no namespace is picked".to_owned() } else { message };
    let troubled = namespaces.iter().find_map(|(name, standing)| match standing {
        Standing::Troubled(_, told) => Some((name, told)),
        _ => None,
    });
    if let Some((name, told)) = troubled {
        let message = format!("{message}; in namespace {name} {told}");
        return Ok(Success::ready(Reason::RenewalFailing, message, about.again));
    }
    let reason = if *failing > 0 { Reason::PartlyFilled } else { Reason::Issued };
    Ok(Success::ready(reason, message, about.again))
}

impl Standing {
    fn error(&self) -> Option<&Arc<Error>> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Filled | Self::Troubled(..) | Self::Resting(_) | Self::Due | Self::Absent => None,
        }
    }
}

fn of(count: u32) -> String {
    if count == 1 { "1 namespace".to_owned() } else { format!("{count} namespaces") }
}

/// The first failure, as the end of a sentence. Renewals that fail have a sentence of their own.
fn first(failures: &[NamespaceFailure]) -> String {
    let of_delivery =
        |failure: &&NamespaceFailure| failure.reason.as_str() != Reason::RenewalFailing.as_str();
    failures.iter().find(of_delivery).map_or_else(String::new, |failure| {
        format!(
            "; status.failures says more, such as for namespace {}: {}",
            failure.namespace, failure.message
        )
    })
}

fn shortened(message: &str) -> String {
    if message.chars().count() <= LONGEST_MESSAGE {
        return message.to_owned();
    }
    message.chars().take(LONGEST_MESSAGE - 1).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> About<'static> {
        About { secret: "npm", domains: "acme", settled: true, again: Requeue::Never }
    }

    fn failed(outlook: Outlook) -> Standing {
        let error = match outlook {
            Outlook::Stalled => Error::stalled(Reason::GrantMissing, "no grant"),
            Outlook::Waiting => Error::waiting(Reason::SecretDeleting, "a finalizer keeps it"),
            _ => Error::Internal("broken".into()),
        };
        Standing::Failed(Arc::new(error))
    }

    fn troubled() -> Standing {
        Standing::Troubled(Arc::new(Error::Internal("down".into())), "the login works until noon".into())
    }

    type Row = (&'static str, Vec<Standing>, About<'static>, [u32; 4], &'static str);

    #[test]
    fn the_whole_stands_as_its_namespaces_do() {
        use Outlook::{Stalled, Waiting};
        use Standing::{Absent, Due, Filled};
        let new = About { settled: false, ..about() };
        let table: Vec<Row> = vec![
            ("nothing is picked", vec![], about(), [0, 0, 0, 0], "True Issued"),
            ("all are filled", vec![Filled, Filled], about(), [2, 2, 0, 0], "True Issued"),
            ("one has no grant", vec![Filled, failed(Stalled)], about(), [2, 1, 1, 0], "True PartlyFilled"),
            ("one waits", vec![Filled, failed(Waiting)], about(), [2, 1, 0, 1], "True Issued"),
            ("one does not exist", vec![Filled, Absent], about(), [2, 1, 0, 1], "True Issued"),
            ("none exists", vec![Absent], about(), [1, 0, 0, 1], "True Issued"),
            ("a new one is due", vec![Filled, Due], about(), [2, 1, 0, 1], "True Issued"),
            ("the spec is new", vec![Filled, Due], new, [2, 1, 0, 1], "False Progressing"),
            ("the first one is due", vec![Due], about(), [1, 0, 0, 1], "False Progressing"),
            ("none has a grant", vec![failed(Stalled); 2], about(), [2, 0, 2, 0], "False GrantMissing"),
            (
                "one is denied, others wait",
                vec![failed(Waiting), failed(Stalled)],
                about(),
                [2, 0, 1, 1],
                "False GrantMissing",
            ),
            ("all wait", vec![failed(Waiting)], about(), [1, 0, 0, 1], "False SecretDeleting"),
            ("renewals fail", vec![troubled(), Filled], about(), [2, 2, 0, 0], "True RenewalFailing"),
            (
                "renewals fail, and one has no grant",
                vec![troubled(), failed(Stalled)],
                about(),
                [2, 1, 1, 0],
                "True RenewalFailing",
            ),
        ];
        for (what, standings, about, counts, expected) in table {
            let named: Vec<_> = ["a", "b"].into_iter().zip(standings).collect();
            let summary = summarize(&named, about);
            let NamespaceCounts { selected, filled, failing, waiting } = summary.counts;
            assert_eq!([selected, filled, failing, waiting], counts, "{what}");
            let said = match &summary.outcome {
                Ok(done) => format!("True {}", done.reason.as_str()),
                Err(error) => format!("False {}", error.reason().as_str()),
            };
            assert_eq!(said, expected, "{what}: {:?}", summary.outcome);
        }
    }

    #[test]
    fn the_words_name_the_secret_the_domains_and_the_first_failure() {
        let message = |named: &[(&str, Standing)]| match summarize(named, about()).outcome {
            Ok(done) => done.message,
            Err(error) => error.to_string(),
        };
        let all = message(&[("a", Standing::Filled), ("b", Standing::Filled)]);
        assert_eq!(all, "Secret npm holds a login for acme in 2 namespaces");
        let some = message(&[("a", Standing::Filled), ("b", failed(Outlook::Stalled))]);
        let expected = "Secret npm holds a login for acme in 1 of 2 namespaces; status.failures says more, such as for namespace b: no grant";
        assert_eq!(some, expected);
        let none = message(&[("a", failed(Outlook::Stalled))]);
        assert_eq!(none, "no namespace has a login; in namespace a: no grant");
    }

    #[test]
    fn failures_are_bounded_in_number_and_length() {
        let long = Standing::Failed(Arc::new(Error::stalled(Reason::GrantMissing, "é".repeat(5_000))));
        let teams: Vec<_> = (0..5_000).map(|number| format!("team-{number:04}")).collect();
        let standings: Vec<_> = teams.iter().map(|name| (name.as_str(), long.clone())).collect();
        let summary = summarize(&standings, about());
        assert_eq!(summary.counts.failing, 5_000);
        assert_eq!(summary.failures.len(), NAMED);
        assert_eq!(summary.failures[0].namespace, "team-0000");
        assert!(summary.failures.iter().all(|failure| failure.message.chars().count() == LONGEST_MESSAGE));
    }
}
