//! The processors inside the binary, compiled ahead of time, and the one place that loads compiled
//! code.

use wasmtime::Engine;
use wasmtime::component::Component;

/// One built-in processor.
struct Builtin {
    /// Its YAML type name.
    name: &'static str,
    /// The component as it was before it was compiled.
    wasm: &'static [u8],
    /// Compiled for each baseline of the architecture, best first.
    compiled: &'static [&'static [u8]],
}

include!(concat!(env!("OUT_DIR"), "/builtins.rs"));

/// Other type names of the Collector's whose configuration a built-in processor reads: it goes by the name
/// in its component id.
const ALIASES: [(&str, &str); 1] = [("cardinality_guardian", "cardinality_limiter")];

/// The YAML type names of all built-in processors.
pub fn names() -> Vec<&'static str> {
    let aliases = ALIASES.iter().map(|(alias, _)| *alias);
    BUILTINS.iter().map(|builtin| builtin.name).chain(aliases).collect()
}

/// The code of a built-in processor; `None` when there is none of that name.
///
/// # Errors
///
/// What the compiler says, when no compiled form fits this CPU and compiling it here fails too.
pub fn load(engine: &Engine, name: &str) -> Option<wasmtime::Result<Component>> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    let name = alias.map_or(name, |(_, name)| name);
    let builtin = BUILTINS.iter().find(|builtin| builtin.name == name)?;
    Some(builtin.load(engine))
}

impl Builtin {
    fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        for compiled in self.compiled {
            // wasmtime refuses what was compiled for another version, other settings, or
            // instructions that this CPU does not have.
            if let Ok(component) = deserialize(engine, compiled) {
                return Ok(component);
            }
        }
        tracing::warn!(
            processor = self.name,
            "no compiled form of the processor fits this CPU; compiling it now"
        );
        Component::from_binary(engine, self.wasm)
    }
}

#[expect(unsafe_code, reason = "loading compiled code means trusting its bytes")]
fn deserialize(engine: &Engine, compiled: &'static [u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are a part of this binary: they were made by our build script with
    // `Engine::precompile_component` and nobody can have changed them since.
    unsafe { Component::deserialize(engine, compiled) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm::engine;

    #[test]
    fn every_builtin_has_a_compiled_form_that_loads_here() {
        let engine = engine::runner(1, None).unwrap();
        for builtin in BUILTINS {
            let loads = builtin.compiled.iter().any(|code| deserialize(&engine, code).is_ok());
            assert!(loads, "{}", builtin.name);
        }
    }
}
