//! `settings.xml`, for Maven. Pure.
//!
//! The first registry stands in for every repository on the network but the other registries, so that no stranger's artifact comes from
//! elsewhere. Maven puts properties in the place of `${NAME}`, and decrypts what stands in braces.

use super::{Entry, Files, USER, file, name, xml};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

/// The profile that has the registries.
const PROFILE: &str = "codeartifact";

const NAME: &str = "settings.xml";

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let registries = name::all(entries, (Format::Maven, PackageFormat::Maven), name::plain)?;
    let servers = registries.iter().map(server).collect::<Result<String>>()?;
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <settings xmlns=\"http://maven.apache.org/SETTINGS/1.0.0\">\n\
         \x20 <servers>\n{servers}  </servers>\n\
         \x20 <mirrors>\n{}  </mirrors>\n\
         \x20 <profiles>\n    <profile>\n      <id>{PROFILE}</id>\n{}{}    </profile>\n  </profiles>\n\
         \x20 <activeProfiles>\n    <activeProfile>{PROFILE}</activeProfile>\n  </activeProfiles>\n\
         </settings>\n",
        mirror(&registries),
        repositories(&registries, ("repositories", "repository")),
        repositories(&registries, ("pluginRepositories", "pluginRepository")),
    );
    Ok(file(NAME, text))
}

fn server(registry: &name::Named<'_>) -> Result<String> {
    let token = xml::text(registry.entry.token_without(&['{', '}'], NAME)?);
    Ok(format!(
        "    <server>\n      <id>{}</id>\n      <username>{USER}</username>\n      <password>{token}</password>\n    </server>\n",
        registry.name
    ))
}

fn mirror(registries: &[name::Named<'_>]) -> String {
    let [first, rest @ ..] = registries else { return String::new() };
    let others: Vec<_> = rest.iter().map(|registry| format!(",!{}", registry.name)).collect();
    format!(
        "    <mirror>\n      <id>{}</id>\n      <mirrorOf>external:*{}</mirrorOf>\n      <url>{}</url>\n    </mirror>\n",
        first.name,
        others.concat(),
        first.url.whole()
    )
}

fn repositories(registries: &[name::Named<'_>], (list, element): (&str, &str)) -> String {
    let repository = |registry: &name::Named<'_>| {
        let (id, url) = (&registry.name, registry.url.whole());
        format!(
            "        <{element}>\n          <id>{id}</id>\n          <url>{url}</url>\n        </{element}>\n"
        )
    };
    let all = registries.iter().map(repository).collect::<Vec<_>>().concat();
    format!("      <{list}>\n{all}      </{list}>\n")
}
