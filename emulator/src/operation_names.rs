//! What calls are called, in the journal and for faults.

use crate::call::{Access, UNKNOWN, UNREAD};
use crate::{assets, data, model, sts};

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, Access)> {
    let others = [(UNKNOWN, Access::Read), (UNREAD, Access::Read)];
    model::names().chain(sts::NAMES).chain(data::names()).chain(assets::NAMES).chain(others)
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn the_documentation_has_all_of_them() {
        let documentation = include_str!("../../docs/emulator.md");
        for (name, _) in all() {
            assert!(documentation.contains(&format!("`{name}`")), "{name}");
        }
    }
}
