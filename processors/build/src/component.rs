//! From a core module, as a compiler leaves it, to a component.

use wit_component::ComponentEncoder;

/// The core module does not make a component: it lacks the custom section in which the bindings name
/// their world, or imports what no world offers (a WASI module, say).
#[derive(Debug, thiserror::Error)]
#[error("the module does not make a component: {0}")]
pub struct EncodeError(String);

/// Wraps a core module with embedded bindings metadata into a component, whatever language it was
/// written in.
pub fn encode(module: &[u8]) -> Result<Vec<u8>, EncodeError> {
    ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.validate(true).encode())
        // The chain is flattened: the type of wit-component's error is not part of our interface.
        .map_err(|error| EncodeError(format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn bytes_that_are_no_module_are_refused() {
        let error = encode(b"not wasm").unwrap_err().to_string();
        assert!(error.starts_with("the module does not make a component: "), "{error}");
    }
}
