//! The KMS keys that domains are encrypted with. Until keys are declared, every key exists that is named as
//! keys of this Region are.

use super::{DomainKey, Settings, State};
use crate::error::{Error, Result};
use crate::wire::uuid_shaped;
use sha2::{Digest, Sha256};

/// The account's own key for the service. It is always there.
const USUAL: &str = "alias/aws/codeartifact";

/// The longest name of an alias, with its prefix.
const LONGEST_ALIAS: usize = 256;

/// What was named, by its ARN.
pub(super) enum Named {
    Key(String),
    Alias(String),
}

impl Named {
    /// A key or an alias that was named by ARN, id, alias or alias ARN, if it can be one of this Region. A name
    /// without an account is one of the owner's.
    pub(super) fn parse(region: &str, owner: &str, named: &str) -> Option<Self> {
        let (account, resource) = match named.strip_prefix("arn:") {
            Some(arn) => of_region(arn, region)?,
            None if named.starts_with("alias/") => (owner, named.to_owned()),
            None => (owner, format!("key/{named}")),
        };
        let arn = format!("arn:aws:kms:{region}:{account}:{resource}");
        match resource.split_once('/')? {
            ("key", id) if is_key_id(id) => Some(Self::Key(arn)),
            ("alias", name) if is_alias(name, &resource) => Some(Self::Alias(arn)),
            _ => None,
        }
    }

    /// The ARN of the key. An alias stands for one that is made up of its name.
    fn into_key(self) -> String {
        match self {
            Self::Key(arn) => arn,
            Self::Alias(arn) => {
                let digest = Sha256::digest(&arn);
                let bits = digest.iter().take(16).fold(0, |bits, &byte| (bits << 8) | u128::from(byte));
                let place = arn.split_once("alias/").map_or(arn.as_str(), |(place, _)| place);
                format!("{place}key/{}", uuid_shaped(bits))
            }
        }
    }
}

impl State {
    /// The ARN of the key that a domain of that owner shall have.
    pub(crate) fn encryption_key(&self, owner: &str, named: Option<&str>) -> Result<String> {
        let Settings { region, .. } = &*self.settings;
        let named = named.unwrap_or(USUAL);
        let found = Named::parse(region, owner, named).ok_or_else(|| not_found(named))?;
        let arn = self.keys.meant(&found).cloned().unwrap_or_else(|| found.into_key());
        if self.is_usable(owner, &arn) { Ok(arn) } else { Err(not_found(named)) }
    }

    /// Whether assets of the domain can be read: what was encrypted with a key that is lost cannot.
    pub(crate) fn check_readable(&self, domain: &DomainKey) -> Result<()> {
        let arn = self.domain(domain)?.encryption_key();
        if self.is_usable(&domain.owner, arn) { Ok(()) } else { Err(not_found(arn)) }
    }

    /// Whether there is such a key, and it is enabled.
    fn is_usable(&self, owner: &str, arn: &str) -> bool {
        let usual =
            || Named::Alias(format!("arn:aws:kms:{}:{owner}:{USUAL}", self.settings.region)).into_key();
        !self.keys.are_declared() || self.keys.is_usable(arn) || arn == usual()
    }
}

/// Account and resource of what follows `arn:`, if it is KMS's in this Region.
fn of_region<'a>(arn: &'a str, region: &str) -> Option<(&'a str, String)> {
    let ["aws", "kms", found, account, resource] = arn.splitn(5, ':').collect::<Vec<_>>()[..] else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (found == region && is_account).then(|| (account, resource.to_owned()))
}

/// A UUID, or `mrk-` and 32 digits for a key of several Regions.
fn is_key_id(id: &str) -> bool {
    let are_digits =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if let Some(digits) = id.strip_prefix("mrk-") {
        return digits.len() == 32 && are_digits(digits);
    }
    let parts: Vec<_> = id.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.into_iter().all(are_digits)
}

fn is_alias(name: &str, with_prefix: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
    !name.is_empty() && with_prefix.len() <= LONGEST_ALIAS && name.bytes().all(is_legal)
}

fn not_found(named: &str) -> Error {
    Error::encryption_key(format!("KMS key not found: {named}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn arn(named: &str) -> Result<String> {
        let settings = Settings::new(Options::default(), "http://127.0.0.1:1".parse().unwrap());
        State::new(settings.into()).encryption_key("123456789012", Some(named))
    }

    #[test]
    fn a_key_comes_back_as_the_arn_of_a_key() {
        let given = format!("arn:aws:kms:us-east-1:123456789012:key/{ID}");
        assert_eq!(arn(&given).unwrap(), given);
        assert_eq!(arn(ID).unwrap(), given);
        let shared = format!("mrk-{}", "a1".repeat(16));
        assert!(arn(&shared).unwrap().ends_with(&format!(":key/{shared}")));
        let other = given.replace("123456789012", "210987654321");
        assert_eq!(arn(&other).unwrap(), other, "a key of another account");
        let alias = arn("alias/team").unwrap();
        assert!(alias.starts_with("arn:aws:kms:us-east-1:123456789012:key/"), "{alias}");
        assert_eq!(arn("arn:aws:kms:us-east-1:123456789012:alias/team").unwrap(), alias);
        assert_ne!(arn(USUAL).unwrap(), alias);
    }

    #[test]
    fn what_can_be_no_key_is_not_found() {
        let long = format!("alias/{}", "a".repeat(251));
        for named in [
            "!!!",
            "1234",
            "aws/codeartifact",
            "alias/",
            "alias/ä",
            "alias/a:b",
            &long,
            "mrk-1234",
            &ID.to_uppercase(),
            "arn:aws:s3:::bucket",
            "arn:aws:kms:us-east-1:123456789012:grant/1234",
            "arn:aws:kms:us-east-1:123456789012:key/",
            "arn:aws:kms:us-east-1:123456789012:alias/",
            &format!("arn:aws:kms:eu-west-1:123456789012:key/{ID}"),
            &format!("arn:aws-cn:kms:us-east-1:123456789012:key/{ID}"),
            &format!("arn:aws:kms:us-east-1:12:key/{ID}"),
            &format!("key/{ID}"),
        ] {
            let error = arn(named).unwrap_err();
            assert_eq!(error.message, format!("KMS key not found: {named}"));
        }
    }
}
