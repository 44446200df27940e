//! `.gemrc` for `gem install`, and `gem-credentials` for `gem push`. Pure.
//!
//! `gem push` finds the token by the address that it pushes to, or by a name that it is told.

use std::collections::BTreeSet;

use super::{Entry, Files, USER, named, url};
use crate::api::PackageFormat;
use crate::error::Result;

const CREDENTIALS: &str = "gem-credentials";

/// What RubyGems' own reader of YAML does not take back out of quotes.
pub(super) const UNREADABLE: [char; 2] = ['"', '\\'];

pub(super) fn files(entries: &[Entry<'_>]) -> Result<Files> {
    let mut addresses = BTreeSet::new();
    let (mut sources, mut logins) = (vec!["---\n:sources:\n".to_owned()], vec!["---\n".to_owned()]);
    if let Some(first) = entries.first() {
        logins.push(format!(":codeartifact_api_key: {}\n", bearer(first)?));
    }
    for entry in entries {
        let address = entry.url(PackageFormat::Ruby)?;
        if addresses.insert(address.whole()) {
            let source = address.with_login(USER, &url::escaped(entry.token()));
            sources.push(format!("- \"{source}\"\n"));
            logins.push(format!("{}: {}\n", address.without_slash(), bearer(entry)?));
        }
    }
    Ok(Files::from([named(".gemrc", sources.concat()), named(CREDENTIALS, logins.concat())]))
}

fn bearer(entry: &Entry<'_>) -> Result<String> {
    Ok(format!("\"Bearer {}\"", entry.token_without(&UNREADABLE, CREDENTIALS)?))
}
