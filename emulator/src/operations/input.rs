//! What a handler gets besides the state: checked members, the caller, the time.

use crate::error::{Error, Result, violation};
use crate::model::{Operation, Resource, Values};
use crate::reached::Reached;
use crate::state::access::Ask;
use crate::state::group::{ROOT, arn_path};
use crate::state::package::PackageKey;
use crate::state::policy::Context;
use crate::state::{Caller, DomainKey, Format, State};
use crate::wire::page::PageRequest;
use axum::body::Bytes;
use jiff::Timestamp;
use serde_json::Value;

/// A request that satisfies the model, of a caller who is known.
pub(crate) struct Input<'a> {
    pub(super) operation: &'a Operation,
    pub(super) values: &'a Values,
    pub(super) body: &'a Bytes,
    pub(crate) caller: &'a Caller,
    pub(super) reached: &'a Reached,
    pub(crate) now: Timestamp,
}

impl Input<'_> {
    /// A string, by the model's name of its member.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.values.text(name)
    }

    /// A string that the model requires.
    pub(crate) fn required(&self, name: &str) -> Result<&str> {
        self.text(name)
            .ok_or_else(|| Error::constraints(&[violation(&Value::Null, name, "Member must not be null")]))
    }

    /// A whole number.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.values.get(name)?.as_i64()
    }

    /// Whether a flag is set; left out, it is not.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.values.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A value of any shape.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// A list.
    pub(crate) fn list(&self, name: &str) -> Option<&[Value]> {
        self.values.get(name)?.as_array().map(Vec::as_slice)
    }

    /// A list of strings.
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<&str>> {
        Some(self.list(name)?.iter().filter_map(Value::as_str).collect())
    }

    /// The whole body, for a member that is a payload.
    pub(crate) fn body(&self) -> &Bytes {
        self.body
    }

    /// The page that the request wants.
    pub(crate) fn page(&self, state: &State) -> Result<PageRequest> {
        let query = format!("{}\n{}", self.operation.name, self.values.query());
        let (size, token) = (self.integer("maxResults"), self.text("nextToken"));
        PageRequest::new(query, size, token, state.settings.page_size)
    }

    /// The domain that a request names, in the caller's account unless it says whose.
    pub(crate) fn domain_key(&self) -> Result<DomainKey> {
        let owner = self.text("domainOwner").unwrap_or(&self.caller.account);
        Ok(DomainKey { owner: owner.into(), name: self.required("domain")?.into() })
    }

    /// The repository that a request names.
    pub(crate) fn repository_name(&self) -> Result<&str> {
        self.required("repository")
    }

    /// The format that a request names.
    pub(crate) fn format(&self) -> Result<Format> {
        let name = self.required("format")?;
        Format::parse(name).ok_or_else(|| Error::invalid(format!("The format '{name}' is not known")))
    }

    /// The package that a request names, as it names it.
    pub(crate) fn package_key(&self) -> Result<PackageKey> {
        PackageKey::new(self.format()?, self.text("namespace"), self.required("package")?)
    }

    /// Refuse what the caller may not do, by its own policies and those of the domain and the repository.
    pub(crate) fn authorize(&self, state: &State, action: &str, resource: &str) -> Result<()> {
        let place = match action {
            // What is not there yet has no ARN for identities; the domain's policy speaks of its domain.
            "CreateRepository" | "CreatePackageGroup" => {
                let key = self.domain_key()?;
                state.settings.arn(&key.owner, &format!("domain/{}", key.name))
            }
            _ => resource.to_owned(),
        };
        state.authorize(Ask {
            caller: self.caller,
            action: &format!("codeartifact:{action}"),
            resource,
            place: &place,
            context: self.tags_in_request(),
            now: self.now,
        })
    }

    /// The condition keys of the tags that a request brings or takes away.
    fn tags_in_request(&self) -> Context {
        let text = |tag: &'_ Value, name: &str| tag[name].as_str().unwrap_or_default().to_owned();
        let tags: Vec<_> = self.list("tags").unwrap_or_default().iter().collect();
        let pairs: Vec<_> = tags.iter().map(|tag| (text(tag, "key"), text(tag, "value"))).collect();
        let removed = self.texts("tagKeys").unwrap_or_default().into_iter().map(str::to_owned);
        Context::default()
            .with_tags("aws:RequestTag", pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
            .with_all("aws:TagKeys", pairs.iter().map(|(key, _)| key.clone()).chain(removed))
    }

    /// The ARN that policies are matched against.
    pub(super) fn resource(&self, state: &State) -> Result<String> {
        let path = match self.operation.resource {
            Resource::Any => return Ok("*".into()),
            Resource::Named => return self.required("resourceArn").map(str::to_owned),
            Resource::Domain => format!("domain/{}", self.domain_key()?.name),
            Resource::Repository => {
                format!("repository/{}/{}", self.domain_key()?.name, self.repository_name()?)
            }
            Resource::Package => self.package_path(self.repository_name()?)?,
            Resource::CopiedPackage => self.package_path(self.required("destinationRepository")?)?,
            Resource::PackageGroup => arn_path(&self.domain_key()?.name, self.required("packageGroup")?),
            Resource::AssociatedGroup => {
                let (key, package) = (self.domain_key()?, self.package_key()?.normalised());
                let group = state.domain(&key).map(|domain| domain.groups.association(&package).group);
                // What is not there has a root all the same, so that the absence is told to those who may know.
                arn_path(&key.name, group.map_or(ROOT, |group| group.pattern.text()))
            }
        };
        Ok(state.settings.arn(&self.domain_key()?.owner, &path))
    }

    fn package_path(&self, repository: &str) -> Result<String> {
        let format = self.format()?;
        // What is found under any spelling is known to policies by the normalised one.
        Ok(format!(
            "package/{}/{repository}/{}/{}/{}",
            self.domain_key()?.name,
            format.name(),
            format.looked_up(self.text("namespace").unwrap_or_default()),
            format.looked_up(self.required("package")?),
        ))
    }
}
