//! What the process costs: `otelcol_process_*`, read from `/proc` at every scrape.

use std::fs;
use std::time::Instant;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, IntGauge};

use super::metrics::Metrics;

/// In which `/proc/self/stat` counts CPU time. Linux fixes it for user space on every platform.
const CLOCK_TICKS_PER_SECOND: f64 = 100.0;

/// Adds the process metrics to the registry. Uptime counts from here.
#[expect(clippy::expect_used, reason = "wrong or duplicate names are a mistake in our code")]
pub fn register(metrics: &Metrics) {
    let process = Process {
        start: Instant::now(),
        uptime: Counter::new("otelcol_process_uptime", "Uptime of the process in seconds")
            .expect("the name is valid"),
        cpu: Counter::new(
            "otelcol_process_cpu_seconds",
            "Total CPU user and system time in seconds",
        )
        .expect("the name is valid"),
        rss: IntGauge::new(
            "otelcol_process_memory_rss",
            "Total physical memory (resident set size)",
        )
        .expect("the name is valid"),
    };
    metrics.registry().register(Box::new(process)).expect("is registered once");
}

/// Resident memory of this process in bytes; `None` where there is no `/proc`.
pub fn resident_memory() -> Option<u64> {
    // Not from `statm`, which counts in pages, and their size differs between machines.
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// User and system time of this process in seconds.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program comes in parentheses, and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / CLOCK_TICKS_PER_SECOND)
}

struct Process {
    start: Instant,
    uptime: Counter,
    cpu: Counter,
    rss: IntGauge,
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        [self.uptime.desc(), self.cpu.desc(), self.rss.desc()].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        raise(&self.uptime, self.start.elapsed().as_secs_f64());
        raise(&self.cpu, cpu_seconds().unwrap_or_default());
        self.rss.set(resident_memory().unwrap_or_default().try_into().unwrap_or(i64::MAX));
        [self.uptime.collect(), self.cpu.collect(), self.rss.collect()].concat()
    }
}

fn raise(counter: &Counter, to: f64) {
    counter.inc_by((to - counter.get()).max(0.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_has_run() {
        assert!(resident_memory().unwrap() > 1 << 20);
        assert!(cpu_seconds().unwrap() >= 0.0);
    }
}
