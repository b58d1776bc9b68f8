//! End-to-end tests: the real gateway process between real SDKs, real Collectors and a real backend.
//!
//! `cargo xtask test` builds what they need and runs them. One after the other by name:
//! - [`neighbours`]: the Python SDK before, the Collector before and behind
//! - [`answers`]: the same request to tamis and to the Collector, the same answer
//! - [`oracle`], [`sampling`]: the same data through both, the same items
//! - [`prometheus`]: the same metrics in both, the same text for a scraper
//! - [`delivery`]: nothing that was acknowledged is lost
//! - [`chaos`]: nor where the process is killed, or guests trap
//! - [`full_disk`]: nor where the disk is full
//! - [`lifecycle`]: start, signals, shutdown, `validate`
//! - [`configurations`]: what users start from
//! - [`misbehaviour`], [`holding`], [`languages`]: guests of every kind
//! - [`dashboard`]: what operators look at, with a real Prometheus
//! - [`cardinality`]: budgets on series, with a real Prometheus and beside the Collector
//! - [`feeding`]: pipelines that feed each other
//! - [`pricing`]: what real clients of AI models spend, under real instrumentations
//! - [`surviving`]: what is held over kills and restarts

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod answers;
mod cardinality;
mod chaos;
mod configurations;
mod dashboard;
mod delivery;
mod feeding;
mod full_disk;
mod harness;
mod holding;
mod languages;
mod lifecycle;
mod misbehaviour;
mod neighbours;
mod oracle;
mod pricing;
mod prometheus;
mod sampling;
mod surviving;
