//! The files of a login without a token, for those who want to see them before. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::private_endpoint;
use super::registries::Resolved;
use super::render::{self, DomainKey, Login};
use crate::api::{AwsAccount, EndpointType, Identity, PackageFormat, RegistryCredential};
use crate::error::{Error, Result};
use crate::repository::endpoints::{Endpoints, derive, of_service};

/// What the word in the place of a token begins with; the name of the domain follows.
pub const MASK: &str = "masked-token-of-";

/// The files, and what is only nearly known about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Previewed {
    /// Secret key to content.
    pub files: BTreeMap<String, String>,
    /// Sentences for the reader.
    pub notes: Vec<String>,
}

/// What AWS calls a registry, and its AwsAccount where that is known.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// As seen from the account.
    pub identity: Identity,
    /// Says which endpoints are allowed.
    pub account: Option<&'a AwsAccount>,
}

/// The files of a login whose registries are in these places, in their order.
pub fn preview(login: &RegistryCredential, places: &[Place<'_>]) -> Result<Previewed> {
    let (mut registries, mut logins, mut notes) = (Vec::new(), BTreeMap::new(), Vec::new());
    for (index, (spec, Place { identity, account })) in login.spec.registries.iter().zip(places).enumerate() {
        let field = format!("spec.registries[{index}].endpoint");
        let private = match (&spec.endpoint, account) {
            (Some(endpoint), Some(account)) => {
                Some(private_endpoint::addresses(endpoint, &field, identity, account)?)
            }
            (Some(endpoint), None) => Some(private_endpoint::unasked(endpoint, &field, identity)?),
            (None, _) => None,
        };
        let endpoints = match &private {
            Some(private) => private.clone(),
            None => by_name(identity, spec.endpoint_type.unwrap_or_default())
                .ok_or_else(|| unknown(index, identity))?,
        };
        if private.is_none() && spec.endpoint_type == Some(EndpointType::Dualstack) {
            notes.push(format!("spec.registries[{index}]: AWS is asked for dualstack addresses; those below follow from the names."));
        }
        let account = spec.account_ref.as_ref().unwrap_or(&login.spec.account_ref);
        let domain = DomainKey {
            account: account.name.clone(),
            region: identity.region.clone(),
            owner: identity.owner.clone(),
            domain: identity.domain.clone(),
        };
        let resolved =
            Resolved { spec, domain: domain.clone(), identity: identity.clone(), private, by_name: None };
        logins.insert(domain.clone(), masked(&domain));
        registries.push(resolved.rendered(endpoints));
    }
    let files = render::files(&registries, &logins, &login.spec.secret.templates)?;
    let files = files.into_iter().map(|(key, text)| (key, text.expose_secret().to_owned())).collect();
    Ok(Previewed { files, notes })
}

/// A word that every file can hold, and that nobody takes for a token.
fn masked(domain: &DomainKey) -> Login {
    Login { text: format!("{MASK}{}", domain.domain).into(), expires: Timestamp::UNIX_EPOCH }
}

fn by_name(identity: &Identity, kind: EndpointType) -> Option<Endpoints> {
    let service = of_service(identity)?;
    if kind == EndpointType::Ipv4 {
        return Some(service);
    }
    let Identity { owner, domain, region, .. } = identity;
    let asked = PackageFormat::Npm;
    let address = format!(
        "https://{domain}-{owner}.codeartifact.{region}.on.aws/{}/{}/",
        asked.as_str(),
        identity.repository()?
    );
    derive(&address, asked, identity)
}

fn unknown(index: usize, identity: &Identity) -> Error {
    Error::invalid(
        format!("spec.registries[{index}]"),
        format!("in the Region {}", identity.region),
        "its addresses do not follow from the names there, and AWS is asked for them; set `endpoint` for a preview",
    )
}
