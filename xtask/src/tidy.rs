//! The rules of this repository that no lint knows, as tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command::root;

/// A file longer than this holds more than one concept.
const LINES_MAX: usize = 600;

/// Folders that hold what tools made, at any depth.
const MADE: &[&str] = &["target", "node_modules", "__pycache__"];

/// Folders of `processors/` that are libraries of processors.
const NOT_PROCESSORS: &[&str] =
    &["aggregate", "build", "genai_prices", "normalize", "ottl", "re2", "sdk"];

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    !name.starts_with('.') && !MADE.contains(&name)
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| is_ours(path));
    paths.sort();
    paths
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in children(folder) {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Fails with every offender at once, not only with the first.
fn assert_none(rule: &str, offenders: Vec<String>) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

fn offending_sources(offends: impl Fn(&str) -> bool) -> Vec<String> {
    let sources = files(root(), "rs").into_iter();
    let text = |path: &PathBuf| fs::read_to_string(path).unwrap();
    sources.filter(|path| offends(&text(path))).map(|path| shown(&path)).collect()
}

#[test]
fn every_module_begins_by_saying_what_it_is() {
    // Cargo's own `tests/` style roots and build scripts included.
    assert_none("needs a `//!` first line", offending_sources(|text| !text.starts_with("//! ")));
}

#[test]
fn no_file_is_longer_than_one_concept() {
    let too_long = offending_sources(|text| text.lines().count() > LINES_MAX);
    assert_none("longer than 600 lines", too_long);
}

#[test]
fn no_test_is_switched_off() {
    let attribute = concat!("#[", "ignore");
    assert_none("switches tests off", offending_sources(|text| text.contains(attribute)));
}

#[test]
fn every_processor_is_documented_and_has_cases() {
    let mut missing = Vec::new();
    for processor in children(&root().join("processors")) {
        let name = processor.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !processor.is_dir() || NOT_PROCESSORS.contains(&name) {
            continue;
        }
        let needed = ["README.md", "cases", "src/lib.rs"].map(|file| processor.join(file));
        missing.extend(needed.iter().filter(|path| !path.exists()).map(|path| shown(path)));
    }
    assert_none("missing", missing);
}

#[test]
fn every_starting_configuration_is_run_by_a_test() {
    let tests: String = files(&root().join("tests"), "rs")
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let untested = files(&root().join("collector-config"), "yaml")
        .iter()
        .map(|path| shown(path))
        .filter(|path| !tests.contains(path.rsplit('/').next().unwrap()))
        .collect();
    assert_none("no test names", untested);
}

/// What a reader of ARCHITECTURE.md must find there, as paths without extension: the folders at the
/// top, the stages of the data path, the crates of `processors/`.
fn architecture() -> BTreeSet<String> {
    let mut paths: BTreeSet<String> =
        children(root()).iter().filter(|path| path.is_dir()).map(|path| shown(path)).collect();
    let binary_and_root = ["main", "lib"];
    for path in children(&root().join("host/src")) {
        let path = path.with_extension("");
        if !binary_and_root.iter().any(|name| path.ends_with(name)) {
            paths.insert(shown(&path));
        }
    }
    let crates = children(&root().join("processors"));
    paths.extend(crates.iter().filter(|path| path.is_dir()).map(|path| shown(path)));
    paths
}

/// The paths that the text names: whatever stands in backticks and begins with a folder of ours.
fn named_paths(text: &str, folders: &BTreeSet<String>) -> BTreeSet<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .filter(|quoted| {
            !quoted.contains(|char: char| char.is_whitespace() || "<*{".contains(char))
        })
        .map(|path| path.trim_end_matches('/').trim_end_matches(".rs").to_owned())
        .filter(|path| path.split('/').next().is_some_and(|first| folders.contains(first)))
        .collect()
}

#[test]
fn the_architecture_names_what_exists_and_nothing_else() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let expected = architecture();
    let named = named_paths(&text, &expected);
    let exists = |path: &str| {
        let path = root().join(path);
        path.exists() || path.with_extension("rs").exists()
    };
    let unnamed = expected.difference(&named).map(|path| format!("{path} is not named")).collect();
    assert_none("ARCHITECTURE.md", unnamed);
    let gone = named.iter().filter(|path| !exists(path)).map(|path| format!("{path} is gone"));
    assert_none("ARCHITECTURE.md", gone.collect());
}
