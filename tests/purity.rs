//! Decisions do no I/O: plans, normal forms, schedules and renderers know no client, no clock and no log. A file declares
//! its purity by the word "Pure" in its module documentation; its code, but for its tests, is parsed and held to that.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItem, Item, Meta, UseTree};

/// Paths that no pure code may begin with, imported or written out.
const IMPURE_PATHS: [&str; 21] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::sync::LazyLock",
    "std::sync::Mutex",
    "std::sync::OnceLock",
    "std::sync::RwLock",
    "std::sync::atomic",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "fastrand",
    "futures",
    "hyper_util",
    "kube::Api",
    "kube::Client",
    "tokio",
    "tracing",
];
/// Macros that print or log.
const IMPURE_MACROS: [&str; 10] =
    ["dbg", "debug", "eprint", "eprintln", "error", "info", "print", "println", "trace", "warn"];
/// Names that are impure wherever they stand in a path.
const IMPURE_NAMES: [&str; 3] = ["Client", "Clock", "KubeClient"];
/// Methods that ask for the time or send a request.
const IMPURE_METHODS: [&str; 2] = ["now", "send"];

/// Files that must declare purity, wherever they lie: the places where decisions are made.
const DECISIONS: [&str; 13] = [
    "change.rs",
    "cycle.rs",
    "endpoints.rs",
    "fair.rs",
    "grants.rs",
    "plan.rs",
    "proof.rs",
    "requeue.rs",
    "schedule.rs",
    "screen.rs",
    "state.rs",
    "summary.rs",
    "tags.rs",
];
/// Everything in this folder must declare purity.
const RENDERERS: &str = "src/credential/render";

#[test]
fn pure_files_do_no_io() {
    let files = source_files();
    let pure: Vec<_> = files.iter().filter(|(_, file)| declares_purity(file)).collect();
    assert!(pure.len() >= 25, "only {} files declare that they are pure", pure.len());
    let offences: Vec<_> = pure
        .iter()
        .flat_map(|(path, file)| {
            offences(file).into_iter().map(move |offence| format!("{}: {offence}", path.display()))
        })
        .collect();
    assert!(offences.is_empty(), "these must not be in a pure file:\n{}", offences.join("\n"));
    println!("{} files are pure", pure.len());
}

#[test]
fn where_decisions_are_made_purity_is_declared() {
    let files = source_files();
    for name in DECISIONS {
        assert!(files.iter().any(|(path, _)| path.ends_with(name)), "there is no {name} any more");
    }
    let tests = Path::new("tests.rs");
    let decides = |path: &Path| {
        DECISIONS.iter().any(|name| path.ends_with(name))
            || path.parent().is_some_and(|folder| folder.ends_with(RENDERERS)) && !path.ends_with(tests)
    };
    let silent: Vec<_> = files
        .iter()
        .filter(|(path, file)| decides(path) && !declares_purity(file))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "these must say in their documentation that they are pure: {silent:?}");
}

#[test]
fn what_is_impure_is_found_wherever_it_stands() {
    let table = [
        ("fn plan() -> u8 { 1 }", ""),
        ("async fn plan() {}", "async"),
        ("fn plan() { let later = async { 1 }; }", "async"),
        ("use std::{collections::HashMap, fs};", "std::fs"),
        ("use std::{net::{self, IpAddr}};", "std::net, std::net::IpAddr"),
        ("use tokio as runtime;", "tokio"),
        ("fn plan() { std::fs::read(\"/\"); }", "std::fs::read"),
        ("fn plan() { let at = Timestamp::now(); }", "::now"),
        ("fn plan(now: u8) -> u8 { now }", ""),
        ("fn plan(clock: &Watch) { clock.now(); }", ".now()"),
        ("fn plan() { tracing::info!(\"done\"); }", "tracing::info!"),
        ("fn plan() { println!(\"done\"); }", "println!"),
        ("struct Plan { client: aws::Client }", "Client"),
        ("impl Plan { fn send(&self) { self.call.send(); } }", ".send()"),
        ("#[cfg(test)] mod tests { use std::fs; }\nfn plan() { fastrand::u8(..); }", "fastrand::u8"),
        ("fn plan() {}\n#[cfg(test)]\nuse std::fs;", ""),
        ("impl Plan { #[cfg(test)] fn read() { std::fs::read(\"\"); } }", ""),
    ];
    for (text, expected) in table {
        let file = syn::parse_file(text).unwrap();
        assert_eq!(offences(&file).join(", "), expected, "{text}");
    }
}

/// Every source file of the operator with its syntax.
fn source_files() -> Vec<(PathBuf, syn::File)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("src")];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(root).unwrap().to_owned(), syn::parse_file(&text).unwrap()));
            }
        }
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    files
}

/// Whether the word stands in the module documentation.
fn declares_purity(file: &syn::File) -> bool {
    let says = |text: &str| text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == "Pure");
    file.attrs.iter().filter_map(documentation).any(|text| says(&text))
}

fn documentation(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(literal) = &pair.value else { return None };
    match &literal.lit {
        syn::Lit::Str(text) if pair.path.is_ident("doc") => Some(text.value()),
        _ => None,
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    let test = |attribute: &Attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    };
    attributes.iter().any(test)
}

fn offences(file: &syn::File) -> Vec<String> {
    let mut found = Offences::default();
    found.visit_file(file);
    found.0
}

#[derive(Default)]
struct Offences(Vec<String>);

impl Offences {
    fn imported(&mut self, tree: &UseTree, prefix: &str) {
        let join = |name: &syn::Ident| {
            if prefix.is_empty() { name.to_string() } else { format!("{prefix}::{name}") }
        };
        match tree {
            UseTree::Path(path) => self.imported(&path.tree, &join(&path.ident)),
            UseTree::Name(name) if name.ident == "self" => self.judge(prefix),
            UseTree::Name(name) => self.judge(&join(&name.ident)),
            UseTree::Rename(rename) => self.judge(&join(&rename.ident)),
            UseTree::Glob(_) => self.judge(prefix),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.imported(tree, prefix)),
        }
    }

    /// Notes a path that begins with what is impure, or a name that always is.
    fn judge(&mut self, path: &str) {
        let under = |impure: &str| path == impure || path.starts_with(&format!("{impure}::"));
        if IMPURE_PATHS.iter().any(|impure| under(impure)) {
            self.0.push(path.to_owned());
        } else if path.ends_with("::now") {
            self.0.push("::now".into());
        } else if let Some(name) = path.split("::").find(|name| IMPURE_NAMES.contains(name)) {
            self.0.push(name.to_owned());
        }
    }
}

impl<'ast> Visit<'ast> for Offences {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !matches!(item, ImplItem::Fn(function) if is_test(&function.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.imported(&item.tree, "");
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if signature.asyncness.is_some() {
            self.0.push("async".into());
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {
        self.0.push("async".into());
    }

    fn visit_expr_await(&mut self, _: &'ast syn::ExprAwait) {
        self.0.push(".await".into());
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if IMPURE_METHODS.iter().any(|method| call.method == method) {
            self.0.push(format!(".{}()", call.method));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let path = written(&called.path);
        if path.starts_with("tracing::") || IMPURE_MACROS.contains(&path.as_str()) {
            self.0.push(format!("{path}!"));
        }
        // The arguments of most macros are expressions.
        let arguments =
            called.parse_body_with(syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated);
        arguments.iter().flatten().for_each(|argument| self.visit_expr(argument));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.judge(&written(path));
        visit::visit_path(self, path);
    }
}

fn written(path: &syn::Path) -> String {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>().join("::")
}
