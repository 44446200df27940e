//! Arrows between folders go one way: no files of different folders use each other in a circle. Files of one folder may,
//! and a module file such as `queue.rs` belongs to its folder `queue/`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, UseTree, Visibility};

/// The source folders that are checked.
const CRATES: [&str; 2] = ["src", "emulator/src"];

type Names = Vec<String>;

#[test]
fn no_files_of_different_folders_use_each_other_in_a_circle() {
    for root in CRATES {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        let files = sources(&root);
        assert!(files.len() > 50, "{} has only {} files", root.display(), files.len());
        let circles = circles(&Program::read(&files));
        assert!(circles.is_empty(), "in {}:\n{}", root.display(), circles.join("\n"));
    }
}

#[test]
fn a_circle_is_found_whatever_leads_around_it() {
    let table: [(&str, &[(&str, &str)], &str); 8] = [
        ("none", &[("a/one.rs", "use crate::b::two::X;"), ("b/two.rs", "pub struct X;")], ""),
        (
            "direct",
            &[("a/one.rs", "use crate::b::two::X;"), ("b/two.rs", "use crate::a::one::Y;")],
            "a/one.rs -> b/two.rs -> a/one.rs",
        ),
        (
            "by super and braces",
            &[("a/one.rs", "use super::super::{b::two::X as Z};"), ("b/two.rs", "use crate::{a::{one::Y}};")],
            "a/one.rs -> b/two.rs -> a/one.rs",
        ),
        (
            "by what a folder exports",
            &[
                ("a/one.rs", "use crate::b::X;"),
                ("b/mod.rs", "mod two; pub use two::X;"),
                ("b/two.rs", "use crate::a::one::Y;"),
            ],
            "a/one.rs -> b/two.rs -> a/one.rs",
        ),
        (
            "by a glob",
            &[
                ("a/one.rs", "use crate::b::X;"),
                ("b/mod.rs", "mod two; pub use two::*;"),
                ("b/two.rs", "use crate::a::one::Y;"),
            ],
            "a/one.rs -> b/two.rs -> a/one.rs",
        ),
        (
            "over a third",
            &[
                ("a/one.rs", "use crate::b::two::X;"),
                ("b/two.rs", "use crate::c::Y;"),
                ("c.rs", "use crate::a::one;"),
            ],
            "a/one.rs -> b/two.rs -> c.rs -> a/one.rs",
        ),
        ("in one folder", &[("a/mod.rs", "use one::X;"), ("a/one.rs", "use super::Y;")], ""),
        (
            "in tests only",
            &[
                ("a/one.rs", "use crate::b::two::X;"),
                ("b/two.rs", "#[cfg(test)] mod tests { use crate::a::one::Y; }"),
            ],
            "",
        ),
    ];
    for (what, files, expected) in table {
        let parsed = files.iter().map(|(path, text)| (PathBuf::from(path), syn::parse_file(text).unwrap()));
        assert_eq!(circles(&Program::of(parsed)).join("; "), expected, "{what}");
    }
}

/// A program: its files, and what each of them uses and exports.
#[derive(Debug, Default)]
struct Program {
    files: BTreeMap<Names, PathBuf>,
    uses: BTreeMap<Names, Vec<Names>>,
    exports: BTreeMap<Names, Vec<Names>>,
    /// Modules of which another one exports everything.
    globs: BTreeMap<Names, Vec<Names>>,
}

impl Program {
    fn read(files: &[(PathBuf, PathBuf)]) -> Self {
        let parse = |path: &Path| syn::parse_file(&std::fs::read_to_string(path).unwrap()).unwrap();
        Self::of(files.iter().map(|(name, path)| (name.clone(), parse(path))))
    }

    fn of(parsed: impl Iterator<Item = (PathBuf, syn::File)>) -> Self {
        let parsed: Vec<_> = parsed.map(|(path, file)| (module(&path), path, file)).collect();
        let mut program = Self::default();
        for (module, path, _) in &parsed {
            program.files.insert(module.clone(), path.clone());
        }
        for (module, _, file) in &parsed {
            let mut reader = Reader {
                module: module.clone(),
                program: &program,
                uses: Vec::new(),
                exports: Vec::new(),
                globs: Vec::new(),
            };
            reader.visit_file(file);
            let Reader { uses, exports, globs, .. } = reader;
            program.globs.insert(module.clone(), globs);
            program.uses.insert(module.clone(), uses);
            program.exports.insert(module.clone(), exports);
        }
        program
    }

    /// The modules that may define what a path names: exports are followed.
    fn definers(&self, path: &[String], depth: usize) -> Vec<Names> {
        let module =
            (1..=path.len()).rev().map(|end| &path[..end]).find(|part| self.files.contains_key(*part));
        let Some(module) = module else { return Vec::new() };
        let Some(name) = path.get(module.len()).filter(|_| depth < 8) else { return vec![module.to_vec()] };
        let exported =
            self.exports.get(module).into_iter().flatten().find(|export| export.last() == Some(name));
        match exported {
            Some(export) if export != path => self.definers(export, depth + 1),
            _ => {
                let globs = self.globs.get(module).into_iter().flatten().cloned();
                globs.chain([module.to_vec()]).collect()
            }
        }
    }

    /// The modules that a module uses.
    fn used_by(&self, module: &Names) -> BTreeSet<Names> {
        let uses = self.uses.get(module).into_iter().flatten();
        uses.flat_map(|path| self.definers(path, 0)).filter(|used| used != module).collect()
    }

    fn folder(&self, module: &Names) -> Names {
        let has_children =
            self.files.keys().any(|other| other.len() > module.len() && other.starts_with(module));
        if has_children { module.clone() } else { module[..module.len().saturating_sub(1)].to_vec() }
    }
}

/// One circle for each group of files that use each other and lie in different folders.
fn circles(program: &Program) -> Vec<String> {
    let modules: Vec<_> = program.files.keys().filter(|module| !module.is_empty()).cloned().collect();
    let uses: BTreeMap<_, _> =
        modules.iter().map(|module| (module.clone(), program.used_by(module))).collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for module in &modules {
        if seen.contains(module) {
            continue;
        }
        let group: BTreeSet<_> = reached(module, &uses)
            .into_iter()
            .filter(|other| other == module || reached(other, &uses).contains(module))
            .collect();
        let folders: BTreeSet<_> = group.iter().map(|member| program.folder(member)).collect();
        if group.len() > 1 && folders.len() > 1 {
            let way = shortest(module, &group, &uses);
            let names: Vec<_> =
                way.iter().map(|member| program.files[member].display().to_string()).collect();
            let others = group.len() - (way.len() - 1);
            let more = if others > 0 { format!(" (and {others} more files)") } else { String::new() };
            circles.push(names.join(" -> ") + &more);
        }
        seen.extend(group);
    }
    circles
}

/// Everything that a module uses, directly or not.
fn reached(from: &Names, uses: &BTreeMap<Names, BTreeSet<Names>>) -> BTreeSet<Names> {
    let (mut found, mut next) = (BTreeSet::new(), vec![from.clone()]);
    while let Some(module) = next.pop() {
        for used in uses.get(&module).into_iter().flatten() {
            if found.insert(used.clone()) {
                next.push(used.clone());
            }
        }
    }
    found
}

/// The shortest way from a module back to it, within its group.
fn shortest(from: &Names, group: &BTreeSet<Names>, uses: &BTreeMap<Names, BTreeSet<Names>>) -> Vec<Names> {
    let mut ways = std::collections::VecDeque::from([vec![from.clone()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for used in way.last().and_then(|last| uses.get(last)).into_iter().flatten() {
            let longer = [way.as_slice(), std::slice::from_ref(used)].concat();
            if used == from {
                return longer;
            }
            if group.contains(used) && seen.insert(used.clone()) {
                ways.push_back(longer);
            }
        }
    }
    Vec::new()
}

/// The paths that one file uses and exports, all beginning at the root of the program.
struct Reader<'a> {
    module: Names,
    program: &'a Program,
    uses: Vec<Names>,
    exports: Vec<Names>,
    globs: Vec<Names>,
}

impl Reader<'_> {
    fn take(&mut self, mut path: Names, tree: &UseTree, public: bool) {
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.take(path, &part.tree, public);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.take(path.clone(), tree, public);
                }
            }
            UseTree::Name(name) if name.ident == "self" => self.add(&path, public),
            UseTree::Name(name) => self.add(&[path, vec![name.ident.to_string()]].concat(), public),
            UseTree::Rename(name) => self.add(&[path, vec![name.ident.to_string()]].concat(), public),
            UseTree::Glob(_) if public => self.globs.extend(self.absolute(&path)),
            UseTree::Glob(_) => self.add(&path, public),
        }
    }

    fn add(&mut self, path: &[String], public: bool) {
        let Some(path) = self.absolute(path) else { return };
        if public {
            self.exports.push(path);
        } else {
            self.uses.push(path);
        }
    }

    /// `None` when the path leads out of the program.
    fn absolute(&self, path: &[String]) -> Option<Names> {
        let first = path.first()?;
        if first == "crate" {
            return Some(path[1..].to_vec());
        }
        if first == "super" || first == "self" {
            let ups = path.iter().take_while(|name| *name == "super").count();
            let skipped = ups.max(1);
            let base = &self.module[..self.module.len().checked_sub(ups)?];
            return Some([base, &path[skipped..]].concat());
        }
        let child = [self.module.as_slice(), std::slice::from_ref(first)].concat();
        self.program.files.contains_key(&child).then(|| [self.module.as_slice(), path].concat())
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Use(item) if !for_tests(&item.attrs) => {
                self.take(Vec::new(), &item.tree, !matches!(item.vis, Visibility::Inherited));
            }
            Item::Mod(module) if for_tests(&module.attrs) => {}
            other => visit::visit_item(self, other),
        }
    }
}

fn for_tests(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| {
        attribute.path().is_ident("cfg")
            && matches!(&attribute.meta, Meta::List(list) if list.tokens.to_string() == "test")
    };
    attributes.iter().any(is_test)
}

/// The module of a file: `engine/queue.rs` and `engine/queue/mod.rs` are both `engine::queue`.
fn module(path: &Path) -> Names {
    let mut names: Names =
        path.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|last| last == "mod") || names == ["lib"] || names == ["main"] {
        names.pop();
    }
    names
}

/// Every source file below a folder but tests: its name there, and its path.
fn sources(root: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !["tests.rs", "main.rs"].contains(&name.as_str())
            {
                files.push((path.strip_prefix(root).unwrap().to_path_buf(), path));
            }
        }
    }
    files.sort();
    files
}
