//! A world runs: sources come, report, fall silent, begin again and go, and their points take the ways
//! that points take.

use cardinality_limiter::CardinalityLimiter;
use tamis_sdk::{Ticker, testing};

use super::flat::{Flat, flat};
use super::plan::{BEGAN, IDLE, Kind, Plan, SECOND};
use super::random::Random;
use super::source::{Sent, Source};
use super::wire;
use crate::support::{process, start};

/// Silent for longer, a source that comes back begins anew: what was known of it may be forgotten.
const SILENCE: u64 = IDLE * 18 / 10;

pub(crate) struct World {
    pub(crate) plan: Plan,
    random: Random,
    pub(crate) sources: Vec<Source>,
    limiter: CardinalityLimiter,
    now: u64,
    delayed: Vec<Sent>,
    batches: usize,
    pub(crate) came: Vec<Flat>,
    pub(crate) left: Vec<Flat>,
}

impl World {
    pub(crate) fn new(plan: Plan, random: Random) -> Self {
        testing::reset();
        testing::set_clock(BEGAN);
        let limiter = start(&plan.json);
        let now = BEGAN + SECOND;
        let (sources, delayed) = (Vec::new(), Vec::new());
        let (came, left) = (Vec::new(), Vec::new());
        Self { plan, random, sources, limiter, now, delayed, batches: 0, came, left }
    }

    pub(crate) fn live(&mut self) {
        for step in 0..self.plan.steps {
            self.now += match self.random.below(20) {
                0 => IDLE * 13 / 10,
                1..4 => 8 * SECOND,
                _ => self.random.between(1, 5) * SECOND,
            };
            let births = if step == 0 { self.plan.population } else { self.random.below(3) };
            (0..births).for_each(|_| self.bear());
            let mut sent = Vec::new();
            for number in 0..self.sources.len() {
                self.turn(number, &mut sent);
            }
            self.random.shuffle(&mut sent);
            self.late(&mut sent);
            let rest = sent.split_off(self.random.below(sent.len() + 1));
            self.deliver(&sent);
            self.deliver(&rest);
            if self.random.one_in(2) {
                self.limiter.tick(self.now).expect("a tick");
            }
        }
    }

    /// All that live report, until nothing is left of those that do not.
    pub(crate) fn settle(&mut self) {
        self.delayed.clear();
        for _ in 0..12 {
            self.now += IDLE / 4;
            let mut sent = Vec::new();
            for number in 0..self.sources.len() {
                if self.is_to_report(number) {
                    sent.push(self.send(number));
                }
            }
            self.deliver(&sent);
        }
    }

    /// The number of the last batch.
    pub(crate) fn last_batch(&self) -> usize {
        self.batches - 1
    }

    fn bear(&mut self) {
        let number = self.sources.len();
        let source = Source::new(&self.plan, &mut self.random, self.now, number);
        // One writer for each series.
        if self.sources.iter().all(|other| other.identity != source.identity) {
            self.sources.push(source);
        }
    }

    /// Whether it is alive; one that was silent for long begins anew.
    fn is_to_report(&mut self, number: usize) -> bool {
        let source = &mut self.sources[number];
        let is_cumulative = source.kind.is_total();
        if source.alive && is_cumulative && self.now - source.received > SILENCE {
            match self.plan.initial {
                // Whether its value counts then depends on what is known of it.
                "drop" => source.alive = false,
                _ => {
                    // What is older and still on the way gets lost.
                    self.delayed.retain(|sent| sent.source != number);
                    source.restart(&self.plan, &mut self.random, self.now);
                }
            }
        }
        source.alive
    }

    fn send(&mut self, number: usize) -> Sent {
        self.sources[number].send(number, &self.plan, &mut self.random, self.now)
    }

    fn turn(&mut self, number: usize, sent: &mut Vec<Sent>) {
        if !self.is_to_report(number) || self.random.one_in(4) {
            return;
        }
        match self.random.below(60) {
            0..3 => self.sources[number].alive = false,
            3..6 => {
                self.delayed.retain(|sent| sent.source != number);
                self.sources[number].restart(&self.plan, &mut self.random, self.now);
            }
            6..9 if self.plan.falls && self.sources[number].kind.is_total() => {
                self.delayed.retain(|sent| sent.source != number);
                self.sources[number].empty(&self.plan);
                let fallen = self.sources[number].value.clone();
                let mut point = self.send(number);
                self.sources[number].value = fallen.clone();
                point.value = fallen;
                sent.push(point);
                return;
            }
            9..12 if self.plan.stale && !self.sources[number].kind.is_delta() => {
                self.delayed.retain(|sent| sent.source != number);
                let mut point = self.send(number);
                point.no_value = true;
                sent.push(point);
                return;
            }
            _ => {}
        }
        sent.push(self.send(number));
        if self.random.one_in(8) {
            // Two in one batch.
            let mut point = self.send(number);
            point.time = point.time.max(self.sources[number].time);
            sent.push(point);
        }
    }

    /// Some points stay behind, some come twice, and those that stayed behind come now.
    fn late(&mut self, sent: &mut Vec<Sent>) {
        if !self.plan.disorder {
            // In the order in which they were sent.
            sent.sort_by_key(|sent| sent.time);
            return;
        }
        let mut arrived = std::mem::take(&mut self.delayed);
        // What a source added while it was silent for so long is nobody's: what it had is forgotten.
        arrived.retain(|sent| self.now - self.sources[sent.source].received <= SILENCE);
        for point in std::mem::take(sent) {
            let is_twice = !self.sources[point.source].kind.is_delta() && self.random.one_in(10);
            match point.no_value {
                // A reset is not overtaken: nobody could tell it from a point that is late.
                false if !self.plan.falls && self.random.one_in(10) => self.delayed.push(point),
                _ if is_twice => sent.extend([point.clone(), point]),
                _ => sent.push(point),
            }
        }
        sent.extend(arrived);
        if self.plan.falls {
            sent.sort_by_key(|sent| sent.time);
        }
    }

    fn deliver(&mut self, sent: &[Sent]) {
        let request = wire::batch(&self.plan.metrics, &self.sources, sent);
        let bytes = prost::Message::encode_to_vec(&request);
        let out = process(&mut self.limiter, self.now, &bytes);
        let (received, batch) = (self.now, self.batches);
        let marked = |flat: Flat| Flat { received, batch, ..flat };
        let out: Vec<Flat> = flat(&out).into_iter().map(marked).collect();
        self.came.extend(flat(&request).into_iter().map(marked));
        for point in sent {
            let source = &self.sources[point.source];
            let is_it = |left: &Flat| left.identity == source.identity && left.time == point.time;
            let is_own = out.iter().any(is_it);
            self.sources[point.source].accept(&self.plan, point, is_own, self.now);
        }
        self.left.extend(out);
        self.batches += 1;
    }

    /// Sources of a metric.
    pub(crate) fn of(&self, metric: usize) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(move |source| source.metric == metric)
    }

    pub(crate) fn kind(&self, metric: usize) -> Kind {
        self.plan.metrics[metric].kind
    }
}
