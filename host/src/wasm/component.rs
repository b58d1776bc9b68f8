//! One guest's code: loaded, checked against the contract and linked, ready to instantiate.

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use super::bindings::{
    FullProcessor, handler, inspector, replayer, rewriter, snapshotter, ticker, watcher,
};
use super::state::State;

/// Namespace of the contract in import and export names.
const CONTRACT: &str = "tamis:processor/";

/// A component with the exports that it has of the contract.
pub struct Guest {
    pub pre: InstancePre<State>,
    pub handler: handler::GuestIndices,
    pub ticker: Option<ticker::GuestIndices>,
    pub replayer: Option<replayer::GuestIndices>,
    pub rewriter: Option<rewriter::GuestIndices>,
    pub watcher: Option<watcher::GuestIndices>,
    pub snapshotter: Option<snapshotter::GuestIndices>,
    pub inspector: Option<inspector::GuestIndices>,
    /// Whether it imports `hold`.
    pub holds: bool,
    /// Whether it imports `emitter`.
    pub emits: bool,
}

/// Why a component is no processor.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    #[error(
        "the component imports `{0}`; a processor runs without WASI: build it for \
         wasm32-unknown-unknown, or with WASI stubbed out (see the SDK's README)"
    )]
    Wasi(String),
    #[error("the component imports `{0}`, which this version of tamis does not offer")]
    Import(String),
    #[error(
        "the component does not export `tamis:processor/handler@0.1.0`; is it a processor, built \
         against this version of the contract?"
    )]
    NoHandler,
    #[error("the component imports `hold` but does not export `replayer`, which goes with it")]
    NoReplayer,
    #[error("the component cannot be linked: {0:#}")]
    Link(wasmtime::Error),
}

impl Guest {
    pub fn new(engine: &Engine, component: &Component) -> Result<Self, GuestError> {
        let imports = check_imports(engine, component)?;
        let mut linker = Linker::new(engine);
        FullProcessor::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)
            .map_err(GuestError::Link)?;
        let pre = linker.instantiate_pre(component).map_err(GuestError::Link)?;
        let replayer = replayer::GuestIndices::new(&pre).ok();
        let has = |interface: &str| imports.iter().any(|name| name.starts_with(interface));
        let holds = has("tamis:processor/hold");
        if holds && replayer.is_none() {
            return Err(GuestError::NoReplayer);
        }
        Ok(Self {
            handler: handler::GuestIndices::new(&pre).map_err(|_| GuestError::NoHandler)?,
            ticker: ticker::GuestIndices::new(&pre).ok(),
            replayer,
            rewriter: rewriter::GuestIndices::new(&pre).ok(),
            watcher: watcher::GuestIndices::new(&pre).ok(),
            snapshotter: snapshotter::GuestIndices::new(&pre).ok(),
            inspector: inspector::GuestIndices::new(&pre).ok(),
            emits: has("tamis:processor/emitter"),
            holds,
            pre,
        })
    }
}

/// The names of what the component imports; everything must be of the contract.
fn check_imports(engine: &Engine, component: &Component) -> Result<Vec<String>, GuestError> {
    let ty = component.component_type();
    let names: Vec<String> = ty.imports(engine).map(|(name, _)| name.to_owned()).collect();
    for name in &names {
        if name.starts_with("wasi:") {
            return Err(GuestError::Wasi(name.clone()));
        }
        if !name.starts_with(CONTRACT) {
            return Err(GuestError::Import(name.clone()));
        }
    }
    Ok(names)
}
