//! The bindings of the contract: the only code that exists in Wasm alone.
//!
//! `wit-bindgen` makes them of `wit/`, one internal world for each interface that a guest may export
//! and one for all imports; the guest's world is the union of those it uses. What a guest does not
//! call is not imported. Everything here is for [`export!`](crate::export!).

/// Makes a guest of a processor: `export!(MyProcessor)`.
///
/// A processor that also is a [`Ticker`](crate::Ticker) says `export!(MyProcessor, ticker)`, one that
/// is a [`Replayer`](crate::Replayer) as well `export!(MyProcessor, ticker, replayer)`, and so on with
/// [`Rewriter`](crate::Rewriter), [`Watcher`](crate::Watcher), [`Snapshotter`](crate::Snapshotter) and
/// [`Inspector`](crate::Inspector). Natively the macro only checks that the traits are there.
#[macro_export]
macro_rules! export {
    ($Processor:ty $(, $interface:ident)* $(,)?) => {
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn implements<P: $crate::Processor>() {}
            implements::<$Processor>();
            $($crate::export!(@check $interface $Processor);)*
        };

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "exported functions need attributes that count as unsafe")]
        mod tamis_guest {
            use super::*;

            ::std::thread_local! {
                static INSTANCE: $crate::export::Instance<$Processor> =
                    const { $crate::export::Instance::new() };
            }

            struct Guest;

            impl $crate::export::Export for Guest {
                type Processor = $Processor;

                fn instance(
                ) -> &'static ::std::thread::LocalKey<$crate::export::Instance<$Processor>> {
                    &INSTANCE
                }
            }

            $crate::export::export_handler!(
                Guest with_types_in $crate::export::handler_world
            );
            $($crate::export!(@export $interface);)*
        }
    };
    (@check ticker $Processor:ty) => {
        const fn ticks<P: $crate::Ticker>() {}
        ticks::<$Processor>();
    };
    (@check watcher $Processor:ty) => {
        const fn watches<P: $crate::Watcher>() {}
        watches::<$Processor>();
    };
    (@check replayer $Processor:ty) => {
        const fn replays<P: $crate::Replayer>() {}
        replays::<$Processor>();
    };
    (@check rewriter $Processor:ty) => {
        const fn rewrites<P: $crate::Rewriter>() {}
        rewrites::<$Processor>();
    };
    (@check snapshotter $Processor:ty) => {
        const fn snapshots<P: $crate::Snapshotter>() {}
        snapshots::<$Processor>();
    };
    (@check inspector $Processor:ty) => {
        const fn inspects<P: $crate::Inspector>() {}
        inspects::<$Processor>();
    };
    (@export ticker) => {
        $crate::export::export_ticker!(Guest with_types_in $crate::export::ticker_world);
    };
    (@export watcher) => {
        $crate::export::export_watcher!(Guest with_types_in $crate::export::watcher_world);
    };
    (@export replayer) => {
        $crate::export::export_replayer!(Guest with_types_in $crate::export::replayer_world);
    };
    (@export rewriter) => {
        $crate::export::export_rewriter!(Guest with_types_in $crate::export::rewriter_world);
    };
    (@export snapshotter) => {
        $crate::export::export_snapshotter!(Guest with_types_in $crate::export::snapshotter_world);
    };
    (@export inspector) => {
        $crate::export::export_inspector!(Guest with_types_in $crate::export::inspector_world);
    };
}

#[cfg(target_arch = "wasm32")]
mod convert;
#[cfg(target_arch = "wasm32")]
pub(crate) mod imports;
#[cfg(target_arch = "wasm32")]
mod instance;
#[cfg(target_arch = "wasm32")]
mod worlds;

#[cfg(target_arch = "wasm32")]
pub use instance::{Export, Instance};
#[cfg(target_arch = "wasm32")]
pub use worlds::{
    export_handler, export_inspector, export_replayer, export_rewriter, export_snapshotter,
    export_ticker, export_watcher, handler_world, inspector_world, replayer_world, rewriter_world,
    snapshotter_world, ticker_world, watcher_world,
};
