//! Logs: JSON or text lines on standard error.

use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

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
/// `level` is a level for this program, or a list of `tracing` directives such as `info,kube=debug`.
pub fn start(format: LogFormat, level: &str) -> Result<(), StartError> {
    let lines = tracing_subscriber::fmt().with_env_filter(filter(level)?).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
        LogFormat::Text => lines.try_init(),
    }
    .map_err(StartError::Init)?;
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

/// kube logs the whole body of an answer that it cannot read, which may be a Secret.
const NO_BODIES: &str = "kube_client::client=error";

/// A bare level is ours; the libraries stay at `warn`, since their lower levels speak of each request.
fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    if level.contains(['=', ',']) {
        EnvFilter::try_new(format!("{NO_BODIES},{level}"))
    } else {
        EnvFilter::try_new(format!("warn,{NO_BODIES},codeartifact_operator={level}"))
    }
}

/// Logs where it was. A formatted message may carry data, even a token, so that only literal ones are logged.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(formatted; left out)");
    tracing::error!(location, reason = message, "panic");
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
        assert_eq!(directives("debug"), set(&[NO_BODIES, "codeartifact_operator=debug", "warn"]));
        assert_eq!(directives("info,kube=debug"), set(&[NO_BODIES, "kube=debug", "info"]));
        assert!(filter("chatty").is_err());
    }
}
