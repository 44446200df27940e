//! Whatever registries are called and whatever tokens look like: another parser reads the same places and the same tokens back, and
//! nothing else.

use proptest::prelude::*;
use proptest::sample::select;

use super::readers::{Said, read};
use super::*;

/// What a token of the service consists of.
const TOKEN: &str = "[A-Za-z0-9._~+/=-]{1,60}";

/// Texts that mean something in one syntax or another.
const NASTY: [&str; 16] = [
    "${HOME}",
    "%PATH%",
    "a\nb",
    "a\r\nb",
    "\0",
    "\"",
    "'",
    "\\",
    "a]b",
    "</password>",
    "{a}",
    "a: b",
    "#a",
    ";a",
    "a b",
    "\u{85}",
];

/// A domain by its place among these: two have one name and differ in their owner.
fn domains() -> [DomainKey; 3] {
    let key = |owner: &str, domain: &str| DomainKey {
        account: "default".into(),
        region: "us-east-1".into(),
        owner: owner.into(),
        domain: domain.into(),
    };
    [key("123456789012", "acme"), key("210987654321", "acme"), key("123456789012", "other-1")]
}

fn base(domain: &DomainKey) -> String {
    format!("https://{}-{}.d.codeartifact.us-east-1.amazonaws.com", domain.domain, domain.owner)
}

/// Registries that every format can hold together.
fn legal() -> impl Strategy<Value = Vec<Registry>> {
    let one = (
        0..3usize,
        "[A-Za-z0-9][A-Za-z0-9._-]{0,20}",
        prop::collection::vec("[a-z0-9]{1,30}", 1..4),
        any::<bool>(),
    );
    prop::collection::vec(one, 1..4).prop_map(|registries| {
        let registry =
            |(index, (place, name, scopes, is_private)): (usize, (usize, String, Vec<String>, bool))| {
                let domain = domains()[place].clone();
                let repository = format!("{name}x{index}");
                let scopes =
                    scopes.iter().enumerate().map(|(number, scope)| format!("@{scope}-{index}-{number}"));
                Registry {
                    endpoints: endpoints(&base(&domain), &format!("{repository}/")),
                    scopes: scopes.skip(if index == 0 { 9 } else { 0 }).collect(),
                    domain,
                    repository,
                    formats: Vec::new(),
                    is_private,
                }
            };
        registries.into_iter().enumerate().map(registry).collect()
    })
}

fn any_text(legal: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![4 => legal, 1 => "[ -~]{0,16}", 1 => any::<String>(), 1 => select(&NASTY[..]).prop_map(Into::into),
        1 => (legal, select(&NASTY[..])).prop_map(|(text, nasty)| format!("{text}{nasty}"))]
}

/// Registries with anything for a name, a scope and an address.
fn any_registries() -> impl Strategy<Value = Vec<Registry>> {
    let scope = any_text("[a-z0-9._~-]{1,8}").prop_map(|scope| format!("@{scope}"));
    let names = (any_text("[A-Za-z0-9][A-Za-z0-9._-]{0,8}"), any_text("[a-z0-9.-]{1,8}"));
    let one = (0..3usize, names, prop::collection::vec(scope, 0..3));
    prop::collection::vec(one, 1..4).prop_map(|registries| {
        let registry =
            |(place, (repository, host), scopes): (usize, (String, String), Vec<String>)| Registry {
                domain: domains()[place].clone(),
                endpoints: endpoints(&format!("https://{host}.example.com:8443"), &format!("{repository}/")),
                repository,
                scopes,
                formats: Vec::new(),
                is_private: true,
            };
        registries.into_iter().map(registry).collect()
    })
}

fn logins_of(tokens: &[String; 3]) -> BTreeMap<DomainKey, Login> {
    let login =
        |text: &String| Login { text: text.clone().into(), expires: "2026-01-01T12:00:00Z".parse().unwrap() };
    domains().into_iter().zip(tokens.iter().map(login)).collect()
}

/// Package formats, and what Renovate calls them.
const RENOVATE: [(&str, &str); 6] = [
    ("npm", "npm"),
    ("pypi", "pypi"),
    ("maven", "maven"),
    ("nuget", "nuget"),
    ("ruby", "rubygems"),
    ("cargo", "crate"),
];

/// What Cargo's file calls a repository.
fn in_cargo(name: &str) -> String {
    let dashed = name.replace('.', "-");
    let reserved = dashed.as_bytes()[0].is_ascii_digit() || dashed.eq_ignore_ascii_case("crates-io");
    format!("{}{dashed}", if reserved { "_" } else { "" })
}

/// What the files of a format must say.
fn expected(format: Format, registries: &[Registry], logins: &BTreeMap<DomainKey, Login>) -> Said {
    let mut said = Said::new();
    for registry in registries {
        let token = logins[&registry.domain].text.expose_secret().to_owned();
        let url = |format: &str| canonical(&registry.endpoints[format]);
        let name = &registry.repository;
        let named = |name: &str, url: String| [(format!("{name} {url}"), token.clone())];
        let host = |url: String| url.split(['/', ':']).find(|part| part.contains('.')).unwrap().to_owned();
        match format {
            Format::Npm | Format::Yarn1 | Format::Yarn => {
                said.extend(scopes(registry, "", &url("npm")));
                said.extend([(url("npm").split_once(':').unwrap().1.to_owned(), token)]);
            }
            Format::Pip => said.extend([(url("pypi") + "simple/", token)]),
            Format::Uv => {
                said.extend([(format!("{name} {}simple/", url("pypi")), String::new())]);
                said.extend([(host(url("npm")), token)]);
            }
            Format::Poetry => said.extend(named(&name.replace('.', "-"), url("pypi"))),
            Format::Twine => said.extend(named(name, url("pypi"))),
            Format::Maven | Format::Gradle => said.extend(named(name, url("maven"))),
            Format::Sbt => {
                said.extend(named(&format!("{}/{name}", registry.domain.domain), host(url("maven"))));
            }
            Format::Nuget => said.extend(named(name, url("nuget") + "v3/index.json")),
            Format::Cargo => {
                said.extend(named(&in_cargo(name), format!("sparse+{}", url("cargo"))));
            }
            Format::Gem => said.extend([(url("ruby"), token)]),
            Format::Bundler => {
                said.extend([(url("ruby").to_uppercase().replace('.', "__").replace('-', "___"), token)]);
            }
            Format::Swift => {
                said.extend(
                    scopes(registry, "[default]", &url("swift"))
                        .map(|(place, none)| (place.trim_start_matches('@').to_owned(), none)),
                );
                said.extend([(host(url("swift")), token)]);
            }
            Format::Netrc => said.extend([(host(url("npm")), token)]),
            Format::Renovate => {
                said.extend(RENOVATE.into_iter().flat_map(|(format, kind)| named(kind, url(format))));
            }
            Format::Env => {
                let variable = name.to_uppercase().replace(['.', '-'], "_");
                said.extend(
                    ["UV_INDEX_", "POETRY_HTTP_BASIC_"]
                        .map(|tool| (format!("{tool}{variable}"), token.clone())),
                );
            }
        }
    }
    if format == Format::Env {
        said.insert(("TWINE".into(), logins[&registries[0].domain].text.expose_secret().to_owned()));
    }
    said
}

/// An address as npm writes it.
fn canonical(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    format!("{scheme}://{}/{path}", host.to_lowercase())
}

fn scopes(registry: &Registry, bare: &str, url: &str) -> impl Iterator<Item = (String, String)> {
    let names = if registry.scopes.is_empty() { vec![bare.to_owned()] } else { registry.scopes.clone() };
    names.into_iter().map(move |name| (format!("{name} {url}"), String::new()))
}

/// The registries as a format is asked for them: as many as its file can hold.
fn asking_for(format: Format, registries: &[Registry]) -> Vec<Registry> {
    let most = if [Format::Pip, Format::Sbt].contains(&format) { 1 } else { registries.len() };
    registries
        .iter()
        .take(most)
        .map(|registry| Registry { formats: vec![format], ..registry.clone() })
        .collect()
}

/// The files of a format, or what the refusal says.
fn tried(
    registries: &[Registry],
    logins: &BTreeMap<DomainKey, Login>,
) -> Result<BTreeMap<String, String>, String> {
    let files = files(registries, logins, &Templates::new()).map_err(|error| error.to_string())?;
    Ok(files.into_iter().map(|(key, text)| (key, text.expose_secret().to_owned())).collect())
}

proptest! {
    #[test]
    fn what_is_legal_is_read_back_from_every_file(registries in legal(), tokens in [TOKEN, TOKEN, TOKEN]) {
        let logins = logins_of(&tokens);
        for format in Format::ALL {
            let registries = asking_for(format, &registries);
            let files = tried(&registries, &logins).unwrap();
            prop_assert_eq!(read(format, &files), expected(format, &registries, &logins), "{:?}", format);
        }
    }

    #[test]
    fn what_is_not_refused_is_read_back(registries in any_registries(), tokens in [any_text(TOKEN), any_text(TOKEN), any_text(TOKEN)]) {
        let logins = logins_of(&tokens);
        for format in Format::ALL {
            let registries = asking_for(format, &registries);
            match tried(&registries, &logins) {
                Ok(files) => prop_assert_eq!(read(format, &files), expected(format, &registries, &logins), "{:?}", format),
                Err(error) => {
                    let told = tokens.iter().any(|token| token.len() > 16 && error.contains(token.as_str()));
                    prop_assert!(!told && !error.contains(char::is_control), "{}", error);
                }
            }
        }
    }

    #[test]
    fn a_token_of_any_characters_is_refused_or_read_back(token in "[!-~]{1,20}") {
        let logins = logins_of(&[token.clone(), token.clone(), token]);
        for format in Format::ALL {
            let registries = [registry("store/", &[format], None)];
            if let Ok(files) = tried(&registries, &logins) {
                prop_assert_eq!(read(format, &files), expected(format, &registries, &logins), "{:?}", format);
            }
        }
    }
}
