//! Guests in the YAML: `wasm/<name>`, and every built-in processor with its reserved key `wasm:`.

use super::id::ComponentId;
use super::node::{Entry, Node, Value};
use super::problems::Problem;
use super::section::Section;
use super::storage;
use crate::wasm::settings::{GuestOptions, GuestSettings, HoldOptions, Module, OnError};

/// The component type of a user's guest.
pub(super) const USER_TYPE: &str = "wasm";
/// The key of a built-in processor's section that belongs to the host.
const RESERVED_KEY: &str = "wasm";
/// Processors whose failure must not let a batch through as it came.
const NEVER_PASSES: [&str; 1] = ["redaction"];
/// The address space of a guest.
const MAX_GUEST_MEMORY: u64 = 4 << 30;

/// A processor inside the binary: its section is its config, but for the reserved key.
pub(super) fn built_in(name: &str, section: Section<'_>) -> GuestSettings {
    let options = section.section(RESERVED_KEY).map_or_else(GuestOptions::default, |options| {
        let settings = read_options(&options);
        if settings.on_error == OnError::Pass && NEVER_PASSES.contains(&name) {
            let message =
                format!("\"pass\" is refused for {name}: what it should have removed would leave");
            options.invalid("on_error", &message);
        }
        options.finish();
        settings
    });
    let own = section.entries().iter().filter(|entry| entry.key != RESERVED_KEY);
    let config = Node::new(Value::Map(own.cloned().collect()), section.origin().clone());
    GuestSettings { module: Module::BuiltIn(name.to_owned()), config, options }
}

/// `wasm/<name>`: `module`, `config` and the options side by side.
pub(super) fn user(section: Section<'_>) -> GuestSettings {
    let module = section.filled("module").unwrap_or_else(|| {
        section.invalid_here("requires a non-empty \"module\"");
        String::new()
    });
    let config = section.section("config").map(|config| {
        let entries: Vec<Entry> = config.entries().to_vec();
        Node::new(Value::Map(entries), config.origin().clone())
    });
    let settings = GuestSettings {
        module: Module::File(module.into()),
        config: config
            .unwrap_or_else(|| Node::new(Value::Map(Vec::new()), section.origin().clone())),
        options: read_options(&section),
    };
    section.finish();
    settings
}

fn read_options(section: &Section<'_>) -> GuestOptions {
    let default = GuestOptions::default();
    let words = [("reject", OnError::Reject), ("pass", OnError::Pass), ("drop", OnError::Drop)];
    let mut options = GuestOptions {
        on_error: section.choice("on_error", default.on_error, &words, |text| {
            format!("unknown answer {text:?}, must be \"reject\", \"pass\" or \"drop\"")
        }),
        deadline: section.duration("deadline", default.deadline),
        memory_limit: memory(section, "memory_limit_mib", default.memory_limit),
        output_limit: memory(section, "output_limit_mib", default.output_limit),
        instances: section.value("instances").map(|_| section.integer("instances", 1_usize)),
        storage: storage::reference(section),
        hold: HoldOptions::default(),
    };
    if options.deadline.is_zero() {
        section.invalid("deadline", "must be positive");
    }
    if options.instances == Some(0) {
        section.invalid("instances", "must be positive");
    }
    if let Some(hold) = section.section("hold") {
        read_hold(&hold, &mut options);
        hold.finish();
    }
    options
}

/// `hold`; the storage may stand there as well as beside it.
fn read_hold(hold: &Section<'_>, options: &mut GuestOptions) {
    let default = HoldOptions::default();
    options.hold = HoldOptions {
        memory: hold_bytes(hold, "memory_mib", default.memory),
        disk: hold_bytes(hold, "disk_mib", default.disk),
    };
    if options.storage.is_some() && hold.value("storage").is_some() {
        hold.invalid("storage", "stands beside \"hold\" already; name it once");
    }
    options.storage = options.storage.take().or_else(|| storage::reference(hold));
    if options.storage.is_none() && hold.value("disk_mib").is_some() {
        hold.invalid("disk_mib", "needs a \"storage\"");
    }
}

fn memory(section: &Section<'_>, key: &'static str, default: usize) -> usize {
    let bytes = section.mebibytes(key, default as u64);
    if bytes == 0 || bytes > MAX_GUEST_MEMORY {
        section.invalid(key, "must be between 1 and 4096");
        return default;
    }
    usize::try_from(bytes).unwrap_or(default)
}

fn hold_bytes(section: &Section<'_>, key: &'static str, default: usize) -> usize {
    let bytes = section.mebibytes(key, default as u64);
    if bytes == 0 {
        section.invalid(key, "must be positive");
    }
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// What a guest says about its config, as a problem like those found here. `path` leads down from the
/// component's own section; `kind` is the section that it stands in.
pub fn problem(
    kind: &str,
    id: &ComponentId,
    settings: &GuestSettings,
    path: &[String],
    message: &str,
) -> Problem {
    let mut place = format!("{kind}::{id}");
    if matches!(settings.module, Module::File(_)) {
        place.push_str("::config");
    }
    for segment in path {
        place.push_str("::");
        place.push_str(segment);
    }
    Problem { origin: settings.locate(path).clone(), message: format!("{place}: {message}") }
}
