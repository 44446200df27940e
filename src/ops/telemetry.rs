//! Logs: JSON or text lines on standard error.

use std::any::Any;
use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, the event's fields at its top level.
    #[default]
    Json,
    /// For people.
    Text,
}

/// Starts logging for the whole process, and logs panics.
///
/// `level` is a level for this program, or a list of `tracing` directives such as `debug,kube_runtime=warn`. No level
/// makes a library print what it sends and receives.
pub fn start(format: LogFormat, level: &str) -> Result<(), StartError> {
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let chosen = tracing_subscriber::registry().with(filter(level)?).with(filter_fn(may_be_logged));
    match format {
        LogFormat::Json => chosen.with(lines.json().flatten_event(true).with_span_list(false)).try_init(),
        LogFormat::Text => chosen.with(lines).try_init(),
    }
    .map_err(|error| StartError::Init(error.into()))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The level cannot be read.
    #[error("log level is not a level (error, warn, info, debug, trace) nor a list of directives: {0}")]
    Level(#[from] ParseError),
    /// Something else logs already.
    #[error("logging cannot be started: {0}")]
    Init(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The targets of this program.
const OURS: &str = "codeartifact_operator";
/// What libraries may log at most: below it they print requests and answers, with the tokens and Secrets in them.
const LIBRARIES: LevelFilter = LevelFilter::INFO;
/// kube's client logs the whole body of an answer that it cannot read as a warning.
const KUBE_CLIENT: (&str, LevelFilter) = ("kube_client::client", LevelFilter::ERROR);

/// Whether a log line is allowed at all, whatever the user's directives say. A library's line that could hold a request body or
/// a header, and with it a token, is not.
fn may_be_logged(line: &Metadata<'_>) -> bool {
    *line.level() <= most(line.target())
}

/// The most that may be logged of a target.
fn most(target: &str) -> LevelFilter {
    let within = |parent: &str| {
        target.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    if within(OURS) {
        LevelFilter::TRACE
    } else if within(KUBE_CLIENT.0) {
        KUBE_CLIENT.1
    } else {
        LIBRARIES
    }
}

/// A bare level is ours; the libraries stay at `warn`, since their `info` speaks of each sign-in.
fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    if level.contains(['=', ',']) {
        EnvFilter::try_new(level)
    } else {
        EnvFilter::try_new(format!("warn,{OURS}={level}"))
    }
}

/// Logs where it was. A formatted message may carry data, even a token, so that only literal ones are logged.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(location, reason = words(panic.payload()), "panic");
}

/// The words of a panic that stand in the source.
fn words(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(formatted; left out)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_level_is_for_this_program_and_directives_are_taken_as_they_are() {
        let directives = |level| {
            let text = filter(level).map(|filter| filter.to_string()).unwrap_or_default();
            text.split(',').map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
        };
        let set = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect();
        assert_eq!(directives("debug"), set(&["codeartifact_operator=debug", "warn"]));
        assert_eq!(directives("info,kube=debug"), set(&["kube=debug", "info"]));
        assert!(filter("chatty").is_err());
    }

    #[test]
    fn a_panic_that_quotes_something_tells_where_it_was_and_nothing_else() {
        let panicked = |panic: fn()| std::panic::catch_unwind(panic).expect_err("it panics");
        let quoting = panicked(|| panic!("unexpected {}", std::hint::black_box("token-of-somebody")));
        assert_eq!(words(&*quoting), "(formatted; left out)");
        assert_eq!(words(&*panicked(|| panic!("in the source"))), "in the source");
    }

    #[test]
    fn libraries_log_no_more_than_is_known_to_hold_no_body_and_we_log_everything() {
        for (target, expected) in [
            ("codeartifact_operator", LevelFilter::TRACE),
            ("codeartifact_operator::aws::calls", LevelFilter::TRACE),
            ("codeartifact_operator_sdk", LevelFilter::INFO),
            ("aws_smithy_runtime::client::orchestrator", LevelFilter::INFO),
            ("aws_sdk_codeartifact", LevelFilter::INFO),
            ("aws_sigv4::http_request::sign", LevelFilter::INFO),
            ("h2::codec::framed_write", LevelFilter::INFO),
            ("hyper_util::client", LevelFilter::INFO),
            ("log", LevelFilter::INFO),
            ("kube_runtime::watcher", LevelFilter::INFO),
            ("kube_client::client", LevelFilter::ERROR),
            ("kube_client::client::builder", LevelFilter::ERROR),
            ("kube_client::config", LevelFilter::INFO),
        ] {
            assert_eq!(most(target), expected, "{target}");
        }
    }
}
