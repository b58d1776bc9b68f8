//! Builds guests: finds a Rust toolchain that can compile to WebAssembly, compiles a crate with it and
//! wraps the result into a component.
//!
//! Called from build scripts, so nothing of the outer cargo may leak into the inner one (see
//! [`environment`]), and from `xtask` and the tests. A guest is a crate of crate-type `cdylib` that
//! uses the SDK's `export!`; it ends as one component whose only imports are those of `wit/`.
//!
//! ```no_run
//! use tamis_guest_build::{Guest, Profile, Toolchain};
//!
//! let guest = Guest {
//!     manifest: "processors/redaction/Cargo.toml".into(),
//!     features: Vec::new(),
//!     profile: Profile::Optimised,
//!     target_dir: "target/guests".into(),
//! };
//! let component = Toolchain::find()?.build(&guest)?;
//! std::fs::write("redaction.wasm", component.bytes)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod component;
mod dep_info;
mod environment;
mod guest;
mod toolchain;

pub use component::{EncodeError, encode};
pub use guest::{BuildError, Component, Guest, Profile};
pub use toolchain::{InstallError, Installed, NotFound, Toolchain};

/// The target of every guest: no operating system, no WASI.
pub const TARGET: &str = "wasm32-unknown-unknown";
