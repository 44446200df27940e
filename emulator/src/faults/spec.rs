//! One fault as it is asked for, and whether that makes sense.

use super::Effect;
use crate::call::Access;
use crate::data::names::PYPI_GET_FILE;
use crate::error::{Error, Reason, Resource, ResourceType};
use crate::{glob, times};
use http::StatusCode;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One fault as the control route takes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(default, rename = "match")]
    pub(super) matching: Match,
    fault: FaultSpec,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<u64>,
}

/// Which calls. Each member is a pattern with `*` and `?`; one left out matches all.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Match {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) repository: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) principal: Option<String>,
}

/// What goes wrong: exactly one of these members, and with `error` those that an error can have.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FaultSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<ResourceType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, deserialize_with = "times::duration", skip_serializing_if = "Option::is_none")]
    delay: Option<SignedDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect: Option<bool>,
    #[serde(default, deserialize_with = "times::duration", skip_serializing_if = "Option::is_none")]
    stale_reads: Option<SignedDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_after_write: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<bool>,
    #[serde(default, deserialize_with = "times::duration", skip_serializing_if = "Option::is_none")]
    not_yet_imported: Option<SignedDuration>,
}

impl Rule {
    /// What it does, if it makes sense among calls of these names.
    pub(super) fn effect(&self, names: &[(&str, Access)]) -> Result<Effect, String> {
        let effect = self.fault.effect()?;
        if self.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("probability must be from 0 to 1".into());
        }
        if self.times == Some(0) {
            return Err("times must be 1 or more".into());
        }
        self.matching.check(&effect, names)?;
        Ok(effect)
    }
}

impl Match {
    /// Refuse what no call of these names can ever match.
    fn check(&self, effect: &Effect, names: &[(&str, Access)]) -> Result<(), String> {
        let Some(pattern) = &self.operation else { return Ok(()) };
        let mut called = names.iter().filter(|(name, _)| glob::matches(pattern, name)).peekable();
        if called.peek().is_none() {
            return Err(format!("no operation is called {pattern:?}; docs/emulator.md lists all names"));
        }
        if called.any(|(name, access)| effect.applies(name, *access)) {
            return Ok(());
        }
        Err(match effect {
            Effect::StaleReads(_) => format!("staleReads is for reads, and {pattern:?} is none"),
            Effect::NotYetImported(_) => {
                format!("notYetImported is for {PYPI_GET_FILE}, and {pattern:?} is not it")
            }
            _ => format!("failAfterWrite is for writes, and {pattern:?} only reads"),
        })
    }
}

impl FaultSpec {
    fn effect(&self) -> Result<Effect, String> {
        self.check_company()?;
        let flag = |name: &str, flag: Option<bool>, effect: Effect| {
            flag.map(|on| if on { Ok(effect) } else { Err(format!("{name} is only true")) })
        };
        let given = [
            self.error.as_ref().map(|code| self.error(code).map(Effect::Error)),
            self.status.map(status),
            self.delay.map(delay),
            flag("disconnect", self.disconnect, Effect::Disconnect),
            self.stale_reads.map(|lag| some_time("staleReads", lag).map(Effect::StaleReads)),
            flag("failAfterWrite", self.fail_after_write, Effect::FailAfterWrite),
            flag("hold", self.hold, Effect::Hold),
            self.not_yet_imported.map(|lag| some_time("notYetImported", lag).map(Effect::NotYetImported)),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(effect), None) => effect,
            _ => Err("a fault needs exactly one of error, status, delay, disconnect, staleReads, \
                      failAfterWrite, hold, notYetImported"
                .into()),
        }
    }

    /// What an error carries makes no sense without it, or with another one.
    fn check_company(&self) -> Result<(), String> {
        let about = ["ConflictException", "ResourceNotFoundException", "ServiceQuotaExceededException"];
        let code = self.error.as_deref();
        for (name, is_given, of) in [
            ("message", self.message.is_some(), &[][..]),
            ("retryAfter", self.retry_after.is_some(), &[]),
            ("reason", self.reason.is_some(), &["ValidationException"]),
            ("resourceId", self.resource_id.is_some(), &about),
            ("resourceType", self.resource_type.is_some(), &about),
        ] {
            if is_given && code.is_none_or(|code| !of.is_empty() && !of.contains(&code)) {
                let of = if of.is_empty() { String::new() } else { format!(" {}", of.join(", ")) };
                return Err(format!("{name} goes with error{of} only"));
            }
        }
        Ok(())
    }

    fn error(&self, code: &str) -> Result<Error, String> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
        if !code.starts_with(|first: char| first.is_ascii_alphabetic()) || !code.bytes().all(is_legal) {
            return Err(format!("{code:?} is no error code, such as ThrottlingException"));
        }
        let message = self.message.clone().unwrap_or_else(|| "A fault was asked for".into());
        let mut error = Error::new(code.to_owned(), message);
        error.retry_after_seconds = self.retry_after;
        if code == "ValidationException" {
            return Ok(error.because(Some(self.reason.unwrap_or(Reason::Other))));
        }
        Ok(error.of(Resource { id: self.resource_id.clone(), kind: self.resource_type }))
    }
}

fn status(status: u16) -> Result<Effect, String> {
    let known = StatusCode::from_u16(status).ok().filter(|status| (400..=599).contains(&status.as_u16()));
    known.map(Effect::Status).ok_or_else(|| format!("status must be from 400 to 599, not {status}"))
}

fn delay(delay: SignedDuration) -> Result<Effect, String> {
    Duration::try_from(delay).map(Effect::Delay).map_err(|_| "delay must not be negative".into())
}

fn some_time(name: &str, time: SignedDuration) -> Result<SignedDuration, String> {
    if time.is_positive() { Ok(time) } else { Err(format!("{name} must be more than 0")) }
}

#[cfg(test)]
mod tests;
