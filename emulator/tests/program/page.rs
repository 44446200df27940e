//! The page for users: the code that it names is there.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_place_of_an_assumption_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.with_file_name("docs").join("emulator.md")).unwrap();
    let assumptions = page.split_once("## Where the service's behaviour is not documented").unwrap().1;
    // The last cell of each row: one path or more, each in backticks.
    let rows = assumptions.lines().filter_map(|line| line.strip_suffix(" |")?.rsplit_once(" | "));
    let cells = rows.map(|(_, places)| places).filter(|cell| cell.contains('`'));
    let places: BTreeSet<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(places.len() > 20, "{places:?}");
    let missing: Vec<_> = places.iter().filter(|place| !root.join("src").join(place).exists()).collect();
    assert!(missing.is_empty(), "docs/emulator.md names {missing:?}, which emulator/src does not have");
}
