//! A gateway's own metrics, as Prometheus would scrape them.

use std::time::Duration;

use super::{http, soon};

/// Between two looks at something that changes by itself.
const LOOK: Duration = Duration::from_millis(20);

/// The sum over all label sets of a metric; none where there is no such metric.
pub(crate) async fn sum(port: u16, name: &str) -> Option<f64> {
    let (status, text) = http::get(([127, 0, 0, 1], port).into(), "/metrics").await;
    assert_eq!(status, 200);
    let samples = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
    samples
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .reduce(|a, b| a + b)
}

/// Waits until all these metrics are 0.
pub(crate) async fn until_zero(port: u16, names: &[&str]) {
    let zero = async {
        loop {
            let mut all = true;
            for name in names {
                let sum = sum(port, name).await;
                all &= sum.unwrap_or_else(|| panic!("no metric {name}")) == 0.0;
            }
            if all {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    soon(&format!("{names:?} to be 0"), zero).await;
}
