//! A reconcile of a kind without Kubernetes around it.

use std::io::Write;

use codeartifact_operator::api::{
    AdoptionPolicy, AwsResource, DeletionPolicy, Identity, Mode, OWNER_TAG, Tags,
};
use codeartifact_operator::aws::Aws;
use codeartifact_operator::engine::pipeline::apply::{Applied, Subject, Unwitnessed, apply};
use codeartifact_operator::engine::pipeline::downstreams::Downstreams;
use codeartifact_operator::engine::pipeline::kind::{Kind, Settings};
use codeartifact_operator::engine::pipeline::screen::Owner;
use harness::emulator::ACCOUNT;
use kube::core::object::HasStatus;
use tokio_util::sync::CancellationToken;

/// How many pairs are worked on at once.
pub(crate) const AT_ONCE: usize = 8;

/// The identity of a domain, or of a repository in `acme`.
pub(crate) fn identity(domain: &str, repository: Option<&str>) -> Identity {
    Identity {
        account: ACCOUNT.into(),
        region: "us-east-1".into(),
        owner: ACCOUNT.into(),
        domain: domain.into(),
        resource: repository.map_or(AwsResource::Domain, |name| AwsResource::Repository(name.into())),
    }
}

/// Tags, ours among them.
pub(crate) fn tags(pairs: &[(&str, &str)]) -> Tags {
    let own = [(OWNER_TAG.to_owned(), "test/team/app".to_owned())];
    own.into_iter().chain(pairs.iter().map(|(key, value)| ((*key).into(), (*value).into()))).collect()
}

/// What a reconcile is about: the object whose status remembers, and how to put a status on it.
pub(crate) struct Trial<K: Kind> {
    /// What AWS calls it.
    pub(crate) identity: Identity,
    /// The object.
    pub(crate) object: K::Object,
    /// Puts a status on the object.
    pub(crate) remember: fn(&mut K::Object, <K::Object as HasStatus>::Status),
}

impl<K: Kind> Trial<K> {
    /// One reconcile: makes AWS as desired by the pipeline's own `apply`, or deletes the resource, and remembers in status. Returns the
    /// steps that were taken.
    pub(crate) async fn reconcile(&mut self, aws: &Aws, want: Option<&K::State>) -> Vec<K::Step> {
        let Some(want) = want else { return self.delete(aws).await };
        let owner = Owner::new("test", &[], "team", "app");
        let settings = Settings {
            account: "default".into(),
            mode: Mode::Enforce,
            adoption: AdoptionPolicy::Never,
            deletion: DeletionPolicy::Delete,
            interval: jiff::SignedDuration::from_hours(1),
        };
        let subject =
            Subject { object: &self.object, identity: &self.identity, settings: &settings, owner: &owner };
        let applied = apply::<K>(subject, aws, want, &mut Unwitnessed, &CancellationToken::new()).await;
        let Applied::Taken { taken, have, facts } = applied.unwrap() else { panic!("the mode is Enforce") };
        assert!(taken.error.is_none(), "{:?}, from {have:?} to {want:?}: {:?}", taken.failed, taken.error);
        let mut status = self.object.status().cloned().unwrap_or_default();
        K::fill_status(&mut status, Some(want), taken.facts.or(facts).as_ref());
        (self.remember)(&mut self.object, status);
        taken.done
    }

    async fn delete(&mut self, aws: &Aws) -> Vec<K::Step> {
        let observed = K::observe(aws, &self.identity, &self.object, None).await.unwrap();
        let steps = K::plan(None, observed.map(|observed| observed.state).as_ref());
        for step in &steps {
            let told = K::execute(aws, &self.identity, step).await;
            told.unwrap_or_else(|error| panic!("{step}: {error}"));
        }
        let mut status = self.object.status().cloned().unwrap_or_default();
        K::fill_status(&mut status, None, None);
        (self.remember)(&mut self.object, status);
        steps
    }

    /// What stands in the way of its deletion, by a look of its own.
    pub(crate) async fn blockers(&self, aws: &Aws) -> Vec<String> {
        let blockers = K::blockers(&Downstreams::default(), aws, &self.identity, &self.object).await;
        blockers.unwrap().into_iter().map(|blocker| blocker.text).collect()
    }

    /// One reconcile to `have`, one to `want`; then AWS holds `want`, and nothing is left to do.
    pub(crate) async fn converges(mut self, aws: &Aws, have: Option<&K::State>, want: Option<&K::State>) {
        self.reconcile(aws, have).await;
        self.reconcile(aws, want).await;
        let after = K::observe(aws, &self.identity, &self.object, want).await.unwrap();
        let after = after.map(|after| after.state);
        assert_eq!(after.as_ref(), want, "one reconcile from {have:?}");
        let left = K::plan(want, after.as_ref());
        assert_eq!(left, [], "a second reconcile from {have:?} to {want:?}");
    }
}

/// Says something that the test harness does not hide when the test passes.
pub(crate) fn say(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}
