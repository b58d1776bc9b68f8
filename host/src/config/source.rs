//! Where the text of a configuration is taken from, and how several become one tree.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::merge::{self, KEY_SEPARATOR};
use super::node::{Entry, Node, Value};
use super::origin::Origin;
use super::problems::{Problem, Report};
use super::yaml;

/// One `--config` or `--set`. Later sources win over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    /// YAML itself, with the name that stands for the file in messages.
    Yaml {
        name: String,
        text: String,
    },
    /// The environment variable that holds YAML.
    Variable(String),
    /// `a.b=c`: the key's parts are separated by dots, the value is YAML.
    Set(String),
}

impl Source {
    /// Reads the argument of `--config`: a path, or a URI with the scheme `file`, `yaml` or `env`.
    pub fn from_uri(uri: &str) -> Result<Self, SourceError> {
        match uri.split_once(':') {
            // One letter before the colon is a drive.
            Some((scheme, rest)) if scheme.len() > 1 => match scheme {
                "file" => Ok(Self::File(rest.into())),
                "env" => Ok(Self::Variable(rest.to_owned())),
                "yaml" => Ok(Self::Yaml { name: "--config yaml".into(), text: rest.to_owned() }),
                "http" | "https" => Err(SourceError::NotYet { scheme: scheme.to_owned() }),
                _ if Path::new(uri).exists() => Ok(Self::File(uri.into())),
                _ => Err(SourceError::Scheme { uri: uri.to_owned() }),
            },
            _ => Ok(Self::File(uri.into())),
        }
    }
}

/// Why an argument of `--config` names no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error("unsupported scheme on URI {uri:?}")]
    Scheme { uri: String },
    #[error("--config with the scheme {scheme:?} is not supported yet by tamis")]
    NotYet { scheme: String },
}

/// Reads and merges all sources; none when one of them could not be read.
pub(super) fn read_all(
    sources: &[Source],
    environment: &dyn Environment,
    report: &Report,
) -> Option<Node> {
    let mut tree = Node::new(Value::Map(Vec::new()), Origin::new(0, "configuration"));
    let mut all_read = true;
    for (rank, source) in sources.iter().enumerate() {
        match read(rank, source, environment) {
            Ok(node) if matches!(node.value, Value::Map(_)) => {
                if rank == 0 {
                    tree.origin = node.origin.clone();
                }
                merge::merge(&mut tree, merge::split_keys(node, 0, report));
            }
            Ok(node) if node.value == Value::Null => tree.origin = node.origin,
            Ok(node) => {
                let got = node.value.type_name();
                let message =
                    format!("retrieved value (type={got}) cannot be used as a Conf: not a map");
                report.problem(&node.origin, message);
                all_read = false;
            }
            Err(problems) => {
                for problem in problems {
                    report.problem(&problem.origin, problem.message);
                }
                all_read = false;
            }
        }
    }
    all_read.then_some(tree)
}

fn read(rank: usize, source: &Source, environment: &dyn Environment) -> Result<Node, Vec<Problem>> {
    match source {
        Source::File(path) => {
            let origin = Origin::new(rank, &path.display().to_string());
            match environment.read(path) {
                Ok(text) => yaml::parse(&text, &|line, column| origin.at(line, column)),
                Err(error) => {
                    let message = format!("unable to read the file: {error}");
                    Err(vec![Problem { origin, message }])
                }
            }
        }
        Source::Yaml { name, text } => {
            let origin = Origin::new(rank, name);
            yaml::parse(text, &|line, column| origin.at(line, column))
        }
        Source::Variable(name) => {
            let origin = Origin::new(rank, &format!("environment variable {name}"));
            match environment.variable(name) {
                Some(text) => yaml::parse(&text, &|line, column| origin.at(line, column)),
                None => {
                    let message = "the variable is not set".to_owned();
                    Err(vec![Problem { origin, message }])
                }
            }
        }
        Source::Set(assignment) => set(rank, assignment),
    }
}

fn set(rank: usize, assignment: &str) -> Result<Node, Vec<Problem>> {
    let Some((path, value)) = assignment.split_once('=') else {
        // The text may be a secret that lost its key: not quoted.
        let origin = Origin::new(rank, "--set");
        return Err(vec![Problem { origin, message: "missing equal sign".to_owned() }]);
    };
    let path = path.trim();
    let origin = Origin::new(rank, &format!("--set {path}"));
    let node = yaml::parse(value, &|_, _| origin.clone())?;
    let key = path.replace('.', KEY_SEPARATOR);
    let entry = Entry { key, origin: origin.clone(), node };
    Ok(Node::new(Value::Map(vec![entry]), origin))
}
