//! The laws, each on its own.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::flat::{Flat, REPLACEMENT};
use super::measure::Measure;
use super::plan::{IDLE, Kind};
use super::world::World;

pub(crate) fn all(world: &World) {
    if world.plan.is_soft() {
        everything_leaves(world);
    } else {
        budgets(world);
        totals(world);
        values(world);
        times(world);
        once(world);
    }
    for metric in 0..world.plan.metrics.len() {
        // Where nothing is held back it is enough that everything leaves.
        if world.plan.mode == "drop" || world.plan.is_soft() {
            continue;
        }
        match world.kind(metric) {
            Kind::Summary => {}
            Kind::Gauge => gauges(world, metric),
            kind if kind.is_level() => levels(world, metric),
            _ => conserved(world, metric),
        }
    }
}

/// No more than so many different things in any window of the idle time.
fn bounded<T: Ord + std::fmt::Debug>(events: &[(u64, T)], bound: usize, what: &str) {
    // In the order of time, as things left.
    let (mut first, mut within) = (0, BTreeMap::<&T, usize>::new());
    for (time, thing) in events {
        *within.entry(thing).or_default() += 1;
        while events[first].0 + IDLE < *time {
            let count = within.get_mut(&events[first].1).expect("it came in");
            *count -= 1;
            if *count == 0 {
                within.remove(&events[first].1);
            }
            first += 1;
        }
        assert!(within.len() <= bound, "{what}: {bound} < {:#?}", within.keys());
    }
}

fn group(world: &World, left: &Flat) -> (String, Vec<String>) {
    let by = world.plan.by.iter().map(|key| left.dimension(key));
    (left.metric.clone(), by.collect())
}

fn budgets(world: &World) {
    let mut groups: BTreeMap<_, Vec<(u64, String)>> = BTreeMap::new();
    for left in &world.left {
        groups.entry(group(world, left)).or_default().push((left.received, left.identity.clone()));
    }
    for (name, events) in groups {
        bounded(&events, world.plan.limit + 1, &format!("{name:?}"));
    }
    // What is stripped has its room beforehand.
    if world.plan.reserve == 0 || world.plan.normalizes || world.plan.value_limit.is_some() {
        return;
    }
    let came: HashSet<&str> = world.came.iter().map(|came| came.identity.as_str()).collect();
    let mut groups: BTreeMap<_, Vec<(u64, String)>> = BTreeMap::new();
    for left in world.left.iter().filter(|left| came.contains(left.identity.as_str())) {
        if left.labels.contains_key("user") {
            groups
                .entry(group(world, left))
                .or_default()
                .push((left.received, left.identity.clone()));
        }
    }
    for (name, events) in groups {
        bounded(&events, world.plan.limit - world.plan.reserve, &format!("whole {name:?}"));
    }
}

fn totals(world: &World) {
    let Some(limit) = world.plan.total else { return };
    let whole = world.left.iter().filter(|left| !left.is_overflow());
    let events: Vec<_> = whole.map(|left| (left.received, left.identity.clone())).collect();
    bounded(&events, limit, "in all");
}

fn values(world: &World) {
    let Some(limit) = world.plan.value_limit else { return };
    let keeps_route = world.plan.json.contains(r#""keep": ["#);
    let is_free = |key: &str, of_resource: bool| {
        let is_dimension =
            world.plan.by.contains(&key) || of_resource && world.plan.by.contains(&"resource");
        let is_kept = if keeps_route { key == "route" } else { key == "service.name" };
        !is_dimension && !is_kept
    };
    let mut labels: BTreeMap<_, Vec<(u64, String)>> = BTreeMap::new();
    for left in world.left.iter().filter(|left| !left.is_overflow()) {
        let of_resource = left.resource.iter().map(|(key, value)| (key, value, true));
        let all = left.labels.iter().map(|(key, value)| (key, value, false)).chain(of_resource);
        for (key, value, of_resource) in all.filter(|(_, value, _)| *value != REPLACEMENT) {
            if is_free(key, of_resource) {
                let label = (group(world, left), key.clone());
                labels.entry(label).or_default().push((left.received, value.clone()));
            }
        }
    }
    for (name, events) in labels {
        bounded(&events, limit, &format!("{name:?}"));
    }
}

/// By identity, in the order in which they left; those of sources and those of sums apart.
fn series(world: &World) -> BTreeMap<&str, (bool, Vec<&Flat>)> {
    let came: HashSet<&str> = world.came.iter().map(|came| came.identity.as_str()).collect();
    let mut all: BTreeMap<&str, (bool, Vec<&Flat>)> = BTreeMap::new();
    for left in &world.left {
        let is_own = came.contains(left.identity.as_str());
        all.entry(&left.identity).or_insert((is_own, Vec::new())).1.push(left);
    }
    all
}

/// Time and start go forward, and what falls has a new start. What its sender sends out of order leaves
/// out of order; what is made here does not.
fn times(world: &World) {
    let plan = &world.plan;
    for (identity, (is_own, points)) in series(world) {
        if is_own && plan.disorder {
            continue;
        }
        for point in &points {
            let has_start = !matches!(point.kind, Kind::Gauge | Kind::Summary);
            if has_start && !is_own {
                assert!(point.start != 0 && point.start < point.time, "{identity} {points:#?}");
            }
        }
        for pair in points.windows(2) {
            let [before, now] = pair else { unreachable!() };
            assert!(before.time < now.time, "{identity} {before:#?} {now:#?}");
            if matches!(now.kind, Kind::Gauge | Kind::Summary) {
                continue;
            }
            assert!(before.start <= now.start, "{identity} {before:#?} {now:#?}");
            if now.kind.is_delta() {
                // What is left out of the time of a source is in that of what it was added to.
                assert!(is_own || before.time <= now.start, "{identity} {before:#?} {now:#?}");
            } else if now.kind.is_total() && before.start == now.start {
                let fell = falls(&now.measure, &before.measure);
                let by_sender = is_own && plan.falls;
                let nothing = before.no_value || now.no_value;
                assert!(!fell || by_sender || nothing, "{identity} {before:#?} {now:#?}");
            }
        }
    }
}

/// Of any of its numbers that is not made of several.
fn falls(now: &Measure, before: &Measure) -> bool {
    let less = |key: &i64| now.ints.get(key).copied().unwrap_or(0) < before.ints[key];
    before.ints.keys().any(less) || now.double < before.double && now.ints == before.ints
}

/// What is made here leaves once with a batch; and nothing has the same time twice unless it came so.
fn once(world: &World) {
    let mut came: HashMap<(&str, u64), usize> = HashMap::new();
    for point in &world.came {
        *came.entry((&point.identity, point.time)).or_default() += 1;
    }
    for (identity, (is_own, points)) in series(world) {
        for pair in points.windows(2) {
            let [before, now] = pair else { unreachable!() };
            assert!(is_own || before.batch != now.batch, "{identity} {before:#?} {now:#?}");
        }
        let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
        for point in &points {
            let times = seen.entry(point.time).or_default();
            *times += 1;
            let came = came.get(&(identity, point.time)).copied().unwrap_or(1);
            assert!(*times <= came, "{identity} {points:#?}");
        }
    }
}

/// The last value of each life of each series that left is what the sources counted.
fn conserved(world: &World, metric: usize) {
    let plan = &world.plan;
    let kind = world.kind(metric);
    let mut came = Measure::default();
    world.of(metric).for_each(|source| came.plus(&source.counted));
    let mut left = Measure::default();
    let mut lives: BTreeMap<(&str, u64), Vec<&Flat>> = BTreeMap::new();
    for point in world.left.iter().filter(|left| left.metric == plan.metrics[metric].name) {
        if kind.is_delta() {
            left.plus(&point.measure);
        } else if !point.no_value {
            lives.entry((&point.identity, point.start)).or_default().push(point);
        }
    }
    for points in lives.values_mut() {
        points.sort_by_key(|point| point.time);
        let mut last: Option<&Measure> = None;
        for point in points {
            if let Some(last) = last.filter(|last| point.measure.fell(last, kind.is_histogram())) {
                left.plus(last);
            }
            last = Some(&point.measure);
        }
        last.into_iter().for_each(|last| left.plus(last));
    }
    let is_same = left.is(&came, kind.is_histogram());
    assert!(is_same, "{} {kind:?}: left {left:#?} came {came:#?}", plan.metrics[metric].name);
}

/// What left with the last batch.
fn at_the_end(world: &World, metric: usize) -> Vec<&Flat> {
    let name = &world.plan.metrics[metric].name;
    let last = world.last_batch();
    world.left.iter().filter(|left| left.batch == last && left.metric == *name).collect()
}

/// All that live have just reported, and all others are forgotten: what left is the sum of what is.
fn levels(world: &World, metric: usize) {
    let mut came = Measure::default();
    for source in world.of(metric).filter(|source| source.alive) {
        source.last.iter().for_each(|(.., value)| came.plus(value));
    }
    let mut left = Measure::default();
    at_the_end(world, metric).iter().for_each(|point| left.plus(&point.measure));
    let is_same = left.is(&came, false);
    let name = &world.plan.metrics[metric].name;
    assert!(is_same, "{name}: left {left:#?} came {came:#?} {:#?}", at_the_end(world, metric));
}

fn gauges(world: &World, metric: usize) {
    if world.plan.gauge == "sum" {
        return levels(world, metric);
    }
    let alive = world.of(metric).filter(|source| source.alive);
    let lasts: Vec<(u64, f64)> = alive
        .filter_map(|source| source.last.as_ref())
        .map(|(_, time, value)| (*time, value.whole()))
        .collect();
    if lasts.is_empty() {
        return;
    }
    let left: Vec<f64> =
        at_the_end(world, metric).iter().map(|point| point.measure.whole()).collect();
    let values: Vec<f64> = lasts.iter().map(|last| last.1).collect();
    let extreme = |values: &[f64], is_max: bool| {
        let sign = if is_max { -1.0 } else { 1.0 };
        values.iter().map(|value| value * sign).fold(f64::INFINITY, f64::min) * sign
    };
    match world.plan.gauge {
        "min" => assert_eq!(extreme(&left, false), extreme(&values, false)),
        "max" => assert_eq!(extreme(&left, true), extreme(&values, true)),
        _ => {
            let is_one = |value: &f64| values.contains(value);
            assert!(left.iter().all(is_one), "{left:?} {lasts:?}");
            // The newest of all is the newest where it is.
            let newest = lasts.iter().map(|last| last.0).max();
            let mut newest = lasts.iter().filter(|last| Some(last.0) == newest);
            assert!(newest.any(|last| left.contains(&last.1)), "{left:?} {lasts:?}");
        }
    }
}

fn everything_leaves(world: &World) {
    if world.plan.normalizes && !world.plan.dry_run {
        return;
    }
    let count = |points: &[Flat], is_marked: bool| {
        let mut all: BTreeMap<(String, u64, u64), usize> = BTreeMap::new();
        for point in points {
            let mark = if is_marked { ",otel.metric.overflow=true" } else { "" };
            let identity =
                point.identity.replace(mark, "").replace("otel.metric.overflow=true,", "");
            *all.entry((identity, point.start, point.time)).or_default() += 1;
        }
        all
    };
    assert_eq!(count(&world.came, false), count(&world.left, true));
}
