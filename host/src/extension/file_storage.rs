//! `file_storage`: the storages that run, for the components that refer to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{ComponentId, Config, ExtensionSettings};
use crate::storage::{Namespace, OpenError, Storage};
use crate::telemetry::metrics::Metrics;

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
                let name = id.to_string();
                let labels = [("storage", name.as_str())];
                let help = "Bytes of the storage's files";
                let disk = metrics.gauge("tamis_storage_disk_bytes", help, &labels);
                let storage = Storage::open(settings, disk)
                    .map_err(|source| StorageStartError { id: id.clone(), source })?;
                storages.insert(id.clone(), Arc::new(storage));
            }
        }
        Ok(Self(storages))
    }

    /// Where a guest keeps what it holds; none where there is no such storage. `guest` names it among all
    /// of the configuration. Blocks.
    pub fn hold(
        &self,
        id: &ComponentId,
        guest: &str,
    ) -> Result<Option<Namespace>, StorageStartError> {
        let Some(storage) = self.0.get(id) else { return Ok(None) };
        let namespace = storage.namespace(&format!("hold/{guest}"));
        namespace.map(Some).map_err(|source| StorageStartError { id: id.clone(), source })
    }

    /// Closes them, after everything that writes to them has ended.
    pub async fn close(self) {
        let close = move || self.0.values().for_each(|storage| storage.close());
        let _ = tokio::task::spawn_blocking(close).await;
    }
}
