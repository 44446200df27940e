//! Which repositories of a domain use which as upstream: one look at AWS serves all deletions in the domain.
//!
//! A look reads every repository of the domain. The answer is used again for a time that grows with the cost of the look, and
//! the operator's own writes are entered into the answer, so that deleting a whole domain takes a few looks and not one for
//! each repository.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::api::Identity;
use crate::error::{Error, Result};

/// The answer of a look is used again for `WORTH` times the duration of the look, but at least `SHORTEST` and at most `LONGEST`.
const WORTH: u32 = 3;
const SHORTEST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_mins(1);
/// For how long AWS may answer without a write that the operator made before the look.
const STALENESS: Duration = Duration::from_secs(30);
/// A domain in which nothing has happened for this long is forgotten.
const KEPT: Duration = Duration::from_mins(5);

/// Name of a repository to the names of its upstreams.
pub type Upstreams = BTreeMap<String, Vec<String>>;

/// The looks of all domains. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Downstreams {
    domains: Arc<Mutex<HashMap<String, Arc<Domain>>>>,
}

/// What is known of one domain.
#[derive(Debug)]
struct Domain {
    /// The task that holds the lock looks; the other tasks wait and share the answer.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    look: Option<Look>,
    /// When the last look failed, and why.
    failure: Option<(Instant, Arc<Error>)>,
    /// Writes of ours that a look may miss.
    writes: Vec<Write>,
    touched: Instant,
}

/// What one look showed, and what we wrote since.
#[derive(Debug)]
struct Look {
    began: Instant,
    ended: Instant,
    upstreams: Upstreams,
}

#[derive(Debug)]
struct Write {
    at: Instant,
    repository: String,
    upstreams: Written,
}

/// What a write of ours did to a repository's upstreams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It may have got these; how the write ends is not known yet.
    Perhaps(Vec<String>),
    /// It has these and no others.
    These(Vec<String>),
}

impl Downstreams {
    /// The repositories that have the identity's as upstream. `look` asks AWS about the whole domain.
    pub async fn of<F>(&self, identity: &Identity, look: impl FnOnce() -> F) -> Result<Vec<String>>
    where
        F: Future<Output = Result<Upstreams>>,
    {
        let asked = Instant::now();
        let own = identity.repository().unwrap_or_default();
        let domain = self.domain(identity);
        let _turn = domain.turn.lock().await;
        if let Some(answer) = domain.state().answer(own, asked, Instant::now()) {
            return answer;
        }
        let began = Instant::now();
        let looked = look().await;
        let mut state = domain.state();
        match looked {
            Ok(upstreams) => state.looked(began, Instant::now(), upstreams),
            Err(error) => state.failure = Some((Instant::now(), Arc::new(error))),
        }
        state
            .answer(own, began, began)
            .unwrap_or_else(|| Err(Error::Internal("a look gave no answer".into())))
    }

    /// A write of ours changes, or may have changed, the upstreams of the identity's repository.
    pub fn written(&self, identity: &Identity, upstreams: Written) {
        let Some(repository) = identity.repository().map(str::to_owned) else { return };
        let write = Write { at: Instant::now(), repository, upstreams };
        self.domain(identity).state().write(write);
    }

    fn domain(&self, identity: &Identity) -> Arc<Domain> {
        let now = Instant::now();
        let mut domains = self.domains.lock().unwrap_or_else(PoisonError::into_inner);
        domains.retain(|_, domain| {
            Arc::strong_count(domain) > 1 || now.duration_since(domain.state().touched) < KEPT
        });
        let key = format!("{}/{}/{}", identity.region, identity.owner, identity.domain);
        let domain = domains.entry(key).or_insert_with(|| Arc::new(Domain::new(now)));
        domain.state().touched = now;
        Arc::clone(domain)
    }
}

impl Domain {
    fn new(now: Instant) -> Self {
        let state = State { look: None, failure: None, writes: Vec::new(), touched: now };
        Self { turn: tokio::sync::Mutex::default(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is known already: a look that is still worth something, or one that began after the question; or the error of a
    /// look that failed while the question waited.
    fn answer(&self, own: &str, asked: Instant, now: Instant) -> Option<Result<Vec<String>>> {
        if let Some((_, error)) = self.failure.as_ref().filter(|(failed, _)| *failed >= asked) {
            return Some(Err(Error::Shared(Arc::clone(error))));
        }
        let look = self.look.as_ref().filter(|look| look.began >= asked || now < look.worth_until())?;
        let using = look.upstreams.iter().filter(|(name, upstreams)| {
            name.as_str() != own && upstreams.iter().any(|upstream| upstream == own)
        });
        Some(Ok(using.map(|(name, _)| name.clone()).collect()))
    }

    fn looked(&mut self, began: Instant, ended: Instant, upstreams: Upstreams) {
        let mut look = Look { began, ended, upstreams };
        self.writes.retain(|write| began.saturating_duration_since(write.at) < STALENESS);
        for write in &self.writes {
            look.enter(write);
        }
        self.failure = None;
        self.look = Some(look);
    }

    fn write(&mut self, write: Write) {
        self.writes.retain(|known| write.at.saturating_duration_since(known.at) < LONGEST + STALENESS);
        if let Some(look) = &mut self.look {
            look.enter(&write);
        }
        self.writes.push(write);
    }
}

impl Look {
    fn worth_until(&self) -> Instant {
        let took = self.ended.saturating_duration_since(self.began);
        self.ended + took.saturating_mul(WORTH).clamp(SHORTEST, LONGEST)
    }

    /// A write that came before the look may be older than what the look showed: it only adds.
    fn enter(&mut self, write: &Write) {
        let known = self.upstreams.entry(write.repository.clone()).or_default();
        match &write.upstreams {
            Written::These(names) if write.at >= self.began => known.clone_from(names),
            Written::These(names) | Written::Perhaps(names) => known.extend_from_slice(names),
        }
        if known.is_empty() {
            self.upstreams.remove(&write.repository);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::AwsResource;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn identity(repository: &str) -> Identity {
        Identity {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            owner: "123456789012".into(),
            domain: "acme".into(),
            resource: AwsResource::Repository(repository.into()),
        }
    }

    fn edges(edges: &[(&str, &[&str])]) -> Upstreams {
        edges.iter().map(|(name, upstreams)| ((*name).into(), names(upstreams))).collect()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).into()).collect()
    }

    /// Looks that show the same, and how many there were.
    struct Aws(Upstreams, AtomicUsize);

    impl Aws {
        fn holding(upstreams: &[(&str, &[&str])]) -> Self {
            Self(edges(upstreams), AtomicUsize::new(0))
        }

        async fn look(&self) -> Result<Upstreams> {
            self.1.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(self.0.clone())
        }

        fn looks(&self) -> usize {
            self.1.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn many_deletions_at_once_share_one_look() {
        let (downstreams, aws) = (Downstreams::default(), Aws::holding(&[("app", &["base", "store"])]));
        let all: Vec<_> = (0..100).map(|number| identity(&format!("r{number}"))).collect();
        let asked = all.iter().map(|one| downstreams.of(one, || aws.look()));
        for answer in futures::future::join_all(asked).await {
            assert_eq!(answer.unwrap(), names(&[]));
        }
        assert_eq!(downstreams.of(&identity("base"), || aws.look()).await.unwrap(), ["app"]);
        assert_eq!(aws.looks(), 1);
    }

    #[tokio::test]
    async fn writes_of_ours_are_entered_into_what_was_seen() {
        let (downstreams, aws) = (Downstreams::default(), Aws::holding(&[("app", &["base"])]));
        let base = identity("base");
        assert_eq!(downstreams.of(&base, || aws.look()).await.unwrap(), ["app"]);
        downstreams.written(&identity("app"), Written::These(vec![]));
        assert_eq!(downstreams.of(&base, || aws.look()).await.unwrap(), names(&[]));
        downstreams.written(&identity("tool"), Written::Perhaps(names(&["base"])));
        assert_eq!(downstreams.of(&base, || aws.look()).await.unwrap(), ["tool"]);
        assert_eq!(aws.looks(), 1);
    }

    #[tokio::test]
    async fn a_look_that_misses_a_late_write_of_ours_hides_no_user() {
        let (downstreams, aws) = (Downstreams::default(), Aws::holding(&[]));
        downstreams.written(&identity("app"), Written::These(names(&["base"])));
        assert_eq!(downstreams.of(&identity("base"), || aws.look()).await.unwrap(), ["app"]);
    }

    #[test]
    fn a_look_is_worth_as_much_as_it_cost() {
        let began = Instant::now();
        for (took, worth) in [(0, 5), (1, 5), (10, 30), (100, 60)] {
            let ended = began + Duration::from_secs(took);
            let look = Look { began, ended, upstreams: Upstreams::new() };
            assert_eq!(look.worth_until(), ended + Duration::from_secs(worth), "{took} s");
        }
    }

    #[tokio::test]
    async fn who_waited_for_a_look_that_failed_shares_its_error_and_the_next_one_looks_anew() {
        let (downstreams, aws) = (Downstreams::default(), Aws::holding(&[]));
        let failing = AtomicUsize::new(0);
        let fail = || async {
            failing.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Err(Error::Internal("no".into()))
        };
        let (a, b) = (identity("a"), identity("b"));
        let (one, other) = tokio::join!(downstreams.of(&a, fail), downstreams.of(&b, fail));
        assert!(one.is_err() && other.is_err());
        assert_eq!(failing.load(Ordering::Relaxed), 1);
        assert_eq!(downstreams.of(&a, || aws.look()).await.unwrap(), names(&[]));
    }
}
