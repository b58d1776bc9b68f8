//! Generated bindings. The shared `types` are generated once, with the handler.
#![allow(missing_docs, unsafe_code, reason = "generated; the documentation is in wit/")]
#![allow(unused_qualifications, clippy::all, reason = "generated")]

pub(super) mod imports_world {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tamis:sdk;
            world imports {
                import tamis:processor/types@0.1.0;
                import tamis:processor/logging@0.1.0;
                import tamis:processor/clock@0.1.0;
                import tamis:processor/metrics@0.1.0;
                import tamis:processor/counters@0.1.0;
                import tamis:processor/emitter@0.1.0;
                import tamis:processor/hold@0.1.0;
            }
        ",
        world: "tamis:sdk/imports",
        generate_all,
    });
}

pub mod handler_world {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tamis:sdk;
            world handler {
                export tamis:processor/handler@0.1.0;
            }
        ",
        world: "tamis:sdk/handler",
        with: {
            "tamis:processor/types@0.1.0": crate::export::worlds::types,
            "tamis:processor/handler@0.1.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_handler",
    });
}

pub mod ticker_world {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tamis:sdk;
            world ticker {
                export tamis:processor/ticker@0.1.0;
            }
        ",
        world: "tamis:sdk/ticker",
        with: {
            "tamis:processor/types@0.1.0": crate::export::worlds::types,
            "tamis:processor/ticker@0.1.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_ticker",
    });
}

pub mod watcher_world {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tamis:sdk;
            world watcher {
                export tamis:processor/watcher@0.1.0;
            }
        ",
        world: "tamis:sdk/watcher",
        with: {
            "tamis:processor/watcher@0.1.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_watcher",
    });
}

pub mod replayer_world {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tamis:sdk;
            world replayer {
                export tamis:processor/replayer@0.1.0;
            }
        ",
        world: "tamis:sdk/replayer",
        with: {
            "tamis:processor/types@0.1.0": crate::export::worlds::types,
            "tamis:processor/replayer@0.1.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_replayer",
    });
}

pub mod rewriter_world {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tamis:sdk;
            world rewriter {
                export tamis:processor/rewriter@0.1.0;
            }
        ",
        world: "tamis:sdk/rewriter",
        with: {
            "tamis:processor/types@0.1.0": crate::export::worlds::types,
            "tamis:processor/rewriter@0.1.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_rewriter",
    });
}

pub mod snapshotter_world {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tamis:sdk;
            world snapshotter {
                export tamis:processor/snapshotter@0.1.0;
            }
        ",
        world: "tamis:sdk/snapshotter",
        with: {
            "tamis:processor/types@0.1.0": crate::export::worlds::types,
            "tamis:processor/snapshotter@0.1.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_snapshotter",
    });
}

pub mod inspector_world {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tamis:sdk;
            world inspector {
                export tamis:processor/inspector@0.1.0;
            }
        ",
        world: "tamis:sdk/inspector",
        with: {
            "tamis:processor/inspector@0.1.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_inspector",
    });
}

pub use handler_world::export_handler;
pub(super) use imports_world::tamis::processor::types;
pub use inspector_world::export_inspector;
pub use replayer_world::export_replayer;
pub use rewriter_world::export_rewriter;
pub use snapshotter_world::export_snapshotter;
pub use ticker_world::export_ticker;
pub use watcher_world::export_watcher;
