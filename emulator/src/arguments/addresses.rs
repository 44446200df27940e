//! Arguments that decide which addresses are in answers.

use clap::Args;
use codeartifact_emulator::{Assets, Endpoints, HostName, Options, Origin};
use std::net::IpAddr;

#[derive(Args)]
pub(super) struct Addresses {
    /// Which addresses repositories have.
    #[arg(long, value_name = "KIND", default_value = "local")]
    endpoints: Endpoints,
    /// Where addresses in answers lead, whatever the `Host` of a request; for an emulator behind a proxy.
    #[arg(long, value_name = "URL", conflicts_with_all = ["address_per_domain", "trust_forwarded"])]
    public_url: Option<Origin>,
    /// Let `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-Port` of a proxy say where a request was sent.
    #[arg(long)]
    trust_forwarded: bool,
    /// Give each domain a loopback address of its own, 127.0.1.1 and up, on the same port.
    #[arg(long)]
    address_per_domain: bool,
    /// How package managers get files of packages.
    #[arg(long, value_name = "HOW", default_value = "direct")]
    assets: Assets,
    /// The port for --assets redirect, on the address of --listen; 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    assets_port: u16,
    /// The host in the addresses of files with --assets redirect, such as a second name that the container has for others.
    #[arg(long, value_name = "NAME")]
    assets_host: Option<HostName>,
}

impl Addresses {
    /// The default options with these arguments.
    pub(super) fn options(&self) -> Options {
        Options {
            address_per_domain: self.address_per_domain,
            assets: self.assets,
            assets_port: self.assets_port,
            assets_host: self.assets_host.clone(),
            endpoints: self.endpoints,
            public_url: self.public_url.clone(),
            trust_forwarded: self.trust_forwarded,
            ..Options::default()
        }
    }

    /// Why these arguments make no sense together. clap refuses the pairs that make none whatever their values.
    pub(super) fn contradiction(&self, listen: IpAddr) -> Option<&'static str> {
        let is_aws = self.endpoints == Endpoints::Aws;
        let contradictions = [
            (
                self.address_per_domain && listen.is_unspecified(),
                "--address-per-domain needs a --listen with one address: each domain has another",
            ),
            (
                self.address_per_domain && is_aws,
                "--address-per-domain is of no use with --endpoints aws, which names no address of a domain",
            ),
            (
                self.assets == Assets::Direct && (self.assets_port != 0 || self.assets_host.is_some()),
                "--assets-port and --assets-host are of no use without --assets redirect",
            ),
            (
                self.public_url.is_some() && is_aws,
                "--public-url is of no use with --endpoints aws, which names the service's own addresses",
            ),
        ];
        contradictions.into_iter().find_map(|(is_so, why)| is_so.then_some(why))
    }
}

#[cfg(test)]
mod tests {
    use crate::arguments::Arguments;
    use clap::Parser;

    #[test]
    fn what_makes_no_sense_together_is_refused() {
        for (arguments, expected) in [
            (&["--listen", "0.0.0.0:0"][..], None),
            (&["--address-per-domain"], None),
            (&["--listen", "[::]:0", "--tls", "--tls-ca", "ca.pem"], None),
            (&["--endpoints", "aws", "--trust-forwarded"], None),
            (&["--listen", "0.0.0.0:0", "--address-per-domain"], Some("--listen")),
            (&["--endpoints", "aws", "--address-per-domain"], Some("--endpoints aws")),
            (&["--endpoints", "aws", "--public-url", "http://host"], Some("--endpoints aws")),
            (&["--assets-port", "4567"], Some("--assets redirect")),
            (&["--assets", "direct", "--assets-host", "s3"], Some("--assets redirect")),
            (&["--assets", "redirect", "--assets-port", "4567"], None),
        ] {
            let all = [&["codeartifact-emulator"], arguments].concat();
            let parsed = Arguments::try_parse_from(all).unwrap();
            let why = parsed.addresses.contradiction(parsed.listen.ip());
            let is_as_expected = match (why, expected) {
                (Some(why), Some(expected)) => why.contains(expected),
                (why, expected) => why.is_none() && expected.is_none(),
            };
            assert!(is_as_expected, "{arguments:?}: {why:?}");
        }
    }
}
