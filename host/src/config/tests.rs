//! Configurations as data, and what must hold for every text.

mod expansion;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::wasm::settings::Module;

const BUILTINS: &[&str] = &["redaction"];

/// Variables and files that exist only in a test.
#[derive(Default)]
struct World {
    variables: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, String>,
}

impl Environment for World {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn yaml(text: &str) -> Source {
    Source::Yaml { name: "test.yaml".into(), text: text.into() }
}

fn load_text(text: &str) -> Result<(Config, Vec<Warning>), Problems> {
    load(&[yaml(text)], &World::default(), BUILTINS)
}

/// Each `cases/x.yaml` stands beside what comes of it: `x.ok`, the warnings and the configuration, or
/// `x.err`, the problems as they are printed. Comments at the top of a case make its world:
/// `# env NAME=value`, `# file path` (another file of the folder, readable under its name),
/// `# set a.b=c` and `# and other.yml` for further sources. `BLESS=1` writes what came out.
#[test]
fn every_case_gives_what_stands_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/cases");
    let mut wrong = String::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            count += 1;
            wrong += &check_case(&folder, &path);
        }
    }
    assert!(count > 0, "no cases in {}", folder.display());
    assert!(wrong.is_empty(), "{wrong}\nBLESS=1 accepts what came out");
}

fn check_case(folder: &Path, path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let mut world = World::default();
    let name = PathBuf::from(path.file_name().unwrap());
    let mut sources = vec![Source::File(name.clone())];
    for line in text.lines().map_while(|line| line.strip_prefix("# ")) {
        match line.split_once(' ').unwrap() {
            ("env", assignment) => {
                let (name, value) = assignment.split_once('=').unwrap();
                world.variables.insert(name.to_owned(), value.to_owned());
            }
            ("file", file) => {
                let text = std::fs::read_to_string(folder.join(file)).unwrap();
                world.files.insert(file.into(), text);
            }
            ("set", assignment) => sources.push(Source::Set(assignment.to_owned())),
            ("and", file) => sources.push(Source::File(file.into())),
            _ => {}
        }
    }
    world.files.insert(name, text);
    let (extension, other, actual) = match load(&sources, &world, BUILTINS) {
        Ok((config, warnings)) => {
            let mut out = String::new();
            for warning in warnings {
                writeln!(out, "warning: {warning}").unwrap();
            }
            writeln!(out, "{config:#?}").unwrap();
            for (id, processor) in &config.processors {
                if let ProcessorSettings::Guest(guest) = processor {
                    writeln!(out, "{id}: {} {:?}", guest.config_json(), guest.config_texts())
                        .unwrap();
                }
            }
            ("ok", "err", out)
        }
        Err(problems) => ("err", "ok", format!("{problems}\n")),
    };
    let expected = path.with_extension(extension);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&expected, actual).unwrap();
        std::fs::remove_file(path.with_extension(other)).ok();
        return String::new();
    }
    match std::fs::read_to_string(&expected) {
        Ok(expected) if expected == actual => String::new(),
        _ => format!("{} differs; came out:\n{actual}\n", expected.display()),
    }
}

/// A configuration that is complete but for what a test adds.
fn minimal(extra: &str) -> String {
    format!(
        "receivers: {{otlp: {{protocols: {{grpc: }}}}}}\nexporters: {{nop: }}\n\
         service: {{pipelines: {{traces: {{receivers: [otlp], exporters: [nop]}}}}}}\n{extra}"
    )
}

#[test]
fn an_empty_section_means_the_defaults() {
    let text = "
receivers: {otlp: {protocols: {grpc: , http: }}}
processors: {batch: , redaction: }
exporters:
  otlp: {endpoint: 'a:1', tls: , retry_on_failure: , sending_queue: }
  otlphttp: {endpoint: 'http://a'}
  debug:
extensions: {health_check: }
service:
  telemetry: {logs: , metrics: }
  pipelines: {traces: {receivers: [otlp], exporters: [debug]}}
";
    let (config, warnings) = load_text(text).unwrap();
    assert_eq!(warnings, []);
    use crate::{exporter, processor, receiver, telemetry, wasm};
    let receivers: Vec<_> = config.receivers.into_values().collect();
    let default = receiver::settings::OtlpReceiverSettings {
        grpc: Some(Default::default()),
        http: Some(Default::default()),
    };
    assert_eq!(receivers, [ReceiverSettings::Otlp(default)]);
    let exporters: Vec<_> = config.exporters.into_values().collect();
    let origin = exporters.iter().filter_map(ExporterSettings::origin).next().unwrap().clone();
    assert_eq!(origin.line(), 5);
    let tls = exporter::settings::TlsClientSettings { origin, ..Default::default() };
    let endpoint = "a:1".into();
    let grpc = exporter::settings::OtlpGrpcSettings { endpoint, tls, ..Default::default() };
    let http = exporter::settings::OtlpHttpSettings {
        endpoint: Some("http://a".into()),
        ..Default::default()
    };
    let expected = [
        ExporterSettings::Debug(Default::default()),
        ExporterSettings::OtlpGrpc(grpc),
        ExporterSettings::OtlpHttp(http),
    ];
    assert_eq!(exporters, expected);
    let mut processors = config.processors.into_values();
    let batch = processor::settings::BatchSettings::default();
    assert_eq!(processors.next(), Some(ProcessorSettings::Batch(batch)));
    let Some(ProcessorSettings::Guest(guest)) = processors.next() else { panic!() };
    assert_eq!(guest.options, wasm::settings::GuestOptions::default());
    assert_eq!(guest.module, Module::BuiltIn("redaction".into()));
    assert_eq!(guest.config_json(), "{}");
    let extensions: Vec<_> = config.extensions.into_values().collect();
    assert_eq!(extensions, [ExtensionSettings::HealthCheck(Default::default())]);
    assert_eq!(config.service.telemetry, telemetry::settings::TelemetrySettings::default());
}

#[test]
fn later_sources_win_over_earlier_ones() {
    let base = minimal("processors: {batch: {timeout: 1s, metadata_keys: [a, b]}}");
    let load_with = |sources: &[Source]| {
        let mut all = vec![yaml(&base)];
        all.extend_from_slice(sources);
        let (config, _) = load(&all, &World::default(), BUILTINS).unwrap();
        match config.processors.into_values().next() {
            Some(ProcessorSettings::Batch(batch)) => batch,
            _ => panic!("no batch"),
        }
    };
    let deep = load_with(&[yaml("processors: {batch: {send_batch_size: 5}}")]);
    assert_eq!((deep.send_batch_size, deep.timeout.as_secs(), deep.metadata_keys.len()), (5, 1, 2));
    let list = load_with(&[yaml("processors::batch::metadata_keys: [c]")]);
    assert_eq!(list.metadata_keys, ["c"]);
    let wiped = load_with(&[yaml("processors: {batch: }")]);
    assert_eq!(wiped, Default::default());
    let set = load_with(&[Source::Set("processors.batch.timeout=3s".into())]);
    assert_eq!(set.timeout.as_secs(), 3);
}

#[test]
fn a_guests_problem_is_shown_where_it_stands() {
    let text = minimal(
        "processors:
  redaction/a:
    blocked_values:
      - ok
      - '('
    summary: info
  wasm/mine:
    module: x.wasm
    config: {a: {b: 1}}
",
    );
    let (config, _) = load_text(&text).unwrap();
    let cases: &[(&str, &[&str], &str)] = &[
        ("redaction/a", &[], "5:3: processors::redaction/a: bad"),
        ("redaction/a", &["summary"], "9:14: processors::redaction/a::summary: bad"),
        ("redaction/a", &["blocked_values"], "6:5: processors::redaction/a::blocked_values: bad"),
        (
            "redaction/a",
            &["blocked_values", "1"],
            "8:9: processors::redaction/a::blocked_values::1: bad",
        ),
        ("redaction/a", &["absent"], "5:3: processors::redaction/a::absent: bad"),
        ("wasm/mine", &["a", "b"], "12:21: processors::wasm/mine::config::a::b: bad"),
    ];
    for (id, path, expected) in cases {
        let id = ComponentId::parse(id).unwrap();
        let ProcessorSettings::Guest(guest) = &config.processors[&id] else { panic!() };
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        let problem = guest_problem("processors", &id, guest, &path, "bad");
        assert_eq!(problem.to_string(), format!("test.yaml:{expected}"));
    }
}

#[test]
fn alias_bombs_and_deep_nesting_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{before}]").unwrap();
    }
    let deep = "- ".repeat(1000);
    let deep_flow = format!("a: {}{}", "[".repeat(1000), "]".repeat(1000));
    // YAML ends a key at 1,024 characters.
    let keys = format!("{}: 1", ["a"; 300].join("::"));
    let cases = [
        (bomb, "more than 100000 values, aliases expanded"),
        (deep, "nested deeper than 64 levels"),
        (deep_flow, "recursion limit exceeded"),
        (keys, "nested deeper than 64 levels"),
        ("a: &a [*a]".to_owned(), "yaml: anchor value contains itself"),
        ("a: 1\n---\nb: 2".to_owned(), "more than one document in one source"),
    ];
    for (text, expected) in cases {
        let error = load_text(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn no_secret_is_printed() {
    let text = "
exporters:
  otlp: {endpoint: 'a:1', headers: {key: s3cret}, tls: {key_pem: s3cret, cert_pem: s3cret}}
  otlphttp: {headers: {key: [s3cret]}, tls: {key_pem: {x: s3cret}}}
";
    let error = load_text(text).unwrap_err().to_string();
    assert!(!error.contains("s3cret"), "{error}");
    let (config, _) =
        load_text(&minimal("exporters::otlp: {endpoint: 'a:1', headers: {k: s3cret}}")).unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
}

/// Keys and values, separated by blanks.
const WORDS: &str = "receivers otlp protocols grpc http exporters debug service wasm pipelines \
    traces processors redaction batch timeout endpoint enabled sending_queue queue_size headers tls \
    telemetry metrics readers 0x1F -1 1e999 5s null ~ true a a/b";

/// What gives YAML and `${...}` their structure.
const MARKS: [&str; 46] = [
    "::",
    ": ",
    ":",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&a ",
    "*a",
    "<<",
    "? ",
    "| ",
    "> ",
    "|+1",
    "'",
    "\"",
    "#",
    " # ",
    "!!str ",
    "!x ",
    "%YAML",
    "---",
    "...",
    "\t",
    "@",
    "${",
    "${env:X}",
    "$$",
    "\u{feff}",
    "\u{0}",
    "\u{1F980}",
    "\r",
    "\\",
    "\\x",
    "\\uD800",
    "/",
    " ",
    "!",
    "!!int ",
    "<<: *a",
    "&b [*b]",
];

/// Pieces of YAML and of our own keys, thrown together.
fn yaml_soup() -> impl Strategy<Value = String> {
    let pieces: Vec<&str> = WORDS.split_whitespace().chain(MARKS).collect();
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![yaml_soup(), ".*", "(?s).{0,200}"]) {
        let mut world = World::default();
        world.variables.insert("X".into(), text.clone());
        let below = minimal(&format!("processors: {{redaction: {{k: '${{X}}'}}}}\n{text}"));
        for text in [text.as_str(), &below] {
            if let Err(problems) = load(&[yaml(text)], &world, BUILTINS) {
                prop_assert!(problems.iter().count() > 0);
            }
        }
    }
}

#[test]
fn an_argument_of_config_is_a_path_or_a_uri() {
    let file = |path: &str| Ok(Source::File(path.into()));
    assert_eq!(Source::from_uri("a.yaml"), file("a.yaml"));
    assert_eq!(Source::from_uri("file:/a.yaml"), file("/a.yaml"));
    assert_eq!(Source::from_uri("C:/a.yaml"), file("C:/a.yaml"));
    assert_eq!(Source::from_uri("env:X"), Ok(Source::Variable("X".into())));
    let inline = Source::Yaml { name: "--config yaml".into(), text: "a: 1".into() };
    assert_eq!(Source::from_uri("yaml:a: 1"), Ok(inline));
    assert!(matches!(Source::from_uri("https://a"), Err(SourceError::NotYet { .. })));
    assert!(matches!(Source::from_uri("s3:a"), Err(SourceError::Scheme { .. })));
}
