//! Tables of whole files, and of what must not get into one.

mod golden;
mod properties;
mod readers;
mod scoped;

use super::*;
use std::collections::BTreeSet;

use crate::credential::usage;

const URL: &str = "https://acme-123456789012.d.codeartifact.us-east-1.amazonaws.com";
const LOCAL: &str = "http://127.0.0.1:4566";

fn domain(name: &str) -> DomainKey {
    DomainKey {
        account: "default".into(),
        region: "us-east-1".into(),
        owner: "123456789012".into(),
        domain: name.into(),
    }
}

fn endpoints(base: &str, tail: &str) -> BTreeMap<String, String> {
    PackageFormat::ALL
        .map(|format| (format.as_str().into(), format!("{base}/{}/{tail}", format.as_str())))
        .into()
}

fn registry(tail: &str, formats: &[Format], scope: Option<&str>) -> Registry {
    Registry {
        domain: domain("acme"),
        repository: tail.rsplit('/').find(|part| !part.is_empty()).unwrap_or("store").into(),
        formats: formats.to_vec(),
        scopes: scope.into_iter().map(Into::into).collect(),
        endpoints: endpoints(URL, tail),
        is_private: false,
    }
}

fn logins(token: &str) -> BTreeMap<DomainKey, Login> {
    let login = |text: &str| Login { text: text.into(), expires: "2026-01-01T12:00:00Z".parse().unwrap() };
    [(domain("acme"), login(token)), (domain("other"), login("second"))].into()
}

fn rendered(registries: &[Registry], token: &str) -> BTreeMap<String, String> {
    let files = files(registries, &logins(token), &Templates::new()).unwrap();
    files.into_iter().map(|(key, text)| (key, text.expose_secret().to_owned())).collect()
}

fn refused(registries: &[Registry], token: &str) -> String {
    files(registries, &logins(token), &Templates::new()).unwrap_err().to_string()
}

fn is_address(key: &str) -> bool {
    key.starts_with("endpoint-") || key.starts_with("publish-")
}

/// Three formats of different syntax.
const THREE: [Format; 3] = [Format::Npm, Format::Pip, Format::Netrc];

#[test]
fn one_registry_gives_every_file_and_every_plain_key() {
    let expected: BTreeMap<_, _> = [
        (".npmrc", format!("registry={URL}/npm/store/\n//{}/npm/store/:_authToken=eyJ-t.o_k\n", &URL[8..])),
        (
            "pip.conf",
            format!("[global]\nindex-url = https://aws:eyJ-t.o_k@{}/pypi/store/simple/\n", &URL[8..]),
        ),
        (".netrc", format!("machine {}\nlogin aws\npassword eyJ-t.o_k\n", &URL[8..])),
        ("token", "eyJ-t.o_k".into()),
        ("password", "eyJ-t.o_k".into()),
        ("username", "aws".into()),
        ("expiration", "2026-01-01T12:00:00Z".into()),
        ("expires_at", "1767268800".into()),
        ("endpoint-npm", format!("{URL}/npm/store/")),
        ("endpoint-pypi", format!("{URL}/pypi/store/simple/")),
        ("publish-pypi", format!("{URL}/pypi/store/")),
        ("endpoint-maven", format!("{URL}/maven/store/")),
        ("endpoint-nuget", format!("{URL}/nuget/store/v3/index.json")),
        ("endpoint-generic", format!("{URL}/generic/store/")),
        ("endpoint-ruby", format!("{URL}/ruby/store/")),
        ("publish-ruby", format!("{URL}/ruby/store")),
        ("endpoint-swift", format!("{URL}/swift/store/")),
        ("endpoint-cargo", format!("sparse+{URL}/cargo/store/")),
    ]
    .map(|(key, text)| (key.to_owned(), text))
    .into();
    assert_eq!(rendered(&[registry("store/", &THREE, None)], "eyJ-t.o_k"), expected);
}

#[test]
fn only_the_files_asked_for_are_written() {
    let keys = |formats: &[Format]| {
        let keys = rendered(&[registry("store/", formats, None)], "t").into_keys();
        keys.filter(|key| !is_address(key)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(&[Format::Npm]), ".npmrc expiration expires_at password token username");
    assert_eq!(keys(&[Format::Pip]), "expiration expires_at password pip.conf token username");
    assert_eq!(keys(&[Format::Netrc]), ".netrc expiration expires_at password token username");
}

#[test]
fn an_address_is_of_the_registry_that_asks_for_the_format_and_has_no_scope() {
    let known = |tail: &str, formats: &[&str]| {
        let all = endpoints(URL, tail);
        all.into_iter().filter(|(format, _)| formats.contains(&format.as_str())).collect()
    };
    let scoped = registry("scoped/", &[Format::Npm], Some("@acme"));
    let plain = registry("plain/", &[Format::Npm], None);
    let python =
        Registry { endpoints: known("python/", &["pypi"]), ..registry("python/", &[Format::Pip], None) };
    let netrc = registry("netrc/", &[Format::Netrc], None);
    let table: [(&[&Registry], &str, Option<&str>); 8] = [
        (&[&scoped], "endpoint-npm", Some("npm/scoped/")),
        (&[&scoped, &plain], "endpoint-npm", Some("npm/plain/")),
        (&[&scoped, &python], "endpoint-npm", Some("npm/scoped/")),
        (&[&netrc, &scoped], "endpoint-npm", Some("npm/scoped/")),
        (&[&plain, &python], "endpoint-pypi", Some("pypi/python/simple/")),
        (&[&scoped, &plain], "publish-pypi", Some("pypi/plain/")),
        (&[&python], "publish-pypi", Some("pypi/python/")),
        (&[&python], "endpoint-npm", None),
    ];
    for (registries, key, expected) in table {
        let registries: Vec<_> = registries.iter().copied().cloned().collect();
        let files = rendered(&registries, "t");
        let expected = expected.map(|tail| format!("{URL}/{tail}"));
        assert_eq!(files.get(key), expected.as_ref(), "{key} of {registries:?}");
    }
}

#[test]
fn one_file_holds_all_registries_of_its_format() {
    let registries = [
        registry("store/", &THREE, None),
        registry("team/", &[Format::Npm, Format::Netrc], Some("@acme")),
        registry("team/", &[Format::Npm], Some("@acme-2")),
    ];
    let files = rendered(&registries, "t");
    let host = &URL[8..];
    assert_eq!(
        files[".npmrc"],
        format!(
            "registry={URL}/npm/store/\n@acme:registry={URL}/npm/team/\n@acme-2:registry={URL}/npm/team/\n\
             //{host}/npm/store/:_authToken=t\n//{host}/npm/team/:_authToken=t\n"
        )
    );
    assert_eq!(files[".netrc"], format!("machine {host}\nlogin aws\npassword t\n"));
    assert_eq!(files["endpoint-npm"], format!("{URL}/npm/store/"));
}

#[test]
fn several_domains_have_each_their_own_token_under_a_key_of_its_own() {
    let other = Registry {
        domain: domain("other"),
        endpoints: endpoints("https://other-123456789012.example.com", "team/"),
        ..registry("", &[Format::Npm, Format::Netrc], Some("@other"))
    };
    let files = rendered(&[registry("store/", &[Format::Npm, Format::Netrc], None), other], "t");
    assert!(files[".npmrc"].contains("/npm/store/:_authToken=t\n"));
    assert!(files[".npmrc"].contains("//other-123456789012.example.com/npm/team/:_authToken=second\n"));
    assert!(
        files[".netrc"].ends_with("machine other-123456789012.example.com\nlogin aws\npassword second\n")
    );
    let keys: Vec<_> = files.into_keys().filter(|key| !is_address(key)).collect();
    let expected = [
        ".netrc",
        ".npmrc",
        "expiration",
        "expires_at",
        "token-acme-123456789012",
        "token-other-123456789012",
        "username",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn addresses_get_their_slash_and_netrc_loses_the_port() {
    let local = |tail| Registry { endpoints: endpoints(LOCAL, tail), ..registry("", &THREE, None) };
    let files = rendered(&[local("d/acme-123456789012/store")], "t");
    assert_eq!(files, rendered(&[local("d/acme-123456789012/store/")], "t"));
    assert_eq!(files[".netrc"], "machine 127.0.0.1\nlogin aws\npassword t\n");
    assert!(files[".npmrc"].contains("//127.0.0.1:4566/npm/d/acme-123456789012/store/:_authToken=t\n"));
    assert!(
        files["pip.conf"].contains("http://aws:t@127.0.0.1:4566/pypi/d/acme-123456789012/store/simple/\n")
    );
}

#[test]
fn tokens_are_escaped_for_each_syntax() {
    let npm = |token: &str| {
        let text = rendered(&[registry("store/", &[Format::Npm], None)], token)[".npmrc"].clone();
        text.split_once("_authToken=").unwrap().1.trim_end().to_owned()
    };
    let pip = |token: &str| {
        let text = rendered(&[registry("store/", &[Format::Pip], None)], token)["pip.conf"].clone();
        text.split_once("aws:").unwrap().1.split_once('@').unwrap().0.to_owned()
    };
    for (token, in_npmrc, in_pip) in [
        ("a+b/c=", "a+b/c=", "a%2Bb%2Fc%3D"),
        ("a;b#c", r#""a;b#c""#, "a%3Bb%23c"),
        (r#"a"b\c"#, r#""a\"b\\c""#, "a%22b%5Cc"),
        ("[a]", r#""[a]""#, "%5Ba%5D"),
        ("a@b:c", r#""a@b:c""#, "a%40b%3Ac"),
        ("%41", r#""%41""#, "%2541"),
    ] {
        assert_eq!((npm(token).as_str(), pip(token).as_str()), (in_npmrc, in_pip), "{token}");
    }
}

#[test]
fn a_token_that_cannot_stand_in_a_file_is_refused_without_being_told() {
    let (any, npm, netrc) = (&THREE[..], &[Format::Npm][..], &[Format::Netrc][..]);
    for (token, formats) in [
        ("", any),
        ("se\ncret", any),
        ("se\rcret", any),
        ("se\0cret", any),
        ("se\u{85}cret", any),
        ("se${HOME}cret", npm),
        ("se cret", any),
        ("se\"cret", netrc),
        ("se\\cret", netrc),
        ("secr\u{e9}t", any),
    ] {
        let error = refused(&[registry("store/", formats, None)], token);
        assert!(error.contains("domain acme") && !error.contains("cret"), "{error}");
    }
}

#[test]
fn hostile_addresses_and_scopes_are_refused() {
    let at = |endpoint: &str| {
        let endpoints = ["npm", "pypi"].map(|format| (format.to_owned(), endpoint.to_owned())).into();
        Registry { endpoints, ..registry("", &THREE, None) }
    };
    for endpoint in [
        "https://h/npm/a\nregistry=https://evil/",
        "https://h/npm/a\r/",
        "https://h/npm/a\0/",
        "https://user@h/npm/a/",
        "https://h/npm/a/?x=y",
        "https://h/npm/a/#x",
        "https://h/npm/${HOME}/",
        "https://h/npm/%0a/",
        "https://h h/npm/a/",
        "https://h:99999/npm/a/",
        "https://h:x/npm/a/",
        "https:///npm/a/",
        "file://h/npm/a/",
        "h/npm/a/",
    ] {
        let error = refused(&[at(endpoint)], "t");
        assert!(error.contains("endpoint of spec.registries[0]") && !error.contains('\n'), "{error}");
    }
    for scope in ["acme", "@", "@a\nb", "@a:registry=https://evil/ ", "@A", "@a/b", "@${HOME}"] {
        let error = refused(&[registry("store/", &THREE, Some(scope))], "t");
        assert!(error.contains("spec.registries[0].scope") && !error.contains('\n'), "{error}");
    }
}

#[test]
fn what_a_file_cannot_hold_is_refused_with_the_remedy() {
    let pip = registry("store/", &[Format::Pip], None);
    let bare = registry("store/", &[Format::Npm], None);
    let scoped = registry("store/", &[Format::Npm], Some("@acme"));
    let netrc = |name: &str| Registry {
        domain: domain(name),
        endpoints: endpoints(LOCAL, "x/"),
        ..registry("", &[Format::Netrc], None)
    };
    for (registries, field, remedy) in [
        ([pip.clone(), pip], "spec.registries[1].formats", "second RegistryCredential"),
        ([bare.clone(), bare], "spec.registries[1].scope", "give this one a scope"),
        ([scoped.clone(), scoped], "spec.registries[1].scope", "remove one"),
        ([netrc("acme"), netrc("other")], "spec.registries[1].formats", "same host 127.0.0.1"),
    ] {
        let error = refused(&registries, "t");
        assert!(error.starts_with(field) && error.contains(remedy), "{error}");
    }
}
