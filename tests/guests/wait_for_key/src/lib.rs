//! A guest that waits: it holds all spans of a trace until one of a given name has come.
//!
//! It proves `hold` and `replay`. Its configuration, names of spans:
//! - `release_on`: releases the trace;
//! - `discard_on`: discards the trace;
//! - `trap_on`: panics while other traces wait;
//! - `trap_in_replay_of`: panics whenever a trace with such a span is replayed;
//! - `trap_in_rewrite_of`: panics when a trace with such a span is rewritten.
//!
//! With `mark`, what is released is rewritten: the mark is put behind every span's name.

use std::collections::{BTreeMap, BTreeSet};

use tamis_sdk::edit::Editor;
use tamis_sdk::hold::{self, Decision, Portion};
use tamis_sdk::metrics::{self, Kind, Measurement};
use tamis_sdk::otlp::trace::{ExportTraceServiceRequest, Span};
use tamis_sdk::wire::Message;
use tamis_sdk::{
    Configuration, Context, Descriptor, Entry, Error, Memo, Outcome, Partition, Problem, Processor,
    Replayer, Rewriter, Signal, Ticker,
};

/// How often the gauges are told, in milliseconds.
const TICK_MS: u32 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Release,
    Discard,
}

impl Verdict {
    fn memo(self) -> Vec<u8> {
        match self {
            Self::Release => b"release".to_vec(),
            Self::Discard => b"discard".to_vec(),
        }
    }
}

#[derive(Default)]
struct Names {
    release_on: Option<String>,
    discard_on: Option<String>,
    trap_on: Option<String>,
    trap_in_replay_of: Option<String>,
    trap_in_rewrite_of: Option<String>,
    mark: Option<String>,
}

#[derive(Default)]
struct WaitForKey {
    names: Names,
    /// Keys under which something is held.
    waiting: BTreeSet<Vec<u8>>,
    decided: BTreeMap<Vec<u8>, Verdict>,
    replayed: usize,
}

impl Processor for WaitForKey {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let names = configuration.read(|section| Names {
            release_on: section.string("release_on"),
            discard_on: section.string("discard_on"),
            trap_on: section.string("trap_on"),
            trap_in_replay_of: section.string("trap_in_replay_of"),
            trap_in_rewrite_of: section.string("trap_in_rewrite_of"),
            mark: section.string("mark"),
        })?;
        let mut descriptor = Descriptor::new("wait_for_key", "0.1.0", &[Signal::Traces]);
        descriptor.partition = Partition::TraceId;
        descriptor.tick_interval = Some(TICK_MS);
        descriptor.memos = 100_000;
        Ok((Self { names, ..Self::default() }, descriptor))
    }

    fn process(&mut self, _: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        let mut portions: BTreeMap<Vec<u8>, Vec<u32>> = BTreeMap::new();
        let mut verdicts = BTreeMap::new();
        for_each_span(batch, |span| {
            let key = span.trace_id()?.to_vec();
            // A batch is far below 4 GiB.
            let offset = u32::try_from(span.wire().range().start).unwrap_or(u32::MAX);
            portions.entry(key.clone()).or_default().push(offset);
            let name = span.name()?.to_string_lossy().into_owned();
            assert!(self.names.trap_on.as_ref() != Some(&name), "as configured");
            // What was decided before holds for what comes late.
            let verdict = self.verdict(&name).or_else(|| self.decided.get(&key).copied());
            if let Some(verdict) = verdict {
                verdicts.insert(key, verdict);
            }
            Ok(())
        })?;
        self.waiting.extend(portions.keys().cloned());
        let portions = portions.into_iter().map(|(key, items)| Portion { key, items }).collect();
        if !hold::hold(portions) {
            return Err(Error::Retryable("no room to hold more".to_owned()));
        }
        self.decide(verdicts);
        Ok(Outcome::Dropped)
    }
}

impl WaitForKey {
    fn verdict(&self, name: &str) -> Option<Verdict> {
        let is = |wanted: &Option<String>| wanted.as_deref() == Some(name);
        if is(&self.names.release_on) {
            Some(Verdict::Release)
        } else {
            is(&self.names.discard_on).then_some(Verdict::Discard)
        }
    }

    fn decide(&mut self, verdicts: BTreeMap<Vec<u8>, Verdict>) {
        let (mut released, mut discarded) = (Vec::new(), Vec::new());
        for (key, verdict) in verdicts {
            self.waiting.remove(&key);
            self.decided.insert(key.clone(), verdict);
            let decision = Decision { key, memo: verdict.memo() };
            match verdict {
                Verdict::Release => released.push(decision),
                Verdict::Discard => discarded.push(decision),
            }
        }
        hold::release(released, self.names.mark.is_some());
        hold::discard(discarded);
    }
}

impl Ticker for WaitForKey {
    fn tick(&mut self, _: u64) -> Result<(), Error> {
        let gauge = |name: &str, value: usize| Measurement {
            kind: Kind::Gauge,
            name: name.to_owned(),
            labels: Vec::new(),
            value: value as f64,
        };
        metrics::record_all(vec![
            gauge("wait_for_key_waiting", self.waiting.len()),
            gauge("wait_for_key_replayed", self.replayed),
        ]);
        Ok(())
    }

    fn flush(&mut self, _: u64) -> Result<(), Error> {
        // Whoever waits longest loses least when all go on.
        let all = std::mem::take(&mut self.waiting);
        self.decide(all.into_iter().map(|key| (key, Verdict::Release)).collect());
        Ok(())
    }
}

impl Replayer for WaitForKey {
    fn replay(&mut self, entries: &[Entry], memos: &[Memo]) -> Result<(), Error> {
        for memo in memos {
            let discarded = memo.memo == Verdict::Discard.memo();
            let verdict = if discarded { Verdict::Discard } else { Verdict::Release };
            self.decided.insert(memo.key.clone(), verdict);
        }
        for entry in entries {
            for_each_span(&entry.batch, |span| {
                let name = span.name()?.to_string_lossy();
                let traps = self.names.trap_in_replay_of.as_deref() == Some(&*name);
                assert!(!traps, "as configured");
                Ok(())
            })?;
            self.waiting.insert(entry.key.clone());
            self.replayed += 1;
        }
        Ok(())
    }
}

impl Rewriter for WaitForKey {
    fn rewrite(&mut self, memo: &[u8], _: Signal, batch: &[u8]) -> Result<Outcome, Error> {
        assert_eq!(memo, Verdict::Release.memo(), "the memo of the decision");
        for_each_span(batch, |span| {
            let name = span.name()?.to_string_lossy();
            let traps = self.names.trap_in_rewrite_of.as_deref() == Some(&*name);
            assert!(!traps, "as configured");
            Ok(())
        })?;
        let mark = self.names.mark.as_deref().unwrap_or_default();
        let mut editor = Editor::new(batch);
        let mut request = editor.root();
        while let Some(resource) = request.next()? {
            let mut resource = request.enter(resource)?;
            while let Some(scope) = resource.next()? {
                if scope.number() != 2 {
                    continue;
                }
                let mut scope = resource.enter(scope)?;
                while let Some(span) = scope.next()? {
                    if span.number() != 2 {
                        continue;
                    }
                    let mut span = scope.enter(span)?;
                    while let Some(field) = span.next()? {
                        if field.number() == 5 {
                            let marked = [field.bytes()?, mark.as_bytes()].concat();
                            span.replace(field, &marked)?;
                        }
                    }
                }
            }
        }
        drop(request);
        Ok(editor.finish()?)
    }
}

fn for_each_span(
    batch: &[u8],
    mut visit: impl FnMut(Span<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    for resource in ExportTraceServiceRequest::from(Message::new(batch)).resource_spans() {
        for scope in resource?.scope_spans() {
            for span in scope?.spans() {
                visit(span?)?;
            }
        }
    }
    Ok(())
}

tamis_sdk::export!(WaitForKey, ticker, replayer, rewriter);
