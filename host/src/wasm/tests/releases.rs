//! What is released, in front of a next stage that does not take it at once.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tokio::sync::watch;
use tokio::time::Instant;

use super::scenarios::{batch, tail_sampling};
use crate::batch::Batch;
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::telemetry::metrics::Metrics;
use crate::wasm::backoff::LONGEST_WAIT;
use crate::wasm::clock::Clock;

/// Refuses every other batch, and asks for a wait.
struct AsksToWait {
    wait: Duration,
    /// When each try came.
    tries: watch::Sender<Vec<Instant>>,
}

impl Consumer for AsksToWait {
    fn consume(&self, _: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        self.tries.send_modify(|tries| tries.push(Instant::now()));
        let answer = if self.tries.borrow().len().is_multiple_of(2) {
            Ok(())
        } else {
            let later = ConsumeError::retryable("later");
            Err(ConsumeError { retry_after: Some(self.wait), ..later })
        };
        Box::pin(std::future::ready(answer))
    }
}

fn one_span() -> Vec<u8> {
    let span = Span { trace_id: vec![1; 16], span_id: vec![1; 8], ..Span::default() };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// How long it is until the second try.
async fn pause(wait: Duration) -> Duration {
    let next = Arc::new(AsksToWait { wait, tries: watch::Sender::default() });
    let json = r#"{"decision_wait": "1s", "policies": [{"name": "all", "type": "always_sample"}]}"#;
    let (clock, metrics) = (Clock::manual(), Metrics::default());
    let stage = Arc::clone(&next) as Arc<dyn Consumer>;
    let processor = tail_sampling(json, 1, clock.clone(), stage, &metrics).await;
    let processor = processor.expect("the configuration is sound");
    processor.consume(batch(&one_span(), 0)).await.unwrap();
    clock.set(2_000_000_000);
    processor.tick().await;
    let mut tries = next.tries.subscribe();
    let tries = tries.wait_for(|tries| tries.len() == 2).await.unwrap();
    tries[1] - tries[0]
}

#[tokio::test(start_paused = true)]
async fn a_release_waits_as_long_as_the_next_stage_asks_for_up_to_the_longest_wait() {
    for (wanted, waited) in
        [(LONGEST_WAIT, LONGEST_WAIT), (LONGEST_WAIT + Duration::from_hours(1), LONGEST_WAIT)]
    {
        assert_eq!(pause(wanted).await, waited);
    }
}
