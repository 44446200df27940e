//! `spec.registries[].endpoint`: where it may lead, and the addresses of a repository behind it. Pure.

use kube::ResourceExt;

use crate::api::{AwsAccount, Identity, PackageFormat};
use crate::error::{Error, Result};
use crate::repository::endpoints::Endpoints;

/// What the names of Services end in, as they are looked up inside the cluster.
const IN_CLUSTER: [&str; 2] = [".svc", ".svc.cluster.local"];

/// The parts of an endpoint, as the schema lets it be written.
struct Parts<'a> {
    encrypted: bool,
    host: &'a str,
    /// Begins with a slash where it is not empty, and never ends with one.
    path: &'a str,
}

/// The addresses of a repository behind an endpoint; refuses an endpoint that the AwsAccount does not allow. `field` is where the
/// endpoint stands.
pub(super) fn addresses(
    endpoint: &str,
    field: &str,
    identity: &Identity,
    account: &AwsAccount,
) -> Result<Endpoints> {
    let parts = parts(endpoint).ok_or_else(|| unreadable(endpoint, field))?;
    admit(&parts, account)
        .map_err(|remedy| Error::invalid(field, endpoint.escape_debug().to_string(), remedy))?;
    Ok(behind(endpoint, &parts, identity))
}

/// The same addresses without an AwsAccount to ask.
pub(super) fn unasked(endpoint: &str, field: &str, identity: &Identity) -> Result<Endpoints> {
    let parts = parts(endpoint).ok_or_else(|| unreadable(endpoint, field))?;
    Ok(behind(endpoint, &parts, identity))
}

fn unreadable(endpoint: &str, field: &str) -> Error {
    let remedy = "an https:// or http:// address of plain characters is needed";
    Error::invalid(field, endpoint.escape_debug().to_string(), remedy)
}

/// The remedy when the AwsAccount does not allow the endpoint.
fn admit(parts: &Parts<'_>, account: &AwsAccount) -> Result<(), String> {
    let (name, host) = (account.name_any(), parts.host);
    let inside = IN_CLUSTER.iter().any(|end| host.to_ascii_lowercase().ends_with(end));
    let on_loopback = is_loopback(host) && is_loopback(own_host(account));
    if !parts.encrypted && !inside && !on_loopback {
        return Err(
            "http:// would send the token in the open; write https://, or name a Service of the cluster, such as \
             http://proxy.platform.svc"
                .to_owned(),
        );
    }
    let ask =
        format!("ask a cluster administrator to add {host} to spec.allowedEndpoints of AwsAccount {name}");
    match &account.spec.allowed_endpoints {
        // Nobody restricts who may be sent a token over an encrypted connection.
        None if parts.encrypted => Ok(()),
        None => Err(format!("http:// is for hosts that the AwsAccount allows; {ask}")),
        Some(allowed) if allowed.iter().any(|pattern| covers(pattern, host)) => Ok(()),
        Some(allowed) if allowed.is_empty() => {
            Err(format!("AwsAccount {name} allows no endpoint; leave the field out, or {ask}"))
        }
        Some(allowed) => {
            let known = allowed.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if allowed.len() > 5 { " and others" } else { "" };
            Err(format!(
                "AwsAccount {name} allows the hosts {known}{more}; name one of them, leave the field out, or {ask}"
            ))
        }
    }
}

/// A host that is allowed, or `*.` and the end of the hosts that are.
fn covers(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_ascii_lowercase(), host.to_ascii_lowercase());
    match pattern.strip_prefix('*') {
        Some(end) => host.len() > end.len() && host.ends_with(end),
        None => host == pattern,
    }
}

/// The host of the account's own address; nothing when it has none.
fn own_host(account: &AwsAccount) -> &str {
    let own = account.spec.endpoints.as_ref().and_then(|endpoints| endpoints.codeartifact.as_deref());
    own.and_then(parts).map_or("", |parts| parts.host)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<core::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn parts(endpoint: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = endpoint.split_once("://")?;
    let encrypted = match scheme {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.split(':').next().unwrap_or_default();
    Some(Parts { encrypted, host, path: path.trim_end_matches('/') })
}

/// A private endpoint of the service serves all domains, and has them in its paths (CodeArtifact User Guide, "Create VPC endpoints"). A
/// path leads to one domain, so that only format and repository follow it.
fn behind(endpoint: &str, parts: &Parts<'_>, identity: &Identity) -> Endpoints {
    let base = endpoint.trim_end_matches('/');
    let repository = identity.repository().unwrap_or_default();
    let domain = if parts.path.is_empty() {
        format!("d/{}-{}/", identity.domain, identity.owner)
    } else {
        String::new()
    };
    let address = |format: PackageFormat| format!("{base}/{}/{domain}{repository}/", format.as_str());
    PackageFormat::ALL.iter().map(|format| (format.as_str().to_owned(), address(*format))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::AwsResource;

    fn account(allowed: &Value, own: Option<&str>) -> AwsAccount {
        let mut spec =
            json!({"region": "us-east-1", "accountId": "123456789012", "allowedEndpoints": allowed});
        if let Some(own) = own {
            spec["endpoints"] = json!({"codeartifact": own});
        }
        AwsAccount::new("default", serde_json::from_value(spec).unwrap())
    }

    fn npm(endpoint: &str, account: &AwsAccount) -> Result<String> {
        let identity = Identity {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            owner: "123456789012".into(),
            domain: "acme".into(),
            resource: AwsResource::Repository("store".into()),
        };
        let all = addresses(endpoint, "spec.registries[0].endpoint", &identity, account)?;
        assert_eq!(all.len(), PackageFormat::ALL.len());
        Ok(all["npm"].clone())
    }

    #[test]
    fn format_domain_and_repository_follow_a_host_and_a_path_is_of_one_domain() {
        let account = account(&json!(["proxy.platform.svc", "*.example.com"]), None);
        for (endpoint, expected) in [
            ("https://vpce.example.com", "https://vpce.example.com/npm/d/acme-123456789012/store/"),
            (
                "https://vpce.example.com:8443/",
                "https://vpce.example.com:8443/npm/d/acme-123456789012/store/",
            ),
            ("http://proxy.platform.svc", "http://proxy.platform.svc/npm/d/acme-123456789012/store/"),
            ("http://proxy.platform.svc:80/any/path", "http://proxy.platform.svc:80/any/path/npm/store/"),
            ("https://p.example.com/a/", "https://p.example.com/a/npm/store/"),
        ] {
            assert_eq!(npm(endpoint, &account).unwrap(), expected);
        }
    }

    #[test]
    fn hosts_are_allowed_by_the_account_and_the_open_is_only_for_the_cluster() {
        let (any, none) = (Value::Null, json!([]));
        let listed = json!(["vpce.example.com", "*.svc", "*.svc.cluster.local", "*.corp.example"]);
        let loopback = json!(["127.0.0.1"]);
        let own = Some("http://127.0.0.1:4566");
        let (open, asked) =
            ("would send the token in the open", "add evil.example.com to spec.allowedEndpoints");
        for (endpoint, allowed, own, refusal) in [
            ("https://vpce.example.com", &any, None, None),
            (
                "http://proxy.platform.svc",
                &any,
                None,
                Some("http:// is for hosts that the AwsAccount allows"),
            ),
            ("https://vpce.example.com", &none, None, Some("AwsAccount default allows no endpoint")),
            ("https://VPCE.example.com:8443", &listed, None, None),
            ("https://evil.example.com", &listed, None, Some(asked)),
            (
                "https://vpce.example.com.evil.com",
                &listed,
                None,
                Some("allows the hosts vpce.example.com, *.svc"),
            ),
            ("https://xcorp.example", &listed, None, Some("allows the hosts")),
            ("https://.corp.example", &listed, None, Some("allows the hosts")),
            ("https://a.b.corp.example", &listed, None, None),
            ("http://proxy.platform.svc:8080/npm", &listed, None, None),
            ("http://proxy.platform.svc.cluster.local", &listed, None, None),
            ("http://vpce.example.com", &listed, None, Some(open)),
            ("http://a.corp.example", &listed, None, Some(open)),
            ("http://platform.svc.example.com", &listed, None, Some(open)),
            ("http://svc", &listed, None, Some(open)),
            ("http://127.0.0.1:80", &loopback, None, Some(open)),
            ("http://127.0.0.1:80", &loopback, own, None),
            ("http://127.0.0.1:80", &any, own, Some("http:// is for hosts that the AwsAccount allows")),
            ("http://127.0.0.1.evil.com:80", &loopback, own, Some(open)),
            ("ftp://a.svc", &listed, None, Some("an https:// or http:// address")),
        ] {
            let answer = npm(endpoint, &account(allowed, own)).map(drop).map_err(|error| error.to_string());
            match (answer, refusal) {
                (Ok(()), None) => {}
                (Err(said), Some(part)) => {
                    let field = format!("spec.registries[0].endpoint is {endpoint}: ");
                    assert!(said.starts_with(&field) && said.contains(part), "{endpoint}: {said}");
                }
                (answer, refusal) => panic!("{endpoint} with {allowed}: {answer:?}, not {refusal:?}"),
            }
        }
    }
}
