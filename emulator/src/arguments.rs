//! The command line.

mod addresses;

use addresses::Addresses;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use codeartifact_emulator::{HostName, Options, Quotas, Rates, SignatureClock, TokenTexts};
use jiff::SignedDuration;
use std::net::SocketAddr;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  Serve on the usual port, and use it with the AWS CLI:
    codeartifact-emulator
    export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
    export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
    aws codeartifact create-domain --domain acme

  Keep everything over restarts:
    codeartifact-emulator --state acme.state

  For clients that refuse plain http, or that keep logins by host:
    codeartifact-emulator --tls --tls-ca ca.pem --address-per-domain
    export AWS_ENDPOINT_URL=https://127.0.0.1:4566 AWS_CA_BUNDLE=ca.pem

  Files of packages from another port at signed addresses, as the service sends clients to S3:
    codeartifact-emulator --assets redirect --assets-port 4567

  As strict about rates as the service, with one of them lower:
    codeartifact-emulator --throttle --rate GetAuthorizationToken=2

  Faults, the clock, the journal, principals and packages of public registries are set over HTTP,
  under /_emulator: docs/emulator.md tells how.

SIGTERM and SIGINT end it: requests under way have 5 s, a second signal cuts them off.

Exit status: 0 after SIGTERM or SIGINT, 1 when it could not start, 2 for arguments that make no sense,
130 when a second signal did not let requests finish.";

/// AWS CodeArtifact over HTTP on your own machine, as strict as the service.
///
/// It answers the CodeArtifact API, the part of STS that clients of CodeArtifact need, and what package
/// managers ask of repositories. It reaches nothing else.
#[derive(Parser)]
#[command(name = "codeartifact-emulator", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Where to listen; port 0 picks a free one. `localhost` is 127.0.0.1.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4566", value_parser = listen)]
    listen: SocketAddr,
    /// The account of the administrator (access key `test`, secret `test`).
    #[arg(long, value_name = "NUMBER", default_value = "123456789012", value_parser = account)]
    account: String,
    /// The Region that is served.
    #[arg(long, default_value = "us-east-1", value_parser = region)]
    region: String,
    /// Keep everything in this file; it is made when it is not there. Without it all is forgotten at the end.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Serve https, with a certificate made at the start.
    #[arg(long, requires = "tls_ca")]
    tls: bool,
    /// Where to write the certificate that clients have to trust.
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// A name or an address that the certificate is good for, besides `localhost`, the address of --listen and the
    /// service's own names; such as the name that a container has for others. May be repeated.
    #[arg(long = "tls-name", value_name = "NAME", requires = "tls")]
    tls_names: Vec<HostName>,
    #[command(flatten)]
    addresses: Addresses,
    /// How many entries a page has when a caller does not say, from 1 to 1000.
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
    page_size: u16,
    /// A quota, such as domains-per-account=1000; also repositories-per-domain, upstreams-per-repository,
    /// upstreams-searched, tags-per-resource, assets-per-package-version, asset-size-bytes. May be repeated.
    #[arg(long = "quota", value_name = "NAME=VALUE", value_parser = quota)]
    quotas: Vec<(String, usize)>,
    /// Refuse with status 429 what comes faster than the service lets it.
    #[arg(long)]
    throttle: bool,
    /// One rate in requests per second, such as GetAuthorizationToken=40; also read, write, per-token,
    /// unauthenticated; from 1 to 4294967295. May be repeated. Without --throttle only these hold.
    #[arg(long = "rate", value_name = "NAME=RATE", value_parser = rate)]
    rates: Vec<String>,
    /// The clock that signatures are checked by, when `POST /_emulator/clock` has moved the emulator's.
    #[arg(long, value_name = "CLOCK", default_value = "emulator")]
    signature_clock: SignatureClock,
    /// How long a change of a public registry (`PUT /_emulator/seed`) is not seen, such as 30m, by the emulator's
    /// clock.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = delay)]
    registry_lag: SignedDuration,
    /// How long the API does not show a version that was fetched from a public registry, such as 3m, by the
    /// emulator's clock.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = delay)]
    ingest_delay: SignedDuration,
    /// One line for each request, on standard error; `text` on a terminal, else `off`.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log: Option<LogFormat>,
}

/// How requests are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
    Off,
}

impl Arguments {
    /// The arguments of this process. The process ends here when they make no sense.
    pub(crate) fn of_process() -> Self {
        let arguments = Self::parse();
        if let Some(why) = arguments.addresses.contradiction(arguments.listen.ip()) {
            Self::command().error(ErrorKind::ArgumentConflict, why).exit();
        }
        arguments
    }

    pub(crate) fn options(&self) -> anyhow::Result<Options> {
        let mut options = Options {
            account: self.account.clone(),
            region: self.region.clone(),
            listen: self.listen,
            page_size: self.page_size.into(),
            state: self.state.clone(),
            tls: self.tls,
            tls_names: self.tls_names.clone(),
            rates: if self.throttle { Rates::of_the_service() } else { Rates::default() },
            signature_clock: self.signature_clock,
            token_texts: TokenTexts::Forgotten,
            registry_lag: self.registry_lag,
            ingest_delay: self.ingest_delay,
            ..self.addresses.options()
        };
        options.quotas.assets_per_package_version = Quotas::assets_in(&self.region);
        for (name, value) in &self.quotas {
            options.quotas.set(name, *value)?;
        }
        for rate in &self.rates {
            options.rates.set(rate)?;
        }
        Ok(options)
    }
}

fn account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(text.into()) } else { Err("an account has twelve digits".into()) }
}

/// No name but `localhost` is looked up.
fn listen(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let parsed = local.as_deref().unwrap_or(text).parse();
    parsed.map_err(|_| "it must be ADDRESS:PORT, such as 127.0.0.1:4566, localhost:0 or [::1]:4566".into())
}

/// Words and a number, such as `us-east-1` and `us-gov-west-1`.
fn region(text: &str) -> Result<String, String> {
    let is_word = |part: &&str| part.len() > 1 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number =
        |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = text.split('-').collect();
    match parts.split_last() {
        Some((number, words)) if words.len() > 1 && words.iter().all(is_word) && is_number(number) => {
            Ok(text.into())
        }
        _ => Err("no Region is called that; one is us-east-1".into()),
    }
}

fn delay(text: &str) -> Result<SignedDuration, String> {
    let parsed: Option<SignedDuration> = text.parse().ok();
    parsed
        .filter(|delay| !delay.is_negative())
        .ok_or_else(|| "it must be a duration in hours and less, such as 3m or 1h30m".into())
}

fn quota(text: &str) -> Result<(String, usize), String> {
    let (name, value) = text.split_once('=').ok_or("it must be NAME=VALUE")?;
    let parsed = value.parse();
    Quotas::default().set(name, parsed.clone().unwrap_or_default()).map_err(|error| error.to_string())?;
    let kind = if name.ends_with("-bytes") { "in bytes, without a unit" } else { "a whole number" };
    let value = parsed.map_err(|_| format!("{value:?} is not a quota: {name} is {kind}"))?;
    Ok((name.into(), value))
}

fn rate(text: &str) -> Result<String, String> {
    Rates::default().set(text).map_err(|error| error.to_string())?;
    Ok(text.into())
}

#[cfg(test)]
mod tests;
