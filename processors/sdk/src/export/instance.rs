//! One instance of a processor and the generated traits that the host calls.

use super::worlds::handler_world::exports::tamis::processor::handler;
use super::worlds::inspector_world::exports::tamis::processor::inspector;
use super::worlds::replayer_world::exports::tamis::processor::replayer;
use super::worlds::rewriter_world::exports::tamis::processor::rewriter;
use super::worlds::snapshotter_world::exports::tamis::processor::snapshotter;
use super::worlds::ticker_world::exports::tamis::processor::ticker;
use super::worlds::types;
use super::worlds::watcher_world::exports::tamis::processor::watcher;
use crate::{
    Configuration, Error, Inspector, Processor, Replayer, Rewriter, Snapshotter, Ticker, Watcher,
};
use std::cell::RefCell;
use std::thread::LocalKey;

/// The processor of this instance, once it is configured.
#[derive(Debug)]
pub struct Instance<P>(RefCell<Option<P>>);

impl<P> Instance<P> {
    /// Not configured yet.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "wanted: const")]
    pub const fn new() -> Self {
        Self(RefCell::new(None))
    }

    fn call<T>(
        &self,
        function: impl FnOnce(&mut P) -> Result<T, Error>,
    ) -> Result<T, types::Error> {
        match self.0.borrow_mut().as_mut() {
            Some(processor) => function(processor).map_err(types::Error::from),
            None => Err(types::Error::Permanent("called before configure".to_owned())),
        }
    }
}

/// Ties the exported functions of a guest to its processor.
pub trait Export {
    /// The processor.
    type Processor: Processor;

    /// Where it lives.
    fn instance() -> &'static LocalKey<Instance<Self::Processor>>;
}

impl<E: Export> handler::Guest for E {
    fn configure(
        configuration: handler::Configuration,
    ) -> Result<types::Descriptor, Vec<types::Problem>> {
        let handler::Configuration { id, json, texts, hash_seed, instances, feeds } = configuration;
        let feeds = feeds.into_iter().map(Into::into).collect();
        let configuration = Configuration { id, json, texts, hash_seed, instances, feeds };
        match E::Processor::configure(configuration) {
            Ok((processor, descriptor)) => {
                E::instance().with(|instance| instance.0.replace(Some(processor)));
                Ok(descriptor.into())
            }
            Err(problems) => Err(problems.into_iter().map(Into::into).collect()),
        }
    }

    fn process(context: types::Context, batch: Vec<u8>) -> Result<types::Outcome, types::Error> {
        let context = context.into();
        E::instance()
            .with(|instance| instance.call(|processor| processor.process(&context, &batch)))
            .map(Into::into)
    }
}

impl<E: Export> ticker::Guest for E
where
    E::Processor: Ticker,
{
    fn tick(now: u64) -> Result<(), types::Error> {
        E::instance().with(|instance| instance.call(|processor| processor.tick(now)))
    }

    fn flush(now: u64) -> Result<(), types::Error> {
        E::instance().with(|instance| instance.call(|processor| processor.flush(now)))
    }
}

impl<E: Export> watcher::Guest for E
where
    E::Processor: Watcher,
{
    fn file(name: String, content: Vec<u8>) -> Result<(), String> {
        E::instance().with(|instance| match instance.0.borrow_mut().as_mut() {
            Some(processor) => processor.file(&name, &content),
            None => Err("called before configure".to_owned()),
        })
    }
}

impl<E: Export> replayer::Guest for E
where
    E::Processor: Replayer,
{
    fn replay(
        entries: Vec<replayer::Entry>,
        memos: Vec<replayer::Memo>,
    ) -> Result<(), types::Error> {
        let entries: Vec<_> = entries.into_iter().map(Into::into).collect();
        let memos: Vec<_> = memos.into_iter().map(Into::into).collect();
        E::instance().with(|instance| instance.call(|processor| processor.replay(&entries, &memos)))
    }
}

impl<E: Export> rewriter::Guest for E
where
    E::Processor: Rewriter,
{
    fn rewrite(
        memo: Vec<u8>,
        signal: types::Signal,
        batch: Vec<u8>,
    ) -> Result<types::Outcome, types::Error> {
        let rewrite =
            |processor: &mut E::Processor| processor.rewrite(&memo, signal.into(), &batch);
        E::instance().with(|instance| instance.call(rewrite)).map(Into::into)
    }
}

impl<E: Export> snapshotter::Guest for E
where
    E::Processor: Snapshotter,
{
    fn snapshot() -> Result<Vec<snapshotter::Part>, types::Error> {
        let parts = E::instance().with(|instance| instance.call(Snapshotter::snapshot))?;
        Ok(parts.into_iter().map(Into::into).collect())
    }

    fn restore(parts: Vec<snapshotter::Part>) -> Result<(), types::Error> {
        let parts: Vec<_> = parts.into_iter().map(Into::into).collect();
        E::instance().with(|instance| instance.call(|processor| processor.restore(&parts)))
    }
}

impl<E: Export> inspector::Guest for E
where
    E::Processor: Inspector,
{
    fn inspect(query: String) -> Result<String, String> {
        E::instance().with(|instance| match instance.0.borrow().as_ref() {
            Some(processor) => processor.inspect(&query),
            None => Err("called before configure".to_owned()),
        })
    }
}
