//! The table agrees with itself and with the documentation.

use super::*;

const PAGE: &str = include_str!("../../../docs/formats.md");

/// The table of the page.
fn table() -> String {
    let row = |format: Format| {
        let usage = of(format);
        let code = |text: &str| format!("`{text}`");
        let keys: Vec<_> = usage.keys.iter().map(|key| code(key)).collect();
        let variables =
            usage.variables(MOUNT).into_iter().map(|(name, value)| code(&format!("{name}={value}")));
        let links = usage.links.iter().map(|(key, path)| format!("{} to {}", code(path), code(key)));
        let ways: Vec<_> = variables.chain(links.map(|link| format!("link {link}"))).collect();
        let notes = usage.notes.join(" ");
        format!(
            "| `{}` | {} | {} | {} | {notes} |\n",
            format.as_str(),
            usage.tools,
            keys.join(" "),
            ways.join("<br>")
        )
    };
    let rows: String = Format::ALL.into_iter().map(row).collect();
    format!(
        "| format | tools | keys | how a container points at them | notes |\n|---|---|---|---|---|\n{rows}"
    )
}

#[test]
fn the_page_of_formats_has_the_table() {
    assert!(PAGE.contains(&table()), "docs/formats.md needs this table:\n{}", table());
}

#[test]
fn a_row_is_of_its_format_and_says_how_its_files_are_reached() {
    for format in Format::ALL {
        let usage = of(format);
        assert_eq!(usage.format, format);
        assert!(!usage.tools.is_empty() && !usage.keys.is_empty(), "{format:?}");
        for (key, _) in usage.links {
            assert!(usage.keys.contains(key), "{format:?}: {key}");
        }
        let reached = !usage.environment.is_empty() || !usage.links.is_empty();
        let by_variable = matches!(format, Format::Renovate | Format::Env);
        assert_eq!(reached, !by_variable, "{format:?}");
        assert!(usage.notes.iter().all(|note| note.ends_with('.') && !note.contains('|')), "{format:?}");
        // The word in `formats` is the one that the schema knows.
        assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
    }
}

#[test]
fn variables_hold_paths_below_the_mount_and_no_secret() {
    for format in Format::ALL {
        for (name, value) in of(format).variables("/somewhere") {
            assert!(value == "false" || value.contains("/somewhere"), "{name}={value}");
            assert!(!value.contains(MOUNT_WORD));
        }
    }
}
