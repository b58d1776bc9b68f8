//! JSON for the admin endpoint.

use serde_json::{Value, json};

use super::Limiter;
use crate::report::Offender;

/// Metrics, and labels, that one answer has.
const LISTED_MAX: usize = 1000;
const LISTED: usize = 20;

impl Limiter {
    /// What the budgets are like now, those with the most series first. `query`: how many of them.
    pub(crate) fn inspect(&self, query: &str) -> Result<Value, String> {
        let count = match query {
            "" => LISTED,
            query => query
                .parse()
                .ok()
                .filter(|count| (1..=LISTED_MAX).contains(count))
                .ok_or(format!("expected how many metrics to list, 1 to {LISTED_MAX}"))?,
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut groups: Vec<_> = self.groups.values().collect();
        groups.sort_by(|one, other| {
            let size = |group: &crate::group::Group| group.own + group.folded;
            size(other).cmp(&size(one)).then(one.name.cmp(&other.name))
        });
        let metrics = groups.iter().take(count).map(|group| {
            let sacrificed: Vec<_> = group.sacrificed.iter().map(|key| text(key)).collect();
            json!({
                "metric": text(&group.name),
                "series": group.own,
                "folded_series": group.folded,
                "has_overflow": group.has_overflow,
                "is_over_limit": group.full.is_some(),
                "series_without_room": group.beyond.len(),
                "stripped_labels": sacrificed,
            })
        });
        let offender = |offender: Offender<'_>| {
            json!({
                "metric": text(offender.metric),
                "label": text(offender.label),
                "values": offender.values,
            })
        };
        Ok(json!({
            "budgets": self.groups.len(),
            "streams": self.table.len(),
            "folded_series": self.folds.len(),
            "memory_bytes": self.memory(),
            "memory_limit_bytes": self.config.memory_bytes,
            "metrics": metrics.collect::<Vec<_>>(),
            "labels": self.offenders(count).into_iter().map(offender).collect::<Vec<_>>(),
        }))
    }
}
