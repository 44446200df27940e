//! What is told about a Secret and its tokens: in status, and as events. Pure.

use std::borrow::Borrow;

use crate::api::{RENEW_AT, RegistryCredentialStatus, TokenServiceAccount, TokenStatus};
use crate::credential::render::DomainKey;
use crate::credential::requirements::Terms;
use crate::credential::secret_writer::Written;
use crate::credential::token_entry::FORCEABLE;
use crate::credential::token_request::CurrentToken;
use crate::engine::object::EventRecord;
use crate::reason::Reason;
use crate::sessions::{ServiceAccountRole, SignInAs};

/// A token as status tells it, with the terms on which it was minted.
pub(super) fn token(domain: &DomainKey, current: &CurrentToken, terms: Option<&Terms>) -> TokenStatus {
    let life = current.kept.token.life;
    TokenStatus {
        domain: domain.domain.clone(),
        owner: domain.owner.clone(),
        account: Some(domain.account.clone()),
        role_arn: terms.and_then(|terms| terms.signs_in.role_arn().cloned()),
        service_account: terms.and_then(|terms| match &terms.signs_in {
            SignInAs::Account { .. } => None,
            SignInAs::ServiceAccount(ServiceAccountRole { key, uid, .. }) => {
                Some(TokenServiceAccount { name: key.name.clone(), uid: uid.clone() })
            }
        }),
        issued_at: life.issued,
        expires_at: life.expires,
        renews_at: current.renews_at,
    }
}

/// The event about a write of the Secret; `None` when nothing was written. `declared`: this spec was carried out before.
pub(super) fn written(
    before: &RegistryCredentialStatus,
    declared: bool,
    tokens: &[TokenStatus],
    name: &str,
    written: Written,
) -> Option<EventRecord> {
    let fresh = fresh(&before.tokens, tokens);
    let (reason, sentence) = match written {
        Written::Already => return None,
        Written::TakenOver(writer) => {
            (Reason::Adopted, format!("Secret {name}{writer} taken over, with a login for {}", lives(tokens)))
        }
        Written::Created if before.tokens.is_empty() => {
            (Reason::Created, format!("Secret {name} created, with a login for {}", lives(&fresh)))
        }
        // The status was lost, so that nobody knows which tokens are new.
        Written::Changed if before.tokens.is_empty() => (
            Reason::Updated,
            format!("Secret {name} written as declared, with a login for {}", lives(tokens)),
        ),
        _ if !fresh.is_empty() => {
            (Reason::Renewed, format!("Secret {name} holds a new token for {}", lives(&fresh)))
        }
        Written::Created if before.secret_name.as_deref() == Some(name) => {
            (Reason::Updated, format!("Secret {name} had been deleted and was put back"))
        }
        Written::Changed if declared => (
            Reason::Updated,
            format!(
                "somebody else had written to Secret {name}, and the Secret was written as declared again"
            ),
        ),
        Written::Created | Written::Changed => {
            (Reason::Updated, format!("Secret {name} written as declared"))
        }
    };
    Some(EventRecord::normal(reason, sentence))
}

/// The event about a renewal that was asked for and was not made; `None` when each token is new.
pub(super) fn not_renewed(before: &[TokenStatus], now: &[TokenStatus]) -> Option<EventRecord> {
    let fresh = fresh(before, now);
    let kept: Vec<_> =
        now.iter().filter(|token| !fresh.contains(token)).map(|token| &*token.domain).collect();
    (!kept.is_empty()).then(|| {
        EventRecord::normal(
            Reason::Issued,
            format!(
                "the token for {} is younger than {FORCEABLE:#} and was not renewed; give {RENEW_AT} another value after that time",
                kept.join(", ")
            ),
        )
    })
}

/// Tokens that are new since the last status. `renews_at` is ignored: with another renewal time it is still the same token.
fn fresh<'a>(before: &[TokenStatus], now: &'a [TokenStatus]) -> Vec<&'a TokenStatus> {
    let same = |one: &TokenStatus, other: &TokenStatus| {
        let TokenStatus {
            domain,
            owner,
            issued_at,
            expires_at,
            account: _,
            role_arn: _,
            service_account: _,
            renews_at: _,
        } = one;
        (domain, owner, issued_at, expires_at)
            == (&other.domain, &other.owner, &other.issued_at, &other.expires_at)
    };
    now.iter().filter(|token| !before.iter().any(|known| same(token, known))).collect()
}

fn lives<T: Borrow<TokenStatus>>(tokens: &[T]) -> String {
    let lives =
        tokens.iter().map(Borrow::borrow).map(|token| format!("{} until {}", token.domain, token.expires_at));
    lives.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + hour * 3600).unwrap()
    }

    fn issued(hour: i64) -> TokenStatus {
        TokenStatus {
            domain: "acme".into(),
            owner: "123456789012".into(),
            account: Some("default".into()),
            role_arn: None,
            service_account: None,
            issued_at: at(hour),
            expires_at: at(hour + 12),
            renews_at: at(hour + 8),
        }
    }

    type Row = (bool, i64, &'static str, Written, Option<&'static str>);

    fn check(before: &RegistryCredentialStatus, table: &[Row]) {
        for (declared, minted, name, how, expected) in table {
            let told = written(before, *declared, &[issued(*minted)], name, how.clone());
            let said = told.map(|event| format!("{}: {}", event.reason.as_str(), event.message));
            assert_eq!(said.as_deref(), *expected);
        }
    }

    #[test]
    fn a_renewal_that_was_asked_for_too_early_is_told() {
        assert_eq!(not_renewed(&[issued(0)], &[issued(1)]), None);
        let event = not_renewed(&[issued(0)], &[issued(0)]).unwrap();
        let expected = "the token for acme is younger than 5m and was not renewed; give codeartifact-operator.dev/renew-at another \
                        value after that time";
        assert_eq!((event.reason, event.message.as_str()), (Reason::Issued, expected));
    }

    #[test]
    fn each_write_has_its_word() {
        let first = "Created: Secret login created, with a login for acme until 2026-01-01T12:00:00Z";
        let lost =
            "Updated: Secret login written as declared, with a login for acme until 2026-01-01T12:00:00Z";
        let renewed = "Renewed: Secret login holds a new token for acme until 2026-01-01T20:00:00Z";
        check(
            &RegistryCredentialStatus::default(),
            &[
                (false, 0, "login", Written::Created, Some(first)),
                (false, 0, "login", Written::Already, None),
                (false, 0, "login", Written::Changed, Some(lost)),
            ],
        );
        let deleted = "Updated: Secret login had been deleted and was put back";
        let edited = "Updated: somebody else had written to Secret login, and the Secret was written as declared again";
        let respecified = "Updated: Secret login written as declared";
        let renamed = "Updated: Secret renamed written as declared";
        // Renewed at another time than was told: still the same token.
        let known = TokenStatus { renews_at: at(7), ..issued(0) };
        let before = RegistryCredentialStatus {
            secret_name: Some("login".into()),
            tokens: vec![known],
            ..RegistryCredentialStatus::default()
        };
        check(
            &before,
            &[
                (true, 8, "login", Written::Already, None),
                (true, 8, "login", Written::Changed, Some(renewed)),
                (true, 8, "login", Written::Created, Some(renewed)),
                (true, 0, "login", Written::Created, Some(deleted)),
                (true, 0, "login", Written::Changed, Some(edited)),
                (false, 0, "login", Written::Changed, Some(respecified)),
                (false, 0, "renamed", Written::Created, Some(renamed)),
            ],
        );
    }
}
