//! What each RegistryCredential of a manifest would make, told without AWS and without a cluster. Pure.

mod documents;
mod names;
mod resolve;
mod schema;
mod secret;
#[cfg(test)]
mod tests;
mod usage;

pub use documents::Documents;
pub use usage::usage;

use crate::credential::preview::preview;
use resolve::Resolver;

/// What the command line says about what is not in the manifest.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Account of an AwsAccount that is not in the manifest.
    pub account_id: Option<String>,
    /// Region of an AwsAccount that is not in the manifest.
    pub region: Option<String>,
}

/// What is wrong, a sentence each.
pub type Problems = Vec<String>;

/// The Secret of each RegistryCredential, as YAML, with a word in the place of each token.
pub fn render(documents: &Documents, known: &Known) -> Result<String, Problems> {
    let resolver = Resolver { documents, known };
    let (mut secrets, mut problems) = (Vec::new(), Problems::new());
    for login in &documents.logins {
        let told = |problem: String| format!("{}: {problem}", documents::title(login));
        let made = resolver
            .places(login)
            .and_then(|places| preview(login, &places).map_err(|error| vec![error.to_string()]));
        match made {
            Ok(previewed) => secrets.push(secret::document(login, &previewed)),
            Err(found) => problems.extend(found.into_iter().map(told)),
        }
    }
    if documents.logins.is_empty() {
        problems.push("there is no RegistryCredential in it; add one".into());
    }
    if problems.is_empty() { Ok(secrets.concat()) } else { Err(problems) }
}
