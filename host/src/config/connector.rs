//! `connectors`: what ends pipelines and begins others.

use super::components::{self, Components};
use super::guest;
use super::section::Section;
use crate::wasm::settings::GuestSettings;

/// Guests inside the binary that make something of one signal that is worth a pipeline of another.
const BUILT_IN: [&str; 1] = ["genai_cost"];

/// A connector of a type that tamis has.
#[derive(Clone, Debug, PartialEq)]
pub enum ConnectorSettings {
    /// Hands on what it gets, to pipelines of the same signal.
    Forward,
    Guest(Box<GuestSettings>),
}

/// `builtins` are the types of the guests inside the binary.
pub(super) fn read(root: &Section<'_>, builtins: &[&str]) -> Components<ConnectorSettings> {
    let ours = BUILT_IN.into_iter().filter(|name| builtins.contains(name));
    let mut types: Vec<&str> = ["forward", guest::USER_TYPE].into_iter().chain(ours).collect();
    types.sort_unstable();
    components::read(root, "connectors", &types, |id, section| match id.component_type() {
        "forward" => {
            section.finish();
            Some(ConnectorSettings::Forward)
        }
        guest::USER_TYPE => Some(ConnectorSettings::Guest(Box::new(guest::user(section)))),
        name if types.contains(&name) => {
            Some(ConnectorSettings::Guest(Box::new(guest::built_in(name, section))))
        }
        _ => None,
    })
}
