//! Which AwsAccount signs the calls for the resource that an object manages. The spec may name another AwsAccount by now. Pure.

use std::sync::Arc;

use kube::ResourceExt;

use crate::api::{AwsAccount, Identity};
use crate::engine::pipeline::grants::Access;
use crate::engine::watching::caches::Caches;
use crate::error::{Error, Result};
use crate::reason::Reason;

/// An AwsAccount for the account and Region of the identity that still grants the namespace what is `needed`. The AwsAccount that
/// the spec names is tried first. When no AwsAccount may sign, the error is that of the first candidate.
pub(in crate::engine) fn signatory(
    caches: &Caches,
    named: &str,
    identity: &Identity,
    (namespace, needed): (&str, &[Access]),
) -> Result<Arc<AwsAccount>> {
    let mut accounts = caches.accounts.all();
    accounts.retain(|account| {
        account.spec.account_id == identity.account && account.spec.region == identity.region
    });
    accounts.sort_by_key(|account| (account.name_any() != named, account.name_any()));
    let mut refusal = None;
    for account in accounts {
        let name = account.name_any();
        match caches.account(&name).and_then(|account| {
            caches.check_grants(&account, namespace, needed)?;
            Ok(account)
        }) {
            Ok(account) => return Ok(account),
            // A suspension ends; another AwsAccount that grants nothing is no reason not to wait for that.
            Err(error) if error.reason() == Reason::Suspended => refusal = Some(error),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    Err(refusal.unwrap_or_else(|| {
        Error::stalled(
            Reason::AccountNotReady,
            format!("no AwsAccount is for account {} in {} any more", identity.account, identity.region),
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::AwsResource;
    use serde_json::json;

    fn account(name: &str, region: &str, granted: bool, suspended: bool) -> AwsAccount {
        let grants = if granted {
            json!([{"namespaces": {"names": ["team"]}, "manage": ["acme"]}])
        } else {
            json!([])
        };
        let spec = json!({
            "accountId": "123456789012", "region": region, "suspend": suspended, "grants": grants,
        });
        AwsAccount::new(name, serde_json::from_value(spec).unwrap())
    }

    #[test]
    fn the_pinned_account_and_region_sign_whatever_the_spec_names() {
        let identity = Identity {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            owner: "123456789012".into(),
            domain: "acme".into(),
            resource: AwsResource::Domain,
        };
        let needed = [Access::Manage("acme".into())];
        let of = |name, region, granted| account(name, region, granted, false);
        let here = "us-east-1";
        let table: Vec<(&str, Vec<AwsAccount>, Result<&str, Reason>)> = vec![
            ("as named", vec![of("named", here, true), of("a", here, true)], Ok("named")),
            (
                "the named one has moved",
                vec![of("named", "eu-west-1", true), of("b", here, true), of("a", here, true)],
                Ok("a"),
            ),
            ("only one grants it", vec![of("named", here, false), of("b", here, true)], Ok("b")),
            ("none grants it", vec![of("named", here, false)], Err(Reason::GrantMissing)),
            ("none is left", vec![of("named", "eu-west-1", true)], Err(Reason::AccountNotReady)),
            (
                "the one that may is suspended",
                vec![of("a", here, false), account("b", here, true, true)],
                Err(Reason::Suspended),
            ),
            (
                "the one that may is suspended, and a later one grants nothing",
                vec![account("named", here, true, true), of("b", here, false)],
                Err(Reason::Suspended),
            ),
            (
                "two grant nothing, and the first one speaks",
                vec![of("named", here, false), of("b", here, false)],
                Err(Reason::GrantMissing),
            ),
        ];
        for (what, accounts, expected) in table {
            let caches = Caches::default();
            for account in accounts {
                caches.accounts.apply(account);
            }
            let signs = signatory(&caches, "named", &identity, ("team", &needed));
            let signs = signs.map(|account| account.name_any()).map_err(|error| error.reason());
            assert_eq!(signs, expected.map(str::to_owned), "{what}");
        }
    }
}
