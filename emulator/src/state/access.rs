//! Whether a call on a resource of the service is allowed: the caller's own policies, and those of
//! the domain and the repository.

use super::group::from_arn_path;
use super::policy::{Authority, Context, Policy, Question, Standing, Why, decide};
use super::principal::denied;
use super::tags::Tags;
use super::{Caller, Domain, DomainKey, Repository, State};
use crate::error::Result;
use jiff::Timestamp;

/// No policy of a resource can hand these on to another account: neither looks at the one that it replaces.
const PUT_ON_DOMAIN: &str = "codeartifact:PutDomainPermissionsPolicy";
const PUT_ON_REPOSITORY: &str = "codeartifact:PutRepositoryPermissionsPolicy";

/// A call that needs a permission.
pub(crate) struct Ask<'a> {
    pub(crate) caller: &'a Caller,
    /// Such as `codeartifact:DescribeDomain`.
    pub(crate) action: &'a str,
    /// What identities' policies are asked about.
    pub(crate) resource: &'a str,
    /// What the domain's and the repository's policies are asked about.
    pub(crate) place: &'a str,
    /// What the request itself says.
    pub(crate) context: Context,
    pub(crate) now: Timestamp,
}

/// The domain and the repository that an ARN lies in, as far as it names them.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    owner: &'a str,
    domain: &'a str,
    repository: Option<&'a str>,
}

impl State {
    /// Refuse what the caller may not do, in AWS's words.
    pub(crate) fn authorize(&self, ask: Ask<'_>) -> Result<()> {
        let Ask { caller, action, resource, .. } = ask;
        // Whoever is gone has no access, also not by what is there for everybody.
        if matches!(self.principals.authority(caller), Authority::Nothing) {
            return Err(denied(caller, action, resource, "because this identity no longer exists"));
        }
        let place = Place::of(ask.place);
        let domain = place.as_ref().and_then(|place| self.domains.get(&place.key())).map(AsRef::as_ref);
        let repository = domain.zip(place.as_ref()).and_then(|(domain, place): (&Domain, _)| {
            domain.repositories.get(place.repository?).map(AsRef::as_ref)
        });
        let account = place.as_ref().map(|place| place.owner);
        let context =
            self.context(caller, ask.now).with_some("aws:ResourceAccount", account).and(ask.context);
        let of_place = context.clone().and(tags(ask.place, domain, repository));
        let context = context.and(tags(resource, domain, repository));
        let question = Question { requester: caller.requester(), action, resource, context: &context };
        let asked = Question { resource: ask.place, context: &of_place, ..question };
        let policies = resource_policies(action, domain, repository);
        let policies = self.principals.policies(caller, &policies, asked);
        let standing = standing(caller, place.as_ref(), repository);
        let decided = match decide(&question, &policies, standing) {
            Ok(()) if standing == Standing::Foreign && action == PUT_ON_REPOSITORY => Err(Why::NotByResource),
            decided => decided,
        };
        decided.map_err(|why| {
            let about = if why.is_of_resource() { ask.place } else { resource };
            denied(caller, action, about, &why.told(action))
        })
    }

    /// The condition keys that every request has.
    pub(crate) fn context(&self, caller: &Caller, now: Timestamp) -> Context {
        self.principals.context(caller).and(self.surroundings(now))
    }

    /// Of them, those that are not the caller's own. AWS is reached by TLS; everything here comes from this machine.
    pub(crate) fn surroundings(&self, now: Timestamp) -> Context {
        Context::default()
            .with("aws:CurrentTime", now.to_string())
            .with("aws:EpochTime", now.as_second().to_string())
            .with("aws:RequestedRegion", &self.settings.region)
            .with("aws:SecureTransport", "true")
            .with("aws:SourceIp", "127.0.0.1")
            .with("aws:ViaAWSService", "false")
    }
}

impl<'a> Place<'a> {
    /// None for `*` and for what is no ARN of the service.
    fn of(arn: &'a str) -> Option<Self> {
        let ["arn", _, "codeartifact", _, owner, resource] = arn.splitn(6, ':').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let mut parts = resource.splitn(4, '/');
        let (kind, domain) = (parts.next()?, parts.next()?);
        let repository = parts.next().filter(|_| kind == "repository" || kind == "package");
        Some(Self { owner, domain, repository })
    }

    fn key(&self) -> DomainKey {
        DomainKey { owner: self.owner.into(), name: self.domain.into() }
    }
}

/// A call that puts a policy does not consult the one that it replaces, so that nobody is locked out.
fn resource_policies<'a>(
    action: &str,
    domain: Option<&'a Domain>,
    repository: Option<&'a Repository>,
) -> Vec<&'a Policy> {
    let domain = domain.filter(|_| action != PUT_ON_DOMAIN);
    let repository = repository.filter(|_| action != PUT_ON_REPOSITORY);
    let domain = domain.and_then(|domain| domain.policy.as_ref());
    let repository = repository.and_then(|repository| repository.policy.as_ref());
    domain.into_iter().chain(repository).map(|kept| &kept.policy).collect()
}

fn standing(caller: &Caller, place: Option<&Place<'_>>, repository: Option<&Repository>) -> Standing {
    match place {
        Some(place) if place.owner != caller.account => {
            let administers = repository.is_some_and(|one| one.administrator == caller.account);
            if administers { Standing::Administrator } else { Standing::Foreign }
        }
        _ => Standing::Owner,
    }
}

/// The pattern of the package group that the ARN names.
fn group(arn: &str) -> Option<String> {
    from_arn_path(arn.splitn(6, ':').nth(5)?).map(|(_, pattern)| pattern)
}

/// The tags of the resource that the ARN names. Packages have none.
fn tags(arn: &str, domain: Option<&Domain>, repository: Option<&Repository>) -> Context {
    let tags = match arn.splitn(6, ':').nth(5).and_then(|resource| resource.split('/').next()) {
        Some("domain") => domain.map(|domain| &domain.tags),
        Some("repository") => repository.map(|repository| &repository.tags),
        Some("package-group") => domain
            .zip(group(arn))
            .and_then(|(domain, pattern)| domain.groups.get(&pattern).map(|group| &group.tags)),
        _ => None,
    };
    let tags = tags.into_iter().flat_map(Tags::iter);
    Context::default().with_tags("aws:ResourceTag", tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_its_place() {
        let place = |repository| Some(Place { owner: "111122223333", domain: "acme", repository });
        for (resource, expected) in [
            ("domain/acme", place(None)),
            ("repository/acme/team", place(Some("team"))),
            ("package/acme/team/npm/@a/b/c", place(Some("team"))),
            ("package-group/acme/npm/%2a", place(None)),
            ("domain", None),
        ] {
            let arn = format!("arn:aws:codeartifact:us-east-1:111122223333:{resource}");
            assert_eq!(Place::of(&arn), expected, "{resource}");
        }
        assert_eq!(Place::of("*"), None);
        assert_eq!(Place::of("arn:aws:s3:::bucket"), None);
    }
}
