//! A repository's addresses, one for each package format, derived from one of them. Pure.

use std::collections::BTreeMap;

use crate::api::{Identity, PackageFormat};

/// Format to URL.
pub type Endpoints = BTreeMap<String, String>;

/// Stands for the package format in a template.
const FORMAT: &str = "{format}";
/// Stands for the repository in a template.
const REPOSITORY: &str = "{repository}";
/// The end of every template.
const REPOSITORY_END: &str = "{repository}/";

/// Derives the addresses of all formats from the address that AWS gave for `asked`; `None` when that address has an unknown shape.
///
/// The known shapes carry the format as their first path segment: `https://<domain>-<owner>.…/<format>/<repository>/` of the
/// service (CodeArtifact API Reference, `GetRepositoryEndpoint`) and `http://…/<format>/d/<domain>-<owner>/<repository>/`, where
/// the host is not the domain's own.
pub fn derive(url: &str, asked: PackageFormat, identity: &Identity) -> Option<Endpoints> {
    fill(&template(url, asked, identity)?, identity)
}

/// The address with `{format}` and `{repository}` in the place of both, so that it holds for the whole domain; `None` when its shape is
/// not a known one.
pub fn template(url: &str, asked: PackageFormat, identity: &Identity) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let tail = path.strip_prefix(asked.as_str())?.strip_prefix('/')?;
    let repository = identity.repository()?;
    let label = format!("{}-{}", identity.domain, identity.owner);
    let own_host = authority.strip_prefix(&label).is_some_and(|rest| rest.starts_with('.'));
    let known = (own_host && tail == format!("{repository}/")) || tail == format!("d/{label}/{repository}/");
    let domain = tail.strip_suffix(&format!("{repository}/"))?;
    known.then(|| format!("{scheme}://{authority}/{FORMAT}/{domain}{REPOSITORY}/"))
}

/// All addresses of a repository, from the template of its domain.
pub fn fill(template: &str, identity: &Identity) -> Option<Endpoints> {
    let base = template.strip_suffix(REPOSITORY_END)?;
    let repository = identity.repository()?;
    let url = |format: &str| format!("{}{repository}/", base.replacen(FORMAT, format, 1));
    Some(PackageFormat::ALL.iter().map(|format| (format.as_str().to_owned(), url(format.as_str()))).collect())
}

/// All addresses as the service makes them of the names, for whoever may use a repository but not ask for its address; `None` in
/// partitions whose names are not known.
pub fn of_service(identity: &Identity) -> Option<Endpoints> {
    const OTHER_PARTITIONS: [&str; 4] = ["cn-", "us-iso", "eu-iso", "eusc-"];
    let Identity { region, owner, domain, .. } = identity;
    if OTHER_PARTITIONS.iter().any(|prefix| region.starts_with(prefix)) {
        return None;
    }
    let repository = identity.repository()?;
    let asked = PackageFormat::Npm;
    let host = format!("{domain}-{owner}.d.codeartifact.{region}.amazonaws.com");
    derive(&format!("https://{host}/{}/{repository}/", asked.as_str()), asked, identity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::AwsResource;

    fn identity() -> Identity {
        Identity {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            owner: "123456789012".into(),
            domain: "acme".into(),
            resource: AwsResource::Repository("npm".into()),
        }
    }

    #[test]
    fn the_services_addresses_follow_from_the_names() {
        let endpoints = of_service(&identity()).unwrap();
        let expected = "https://acme-123456789012.d.codeartifact.us-east-1.amazonaws.com/pypi/npm/";
        assert_eq!((endpoints["pypi"].as_str(), endpoints.len()), (expected, 8));
        for region in ["cn-north-1", "us-iso-east-1", "eusc-de-east-1"] {
            assert_eq!(of_service(&Identity { region: region.into(), ..identity() }), None, "{region}");
        }
        assert_eq!(of_service(&identity().sibling(AwsResource::Domain)), None);
    }

    #[test]
    fn the_other_formats_follow_from_a_known_shape() {
        let table = [
            (
                "the service",
                "https://acme-123456789012.d.codeartifact.us-east-1.amazonaws.com/npm/npm/",
                Some("https://acme-123456789012.d.codeartifact.us-east-1.amazonaws.com/pypi/npm/"),
            ),
            (
                "the service over IPv6",
                "https://acme-123456789012.codeartifact.us-east-1.on.aws/npm/npm/",
                Some("https://acme-123456789012.codeartifact.us-east-1.on.aws/pypi/npm/"),
            ),
            (
                "one host for all domains",
                "http://127.0.0.1:4566/npm/d/acme-123456789012/npm/",
                Some("http://127.0.0.1:4566/pypi/d/acme-123456789012/npm/"),
            ),
            ("another domain's host", "https://acme-2-123456789012.d.example.com/npm/npm/", None),
            ("a longer account", "https://acme-1234567890123.d.example.com/npm/npm/", None),
            ("another repository", "https://acme-123456789012.d.example.com/npm/other/", None),
            ("another format", "https://acme-123456789012.d.example.com/pypi/npm/", None),
            ("no slash at the end", "https://acme-123456789012.d.example.com/npm/npm", None),
            ("the format elsewhere", "https://acme-123456789012.d.example.com/v2/npm/npm/", None),
            ("no URL", "npm/npm/", None),
        ];
        for (sentence, url, pypi) in table {
            let endpoints = derive(url, PackageFormat::Npm, &identity());
            assert_eq!(endpoints.as_ref().map(|endpoints| endpoints["pypi"].as_str()), pypi, "{sentence}");
            if let Some(endpoints) = endpoints {
                assert_eq!((endpoints["npm"].as_str(), endpoints.len()), (url, 8), "{sentence}");
            }
        }
    }
}
