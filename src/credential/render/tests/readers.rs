//! Reads rendered files back as their tools do, with parsers that know nothing of the renderers.

use configparser::ini::{Ini, IniDefault};
use serde::Deserialize;
use serde_json::Value;

use super::*;

/// What files say: places, such as addresses and names, each with the token that goes there. Nothing that is in a file is left out.
pub(super) type Said = BTreeSet<(String, String)>;

type Texts = BTreeMap<String, String>;

/// What the files of a format say.
pub(super) fn read(format: Format, files: &Texts) -> Said {
    match format {
        Format::Npm => npmrc(&files[".npmrc"], &["_authToken"]),
        Format::Yarn1 => npmrc(&files[".npmrc-yarn1"], &["_authToken", "always-auth"]),
        Format::Yarn => yarnrc(&files[".yarnrc.yml"]),
        Format::Pip => [user_info(&ini(&files["pip.conf"])["global"]["index-url"])].into(),
        Format::Uv => uv(files),
        Format::Poetry => poetry(&files["auth.toml"]),
        Format::Twine => twine(&files[".pypirc"]),
        Format::Maven => maven(&files["settings.xml"]),
        Format::Gradle => gradle(files),
        Format::Sbt => sbt(&files[".sbt-credentials"]),
        Format::Nuget => nuget(&files["nuget.config"]),
        Format::Cargo => cargo(files),
        Format::Gem => gem(files),
        Format::Bundler => bundler(&files["bundle-config"]),
        Format::Swift => swift(files),
        Format::Netrc => netrc(&files[".netrc"], "aws"),
        Format::Renovate => renovate(&files["renovate-host-rules.json"]),
        Format::Env => env(files),
    }
}

/// An ini file whose keys keep their case. What is before the first section is in a section without a name.
fn ini(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut defaults = IniDefault::default();
    defaults.delimiters = vec!['='];
    defaults.comment_symbols = vec!['#', ';'];
    defaults.inline_comment_symbols = Some(Vec::new());
    defaults.default_section = String::new();
    defaults.case_sensitive = true;
    defaults.multiline = true;
    let sections = Ini::new_from_defaults(defaults).read(text.to_owned()).unwrap();
    let values = |section: std::collections::HashMap<String, Option<String>>| {
        section.into_iter().map(|(key, value)| (key, value.unwrap())).collect()
    };
    sections.into_iter().map(|(name, section)| (name, values(section))).collect()
}

/// npm reads a value in quotes as JSON.
fn npmrc(text: &str, settings: &[&str]) -> Said {
    let mut said = Said::new();
    for (key, value) in ini(text).remove("").unwrap() {
        let value = if value.starts_with('"') { serde_json::from_str(&value).unwrap() } else { value };
        match key.rsplit_once(':') {
            Some((address, setting)) if address.starts_with("//") => {
                assert!(settings.contains(&setting), "{key}");
                if setting == "_authToken" {
                    said.insert((address.into(), value));
                }
            }
            Some((scope, "registry")) => assert!(said.insert((format!("{scope} {value}"), String::new()))),
            None if key == "registry" => assert!(said.insert((format!(" {value}"), String::new()))),
            _ => assert_eq!((key.as_str(), value.as_str()), ("replace-registry-host", "always")),
        }
    }
    said
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn yarnrc(file: &str) -> Said {
    let mut said = Said::new();
    for (key, value) in yaml(file).as_object().unwrap() {
        match key.as_str() {
            "npmRegistryServer" => assert!(said.insert((format!(" {}", text(value)), String::new()))),
            "npmScopes" => said.extend(value.as_object().unwrap().iter().map(|(scope, settings)| {
                assert_eq!(settings.as_object().unwrap().len(), 2);
                assert_eq!(settings["npmPublishRegistry"], settings["npmRegistryServer"]);
                (format!("@{scope} {}", text(&settings["npmRegistryServer"])), String::new())
            })),
            _ => said.extend(value.as_object().unwrap().iter().map(|(address, settings)| {
                assert_eq!((key.as_str(), &settings["npmAlwaysAuth"]), ("npmRegistries", &Value::from(true)));
                (address.split_once(':').unwrap().1.to_owned(), text(&settings["npmAuthToken"]))
            })),
        }
    }
    said
}

/// An address with a login in it, as the address without and the token.
fn user_info(address: &str) -> (String, String) {
    let (scheme, rest) = address.split_once("://aws:").unwrap();
    let (token, rest) = rest.split_once('@').unwrap();
    let token = percent_encoding::percent_decode_str(token).decode_utf8().unwrap().into_owned();
    (format!("{scheme}://{rest}"), token)
}

fn uv(files: &Texts) -> Said {
    let table: toml::Table = files["uv.toml"].parse().unwrap();
    assert_eq!(table.len(), 1);
    let indexes = table["index"].as_array().unwrap();
    let names = indexes.iter().map(|index| {
        let text = |key: &str| index[key].as_str().unwrap();
        assert_eq!(text("url"), format!("{}simple/", text("publish-url")));
        (format!("{} {}", text("name"), text("url")), String::new())
    });
    let defaults: Vec<_> = indexes.iter().map(|index| index.get("default").is_some()).collect();
    assert_eq!(defaults.iter().position(|is_default| *is_default), Some(indexes.len() - 1));
    netrc(&files[".netrc"], "aws").into_iter().chain(names).collect()
}

fn poetry(file: &str) -> Said {
    let table: toml::Table = file.parse().unwrap();
    assert_eq!(table.keys().collect::<Vec<_>>(), ["http-basic", "repositories"]);
    let (logins, repositories) =
        (table["http-basic"].as_table().unwrap(), table["repositories"].as_table().unwrap());
    assert!(logins.keys().eq(repositories.keys()));
    let said = logins.iter().map(|(name, login)| {
        assert_eq!(login["username"].as_str(), Some("aws"));
        let place = format!("{name} {}", repositories[name]["url"].as_str().unwrap());
        (place, login["password"].as_str().unwrap().to_owned())
    });
    said.collect()
}

fn twine(file: &str) -> Said {
    let mut sections = ini(file);
    let servers = sections.remove("distutils").unwrap().remove("index-servers").unwrap();
    assert!(servers.split_whitespace().collect::<BTreeSet<_>>().into_iter().eq(sections.keys()));
    let said = sections.into_iter().map(|(name, section)| {
        assert_eq!((section.len(), section["username"].as_str()), (3, "aws"));
        (format!("{name} {}", section["repository"]), section["password"].clone())
    });
    said.collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settings {
    #[serde(rename = "@xmlns")]
    _namespace: String,
    servers: Servers,
    mirrors: Mirrors,
    profiles: Profiles,
    active_profiles: ActiveProfiles,
}

#[derive(Deserialize)]
struct Servers {
    server: Vec<Server>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    id: String,
    username: String,
    password: String,
}

#[derive(Deserialize)]
struct Mirrors {
    mirror: Vec<Mirror>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mirror {
    id: String,
    #[serde(rename = "mirrorOf")]
    repositories: String,
    url: String,
}

#[derive(Deserialize)]
struct Profiles {
    profile: Profile,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Profile {
    id: String,
    repositories: Repositories,
    plugin_repositories: Repositories,
}

#[derive(Deserialize)]
struct Repositories {
    #[serde(alias = "pluginRepository")]
    repository: Vec<Place>,
}

#[derive(Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
struct Place {
    id: String,
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActiveProfiles {
    active_profile: String,
}

fn maven(file: &str) -> Said {
    let settings: Settings = quick_xml::de::from_str(file).unwrap();
    let profile = settings.profiles.profile;
    assert_eq!(settings.active_profiles.active_profile, profile.id);
    let places = profile.repositories.repository;
    assert_eq!(places, profile.plugin_repositories.repository);
    let [mirror] = settings.mirrors.mirror.as_slice() else { panic!("{file}") };
    assert_eq!((&mirror.id, &mirror.url), (&places[0].id, &places[0].url));
    let others = places[1..].iter().map(|place| format!("!{}", place.id));
    assert!(
        mirror
            .repositories
            .split(',')
            .map(str::to_owned)
            .eq(["external:*".to_owned()].into_iter().chain(others))
    );
    let servers = settings.servers.server.into_iter().zip(places);
    let said = servers.map(|(server, place)| {
        assert_eq!((server.username.as_str(), &server.id), ("aws", &place.id));
        (format!("{} {}", server.id, place.url), server.password)
    });
    said.collect()
}

/// A list of maps in Groovy, whose texts end at the next quote.
fn gradle(files: &Texts) -> Said {
    let script = &files["codeartifact.init.gradle"];
    let rows = script.lines().skip_while(|line| *line != "def registries = [").skip(1);
    let said = rows.take_while(|line| *line != "]").map(|row| {
        let words: Vec<_> = row.trim().split('\'').collect();
        let [name_word, name, url_word, url, token_word, key, end] = words[..] else { panic!("{row}") };
        assert_eq!([name_word, url_word, token_word, end], ["[name: ", ", url: ", ", token: ", "],"]);
        assert!(![name, url, key].join("").contains(['\\', '$']));
        (format!("{name} {url}"), files[key].clone())
    });
    said.collect()
}

fn sbt(file: &str) -> Said {
    let all = java_properties::read(file.as_bytes()).unwrap();
    assert_eq!(all.len(), 8);
    for (sbt, coursier) in
        [("realm", "realm"), ("host", "host"), ("user", "username"), ("password", "password")]
    {
        assert_eq!(all[sbt], all[&format!("codeartifact.{coursier}")]);
    }
    assert_eq!(all["user"], "aws");
    [(format!("{} {}", all["realm"], all["host"]), all["password"].clone())].into()
}

/// Sources, and elements whose names are decoded as .NET does.
fn nuget(file: &str) -> Said {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(file);
    let (mut sources, mut tokens, mut path) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    loop {
        let attributes = |element: &quick_xml::events::BytesStart<'_>| -> BTreeMap<String, String> {
            let attribute = |attribute: quick_xml::events::attributes::Attribute<'_>| {
                let value =
                    attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap().into_owned();
                (attribute.key.0.to_owned(), value)
            };
            element.attributes().map(|one| attribute(one.unwrap())).collect()
        };
        match reader.read_event().unwrap() {
            Event::Start(element) => path.push(element.name().0.to_owned()),
            Event::End(_) => drop(path.pop()),
            Event::Empty(element) if element.name().0 == "clear" => {
                assert_eq!(path, ["configuration", "packageSources"]);
            }
            Event::Empty(element) => {
                let all = attributes(&element);
                if path.last().unwrap() == "packageSources" {
                    sources.insert(all["key"].clone(), all["value"].clone());
                } else {
                    assert_eq!(path[..2], ["configuration", "packageSourceCredentials"]);
                    tokens.insert((decoded(&path[2]), all["key"].clone()), all["value"].clone());
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(tokens.len(), 2 * sources.len());
    let said = sources.into_iter().map(|(name, url)| {
        assert_eq!(tokens[&(name.clone(), "Username".into())], "aws");
        let token = tokens[&(name.clone(), "ClearTextPassword".into())].clone();
        (format!("{name} {url}"), token)
    });
    said.collect()
}

/// `_x0031_` is `1`.
fn decoded(element: &str) -> String {
    let (mut name, mut rest) = (String::new(), element);
    while let Some(next) = rest.chars().next() {
        let code =
            rest.strip_prefix("_x").and_then(|rest| rest.get(..5)).and_then(|code| code.strip_suffix('_'));
        if let Some(code) = code.and_then(|code| u32::from_str_radix(code, 16).ok()) {
            name.push(char::from_u32(code).unwrap());
            rest = &rest[7..];
        } else {
            name.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    name
}

fn cargo(files: &Texts) -> Said {
    let config: toml::Table = files["config.toml"].parse().unwrap();
    let credentials: toml::Table = files["credentials.toml"].parse().unwrap();
    assert_eq!(config.keys().collect::<Vec<_>>(), ["registries", "registry", "source"]);
    assert_eq!(credentials.keys().collect::<Vec<_>>(), ["registries"]);
    assert_eq!(config["registry"]["default"], config["source"]["crates-io"]["replace-with"]);
    let (registries, tokens) = (config["registries"].as_table().unwrap(), &credentials["registries"]);
    assert!(registries.contains_key(config["registry"]["default"].as_str().unwrap()));
    assert!(registries.keys().eq(tokens.as_table().unwrap().keys()));
    let said = registries.iter().map(|(name, registry)| {
        let provider: Vec<_> = registry["credential-provider"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap())
            .collect();
        let ["cargo:token-from-stdout", "cat", file] = provider[..] else { panic!("{provider:?}") };
        let token = &files[file.strip_prefix("/var/run/codeartifact/").unwrap()];
        assert_eq!(tokens[name]["token"].as_str(), Some(token.as_str()));
        (format!("{name} {}", registry["index"].as_str().unwrap()), token.clone())
    });
    said.collect()
}

fn gem(files: &Texts) -> Said {
    let sources = yaml(&files[".gemrc"]);
    let sources: Said = sources[":sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| user_info(source.as_str().unwrap()))
        .collect();
    let logins = yaml(&files["gem-credentials"]);
    let mut logins: BTreeMap<_, _> = logins
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (key.clone(), text(value).strip_prefix("Bearer ").unwrap().to_owned()))
        .collect();
    let first = logins.remove(":codeartifact_api_key").unwrap();
    assert!(logins.values().any(|token| *token == first));
    assert_eq!(
        logins.into_iter().map(|(address, token)| (format!("{address}/"), token)).collect::<Said>(),
        sources
    );
    sources
}

fn bundler(file: &str) -> Said {
    let all = yaml(file);
    let said = all.as_object().unwrap().iter().map(|(key, value)| {
        (
            key.strip_prefix("BUNDLE_").unwrap().to_owned(),
            text(value).strip_prefix("aws:").unwrap().to_owned(),
        )
    });
    said.collect()
}

fn swift(files: &Texts) -> Said {
    let all: Value = serde_json::from_str(&files["registries.json"]).unwrap();
    assert_eq!(all["version"], 1);
    let said = all["registries"].as_object().unwrap().iter();
    let said = said.map(|(scope, registry)| (format!("{scope} {}", text(&registry["url"])), String::new()));
    for (host, login) in all["authentication"].as_object().unwrap() {
        assert!(text(&login["loginAPIPath"]).ends_with("/login") && login["type"] == "token", "{host}");
    }
    said.chain(netrc(&files[".netrc-swift"], "token")).collect()
}

/// Words between blanks.
fn netrc(file: &str, user: &str) -> Said {
    let words: Vec<_> = file.split_ascii_whitespace().collect();
    let said = words.chunks(6).map(|words| {
        let ["machine", host, "login", login, "password", token] = words else { panic!("{words:?}") };
        assert_eq!(*login, user);
        ((*host).to_owned(), (*token).to_owned())
    });
    said.collect()
}

fn renovate(file: &str) -> Said {
    let rules: Vec<BTreeMap<String, String>> = serde_json::from_str(file).unwrap();
    let said = rules.into_iter().map(|rule| {
        assert_eq!((rule.len(), rule["username"].as_str()), (4, "aws"));
        (format!("{} {}", rule["hostType"], rule["matchHost"]), rule["password"].clone())
    });
    said.collect()
}

fn env(files: &Texts) -> Said {
    let is_variable = |key: &str| {
        key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let mut said = Said::new();
    for (key, value) in files.iter().filter(|(key, _)| is_variable(key)) {
        match key.strip_suffix("_USERNAME") {
            Some(prefix) => {
                assert_eq!(value, "aws");
                said.insert((prefix.to_owned(), files[&format!("{prefix}_PASSWORD")].clone()));
            }
            None if key == "CODEARTIFACT_AUTH_TOKEN" => assert_eq!(value, &files["token"]),
            None => assert!(key.ends_with("_PASSWORD") || key == "TWINE_REPOSITORY_URL", "{key}"),
        }
    }
    said
}
