//! `file_storage`: the storages that run, for the components that refer to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{ComponentId, Config, ExtensionSettings};
use crate::storage::{Namespace, OpenError, Storage, StorageMetrics};
use crate::telemetry::metrics::Metrics;
use crate::wasm::hold::FRAGMENTS;
use crate::wasm::snapshot::PARTS;

/// Every storage that `service::extensions` lists. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Storages(BTreeMap<ComponentId, Arc<Storage>>);

/// A storage that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("extensions::{id}: {source}")]
pub struct StorageStartError {
    id: ComponentId,
    source: OpenError,
}

impl Storages {
    /// Opens them. Blocks.
    pub fn open(config: &Config, metrics: &Metrics) -> Result<Self, StorageStartError> {
        let mut storages = BTreeMap::new();
        for id in &config.service.extensions {
            if let Some(ExtensionSettings::FileStorage(settings)) = config.extensions.get(id) {
                let metrics = StorageMetrics::new(metrics, &id.to_string());
                let storage = Storage::open(settings, metrics)
                    .map_err(|source| StorageStartError { id: id.clone(), source })?;
                storages.insert(id.clone(), Arc::new(storage));
            }
        }
        Ok(Self(storages))
    }

    /// Where a guest keeps what outlives the process; none where there is no such storage. `guest` names it
    /// among all of the configuration. Blocks.
    pub fn namespace(
        &self,
        id: &ComponentId,
        guest: &str,
    ) -> Result<Option<Namespace>, StorageStartError> {
        let Some(storage) = self.0.get(id) else { return Ok(None) };
        let namespace = storage.namespace(&format!("hold/{guest}"));
        namespace.map(Some).map_err(|source| StorageStartError { id: id.clone(), source })
    }

    /// Warns about what waits in a storage for a component that there is no more: nobody will ever ask
    /// for it. To be called when all who will have asked. Blocks.
    pub fn warn_of_unused(&self) {
        for (id, storage) in &self.0 {
            for (table, what) in [(FRAGMENTS, "what is held there"), (PARTS, "the state there")] {
                let unused = storage.unused(table).unwrap_or_else(|error| {
                    tracing::warn!(storage = %id, "cannot look for what nobody uses: {error}");
                    Vec::new()
                });
                for (name, records) in unused {
                    tracing::warn!(
                        storage = %id,
                        name,
                        records,
                        "{what} is used by no processor of this configuration, and stays: give the \
                         processor and its pipeline their names back"
                    );
                }
            }
        }
    }

    /// Closes them, after everything that writes to them has ended.
    pub async fn close(self) {
        let close = move || self.0.values().for_each(|storage| storage.close());
        let _ = tokio::task::spawn_blocking(close).await;
    }
}
