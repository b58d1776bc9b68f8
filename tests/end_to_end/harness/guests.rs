//! The guests of tests/guests, built on first use.

mod c;

use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

use tamis_guest_build::{Guest, Profile, Toolchain};

use super::{profile_folder, root};

/// Where components of tests/guests are kept, as files that a configuration can name.
fn folder() -> PathBuf {
    let folder = profile_folder().join("test-guests");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A component, built from the folder of that name under tests/guests; answers its path.
pub(crate) async fn rust(name: &'static str) -> PathBuf {
    built(name, move || {
        let guest = Guest {
            manifest: root().join("tests/guests").join(name).join("Cargo.toml"),
            features: Vec::new(),
            profile: Profile::Quick,
            // The tests' cargo holds the lock of the outer folder.
            target_dir: profile_folder().join("guests"),
        };
        let toolchain = Toolchain::find().unwrap();
        toolchain.build(&guest).unwrap_or_else(|error| panic!("{error}")).bytes
    })
    .await
}

/// The component of the guest that is written in C.
pub(crate) async fn c() -> PathBuf {
    built("add_attribute_c", c::build).await
}

/// Builds one guest at a time, once per test run: a folder cannot be built into twice at once.
async fn built(name: &'static str, build: impl FnOnce() -> Vec<u8> + Send + 'static) -> PathBuf {
    static DONE: LazyLock<Mutex<Vec<&str>>> = LazyLock::new(Mutex::default);
    let path = folder().join(format!("{name}.wasm"));
    let file = path.clone();
    let built = tokio::task::spawn_blocking(move || {
        let mut done = DONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !done.contains(&name) {
            std::fs::write(file, build()).unwrap();
            done.push(name);
        }
    });
    built.await.expect("the guest builds");
    path
}
