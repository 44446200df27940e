//! Templates that give what they should, and templates that must not.

mod filters;
mod hostile;

use super::*;
use crate::credential::render::{DomainKey, Entry, Login, Registry, context};

/// A token that no message may hold a piece of.
const CANARY: &str = "eyJ0canary.9f8e7d6c5b4a-zQxWvU_kPqRs";

fn registry(domain: &str, repository: &str) -> Registry {
    let host = format!("{domain}-123456789012.d.codeartifact.eu-central-1.amazonaws.com");
    let address = |format: crate::api::PackageFormat| {
        (format.as_str().to_owned(), format!("https://{host}/{}/{repository}/", format.as_str()))
    };
    Registry {
        domain: DomainKey {
            account: "default".into(),
            region: "eu-central-1".into(),
            owner: "123456789012".into(),
            domain: domain.into(),
        },
        repository: repository.into(),
        formats: vec![crate::api::Format::Npm],
        scopes: vec!["@acme".into()],
        is_private: false,
        endpoints: crate::api::PackageFormat::ALL.map(address).into(),
    }
}

fn login(token: &str) -> Login {
    Login { text: token.into(), expires: "2026-01-01T12:00:00Z".parse().unwrap() }
}

/// What templates with these keys give for registries in these domains.
fn all(templates: &[(&str, &str)], domains: &[&str], token: &str) -> Result<BTreeMap<String, String>> {
    let login = login(token);
    let registries: Vec<_> = domains
        .iter()
        .enumerate()
        .map(|(index, domain)| registry(domain, &format!("store-{index}")))
        .collect();
    let entries: Vec<_> = registries
        .iter()
        .enumerate()
        .map(|(index, registry)| Entry { index, registry, login: &login, all: &registries })
        .collect();
    let templates = templates.iter().map(|(key, source)| ((*key).to_owned(), (*source).to_owned())).collect();
    let written = Files::from([(".npmrc".to_owned(), SecretString::from("x"))]);
    let files = files(&templates, &context::of(&entries)?, &written)?;
    Ok(files
        .into_iter()
        .map(|(key, text)| (key, secrecy::ExposeSecret::expose_secret(&text).to_owned()))
        .collect())
}

/// What one template gives for one registry, or why not.
fn of(source: &str, token: &str) -> Result<String, String> {
    let mut files = all(&[("key", source)], &["acme"], token).map_err(|error| error.to_string())?;
    Ok(files.remove("key").unwrap())
}

#[test]
fn a_template_knows_the_login() {
    const HOST: &str = "acme-123456789012.d.codeartifact.eu-central-1.amazonaws.com";
    for (source, expected) in [
        ("plain", "plain".to_owned()),
        ("{{ token }}\n", "t.o-k\n".into()),
        ("{{ username }}:{{ token }}", "aws:t.o-k".into()),
        ("{{ expiration }} {{ expires_at }}", "2026-01-01T12:00:00Z 1767268800".into()),
        ("{{ registries[0].endpoints.npm }}", format!("https://{HOST}/npm/store-0/")),
        ("{{ registries[0].endpoints.pypi }}", format!("https://{HOST}/pypi/store-0/simple/")),
        ("{{ registries[0].endpoints['cargo'] }}", format!("sparse+https://{HOST}/cargo/store-0/")),
        ("{{ registries[0].publish.pypi }}", format!("https://{HOST}/pypi/store-0/")),
        ("{{ registries[0].host }}", HOST.into()),
        (
            "{% for r in registries %}{{ r.repository }} {{ r.domain }} {{ r.owner }} {{ r.region }} {{ r.token }} {{ r.expires_at }}{% endfor %}",
            "store-0 acme 123456789012 eu-central-1 t.o-k 1767268800".into(),
        ),
        (
            "{{ registries[0].scopes | join(',') }} {{ registries[0].formats | json }}",
            "@acme [\"npm\"]".into(),
        ),
        ("a\n{% if token is defined %}\nb\n{% endif %}\nc\n", "a\nb\nc\n".into()),
        ("{{ 'x' if username == 'root' }}{{ 'y' if username in ['aws', 'root'] else 'z' }}", "y".into()),
        ("{{ registries[0].publish.npm | default('none') }}", "none".into()),
        (
            "{% for f in registries[0].endpoints if f != 'npm' and f < 'h' %}{{ f }}{% if not loop.last %},{% endif %}{% endfor %}",
            "cargo,generic".into(),
        ),
        ("{{ expires_at - 60 }}", "1767268740".into()),
        ("{{ token ~ (1 + 1) }}", "t.o-k2".into()),
        ("{{ token[:3] | upper }}{{ '  a ' | trim }}{{ token | length }}", "T.Oa5".into()),
        ("{{ token | replace('.', '::') }}", "t::o-k".into()),
        ("{% raw %}{{ token }}{% endraw %}{# a comment #}", "{{ token }}".into()),
        (
            "//{{ registries[0].endpoints.npm | replace('https://', '') }}:_authToken={{ token }}",
            format!("//{HOST}/npm/store-0/:_authToken=t.o-k"),
        ),
    ] {
        assert_eq!(of(source, "t.o-k"), Ok(expected), "{source}");
    }
}

#[test]
fn tokens_of_several_domains_are_those_of_registries() {
    let domains = ["acme", "other"];
    let given =
        all(&[("key", "{% for r in registries %}{{ r.domain }}={{ r.token }};{% endfor %}")], &domains, "t");
    assert_eq!(given.unwrap()["key"], "acme=t;other=t;");
    for source in ["\n{{ token }}", "\n{{ token | json }}", "\n{{ token ~ '' }}"] {
        let error = all(&[("key", source)], &domains, "t").unwrap_err().to_string();
        assert!(error.starts_with("spec.secret.templates[\"key\"], line 2: a value is not defined here: with registries in several domains"), "{error}");
    }
    let asked = all(&[("key", "{{ token if token is defined else 'several' }}")], &domains, "t");
    assert_eq!(asked.unwrap()["key"], "several");
}

#[test]
fn a_refusal_names_field_line_cause_and_remedy() {
    for (source, expected) in [
        ("{{ token", "line 1: unexpected end of input"),
        ("a\n{{ token | b64encode }}", "line 2: there is no filter b64encode; known are json, xml"),
        ("{{ env.HOME }}", "there is no value env; known are token, username"),
        ("{% for r in registries %}{% endfor %}{{ r }}", "there is no value r; known"),
        ("{% for r in registries %}{% endfor %}{{ loop }}", "there is no value loop; known"),
        ("{{ token is sameas(1) }}", "there is no test sameas; known are defined"),
        ("{{ range(9) }}", "templates have no functions; use a filter"),
        ("{{ registries.append(1) }}", "templates have no functions"),
        ("{{ token.__class__ }}", "a value is not defined here"),
        ("{{ registries[0].secret }}", "a value is not defined here"),
        ("{{ registries }}", "only a text, a number, true and false can be printed: use a loop"),
        ("{{ none }}", "can be printed"),
        ("{% set a = 1 %}", "templates have the tags for, if and raw"),
        ("{% set a %}{% endset %}", "templates have the tags"),
        ("{% with a = 1 %}{% endwith %}", "templates have the tags"),
        ("{% filter upper %}{% endfilter %}", "templates have the tags"),
        ("{% autoescape true %}{% endautoescape %}", "templates have the tags"),
        ("{% do token.x() %}", "templates have the tags"),
        ("{% include 'x' %}", "unknown statement include; correct the syntax"),
        ("{% import 'x' as x %}", "unknown statement import"),
        ("{% from 'x' import y %}", "unknown statement from"),
        ("{% extends 'x' %}", "unknown statement extends"),
        ("{% block x %}{% endblock %}", "unknown statement block"),
        ("{% macro x() %}{% endmacro %}", "unknown statement macro"),
        ("{% call x() %}{% endcall %}", "unknown statement call"),
        ("{% for r in registries recursive %}{% endfor %}", "a loop cannot be recursive"),
        ("{% for k, v in registries %}{% endfor %}", "a loop gives one name"),
        ("{{ 'a' * 9 }}", "templates do not multiply and divide"),
        ("{{ 2 ** 9 }}", "templates do not multiply and divide"),
        ("{{ [token, token] }}", "a list holds plain texts and numbers only"),
        ("{{ (token, token) }}", "a list holds plain texts and numbers only"),
        ("{{ {'a': token} }}", "a list holds plain texts and numbers only"),
        ("{{ token | replace(from='a', to='b') }}", "an argument has neither a name nor a star"),
        ("{{ token | replace('a') }}", "a filter has too few or too many arguments"),
        ("{{ token | json(1) }}", "a filter has too few or too many arguments"),
        ("{{ token - 1 }}", "an operator or a filter does not fit the value"),
        ("{{ token | join('') }}", "the filter is for lists"),
        ("{{ registries | shell }}", "a text, a number, true or false is needed there"),
        ("{{ 1e999 | json }}", "a number is infinite"),
        ("{{ token | replace('', 'a') }}", "replace needs a text to look for"),
    ] {
        let error = of(source, CANARY).expect_err(source);
        assert!(error.starts_with("spec.secret.templates[\"key\"], line "), "{source}: {error}");
        assert!(error.contains(expected), "{source}: {error}");
    }
}

#[test]
fn a_key_is_legal_and_nobody_elses() {
    let long = "k".repeat(254);
    for (key, expected) in [
        ("", "at most 253 letters"),
        (&*long, "at most 253 letters"),
        ("a/b", "at most 253 letters"),
        ("é", "at most 253 letters"),
        (".", "does not begin with .."),
        ("..", "does not begin with .."),
        ("..data", "does not begin with .."),
        ("token", "the operator itself writes that key"),
        ("expires_at", "the operator itself writes that key"),
        ("token-previous", "the operator itself writes that key"),
        ("endpoint-npm", "the operator itself writes that key"),
        ("publish-x", "the operator itself writes that key"),
        (".npmrc", "one of the formats in spec.registries writes that key"),
    ] {
        let error = all(&[(key, "a")], &["acme"], "t").expect_err(key).to_string();
        assert!(error.starts_with("spec.secret.templates[\"") && error.contains(expected), "{key}: {error}");
    }
    for key in ["a", ".env", "a..b", "A-b_c.d", "token2", &long[1..]] {
        assert!(all(&[(key, "a")], &["acme"], "t").is_ok(), "{key}");
    }
}

#[test]
fn what_needs_no_token_is_refused_before_one_is_minted() {
    let check = |key: &str, source: &str| check(&Templates::from([(key.into(), source.into())]));
    assert!(check(".npmrc", "{{ token }}").is_ok());
    for (key, source) in [("token", "a"), ("a", "{{"), ("a", "{{ tokn }}"), ("a", "{{ token | base32 }}")] {
        assert!(check(key, source).is_err(), "{key} {source}");
    }
}

#[test]
fn all_results_together_are_bounded() {
    let big = "x".repeat(MOST_BYTES);
    let of = |keys: &[&str]| {
        let templates: Vec<_> = keys.iter().map(|key| (*key, &*big)).collect();
        all(&templates, &["acme"], "t").map(|files| files.len()).map_err(|error| error.to_string())
    };
    assert_eq!(of(&["a", "b", "c", "d"]), Ok(4));
    let error = of(&["a", "b", "c", "d", "e"]).unwrap_err();
    assert!(
        error.contains("templates[\"e\"]: with it the results of all templates have more than 256 KiB"),
        "{error}"
    );
}
