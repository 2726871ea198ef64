//! The structure that `docs/architecture.md` describes, held against the sources.
//!
//! A file imports another when a path in it resolves to that file. A name that `mod.rs` re-exports resolves to the file
//! that defines it, so a re-export is no import of its own. Test modules do not count.

#![expect(clippy::unwrap_used, reason = "a test: a file that cannot be read is a failure")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest import circle that is allowed, in files.
const MAX_CIRCLE: usize = 3;

type Module = Vec<String>;

/// The modules of one crate, and what each imports.
struct Crate {
    sources: BTreeMap<Module, String>,
}

impl Crate {
    fn read(folder: &Path) -> Self {
        let mut sources = BTreeMap::new();
        let mut open = vec![folder.to_path_buf()];
        while let Some(path) = open.pop() {
            for entry in fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    open.push(entry);
                } else if entry.extension().is_some_and(|ending| ending == "rs") {
                    let module = module_of(entry.strip_prefix(folder).unwrap());
                    if !module.iter().any(|part| part == "tests") {
                        sources.insert(module, code_of(&fs::read_to_string(&entry).unwrap()));
                    }
                }
            }
        }
        Self { sources }
    }

    fn imports(&self, module: &Module) -> BTreeSet<Module> {
        let code = self.sources.get(module).unwrap();
        paths_of(code)
            .iter()
            .filter_map(|path| self.resolve(module, path))
            .filter(|to| to != module)
            .collect()
    }

    /// The file that a path in `module` leads to.
    fn resolve(&self, module: &Module, path: &[String]) -> Option<Module> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Module::new(), &path[1..]),
            "self" => (module.clone(), &path[1..]),
            "super" => (module.clone(), path),
            first if self.sources.contains_key(&child(module, first)) => (module.clone(), path),
            _ => return None,
        };
        while rest.first().is_some_and(|part| part == "super") {
            at.pop();
            rest = &rest[1..];
        }
        while let Some(next) =
            rest.first().map(|part| child(&at, part)).filter(|next| self.sources.contains_key(next))
        {
            (at, rest) = (next, &rest[1..]);
        }
        let defined_in = rest.first().and_then(|name| self.re_exported(&at, name));
        Some(defined_in.unwrap_or(at))
    }

    /// The child from which `module` re-exports `name`.
    fn re_exported(&self, module: &Module, name: &str) -> Option<Module> {
        let code = self.sources.get(module)?;
        let exports = statements(code, "pub use ");
        let paths = exports.iter().flat_map(|tree| expand(tree));
        paths.filter(|path| path.len() > 1).find_map(|path| {
            let (last, from) = path.split_last()?;
            let from = if from.first()? == "self" { &from[1..] } else { from };
            let file: Module = module.iter().chain(from).cloned().collect();
            let defines = |word: &str| {
                self.sources.get(&file).is_some_and(|code| code.contains(&format!(" {word} {name}")))
            };
            let is_glob =
                last == "*" && ["struct", "enum", "fn", "const", "trait", "type"].into_iter().any(defines);
            (self.sources.contains_key(&file) && (last == name || is_glob)).then_some(file)
        })
    }

    /// The circles of imports: sets of files each of which reaches every other.
    fn circles(&self) -> Vec<Vec<Module>> {
        let imports: BTreeMap<&Module, BTreeSet<Module>> =
            self.sources.keys().map(|module| (module, self.imports(module))).collect();
        let reached: BTreeMap<&Module, BTreeSet<&Module>> =
            imports.keys().map(|module| (*module, reach(module, &imports))).collect();
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for module in imports.keys() {
            let circle: Vec<Module> = reached[module]
                .iter()
                .filter(|other| reached[**other].contains(module))
                .map(|other| (*other).clone())
                .collect();
            if circle.len() > 1 && seen.insert(circle.clone()) {
                circles.push(circle);
            }
        }
        circles
    }
}

fn reach<'m>(from: &'m Module, imports: &'m BTreeMap<&'m Module, BTreeSet<Module>>) -> BTreeSet<&'m Module> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        for next in imports.get(module).into_iter().flatten() {
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    reached
}

fn child(module: &Module, name: &str) -> Module {
    module.iter().cloned().chain([name.to_string()]).collect()
}

fn module_of(path: &Path) -> Module {
    let mut module: Module =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        module.pop();
    }
    module
}

/// A source without comments and without its test module, which comes last.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    // The parent of a module inside a file is that file.
    let is_inline = |line: &&str| line.starts_with(' ') && line.trim_start().starts_with("use super::");
    let lines = code.lines().filter(|line| !is_inline(line));
    lines.map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Every path in a source: those of `use`, one for each leaf, and those that begin with `crate`, `self` or `super`.
fn paths_of(code: &str) -> Vec<Vec<String>> {
    let exports = statements(code, "pub use ");
    let uses = statements(code, "use ").into_iter().filter(|tree| !exports.contains(tree));
    let mut paths: Vec<Vec<String>> = uses.flat_map(|tree| expand(&tree)).collect();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let path: String =
                code[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect();
            paths.push(path.split("::").filter(|part| !part.is_empty()).map(str::to_string).collect());
        }
    }
    paths
}

/// The bodies of the statements that begin a line with `keyword`, visibility aside.
fn statements(code: &str, keyword: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(keyword) {
        let before = code[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_public = before == "pub" || (before.starts_with("pub(") && before.ends_with(')'));
        if before.is_empty() || (is_public && keyword == "use ") {
            found.push(code[at + keyword.len()..].split(';').next().unwrap_or_default().to_string());
        }
    }
    found
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn expand(tree: &str) -> Vec<Vec<String>> {
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![
            path.split("::").map(|part| part.trim().to_string()).filter(|part| !part.is_empty()).collect(),
        ];
    };
    let inner = tree.get(open + 1..tree.rfind('}').unwrap_or(tree.len())).unwrap_or_default();
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, sign) in inner.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| expand(&format!("{}{}", &tree[..open], part.trim()))).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn no_import_circle_is_longer_than_three_files() {
    let mut long = String::new();
    for name in ["core/src", "sim/src", "cli/src", "firmware/src", "firmware/logic/src"] {
        for circle in Crate::read(&root().join(name)).circles() {
            let files: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
            if circle.len() > MAX_CIRCLE {
                long.push_str(&format!("{name}: {} files: {}\n", circle.len(), files.join(", ")));
            }
        }
    }
    assert!(long.is_empty(), "import circles of more than {MAX_CIRCLE} files:\n{long}");
}

/// Inside `sim`: run -> trace -> fleet -> scenario, and chip -> cost.
#[test]
fn the_simulator_depends_in_one_direction() {
    let sim = Crate::read(&root().join("sim/src"));
    let order = ["run", "trace", "fleet", "chip", "cost"];
    for module in sim.sources.keys().filter(|module| !module.is_empty()) {
        let Some(own) = order.iter().position(|name| *name == module[0]) else { continue };
        for to in sim.imports(module).iter().filter(|to| !to.is_empty()) {
            let above = order[..own].contains(&to[0].as_str());
            assert!(!above, "{} imports {}", module.join("::"), to.join("::"));
        }
    }
    for module in sim.sources.keys().filter(|module| module.first().is_some_and(|first| first == "scenario"))
    {
        for to in sim.imports(module) {
            let above = to.first().is_some_and(|first| order.contains(&first.as_str()));
            assert!(!above, "{} imports {}", module.join("::"), to.join("::"));
        }
    }
}
