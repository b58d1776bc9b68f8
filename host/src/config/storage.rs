//! `file_storage`, and what refers to one.

use std::collections::BTreeSet;

use super::Config;
use super::connector::ConnectorSettings;
use super::id::ComponentId;
use super::nearest;
use super::origin::Origin;
use super::problems::Report;
use super::processor::ProcessorSettings;
use super::section::Section;
use crate::storage::settings::FileStorageSettings;

/// The component type.
pub(super) const TYPE: &str = "file_storage";

/// A component's wish to use a storage, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageReference {
    pub id: ComponentId,
    /// The keys that lead to it, for messages.
    place: String,
    origin: Origin,
}

pub(super) fn file_storage(section: Section<'_>) -> FileStorageSettings {
    let default = FileStorageSettings::default();
    let directory = section.filled("directory").map_or(default.directory, Into::into);
    let settings = FileStorageSettings {
        directory,
        create_directory: section.boolean("create_directory", default.create_directory),
        directory_permissions: permissions(&section, default.directory_permissions),
        timeout: section.duration("timeout", default.timeout),
        fsync: section.boolean("fsync", default.fsync),
        recreate: section.boolean("recreate", default.recreate),
    };
    if let Some(compaction) = section.section("compaction") {
        // Files are compacted whenever enough of them is garbage.
        compaction.without_effect(&[
            "check_interval",
            "cleanup_on_start",
            "directory",
            "max_transaction_size",
            "on_rebound",
            "on_start",
            "rebound_needed_threshold_mib",
            "rebound_trigger_threshold_mib",
        ]);
        compaction.finish();
    }
    section.finish();
    settings
}

/// An octal number in a string, as the Collector has it.
fn permissions(section: &Section<'_>, default: u32) -> u32 {
    let Some(text) = section.filled("directory_permissions") else { return default };
    match u32::from_str_radix(&text, 8) {
        Ok(mode) if mode <= 0o777 => mode,
        _ => {
            section.invalid("directory_permissions", "must be an octal number like \"0750\"");
            default
        }
    }
}

/// The storage that a section names under `storage`; none where it names none.
pub(super) fn reference(section: &Section<'_>) -> Option<StorageReference> {
    let text = section.filled("storage")?;
    let origin = section.value("storage")?.origin.clone();
    match ComponentId::parse(&text) {
        Ok(id) => Some(StorageReference { id, place: section.path_to("storage"), origin }),
        Err(error) => {
            section.decode("storage", &origin, &error.to_string());
            None
        }
    }
}

/// Complains about references that lead nowhere, or to what is not a storage that runs.
pub(super) fn check(config: &Config, declared: &BTreeSet<ComponentId>, report: &Report) {
    let running = &config.service.extensions;
    let processors = config.processors.values().filter_map(|settings| match settings {
        ProcessorSettings::Guest(guest) => Some(guest),
        _ => None,
    });
    let connectors = config.connectors.values().filter_map(|settings| match settings {
        ConnectorSettings::Guest(guest) => Some(guest),
        ConnectorSettings::Forward => None,
    });
    let references =
        processors.chain(connectors).filter_map(|guest| guest.options.storage.as_ref());
    for StorageReference { id, place, origin } in references {
        let quoted = format!("{:?}", id.to_string());
        let complaint = if !declared.contains(id) {
            let known = declared.iter().filter(|known| known.component_type() == TYPE);
            let known: Vec<String> = known.map(ToString::to_string).collect();
            let hint = nearest::hint(&id.to_string(), known.iter().map(String::as_str));
            format!("references extension {quoted} which is not configured{hint}")
        } else if id.component_type() != TYPE {
            format!("extension {quoted} is not a storage; one is of type {TYPE:?}")
        } else if !running.contains(id) {
            format!("extension {quoted} does not run: list it in service::extensions")
        } else {
            continue;
        };
        report.problem(origin, format!("{place}: {complaint}"));
    }
}
