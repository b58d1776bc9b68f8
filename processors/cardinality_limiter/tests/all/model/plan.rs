//! What a world is like, and the configuration that it is run with.

use super::random::Random;

pub const SECOND: u64 = 1_000_000_000;
pub const BEGAN: u64 = 1_700_000_000 * SECOND;
pub const IDLE: u64 = 20 * SECOND;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Gauge,
    Sum { delta: bool, monotonic: bool },
    Histogram { delta: bool },
    Exponential { delta: bool },
    Summary,
}

impl Kind {
    pub const ALL: [Self; 10] = [
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

    pub fn is_delta(self) -> bool {
        match self {
            Self::Sum { delta, .. } | Self::Histogram { delta } | Self::Exponential { delta } => {
                delta
            }
            _ => false,
        }
    }

    pub fn is_histogram(self) -> bool {
        matches!(self, Self::Histogram { .. } | Self::Exponential { .. })
    }

    pub fn is_level(self) -> bool {
        self == Self::Sum { delta: false, monotonic: false }
    }

    /// Cumulative, and never falling.
    pub fn is_total(self) -> bool {
        !self.is_delta() && !self.is_level() && !matches!(self, Self::Gauge | Self::Summary)
    }
}

#[derive(Debug, Clone)]
pub struct Metric {
    pub name: String,
    pub unit: &'static str,
    pub kind: Kind,
    pub doubles: bool,
}

#[derive(Debug)]
pub struct Plan {
    pub json: String,
    pub mode: &'static str,
    pub limit: usize,
    pub reserve: usize,
    pub by: Vec<&'static str>,
    pub value_limit: Option<usize>,
    pub total: Option<usize>,
    pub gauge: &'static str,
    pub initial: &'static str,
    pub normalizes: bool,
    pub dry_run: bool,
    pub metrics: Vec<Metric>,
    /// Points come late and twice.
    pub disorder: bool,
    /// Values fall without a new start time.
    pub falls: bool,
    /// Some sources lack a label, so that they may be what others are stripped to.
    pub ragged: bool,
    /// Some sources began long before the processor did.
    pub old: bool,
    pub stale: bool,
    pub population: usize,
    pub steps: usize,
}

impl Plan {
    pub fn new(random: &mut Random) -> Self {
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
            by: random.pick(&[&[][..], &[], &["tenant"], &["resource"], &["service.name"]]).to_vec(),
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

    pub fn is_soft(&self) -> bool {
        self.dry_run || matches!(self.mode, "tag" | "observe")
    }
}
