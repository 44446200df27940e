//! The status page at `/`. The page shows the objects that are not ready or degraded, with the reasons, and how long logins live.
//! It is read-only and has no scripts. It is off by default, because everybody who reaches the port sees the names of all namespaces.
//! The rendering is pure.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::bounded_list::fairly;

/// Of more rows than this, a table shows the first and says how many there are.
const ROWS: usize = 100;

/// What is shown. It never holds the text of a token.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// What time it is.
    pub now: Timestamp,
    /// What the operator waits for before it works; empty when it works.
    pub waiting_for: Vec<String>,
    /// Who works, where this process stands by.
    pub standby: Option<String>,
    /// The AwsAccounts.
    pub accounts: Vec<ShownObject>,
    /// What is not ready, of the other kinds.
    pub unready: Vec<ShownObject>,
    /// What is ready and in trouble, of the other kinds.
    pub degraded: Vec<ShownObject>,
    /// The logins.
    pub logins: Vec<ShownLogin>,
    /// Calls to AWS in the last minute.
    pub aws_calls: u32,
}

/// An object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShownObject {
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace; empty for an AwsAccount.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// For an AwsAccount, account and Region.
    pub about: String,
    /// The status of Ready; empty when there is none yet.
    pub ready: String,
    /// The reason of Ready.
    pub reason: String,
    /// The message of Ready.
    pub message: String,
}

/// A login.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShownLogin {
    /// When the first of its tokens expires.
    pub expires: Timestamp,
    /// Until when it has as much life left as was promised.
    pub promised: Timestamp,
    /// Namespace of the RegistryCredential.
    pub namespace: String,
    /// Name of the RegistryCredential.
    pub name: String,
}

type Source = Box<dyn Fn() -> Shown + Send + Sync>;

/// Where the page learns what it shows. Cheap to clone.
#[derive(Clone, Default)]
pub struct StatusPage(Arc<OnceLock<Source>>);

impl std::fmt::Debug for StatusPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StatusPage")
    }
}

impl StatusPage {
    /// Says where to look when somebody asks for the page.
    pub fn shows(&self, source: impl Fn() -> Shown + Send + Sync + 'static) {
        self.0.get_or_init(|| Box::new(source));
    }

    /// The page now. `waiting_for`: what keeps the operator from work; `standby`: who works in its place.
    pub fn html(&self, waiting_for: Vec<String>, standby: Option<String>) -> String {
        let shown = self.0.get().map(|source| source()).unwrap_or_default();
        render(Shown { waiting_for, standby, ..shown }).into_string()
    }
}

/// The page.
fn render(mut shown: Shown) -> Markup {
    shown.accounts.sort();
    shown.unready.sort();
    shown.degraded.sort();
    shown.logins.sort();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { "codeartifact-operator" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "codeartifact-operator " (env!("CARGO_PKG_VERSION")) }
                @if let (Some(leader), true) = (&shown.standby, shown.waiting_for.is_empty()) {
                    p { "This Pod stands by: " (leader) ". The page of the Pod that leads shows the objects." }
                } @else {
                    (work(&shown))
                }
            }
        }
    }
}

/// What the operator does, and for whom.
fn work(shown: &Shown) -> Markup {
    html! {
        @if shown.waiting_for.is_empty() {
            p { "The operator works. It made " (shown.aws_calls) " calls to AWS in the last minute." }
        } @else {
            p.bad { "The operator does not work yet. It waits for: " (shown.waiting_for.join("; ")) "." }
        }
        h2 { "AwsAccounts" }
        (accounts(&shown.accounts))
        h2 { "Not ready" }
        (objects(&shown.unready))
        h2 { "Degraded: ready, and in trouble" }
        (objects(&shown.degraded))
        h2 { "Logins" }
        (logins(&shown.logins, shown.now))
    }
}

fn accounts(accounts: &[ShownObject]) -> Markup {
    table(
        accounts,
        |account| &account.name,
        &["Name", "Account and Region", "Ready", "Reason", "Message"],
        |account| {
            html! {
                td { (account.name) }
                td.word { (account.about) }
                td.word.bad[account.ready == "False"] { (account.ready) }
                td.word { (account.reason) }
                td { (account.message) }
            }
        },
    )
}

fn objects(objects: &[ShownObject]) -> Markup {
    table(
        objects,
        |object| &object.namespace,
        &["Kind", "Namespace", "Name", "Reason", "Message"],
        |object| {
            html! {
                td.word { (object.kind) }
                td { (object.namespace) }
                td { (object.name) }
                td.word.bad { (object.reason) }
                td { (object.message) }
            }
        },
    )
}

fn logins(logins: &[ShownLogin], now: Timestamp) -> Markup {
    table(
        logins,
        |login| &login.namespace,
        &["Namespace", "Name", "Life left", "Expires"],
        |login| {
            html! {
                td { (login.namespace) }
                td { (login.name) }
                td.word.bad[login.promised < now] { (life(login, now)) }
                td.word { (login.expires) }
            }
        },
    )
}

/// So many rows, of each namespace the first ones, and how many there are in all.
fn table<T>(all: &[T], namespace: impl Fn(&T) -> &str, head: &[&str], row: impl Fn(&T) -> Markup) -> Markup {
    let shown = fairly(all.iter().collect(), ROWS, |one| namespace(one));
    html! {
        @if all.is_empty() {
            p { "None." }
        } @else {
            table {
                thead { tr { @for name in head { th { (name) } } } }
                tbody { @for one in shown { tr { (row(one)) } } }
            }
            @if all.len() > ROWS {
                p { "These are " (ROWS) " of " (all.len()) ", the first ones of each namespace." }
            }
        }
    }
}

fn life(login: &ShownLogin, now: Timestamp) -> String {
    let left = login.expires.duration_since(now).as_secs();
    if left <= 0 {
        return "expired".into();
    }
    let (hours, minutes) = (left / 3600, left % 3600 / 60);
    let rest = if hours == 0 { format!("{minutes} min") } else { format!("{hours} h {minutes} min") };
    if login.promised < now { format!("{rest}, less than promised") } else { rest }
}

const STYLE: &str = "\
:root { color-scheme: light dark }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em }
h1 { font-size: 20px } h2 { font-size: 16px; margin-top: 2em }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3em 1em .3em 0; border-bottom: 1px solid #8884 }
td { min-width: 8em; overflow-wrap: anywhere }
th, .word { min-width: 0; white-space: nowrap }
.bad { color: #d33; font-weight: 600 }
";

#[cfg(test)]
mod tests;
