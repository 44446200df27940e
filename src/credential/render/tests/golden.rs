//! Whole files of every format, compared with those in the folder `golden`: a registry without scopes, one with two, and one of another
//! domain.

use std::path::Path;

use super::*;

/// What a file can hold several of.
fn most() -> Vec<Format> {
    let one = [Format::Pip, Format::Sbt];
    Format::ALL.into_iter().filter(|format| !one.contains(format)).collect()
}

pub(super) fn three() -> [Registry; 3] {
    let scoped =
        Registry { scopes: vec!["@acme".into(), "@acme-labs".into()], ..registry("team.1/", &most(), None) };
    let other = Registry {
        domain: domain("other"),
        endpoints: endpoints("https://vpce-1.example.com", "d/other-123456789012/1-shared/"),
        is_private: true,
        ..registry("1-shared/", &most(), Some("@other"))
    };
    [registry("store/", &Format::ALL, None), scoped, other]
}

/// The files of package managers, and `plain`, which has a line for each key that is a value of its own.
fn as_files() -> BTreeMap<String, String> {
    let is_file = |key: &str| {
        let formats = Format::ALL.into_iter().filter(|format| *format != Format::Env);
        formats.flat_map(|format| usage::of(format).keys).any(|known| *known == key)
    };
    let (mut files, plain): (BTreeMap<_, _>, BTreeMap<_, _>) =
        rendered(&three(), "eyJ-t.o_k").into_iter().partition(|(key, _)| is_file(key));
    let lines: Vec<_> = plain.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
    files.insert("plain".into(), lines.concat());
    files
}

#[test]
fn every_file_is_as_it_should_be() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/credential/render/tests/golden");
    let golden =
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let files = as_files();
    assert_eq!(golden.collect::<BTreeSet<_>>(), files.keys().cloned().collect());
    for (key, text) in files {
        assert_eq!(std::fs::read_to_string(folder.join(&key)).unwrap(), text, "{key}");
    }
}

#[test]
fn each_format_adds_the_keys_that_the_table_of_formats_says() {
    let always = rendered(&[registry("store/", &[], None)], "t");
    for format in Format::ALL {
        let files = rendered(&[registry("store/", &[format], None)], "t");
        let keys: BTreeSet<_> =
            files.keys().filter(|key| !always.contains_key(*key)).map(String::as_str).collect();
        let told: BTreeSet<_> = usage::of(format).keys.iter().copied().collect();
        let named =
            |key: &&str| key.starts_with("UV_INDEX_STORE_") || key.starts_with("POETRY_HTTP_BASIC_STORE_");
        let rest: BTreeSet<_> = keys.iter().filter(|key| !named(key)).copied().collect();
        assert_eq!(rest, told, "{format:?}");
        assert_eq!(rest.len() + if format == Format::Env { 4 } else { 0 }, keys.len(), "{format:?}");
    }
}

#[test]
fn the_files_that_hold_no_secret_hold_none() {
    let files = rendered(&three(), "eyJ-t.o_k");
    for key in ["uv.toml", "codeartifact.init.gradle", "config.toml", "registries.json"] {
        assert!(!files[key].contains("eyJ") && !files[key].contains("second"), "{key}");
    }
}
