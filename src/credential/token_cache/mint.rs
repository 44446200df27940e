//! One call that mints a token.

use crate::aws::{AwsError, AwsErrorKind, Named, timestamp};
use crate::credential::mint_refusal::{Asker, explain};
use crate::credential::schedule::Life;
use crate::credential::token::{Token, TokenKey};
use crate::error::{Error, Result};
use crate::sessions::Session;

use super::TokenCache;
use super::admission::family;

impl TokenCache {
    /// Asks AWS for one token.
    pub(super) async fn mint(&self, key: &TokenKey, session: &Session) -> Result<Token> {
        let issued = self.context.clock.now();
        let call = session.aws.mints().await.get_authorization_token();
        let call = call.domain(&key.domain.domain).domain_owner(&key.domain.owner);
        let answer = call.duration_seconds(key.duration.as_secs()).send().await;
        let output =
            answer.named("GetAuthorizationToken").map_err(|error| self.refused(key, session, error))?;
        self.context.metrics.token_minted();
        let text = output.authorization_token.filter(|text| !text.is_empty()).ok_or_else(no_token)?;
        let said = output.expiration.as_ref().and_then(timestamp);
        let life = Life::new(issued, said, key.duration);
        if said.is_none_or(|end| end <= issued) {
            tracing::warn!(
                domain = key.domain.domain,
                "AWS did not say when the token ends; a short life is assumed"
            );
        }
        Ok(Token { id: uuid::Uuid::new_v4().to_string(), text: text.into(), life })
    }

    /// Whether the same identity has a token of the domain that lives less long.
    fn has_shorter(&self, key: &TokenKey) -> bool {
        let (family, now) = (family(key), self.context.clock.now());
        self.entries().values().any(|entry| {
            let state = entry.lock();
            state.family.as_ref() == Some(&family)
                && state.kept.as_ref().is_some_and(|kept| {
                    let life = kept.token.life;
                    life.valid(now) && life.expires.duration_since(life.issued) < key.duration
                })
        })
    }

    fn refused(&self, key: &TokenKey, session: &Session, error: AwsError) -> AwsError {
        if error.kind == AwsErrorKind::SignIn {
            self.context.accounts.forget(session);
        }
        let asker = Asker {
            arn: &session.identity_arn,
            account: &session.aws.account,
            has_shorter: self.has_shorter(key),
        };
        explain(key, asker, error)
    }
}

fn no_token() -> Error {
    let message = "AWS answered without a token".to_owned();
    AwsError { operation: "GetAuthorizationToken", kind: AwsErrorKind::Unavailable, message }.into()
}
