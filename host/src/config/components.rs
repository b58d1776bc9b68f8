//! What all kinds of components share: a map from id to settings.

use std::collections::BTreeMap;

use super::id::ComponentId;
use super::nearest;
use super::origin::Origin;
use super::section::Section;

/// Ids, and where they stand.
pub(super) type Declared = BTreeMap<ComponentId, Origin>;

/// The components of one kind.
pub(super) struct Components<T> {
    pub(super) settings: BTreeMap<ComponentId, T>,
    /// Every id that stands in the file, those with broken settings included: a reference to one is
    /// not dangling.
    pub(super) declared: Declared,
}

/// Reads the section of one kind. `read` gets a component's own section and answers none for a type
/// that is not among `types`.
pub(super) fn read<'a, T>(
    root: &Section<'a>,
    kind: &'static str,
    types: &[&str],
    read: impl Fn(&ComponentId, Section<'a>) -> Option<T>,
) -> Components<T> {
    let mut components = Components { settings: BTreeMap::new(), declared: Declared::new() };
    for (id, section) in sections(root, kind, &mut components.declared) {
        let origin = section.origin();
        match read(&id, section) {
            Some(settings) => {
                components.settings.insert(id, settings);
            }
            None => root.report().problem(origin, unknown_type(kind, &id, types)),
        }
    }
    components
}

/// The ids and sections of one kind; broken ids and duplicates are reported.
pub(super) fn sections<'a>(
    root: &Section<'a>,
    kind: &'static str,
    declared: &mut Declared,
) -> Vec<(ComponentId, Section<'a>)> {
    let Some(section) = root.section(kind) else { return Vec::new() };
    let mut sections = Vec::new();
    for entry in section.entries() {
        match ComponentId::parse(&entry.key) {
            Ok(id) if !declared.contains_key(&id) => {
                declared.insert(id.clone(), entry.origin.clone());
                let own = Section::component(kind, &id.to_string(), &entry.node, root.report());
                sections.push((id, own));
            }
            Ok(id) => {
                let message =
                    format!("'{kind}' duplicate name {:?} after unmarshaling {id}", entry.key);
                root.report().problem(&entry.origin, message);
            }
            Err(error) => {
                root.report().problem(&entry.origin, format!("'{kind}' {error}"));
            }
        }
    }
    sections
}

fn unknown_type(kind: &str, id: &ComponentId, types: &[&str]) -> String {
    let unknown = id.component_type();
    if (kind, unknown) == ("exporters", "logging") {
        return format!(
            "'{kind}' the logging exporter has been deprecated, use the debug exporter instead"
        );
    }
    let valid = types.join(" ");
    let hint = nearest::hint(unknown, types.iter().copied());
    let id = id.to_string();
    format!("'{kind}' unknown type: {unknown:?} for id: {id:?} (valid values: [{valid}]){hint}")
}
