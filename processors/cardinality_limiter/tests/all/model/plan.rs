//! What a world is like, and the configuration that it is run with.

use super::random::Random;

pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const BEGAN: u64 = 1_700_000_000 * SECOND;
pub(crate) const IDLE: u64 = 20 * SECOND;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Gauge,
    Sum { delta: bool, monotonic: bool },
    Histogram { delta: bool },
    Exponential { delta: bool },
    Summary,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Gauge,
        Self::Sum { delta: true, monotonic: true },
        Self::Sum { delta: true, monotonic: false },
        Self::Sum { delta: false, monotonic: true },
        Self::Sum { delta: false, monotonic: false },
        Self::Histogram { delta: true },
        Self::Histogram { delta: false },
        Self::Exponential { delta: true },
        Self::Exponential { delta: false },
        Self::Summary,
    ];

    pub(crate) fn is_delta(self) -> bool {
        match self {
            Self::Sum { delta, .. } | Self::Histogram { delta } | Self::Exponential { delta } => {
                delta
            }
            _ => false,
        }
    }

    pub(crate) fn is_histogram(self) -> bool {
        matches!(self, Self::Histogram { .. } | Self::Exponential { .. })
    }

    pub(crate) fn is_level(self) -> bool {
        self == Self::Sum { delta: false, monotonic: false }
    }

    /// Cumulative, and never falling.
    pub(crate) fn is_total(self) -> bool {
        !self.is_delta() && !self.is_level() && !matches!(self, Self::Gauge | Self::Summary)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) kind: Kind,
    pub(crate) doubles: bool,
}

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) json: String,
    pub(crate) mode: &'static str,
    pub(crate) limit: usize,
    pub(crate) reserve: usize,
    pub(crate) by: Vec<&'static str>,
    pub(crate) value_limit: Option<usize>,
    pub(crate) total: Option<usize>,
    pub(crate) gauge: &'static str,
    pub(crate) initial: &'static str,
    pub(crate) normalizes: bool,
    pub(crate) dry_run: bool,
    pub(crate) metrics: Vec<Metric>,
    /// Points come late and twice.
    pub(crate) disorder: bool,
    /// Values fall without a new start time.
    pub(crate) falls: bool,
    /// Some sources lack a label, so that they may be what others are stripped to.
    pub(crate) ragged: bool,
    /// Some sources began long before the processor did.
    pub(crate) old: bool,
    pub(crate) stale: bool,
    pub(crate) population: usize,
    pub(crate) steps: usize,
}

impl Plan {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mode = random.pick(&[
            "overflow", "overflow", "overflow", "strip", "strip", "strip", "replace", "drop",
            "tag", "observe",
        ]);
        let limit = random.between(1, 20) as usize;
        let reserve = match mode {
            "strip" | "replace" => limit.div_ceil(10).min(limit - 1),
            _ => 0,
        };
        let mut plan = Self {
            json: String::new(),
            mode,
            limit,
            reserve,
            by: random
                .pick(&[&[][..], &[], &["tenant"], &["resource"], &["service.name"]])
                .to_vec(),
            value_limit: random.one_in(5).then(|| random.between(1, 6) as usize),
            total: random.one_in(6).then(|| random.between(1, 20) as usize),
            gauge: random.pick(&["last", "min", "max", "sum"]),
            initial: random.pick(&["auto", "auto", "keep", "drop"]),
            normalizes: random.one_in(6),
            dry_run: random.one_in(12),
            metrics: Vec::new(),
            disorder: random.one_in(2),
            falls: random.one_in(3),
            ragged: random.one_in(3),
            old: random.one_in(3),
            stale: random.one_in(4),
            population: random.between(3, 40) as usize,
            steps: random.between(10, 40) as usize,
        };
        // Whether a first value counts is told by whether its source left as itself: that must be plain.
        plan.ragged &= !plan.old && plan.initial != "drop";
        for number in 0..random.between(1, 4) {
            plan.metrics.push(Metric {
                name: format!("metric{number}"),
                unit: random.pick(&["", "s", "By"]),
                kind: random.pick(&Kind::ALL),
                doubles: random.one_in(2),
            });
        }
        plan.json = plan.config(random);
        plan
    }

    fn config(&self, random: &mut Random) -> String {
        let mut all = vec![
            format!(r#""limit": {}"#, self.limit),
            format!(r#""mode": "{}""#, self.mode),
            format!(r#""by": {:?}"#, self.by),
            format!(r#""gauge": "{}""#, self.gauge),
            format!(r#""initial_value": "{}""#, self.initial),
            format!(r#""idle": "{}s""#, IDLE / SECOND),
            format!(r#""dry_run": {}"#, self.dry_run),
        ];
        if let Some(limit) = self.value_limit {
            all.push(format!(r#""value_limit": {limit}"#));
        }
        if let Some(limit) = self.total {
            all.push(format!(r#""totals": [{{"limit": {limit}}}]"#));
        }
        if self.normalizes {
            all.push(r#""normalize": {"paths": ["route"], "learn": 0}"#.to_owned());
        }
        if random.one_in(2) {
            all.push(r#""drop_first": ["user"]"#.to_owned());
        }
        if random.one_in(4) {
            all.push(r#""keep": ["route"]"#.to_owned());
        }
        format!("{{{}}}", all.join(", "))
    }

    pub(crate) fn is_soft(&self) -> bool {
        self.dry_run || matches!(self.mode, "tag" | "observe")
    }
}
