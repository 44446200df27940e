//! One statement of a policy: whom, what and where it is about, and when.

use super::condition::Condition;
use super::pattern;
use super::requester::{Grant, Principal, is_excepted};
use super::template::Template;
use super::{Context, Question};

/// `Action` or `NotAction`, and the like.
#[derive(Clone, Debug)]
pub(super) enum Choice<T> {
    Only(Vec<T>),
    Except(Vec<T>),
}

impl<T> Choice<T> {
    pub(super) fn entries(&self) -> &[T] {
        match self {
            Self::Only(entries) | Self::Except(entries) => entries,
        }
    }

    pub(super) fn entries_mut(&mut self) -> &mut [T] {
        match self {
            Self::Only(entries) | Self::Except(entries) => entries,
        }
    }

    pub(super) fn is_except(&self) -> bool {
        matches!(self, Self::Except(_))
    }

    /// The same choice among other things.
    pub(super) fn each<U, E>(self, make: impl Fn(T) -> Result<U, E>) -> Result<Choice<U>, E> {
        Ok(match self {
            Self::Only(entries) => Choice::Only(entries.into_iter().map(make).collect::<Result<_, _>>()?),
            Self::Except(entries) => Choice::Except(entries.into_iter().map(make).collect::<Result<_, _>>()?),
        })
    }

    fn takes(&self, is_meant: impl Fn(&T) -> bool) -> bool {
        self.entries().iter().any(is_meant) != self.is_except()
    }
}

/// A statement, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) allows: bool,
    /// None in a policy of an identity.
    pub(super) principals: Option<Choice<Principal>>,
    /// Lower case.
    pub(super) actions: Choice<Template>,
    /// None in a trust policy.
    pub(super) resources: Option<Choice<Template>>,
    pub(super) conditions: Vec<Condition>,
}

impl Statement {
    /// Whether it is about the question, and how closely it means who asks.
    pub(super) fn applies(&self, question: &Question<'_>) -> Option<Grant> {
        let grant = self.means(question)?;
        let context = question.context;
        let action = question.action.to_ascii_lowercase();
        let about = self.actions.takes(|pattern| matches(pattern, &action, context))
            && self.resources.as_ref().is_none_or(|resources| {
                resources.takes(|pattern| matches_resource(pattern, question.resource, context))
            })
            && self.conditions.iter().all(|condition| condition.holds(context));
        about.then_some(grant)
    }

    fn means(&self, question: &Question<'_>) -> Option<Grant> {
        match &self.principals {
            None => Some(Grant::Identity),
            Some(Choice::Only(named)) => {
                named.iter().filter_map(|principal| principal.means(&question.requester)).max()
            }
            Some(Choice::Except(exceptions)) => {
                (!is_excepted(exceptions, &question.requester)).then_some(Grant::Identity)
            }
        }
    }
}

fn matches(pattern: &Template, text: &str, context: &Context) -> bool {
    pattern.tokens(context).is_some_and(|tokens| pattern::matches(&tokens, text))
}

fn matches_resource(pattern: &Template, arn: &str, context: &Context) -> bool {
    let tokens = pattern.tokens(context).map(pattern::for_resource);
    tokens.is_some_and(|tokens| pattern::matches(&tokens, arn))
}
