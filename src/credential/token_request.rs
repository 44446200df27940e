//! What a login asks of a token, and what it gets. Pure.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::credential::token_store::{StoredToken, Templates};
use crate::engine::object::ObjectId;
use crate::error::Error;

/// Who asks for a token, and how good it must be.
#[derive(Clone, Debug)]
pub(super) struct TokenRequest {
    /// Who asks.
    pub(super) user: ObjectId,
    /// The least rest of its life while it is in use.
    pub(super) renew_before: Option<SignedDuration>,
    /// Into how many tokens the logins that could share one are spread.
    pub(super) shards: Option<u8>,
    /// A value of the renew-at annotation that has not been acted on.
    pub(super) force: Option<String>,
    /// The login that the user holds has expired: its consumers fail until there is a new token.
    pub(super) expired: bool,
    /// Somebody asked to try now, whatever failed before.
    pub(super) impatient: bool,
    /// The addresses in the domain that the login knows. The operator stores these addresses with a new token.
    pub(super) addresses: Templates,
}

/// A token that is good to use.
#[derive(Clone, Debug)]
pub(super) struct CurrentToken {
    pub(super) kept: Arc<StoredToken>,
    /// When the next token must be there, for the promised rest of the life of this one to be kept.
    pub(super) renews_at: Timestamp,
    /// When the one who asked must ask again: at `renews_at`, or a little earlier where many share the token.
    pub(super) due_at: Timestamp,
    /// When to look again instead of at `due_at`, because the mint of the next token is under way.
    pub(super) again: Option<Timestamp>,
    /// Its renewal is due and fails.
    pub(super) failing: Option<Failing>,
}

/// Who else uses a token when there is a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sharers {
    pub(super) others: Vec<ObjectId>,
    /// In how much time they move to the new token.
    pub(super) window: SignedDuration,
}

/// Why a renewal fails, and when it is tried again.
#[derive(Clone, Debug)]
pub(super) struct Failing {
    pub(super) error: Arc<Error>,
    pub(super) retry_at: Timestamp,
}

impl CurrentToken {
    /// When the one who asked must ask again, if only to say that the token has expired.
    pub(super) fn look_again(&self) -> Timestamp {
        let end = self.kept.token.life.expires;
        let due = self.again.unwrap_or(self.due_at);
        self.failing.as_ref().map_or(due, |failing| failing.retry_at.min(end))
    }
}
