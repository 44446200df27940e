//! One line for each request, for people who watch and for programs that collect.

use crate::assets::SERVICE;
use crate::call::{UNKNOWN, UNREAD};
use crate::clock::machine_time;
use crate::journal::{Entry, plain};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What is done after each call, with the time that it took.
#[derive(Clone)]
pub struct OnCall(Arc<dyn Fn(&Entry, Duration) + Send + Sync>);

impl OnCall {
    /// It runs while the caller waits for its answer.
    pub fn new(done: impl Fn(&Entry, Duration) + Send + Sync + 'static) -> Self {
        Self(Arc::new(done))
    }

    pub(crate) fn tell(&self, entry: &Entry, took: Duration) {
        (self.0)(entry, took);
    }
}

impl fmt::Debug for OnCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OnCall")
    }
}

impl Entry {
    /// Time, number, service, operation, who, what, status, error, milliseconds; with colours, for a terminal
    /// that has them. The time is the machine's, as that of all that a program logs.
    pub fn to_line(&self, took: Duration, colours: bool) -> String {
        self.line(machine_time(), took, colours)
    }

    fn line(&self, now: Timestamp, took: Duration, colours: bool) -> String {
        let time = now.strftime("%H:%M:%S");
        let who = self.principal.as_deref().and_then(|arn| arn.splitn(6, ':').nth(5)).unwrap_or("-");
        let status = self.status.map_or_else(|| "cut".to_owned(), |status| status.to_string());
        let status = match (colours, self.status) {
            (false, _) => status,
            (true, Some(..400)) => format!("\u{1b}[32m{status}\u{1b}[0m"),
            (true, Some(400..500)) => format!("\u{1b}[33m{status}\u{1b}[0m"),
            (true, _) => format!("\u{1b}[31m{status}\u{1b}[0m"),
        };
        let error = self.error.as_deref().map(|error| format!(" {}", plain(error))).unwrap_or_default();
        let (operation, who, what) = (plain(&self.operation), plain(who), self.what());
        let (seq, service, millis) = (self.seq, self.service, took.as_millis());
        format!("{time} {seq:>4} {service:<12} {operation:<30} {who} {what} {status}{error} {millis} ms")
    }

    /// The journal's members but for the parameters, with `what`, `milliseconds`, and the machine's time as
    /// `timestamp`; `at` is the emulator's.
    pub fn to_json(&self, took: Duration) -> Result<String, serde_json::Error> {
        let line = json!({
            "timestamp": format!("{:.3}", machine_time()),
            "at": format!("{:.3}", self.at),
            "seq": self.seq,
            "service": self.service,
            "operation": self.operation,
            "principal": self.principal,
            "what": self.what(),
            "status": self.status,
            "error": self.error,
            "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
        serde_json::to_string(&line)
    }

    /// What the call is about: `acme/team npm @acme/left-pad 1.0.0`, an ARN, or the path that is none.
    fn what(&self) -> String {
        let text = |name: &str| {
            let found = self.parameters.get(name).or_else(|| self.parameters.get("body")?.get(name));
            found.and_then(Value::as_str)
        };
        let place = [text("domain"), text("repository")].into_iter().flatten().collect::<Vec<_>>().join("/");
        let package = text("package").map(|name| match (text("format"), text("namespace")) {
            (Some("npm"), Some(scope)) => format!("@{scope}/{name}"),
            (Some("maven"), Some(group)) => format!("{group}:{name}"),
            (_, Some(namespace)) => format!("{namespace}/{name}"),
            (_, None) => name.to_owned(),
        });
        let format = text("format").filter(|_| package.is_some());
        // A file is known by its content here, whatever its package calls the file.
        let is_unrouted = [UNKNOWN, UNREAD].contains(&self.operation.as_str()) || self.service == SERVICE;
        let path = ["method", "path"].into_iter().filter(|_| is_unrouted).filter_map(text);
        let all: Vec<_> = [Some(place.as_str()).filter(|place| !place.is_empty()), text("package-group")]
            .into_iter()
            .chain([format, package.as_deref(), text("version"), text("resourceArn"), text("RoleArn")])
            .flatten()
            .chain(path)
            .map(plain)
            .collect();
        if all.is_empty() { "-".into() } else { all.join(" ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(parameters: Value, status: Option<u16>) -> Entry {
        Entry {
            seq: 1,
            at: Timestamp::UNIX_EPOCH,
            service: "codeartifact",
            operation: "DescribePackage".into(),
            principal: Some("arn:aws:iam::123456789012:user/admin".into()),
            from: [127, 0, 0, 1].into(),
            parameters,
            status,
            error: status.filter(|status| *status >= 400).map(|_| "AccessDeniedException".into()),
        }
    }

    #[test]
    fn packages_are_named_as_their_format_names_them() {
        for (parameters, what) in [
            (json!({ "format": "npm", "namespace": "acme", "package": "widgets" }), "npm @acme/widgets"),
            (json!({ "format": "maven", "namespace": "org.acme", "package": "lib" }), "maven org.acme:lib"),
            (
                json!({ "format": "generic", "namespace": "ns", "package": "tool", "version": "1" }),
                "generic ns/tool 1",
            ),
            (json!({ "format": "pypi", "package": "requests" }), "pypi requests"),
            (json!({ "format": "pypi" }), "-"),
            (json!({ "method": "GET", "path": "/nope" }), "-"),
        ] {
            assert_eq!(entry(parameters, Some(200)).what(), what);
        }
        let unknown =
            Entry { operation: UNKNOWN.into(), ..entry(json!({ "method": "GET", "path": "/nope" }), None) };
        assert_eq!(unknown.what(), "GET /nope");
    }

    #[test]
    fn a_line_says_who_did_what_and_how_it_went() {
        let took = Duration::from_millis(7);
        let parameters = json!({ "domain": "acme", "repository": "team", "package": "a\n\u{1b}[2J" });
        assert_eq!(
            entry(parameters.clone(), Some(200)).line(Timestamp::UNIX_EPOCH, took, false),
            r#"00:00:00    1 codeartifact DescribePackage                user/admin acme/team "a\n\u{1b}[2J" 200 7 ms"#
        );
        assert!(
            entry(json!({}), Some(403)).to_line(took, false).ends_with(" - 403 AccessDeniedException 7 ms")
        );
        assert!(entry(json!({}), None).to_line(took, true).contains("\u{1b}[31mcut\u{1b}[0m"));
        let line: Value = serde_json::from_str(&entry(parameters, Some(200)).to_json(took).unwrap()).unwrap();
        assert_eq!(
            (&line["what"], &line["milliseconds"], &line["seq"], &line["at"]),
            (
                &json!("acme/team \"a\\n\\u{1b}[2J\""),
                &json!(7),
                &json!(1),
                &json!("1970-01-01T00:00:00.000Z")
            )
        );
    }
}
