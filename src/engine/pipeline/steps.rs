//! Executes steps one after another, and decides which failure ends the sequence.

use tokio_util::sync::CancellationToken;

use crate::aws::AwsErrorKind;
use crate::error::{Error, Result};
use crate::reason::{Outlook, Reason};

/// What came of some steps.
#[derive(Debug)]
pub struct Taken<S, F> {
    /// The newest facts that AWS answered with.
    pub facts: Option<F>,
    /// The steps that took effect.
    pub done: Vec<S>,
    /// The steps that failed.
    pub failed: Vec<S>,
    /// The step that may have taken effect although it failed.
    pub doubtful: Option<S>,
    /// What decides how the reconcile ends, unless all steps took effect.
    pub error: Option<Error>,
    /// The step that failed with that error.
    pub decisive: Option<S>,
}

/// What a reconcile achieved that took only some steps.
#[derive(Clone, Copy, Debug)]
pub struct Unfinished<'a, S> {
    /// The steps that took effect.
    pub done: &'a [S],
    /// The steps that failed.
    pub failed: &'a [S],
    /// The step whose error the reconcile ends with.
    pub decisive: Option<&'a S>,
}

impl<S: Clone, F> Taken<S, F> {
    /// Keeps the error whose retry comes sooner, and the step that failed with it.
    fn fail(&mut self, error: Error, step: Option<&S>) {
        if self.error.as_ref().is_none_or(|known| rank(&error) < rank(known)) {
            self.error = Some(error);
            self.decisive = step.cloned();
        }
    }
}

/// Executes the steps in order. The first failure ends the sequence. With independent steps, only a failure that the next
/// step would meet, too, ends the sequence.
pub(in crate::engine) async fn take<S: Clone, F, E: Future<Output = Result<Option<F>>>>(
    steps: &[S],
    independent: bool,
    stop: &CancellationToken,
    execute: impl Fn(S) -> E,
) -> Taken<S, F> {
    let mut taken = Taken {
        facts: None,
        done: Vec::new(),
        failed: Vec::new(),
        doubtful: None,
        error: None,
        decisive: None,
    };
    for step in steps {
        if stop.is_cancelled() {
            let error = Error::waiting(
                Reason::Progressing,
                "the operator is stopping; the remaining steps follow after its restart",
            );
            taken.fail(error, None);
            break;
        }
        match execute(step.clone()).await {
            Ok(facts) => {
                taken.facts = facts.or(taken.facts);
                taken.done.push(step.clone());
            }
            Err(error) => {
                let ends = !independent || !concerns_one_step(&error);
                if leaves_doubt(&error) {
                    taken.doubtful = Some(step.clone());
                }
                if concerns_one_step(&error) {
                    taken.failed.push(step.clone());
                }
                taken.fail(error, Some(step));
                if ends {
                    break;
                }
            }
        }
    }
    taken
}

/// Whether the failure is AWS's answer to this one step, and the next step may succeed.
fn concerns_one_step(error: &Error) -> bool {
    let Error::Aws(error) = error else { return false };
    match error.kind {
        AwsErrorKind::Denied
        | AwsErrorKind::NotFound
        | AwsErrorKind::Conflict
        | AwsErrorKind::Quota
        | AwsErrorKind::Rejected
        | AwsErrorKind::Known(_) => true,
        AwsErrorKind::SignIn | AwsErrorKind::Throttled(_) | AwsErrorKind::Unavailable => false,
    }
}

/// Whether a step may have taken effect although it failed: AWS did not refuse it, or something failed that came after.
pub(in crate::engine) fn leaves_doubt(error: &Error) -> bool {
    const READS: [&str; 3] = ["Describe", "Get", "List"];
    match error {
        Error::Aws(error) => {
            let unanswered = matches!(error.kind, AwsErrorKind::Unavailable | AwsErrorKind::Throttled(_));
            unanswered || READS.iter().any(|read| error.operation.starts_with(read))
        }
        other => [Reason::Progressing, Reason::InternalError].contains(&other.reason()),
    }
}

/// How soon the retry of a failure comes: the lowest comes first.
fn rank(error: &Error) -> u8 {
    match error.outlook() {
        Outlook::Retrying(_) => 0,
        Outlook::Waiting => 1,
        Outlook::Denied => 2,
        Outlook::Stalled => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::AwsError;
    use AwsErrorKind::{Denied, Rejected, Throttled, Unavailable};

    /// Takes ten steps, of which some fail; the numbers of those done and failed, and how the reconcile ends.
    async fn taken(independent: bool, failing: &[(u8, AwsErrorKind)]) -> (Vec<u8>, Vec<u8>, Option<Outlook>) {
        let steps: Vec<u8> = (0..10).collect();
        let execute = |step: u8| async move {
            let failure = failing.iter().find(|(number, _)| *number == step);
            failure.map_or(Ok(Some(step)), |(_, kind)| {
                Err(AwsError { operation: "Put", kind: *kind, message: String::new() }.into())
            })
        };
        let taken = take(&steps, independent, &CancellationToken::new(), execute).await;
        (taken.done, taken.failed, taken.error.map(|error| error.outlook()))
    }

    #[tokio::test]
    async fn the_error_is_kept_with_the_step_that_failed_with_it() {
        let kinds = [Rejected, Denied, Rejected, Throttled(None)];
        let execute = |step: usize| async move {
            Err(AwsError { operation: "Put", kind: kinds[step], message: step.to_string() }.into())
        };
        let taken: Taken<usize, ()> = take(&[0, 1, 2], true, &CancellationToken::new(), execute).await;
        assert_eq!(
            (taken.decisive, taken.failed),
            (Some(1), vec![0, 1, 2]),
            "a denied step is retried sooner"
        );
        assert_eq!(taken.error.unwrap().to_string(), "Put: 1");
        let taken: Taken<usize, ()> = take(&[0, 3], true, &CancellationToken::new(), execute).await;
        assert_eq!((taken.decisive, taken.failed), (Some(3), vec![0]));
    }

    type Row<'a> = (&'a str, bool, &'a [(u8, AwsErrorKind)], Vec<u8>, Vec<u8>, Option<Outlook>);

    #[tokio::test]
    async fn independent_steps_are_all_tried() {
        let all_but = |without: &[u8]| (0..10).filter(|step| !without.contains(step)).collect::<Vec<u8>>();
        let table: [Row<'_>; 7] = [
            ("none fails", true, &[], all_but(&[]), vec![], None),
            ("one is refused", true, &[(2, Rejected)], all_but(&[2]), vec![2], Some(Outlook::Stalled)),
            (
                "what is tried again sooner decides",
                true,
                &[(2, Rejected), (5, Denied)],
                all_but(&[2, 5]),
                vec![2, 5],
                Some(Outlook::Denied),
            ),
            (
                "AWS asks to slow down",
                true,
                &[(2, Rejected), (5, Throttled(None))],
                vec![0, 1, 3, 4],
                vec![2],
                Some(Outlook::Retrying(None)),
            ),
            (
                "AWS cannot be reached",
                true,
                &[(5, Unavailable)],
                (0..5).collect(),
                vec![],
                Some(Outlook::Retrying(None)),
            ),
            (
                "steps in order, and one is refused",
                false,
                &[(2, Rejected)],
                vec![0, 1],
                vec![2],
                Some(Outlook::Stalled),
            ),
            ("steps in order, none fails", false, &[], all_but(&[]), vec![], None),
        ];
        for (sentence, independent, failing, done, failed, outlook) in table {
            assert_eq!(taken(independent, failing).await, (done, failed, outlook), "{sentence}");
        }
    }

    #[test]
    fn what_aws_refused_did_not_take_effect_and_anything_else_may_have() {
        let aws = |operation, kind| AwsError { operation, kind, message: String::new() }.into();
        let table: [(Error, bool); 7] = [
            (aws("CreateRepository", Unavailable), true),
            (aws("CreateRepository", Throttled(None)), true),
            (aws("CreateRepository", Denied), false),
            (aws("CreateRepository", Rejected), false),
            (aws("CreateRepository", AwsErrorKind::Conflict), false),
            (aws("GetRepositoryEndpoint", AwsErrorKind::NotFound), true),
            (Error::waiting(Reason::Progressing, "not active yet"), true),
        ];
        for (error, doubtful) in table {
            assert_eq!(leaves_doubt(&error), doubtful, "{error:?}");
        }
    }

    #[tokio::test]
    async fn nothing_is_begun_once_the_operator_stops() {
        let stop = CancellationToken::new();
        stop.cancel();
        let taken = take(&[1], true, &stop, |_| async { Ok(Some(())) }).await;
        assert!(
            taken.done.is_empty() && taken.error.is_some_and(|error| error.reason() == Reason::Progressing)
        );
    }
}
