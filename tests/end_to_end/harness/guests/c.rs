//! Builds the guest that is written in C: bindings by wit-bindgen, then Debian's clang.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;

use crate::harness::root;

/// Debian's packages: clang-19, lld-19, wasi-libc, libclang-rt-19-dev-wasm32.
const CLANG: &str = "clang-19";

pub(super) fn build() -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    bindings(folder.path());
    let module = folder.path().join("module.wasm");
    let status = Command::new(CLANG)
        // wasi-libc is only the C library here: nothing of it that would import WASI is called.
        .args(["--target=wasm32-wasi", "--sysroot=/usr", "-I/usr/include/wasm32-wasi"])
        .args(["-mexec-model=reactor", "-O2", "-Wall", "-Werror"])
        .arg("-I")
        .arg(folder.path())
        .arg(root().join("tests/guests/add_attribute_c/add_attribute.c"))
        .arg(folder.path().join("processor.c"))
        .arg(folder.path().join("processor_component_type.o"))
        .arg("-o")
        .arg(&module)
        .status()
        .unwrap_or_else(|error| panic!("{CLANG}: {error}; `cargo xtask test` installs it"));
    assert!(status.success(), "{CLANG} failed");
    tamis_guest_build::encode(&std::fs::read(module).unwrap()).unwrap()
}

fn bindings(folder: &Path) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(root().join("wit")).unwrap();
    let world = resolve.select_world(&[package], Some("processor")).unwrap();
    let mut files = Files::default();
    let mut generator = wit_bindgen_c::Opts::default().build();
    generator.generate(&mut resolve, world, &mut files).unwrap();
    for (name, content) in files.iter() {
        std::fs::write(folder.join(name), content).unwrap();
    }
}
