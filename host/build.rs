//! Builds the built-in processors, compiles them ahead of time for every CPU baseline of the target,
//! and leaves them where `wasm::builtin` includes them from.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tamis_guest_build::{Guest, Profile, Toolchain};

#[path = "src/wasm/engine.rs"]
#[expect(dead_code, unreachable_pub, reason = "the half that runs guests is for the binary")]
mod engine;

/// The processors that every tamis carries, by their YAML type name, which is their folder.
const BUILTINS: [&str; 5] =
    ["cardinality_limiter", "filter", "genai_cost", "redaction", "tail_sampling"];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let toolchain = Toolchain::find()?;
    let mut table = String::from("static BUILTINS: &[Builtin] = &[\n");
    for name in BUILTINS {
        let component = build(&toolchain, name, &out)?;
        let file = out.join(format!("{name}.wasm"));
        fs::write(&file, &component)?;
        writeln!(table, "Builtin {{ name: {name:?}, wasm: include_bytes!({file:?}), compiled: &[")?;
        for baseline in engine::Baseline::all(&env::var("CARGO_CFG_TARGET_ARCH")?) {
            let file = out.join(format!("{name}.{}.cwasm", baseline.name()));
            fs::write(&file, engine::compiler(*baseline)?.precompile_component(&component)?)?;
            writeln!(table, "include_bytes!({file:?}),")?;
        }
        writeln!(table, "] }},")?;
    }
    table.push_str("];\n");
    fs::write(out.join("builtins.rs"), table)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/wasm/engine.rs");
    Ok(())
}

fn build(toolchain: &Toolchain, name: &str, out: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let processors = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../processors");
    let guest = Guest {
        manifest: processors.join(name).join("Cargo.toml"),
        features: Vec::new(),
        profile: guest_profile(out),
        target_dir: target_dir(out).join("guests"),
    };
    let component = toolchain.build(&guest)?;
    for source in component.sources {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    Ok(component.bytes)
}

/// Only what is shipped pays for link-time optimisation: `release`, and not `ci`, which inherits it.
fn guest_profile(out: &Path) -> Profile {
    let released = out.components().any(|part| part.as_os_str() == "release");
    if released { Profile::Optimised } else { Profile::Quick }
}

/// The folder that holds the profiles' folders: guests are shared by all of them.
fn target_dir(out: &Path) -> PathBuf {
    // <target>/<profile>/build/tamis-<hash>/out
    out.ancestors().nth(4).unwrap_or(out).to_owned()
}
