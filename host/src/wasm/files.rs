//! Files that guests want to read: read at the start, and again when they change.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::bindings::handler::Configuration;
use super::bindings::types::WatchedFile;
use super::call::Caller;
use super::interval::Interval;
use super::pool::Unavailable;

/// Most bytes of one file.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// How often the files are looked at.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// The files of one processor, each with what its instances have accepted last.
#[derive(Debug, Default)]
pub struct Files(Vec<File>);

#[derive(Debug)]
struct File {
    name: String,
    content: Mutex<Content>,
}

/// What a file held, and when.
#[derive(Clone, Debug)]
struct Content {
    bytes: Arc<Vec<u8>>,
    stamp: Stamp,
}

/// Time of the last change, where the file system knows it, and size.
type Stamp = (Option<SystemTime>, u64);

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot read {name}: {source}")]
    Read { name: String, source: std::io::Error },
    #[error("the processor asks for a file that the configuration does not name here")]
    NotNamed,
    #[error("{name} is larger than {} MiB", MAX_FILE_BYTES >> 20)]
    TooLarge { name: String },
}

impl Files {
    /// Reads all of them. Blocks. An error comes with the place of its file in the configuration.
    pub fn read(
        wanted: &[WatchedFile],
        configuration: &Configuration,
    ) -> Result<Self, (Vec<String>, FileError)> {
        let read = |file: &WatchedFile| {
            if !names(configuration, file) {
                return Err((file.path.clone(), FileError::NotNamed));
            }
            let content = read(&file.name).map_err(|error| (file.path.clone(), error))?;
            Ok(File { name: file.name.clone(), content: Mutex::new(content) })
        };
        wanted.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Name and content of each, for a new instance.
    pub fn contents(&self) -> impl Iterator<Item = (&str, Arc<Vec<u8>>)> {
        self.0.iter().map(|file| (file.name.as_str(), file.content().bytes))
    }
}

impl File {
    fn content(&self) -> Content {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, content: Content) {
        *self.content.lock().unwrap_or_else(PoisonError::into_inner) = content;
    }

    /// What it holds now, where that is something else, and as of when. Blocks.
    fn changed(&self) -> Option<(Stamp, Result<Content, FileError>)> {
        let old = self.content();
        let now = stamp(&self.name);
        if now.as_ref().is_ok_and(|now| *now == old.stamp) {
            return None;
        }
        match read(&self.name) {
            // Touched, but the same.
            Ok(new) if new.bytes == old.bytes => {
                self.replace(new);
                None
            }
            read => Some((now.unwrap_or_default(), read)),
        }
    }
}

/// A guest is not trusted: it gets the files that its configuration names, and no others.
fn names(configuration: &Configuration, file: &WatchedFile) -> bool {
    let text = configuration.texts.iter().find(|(path, _)| *path == file.path);
    if let Some((_, text)) = text {
        return *text == file.name;
    }
    let Ok(root) = serde_json::from_str::<Value>(&configuration.json) else { return false };
    let step = |value: &Value, key: &String| match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?).cloned(),
        value => value.get(key).cloned(),
    };
    let named = file.path.iter().try_fold(root, |value, key| step(&value, key));
    named.is_some_and(|value| value.as_str() == Some(&file.name))
}

fn stamp(name: &str) -> std::io::Result<Stamp> {
    let metadata = std::fs::metadata(name)?;
    Ok((metadata.modified().ok(), metadata.len()))
}

fn read(name: &str) -> Result<Content, FileError> {
    let failed = |source| FileError::Read { name: name.to_owned(), source };
    // Before its content: a change in between is seen at the next look.
    let stamp = stamp(name).map_err(failed)?;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(Path::new(name)).map_err(failed)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(FileError::TooLarge { name: name.to_owned() });
    }
    Ok(Content { bytes: Arc::new(bytes), stamp })
}

/// Looks at the files at intervals until the sender of `stopped` is gone.
pub async fn watch(caller: Arc<Caller>, mut stopped: watch::Receiver<()>) {
    let mut interval = Interval::new(LOOK_INTERVAL);
    // What was complained about is not complained about again at every look.
    let mut refused: Vec<Option<Stamp>> = vec![None; caller.shared.files().0.len()];
    while interval.passes(&mut stopped).await {
        for (index, refused) in refused.iter_mut().enumerate() {
            look(&caller, index, refused).await;
        }
    }
}

/// Hands a file over where it has changed, to all instances.
async fn look(caller: &Arc<Caller>, index: usize, refused: &mut Option<Stamp>) {
    let blocking = Arc::clone(caller);
    let look = move || blocking.shared.files().0[index].changed();
    let Ok(Some((now, changed))) = tokio::task::spawn_blocking(look).await else { return };
    let file = &caller.shared.files().0[index];
    if refused.replace(now) == Some(now) {
        return;
    }
    let name = &file.name;
    let content = match changed {
        Ok(content) => content,
        Err(error) => return complain(caller, &format!("{error}; the old content stays")),
    };
    // Until the new content is what new instances get: none may be made of the old one meanwhile.
    let mut kept = Vec::new();
    match hand_over(caller, name, &content, &mut kept).await {
        Ok(()) => {
            file.replace(content);
            *refused = None;
            tracing::info!(processor = caller.shared.id, "{name} has changed and is in use");
        }
        Err(HandOver::Refused(why)) => {
            complain(caller, &format!("{name}: {why}; the old content stays"));
        }
        Err(HandOver::Failed(why)) => {
            *refused = None;
            complain(caller, &format!("{name}: {why}; it will be tried again"));
        }
    }
}

/// Why a file did not reach all instances.
enum HandOver {
    /// The guest does not want it.
    Refused(String),
    /// It may another time.
    Failed(String),
}

fn complain(caller: &Caller, message: &str) {
    caller.shared.metrics.errors.inc();
    caller.shared.complain(message);
}

async fn hand_over(
    caller: &Caller,
    name: &str,
    content: &Content,
    kept: &mut Vec<OwnedSemaphorePermit>,
) -> Result<(), HandOver> {
    for pool in &caller.pools {
        let failed = |error: Unavailable| HandOver::Failed(error.to_string());
        let (leases, rest) = pool.lease_whole().await.map_err(failed)?;
        kept.push(rest);
        for mut lease in leases {
            match lease.instance().file(name, &content.bytes).await {
                Some(Err(trap)) => {
                    let message = trap.to_string();
                    lease.trapped(&trap).await;
                    return Err(HandOver::Failed(message));
                }
                Some(Ok(Err(refusal))) => {
                    lease.succeeded(caller.stateful);
                    return Err(HandOver::Refused(refusal));
                }
                Some(Ok(Ok(()))) | None => lease.succeeded(caller.stateful),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(json: &str) -> Configuration {
        Configuration {
            id: "test".to_owned(),
            json: json.to_owned(),
            texts: vec![(vec!["expanded".to_owned()], "007".to_owned())],
            hash_seed: 0,
            instances: 1,
            feeds: Vec::new(),
        }
    }

    fn wanted(path: &[&str], name: &str) -> WatchedFile {
        let path = path.iter().map(|&key| key.to_owned()).collect();
        WatchedFile { path, name: name.to_owned() }
    }

    #[test]
    fn a_guest_gets_only_the_files_that_its_configuration_names() {
        let configuration = configuration(r#"{"tables": [{"file": "a"}], "expanded": 7}"#);
        let cases: [(&[&str], &str, bool); 6] = [
            (&["tables", "0", "file"], "a", true),
            (&["tables", "0", "file"], "b", false),
            (&["tables", "1", "file"], "a", false),
            (&["expanded"], "007", true),
            (&["expanded"], "7", false),
            (&[], "a", false),
        ];
        for (path, name, expected) in cases {
            assert_eq!(names(&configuration, &wanted(path, name)), expected, "{path:?} {name}");
        }
    }

    #[test]
    fn a_file_has_changed_when_it_holds_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("table").display().to_string();
        let configuration = configuration(&serde_json::json!({"file": name}).to_string());
        let wanted = [wanted(&["file"], &name)];
        let (path, error) = Files::read(&wanted, &configuration).unwrap_err();
        assert_eq!(path, ["file"]);
        assert!(matches!(error, FileError::Read { .. }), "{error}");
        std::fs::write(&name, "one").unwrap();
        let files = Files::read(&wanted, &configuration).unwrap();
        assert!(files.0[0].changed().is_none());
        std::fs::write(&name, "three").unwrap();
        let content = files.0[0].changed().unwrap().1.unwrap();
        assert_eq!(*content.bytes, b"three");
        files.0[0].replace(content);
        assert!(files.0[0].changed().is_none());
        std::fs::remove_file(&name).unwrap();
        assert!(files.0[0].changed().unwrap().1.is_err());
    }

    #[test]
    fn a_file_of_one_byte_too_many_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let name = file.path().display().to_string();
        file.as_file().set_len(MAX_FILE_BYTES).unwrap();
        assert!(read(&name).is_ok());
        file.as_file().set_len(MAX_FILE_BYTES + 1).unwrap();
        assert!(matches!(read(&name), Err(FileError::TooLarge { .. })));
    }
}
