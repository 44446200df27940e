//! Names and scopes that files cannot hold together.

use super::*;

fn of(name: &str, tail: &str, format: Format) -> Registry {
    let base = format!("https://{name}-123456789012.d.codeartifact.us-east-1.amazonaws.com");
    Registry { domain: domain(name), endpoints: endpoints(&base, tail), ..registry(tail, &[format], None) }
}

#[test]
fn two_repositories_of_one_name_are_refused_where_a_file_calls_them_by_it() {
    let by_name = [
        Format::Uv,
        Format::Poetry,
        Format::Twine,
        Format::Maven,
        Format::Gradle,
        Format::Nuget,
        Format::Cargo,
        Format::Env,
    ];
    for format in by_name {
        let error = refused(&[of("acme", "store/", format), of("other", "store/", format)], "t");
        assert!(error.starts_with("spec.registries[1].formats is "), "{error}");
        assert!(
            error.contains("second RegistryCredential") && error.contains("domain 123456789012/other"),
            "{error}"
        );
        let same = of("acme", "store/", format);
        assert_eq!(rendered(&[same.clone(), same.clone()], "t"), rendered(&[same], "t"), "{format:?}");
    }
}

#[test]
fn names_that_a_syntax_makes_the_same_are_refused() {
    for (first, second, format) in [
        ("store.x/", "store-x/", Format::Poetry),
        ("store.x/", "store-x/", Format::Cargo),
        ("store.x/", "store_x/", Format::Env),
        ("Store/", "store/", Format::Nuget),
        ("Store/", "store/", Format::Maven),
    ] {
        let error = refused(&[of("acme", first, format), of("acme", second, format)], "t");
        assert!(error.contains("would both be"), "{error}");
    }
    for format in [Format::Maven, Format::Gradle, Format::Nuget, Format::Uv, Format::Twine] {
        let files = rendered(&[of("acme", "store.x/", format), of("acme", "store-x/", format)], "t");
        assert!(
            files.values().any(|text| text.contains("store.x") && text.contains("store-x")),
            "{format:?}"
        );
    }
    let error = refused(&[of("acme", "distutils/", Format::Twine)], "t");
    assert!(error.contains("use the format pip, uv or poetry"), "{error}");
}

#[test]
fn names_become_legal_in_cargo() {
    for (repository, name) in [("store.x", "store-x"), ("1store", "_1store"), ("crates-io", "_crates-io")] {
        let files = rendered(&[of("acme", &format!("{repository}/"), Format::Cargo)], "t");
        assert!(files["config.toml"].contains(&format!("[registries.{name}]\n")), "{}", files["config.toml"]);
    }
}

#[test]
fn one_registry_is_without_a_scope_in_each_format_that_knows_scopes() {
    for format in [Format::Npm, Format::Yarn1, Format::Yarn, Format::Swift] {
        let bare = registry("store/", &[format], None);
        let error = refused(&[bare.clone(), bare], "t");
        assert!(error.starts_with("spec.registries[1].scope is left out again"), "{error}");
        assert!(error.contains(format.as_str()), "{error}");
        let scoped = registry("store/", &[format], Some("@acme"));
        let error = refused(&[scoped.clone(), scoped], "t");
        assert!(error.starts_with("spec.registries[1].scope is @acme again"), "{error}");
    }
    // What one format has twice may stand once in each of two.
    let [npm, swift] =
        [Format::Npm, Format::Swift].map(|format| registry("store/", &[format], Some("@acme")));
    assert!(rendered(&[npm, swift], "t").contains_key("registries.json"));
}

#[test]
fn a_scope_that_swift_does_not_know_is_refused_for_swift_alone() {
    for scope in ["@a.b", "@a--b", "@-a", "@a_b", &format!("@{}", "a".repeat(40))] {
        let error = refused(&[registry("store/", &[Format::Swift], Some(scope))], "t");
        assert!(
            error.starts_with(&format!("spec.registries[0].scope is {scope}: a scope of Swift")),
            "{error}"
        );
        rendered(&[registry("store/", &[Format::Npm], Some(scope))], "t");
    }
}

#[test]
fn bundler_knows_no_small_letters() {
    let behind = |name: &str, tail: &str| Registry {
        domain: domain(name),
        endpoints: endpoints(LOCAL, tail),
        ..registry(tail, &[Format::Bundler], None)
    };
    let error = refused(&[behind("acme", "Store/"), behind("other", "store/")], "t");
    assert!(error.contains("Bundler cannot tell the address of store"), "{error}");
}

#[test]
fn what_a_syntax_takes_for_a_variable_is_refused() {
    for (format, token) in [
        (Format::Npm, "se${A}cret"),
        (Format::Yarn1, "se${A}cret"),
        (Format::Yarn, "se${A}cret"),
        (Format::Maven, "se${A}cret"),
        (Format::Maven, "{secret}"),
        (Format::Nuget, "%secret%"),
        (Format::Gem, "sec\"ret"),
        (Format::Bundler, "sec\\ret"),
        (Format::Swift, "sec#ret"),
    ] {
        let error = refused(&[registry("store/", &[format], None)], token);
        assert!(error.contains("domain acme") && !error.contains("cret"), "{error}");
    }
}
