//! The middle of a reconcile: observe, plan, screen, execute. Knows AWS and no Kubernetes.

use std::future::Future;

use tokio_util::sync::CancellationToken;

use crate::api::Identity;
use crate::aws::Aws;
use crate::engine::pipeline::kind::{Kind, Settings};
use crate::engine::pipeline::screen::{Owner, Verdict, screen};
use crate::engine::pipeline::steps::{self, Taken};
use crate::error::Result;

/// What is to be made as desired, and under which rules.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a, K: Kind> {
    /// The object; the status says what earlier reconciles have set.
    pub object: &'a K::Object,
    /// What AWS calls the resource.
    pub identity: &'a Identity,
    /// How the object is managed.
    pub settings: &'a Settings,
    /// Whose owner tags count as the object's.
    pub owner: &'a Owner,
}

/// What wants to know of the steps before and after they are executed.
pub trait Witness<K: Kind>: Sync {
    /// The steps are planned and allowed, and none is executed yet. An error keeps them from being executed.
    fn planned(
        &mut self,
        _have: Option<&K::State>,
        _steps: &[K::Step],
    ) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// A step is about to be executed.
    fn executing(&self, _step: &K::Step) {}

    /// A step took effect.
    fn executed(&self, _step: &K::Step) {}
}

/// Ignores the steps: for callers that report nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unwitnessed;

impl<K: Kind> Witness<K> for Unwitnessed {}

/// What came of it.
#[derive(Debug)]
pub enum Applied<K: Kind> {
    /// The mode is Observe: the steps that Enforce would take, whether the resource exists, and what AWS says beyond the state.
    Observed {
        /// The steps that Enforce would take.
        steps: Vec<K::Step>,
        /// Whether the resource exists.
        exists: bool,
        /// What AWS says beyond the state.
        facts: Option<K::Facts>,
    },
    /// The steps were executed, all or some.
    Taken {
        /// What came of the steps.
        taken: Taken<K::Step, K::Facts>,
        /// What AWS held before the steps.
        have: Option<K::State>,
        /// What AWS said beyond the state before the steps.
        facts: Option<K::Facts>,
    },
}

/// Makes AWS as desired as far as mode, ownership and adoption policy allow. A step that fails is no error here.
///
/// # Errors
/// AWS cannot be observed, the resource may not be touched, or the witness refused.
pub async fn apply<K: Kind>(
    subject: Subject<'_, K>,
    aws: &Aws,
    want: &K::State,
    witness: &mut impl Witness<K>,
    stop: &CancellationToken,
) -> Result<Applied<K>> {
    let Subject { object, identity, settings, owner } = subject;
    let observed = K::observe(aws, identity, object, Some(want)).await?;
    let (have, facts) = observed.map(|observed| (observed.state, observed.facts)).unzip();
    let steps = match screen::<K>(settings, owner, &identity.with_kind(), want, have.as_ref())? {
        Verdict::Observe(steps) => return Ok(Applied::Observed { steps, exists: have.is_some(), facts }),
        Verdict::Take(steps) => steps,
    };
    witness.planned(have.as_ref(), &steps).await?;
    let witness = &*witness;
    let execute = |step: K::Step| async move {
        witness.executing(&step);
        let facts = K::execute(aws, identity, &step).await?;
        witness.executed(&step);
        Ok(facts)
    };
    let taken = steps::take(&steps, K::INDEPENDENT, stop, execute).await;
    Ok(Applied::Taken { taken, have, facts })
}
