//! What is taken and refused on the command line.

use super::*;

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
        &["--region", "mars"],
        &["--region", "us-east"],
        &["--region", "us--1"],
        &["--region", "us-east-1a"],
        &["--tls"],
        &["--tls-ca", "ca.pem"],
        &["--listen", "nowhere"],
        &["--listen", "4566"],
        &["--listen", "localhost"],
        &["--log", "xml"],
        &["--assets", "elsewhere"],
        &["--assets", "redirect", "--assets-port", "65536"],
        &["--signature-clock", "sundial"],
        &["--endpoints", "moon"],
        &["--public-url", "packages.example.com"],
        &["--public-url", "http://host/path"],
        &["--public-url", "http://host", "--address-per-domain"],
        &["--public-url", "http://host", "--trust-forwarded"],
        &["--tls-name", "codeartifact"],
        &["--tls", "--tls-ca", "ca.pem", "--tls-name", "a b"],
        &["--registry-lag", "soon"],
        &["--registry-lag", "-1s"],
        &["--ingest-delay", "1d"],
        &["--bogus"],
    ] {
        let parsed = Arguments::try_parse_from([&["codeartifact-emulator"], arguments].concat());
        assert_eq!(parsed.err().unwrap().exit_code(), 2, "{arguments:?}");
    }
}

#[test]
fn regions_and_addresses_are_taken_in_every_form() {
    for name in ["us-east-1", "ap-southeast-2", "us-gov-west-1", "eusc-de-east-1", "us-isob-east-1"] {
        assert_eq!(region(name).as_deref(), Ok(name));
    }
    for (text, address) in
        [("localhost:1", "127.0.0.1:1"), ("[::1]:2", "[::1]:2"), ("0.0.0.0:3", "0.0.0.0:3")]
    {
        assert_eq!(listen(text).unwrap().to_string(), address);
    }
}

#[test]
fn a_version_has_as_many_assets_as_its_region_lets_it() {
    for (arguments, assets) in [
        (&[][..], 350),
        (&["--region", "eu-west-3"], 350),
        (&["--region", "eu-west-2"], 150),
        (&["--region", "eu-west-2", "--quota", "assets-per-package-version=9"], 9),
    ] {
        let all = [&["codeartifact-emulator"], arguments].concat();
        let options = Arguments::try_parse_from(all).unwrap().options().unwrap();
        assert_eq!(options.quotas.assets_per_package_version, assets, "{arguments:?}");
    }
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
