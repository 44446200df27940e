//! `nuget.config`, for dotnet and NuGet. Pure.
//!
//! NuGet puts environment variables in the place of `%NAME%`. The registries stand in for nuget.org and every other source.

use super::{Entry, Files, USER, file, name, xml};
use crate::api::{Format, PackageFormat};
use crate::error::Result;

const NAME: &str = "nuget.config";

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let registries = name::all(entries, (Format::Nuget, PackageFormat::Nuget), name::plain)?;
    let (mut sources, mut logins) = (Vec::new(), Vec::new());
    for registry in &registries {
        let (name, element) = (&registry.name, xml::element(&registry.name));
        let token = xml::text(registry.entry.token_without(&['%'], NAME)?);
        let address = format!("{}v3/index.json", registry.url.whole());
        sources.push(format!("    <add key=\"{name}\" value=\"{address}\" protocolVersion=\"3\" />\n"));
        logins.push(format!(
            "    <{element}>\n      <add key=\"Username\" value=\"{USER}\" />\n      \
             <add key=\"ClearTextPassword\" value=\"{token}\" />\n    </{element}>\n"
        ));
    }
    let (sources, logins) = (sources.concat(), logins.concat());
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<configuration>\n  <packageSources>\n    <clear />\n{sources}  </packageSources>\n  \
         <packageSourceCredentials>\n{logins}  </packageSourceCredentials>\n</configuration>\n"
    );
    Ok(file(NAME, text))
}
