//! The command line.

use clap::{Parser, ValueEnum};
use codeartifact_emulator::{Options, Quotas, Rates, SignatureClock};
use std::net::SocketAddr;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  Serve on the usual port, and use it with the AWS CLI:
    codeartifact-emulator
    export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1
    export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
    aws codeartifact create-domain --domain acme

  Keep everything over restarts:
    codeartifact-emulator --state acme.state

  For clients that refuse plain http, or that keep logins by host:
    codeartifact-emulator --tls --tls-ca ca.pem --address-per-domain
    export AWS_ENDPOINT_URL=https://127.0.0.1:4566 AWS_CA_BUNDLE=ca.pem

  As strict about rates as the service, with one of them lower:
    codeartifact-emulator --throttle --rate GetAuthorizationToken=2

  Faults, the clock, the journal, principals and packages of public registries are set over HTTP,
  under /_emulator: docs/emulator.md tells how.

Exit status: 0 after SIGTERM or SIGINT, 1 when it could not start, 2 for arguments that make no sense,
130 when a second signal did not let requests finish.";

/// AWS CodeArtifact over HTTP on your own machine, as strict as the service.
///
/// It answers the CodeArtifact API, the part of STS that clients of CodeArtifact need, and what package
/// managers ask of repositories. It reaches nothing else.
#[derive(Parser)]
#[command(name = "codeartifact-emulator", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4566")]
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
    /// Give each domain a loopback address of its own, 127.0.1.1 and up, on the same port.
    #[arg(long)]
    address_per_domain: bool,
    /// How many entries a page has when a caller does not say.
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
    page_size: u16,
    /// A quota, such as domains-per-account=1000. May be repeated.
    #[arg(long = "quota", value_name = "NAME=VALUE", value_parser = quota)]
    quotas: Vec<(String, usize)>,
    /// Refuse with status 429 what comes faster than the service lets it.
    #[arg(long)]
    throttle: bool,
    /// One rate in requests per second, such as GetAuthorizationToken=40; also read, write, per-token,
    /// unauthenticated. May be repeated. Without --throttle only these hold.
    #[arg(long = "rate", value_name = "NAME=RATE", value_parser = rate)]
    rates: Vec<String>,
    /// The clock that signatures are checked by, when `POST /_emulator/clock` has moved the emulator's.
    #[arg(long, value_name = "CLOCK", default_value = "emulator")]
    signature_clock: SignatureClock,
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
    pub(crate) fn options(&self) -> anyhow::Result<Options> {
        if self.listen.ip().is_unspecified() && (self.tls || self.address_per_domain) {
            // The certificate and the addresses of domains are for one address.
            anyhow::bail!(
                "--tls and --address-per-domain need a --listen with one address, not {}",
                self.listen.ip()
            );
        }
        let mut options = Options {
            account: self.account.clone(),
            region: self.region.clone(),
            listen: self.listen,
            page_size: self.page_size.into(),
            state: self.state.clone(),
            tls: self.tls,
            address_per_domain: self.address_per_domain,
            rates: if self.throttle { Rates::of_the_service() } else { Rates::default() },
            signature_clock: self.signature_clock,
            ..Options::default()
        };
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

fn region(text: &str) -> Result<String, String> {
    let is_legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !text.is_empty() && text.bytes().all(is_legal) {
        Ok(text.into())
    } else {
        Err("no Region is called that".into())
    }
}

fn quota(text: &str) -> Result<(String, usize), String> {
    let (name, value) = text.split_once('=').ok_or("it must be NAME=VALUE")?;
    let value = value.parse().map_err(|error| format!("{value:?} is not a quota: {error}"))?;
    Quotas::default().set(name, value).map_err(|error| error.to_string())?;
    Ok((name.into(), value))
}

fn rate(text: &str) -> Result<String, String> {
    Rates::default().set(text).map_err(|error| error.to_string())?;
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for arguments in [
            &["--quota", "bogus=1"][..],
            &["--quota", "domains-per-account"],
            &["--quota", "domains-per-account=-1"],
            &["--rate", "Bogus=1"],
            &["--rate", "read=0"],
            &["--page-size", "0"],
            &["--account", "12"],
            &["--region", "US EAST"],
            &["--tls"],
            &["--tls-ca", "ca.pem"],
            &["--listen", "nowhere"],
            &["--log", "xml"],
            &["--signature-clock", "sundial"],
            &["--bogus"],
        ] {
            let parsed = Arguments::try_parse_from([&["codeartifact-emulator"], arguments].concat());
            assert_eq!(parsed.err().unwrap().exit_code(), 2, "{arguments:?}");
        }
    }

    #[test]
    fn certificates_and_addresses_of_domains_need_one_address() {
        let fits = |arguments: &[&str]| {
            let all = [&["codeartifact-emulator"], arguments].concat();
            Arguments::try_parse_from(all).unwrap().options().is_ok()
        };
        assert!(fits(&["--listen", "0.0.0.0:0"]));
        assert!(fits(&["--address-per-domain"]));
        assert!(!fits(&["--listen", "0.0.0.0:0", "--address-per-domain"]));
        assert!(!fits(&["--listen", "[::]:0", "--tls", "--tls-ca", "ca.pem"]));
    }

    #[test]
    fn rates_are_the_services_own_or_only_those_named() {
        let options = |arguments: &[&str]| {
            let all = [&["codeartifact-emulator"], arguments].concat();
            Arguments::try_parse_from(all).unwrap().options().unwrap()
        };
        assert!(format!("{:?}", options(&[]).rates) == format!("{:?}", Rates::default()));
        let one = format!("{:?}", options(&["--rate", "ListDomains=1"]).rates);
        assert!(one.contains("ListDomains") && !one.contains("write"), "{one}");
        let all = format!("{:?}", options(&["--throttle", "--rate", "ListDomains=1"]).rates);
        assert!(all.contains("ListDomains") && all.contains("write"), "{all}");
    }
}
