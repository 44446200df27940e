//! One call that mints a token, and what an administrator can do when AWS denies the call.

use crate::aws::{AwsError, AwsErrorKind, Named, timestamp};
use crate::credential::schedule::Life;
use crate::credential::token::{Token, TokenKey};
use crate::error::{Error, Result};
use crate::sessions::Session;

use super::TokenCache;

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

    fn refused(&self, key: &TokenKey, session: &Session, error: AwsError) -> AwsError {
        if error.kind == AwsErrorKind::SignIn {
            self.context.accounts.forget(session);
        }
        explain(key, &session.identity_arn, error)
    }
}

/// Adds what an administrator can do about a mint that AWS denies.
fn explain(key: &TokenKey, identity_arn: &str, error: AwsError) -> AwsError {
    if error.kind != AwsErrorKind::Denied {
        return error;
    }
    let message = format!(
        "{}; {identity_arn} needs codeartifact:GetAuthorizationToken on domain {} of account {}, and sts:GetServiceBearerToken for \
         tokens that live {:#} (spec.token.duration)",
        error.message, key.domain.domain, key.domain.owner, key.duration
    );
    AwsError { message, ..error }
}

fn no_token() -> Error {
    let message = "AWS answered without a token".to_owned();
    AwsError { operation: "GetAuthorizationToken", kind: AwsErrorKind::Unavailable, message }.into()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::credential::render::DomainKey;

    #[test]
    fn a_denied_mint_names_the_domain_the_life_and_its_field() {
        let key = TokenKey {
            proof: "p".into(),
            domain: DomainKey {
                account: "default".into(),
                region: "us-east-1".into(),
                owner: "123456789012".into(),
                domain: "acme".into(),
            },
            duration: SignedDuration::from_secs(12 * 3600),
            shard: 0,
        };
        let error = |kind| AwsError { operation: "GetAuthorizationToken", kind, message: "no".into() };
        let denied = explain(&key, "arn:user", error(AwsErrorKind::Denied)).message;
        for part in
            ["domain acme of account 123456789012", "live 12h", "spec.token.duration", "arn:user", "no;"]
        {
            assert!(denied.contains(part), "{part} is not in: {denied}");
        }
        assert_eq!(explain(&key, "arn:user", error(AwsErrorKind::SignIn)).message, "no");
    }
}
