//! Measurements, and sources that report them: the same procedure for both kinds of histograms.

use tamis_aggregate::{Kind, Last, Step, Total};

use crate::support::{Random, restored, restored_last, since, with};

/// A histogram as the test knows how to make and to read one.
pub(crate) trait Histogram:
    prost::Message + Default + Clone + PartialEq + std::fmt::Debug
{
    /// Bounds, or scale and zero threshold.
    type Shape: Clone;
    fn kind(delta: bool) -> Kind;
    fn measurement(random: &mut Random, stream: &Stream) -> f64;
    fn shape(random: &mut Random, stream: &Stream, values: &[f64]) -> Self::Shape;
    fn of(shape: &Self::Shape, values: &[f64], has: Has) -> Self;
    fn shape_of(&self) -> Self::Shape;
    /// What the total may have for a shape, of what was added.
    fn check_shape(&self, added: &[Self::Shape], values: &[f64]);
    fn summary(&self) -> (u64, Option<f64>, Option<f64>, Option<f64>);
    /// Without empty buckets at the ends, and without the summary.
    fn buckets(&self) -> Self;
    fn common(a: &Self::Shape, b: &Self::Shape) -> Self::Shape;
}

/// What stays the same in a stream.
pub(crate) struct Stream {
    pub(crate) shapes: usize,
    pub(crate) spread: f64,
    pub(crate) has: Has,
}

#[derive(Clone, Copy)]
pub(crate) struct Has {
    pub(crate) sum: bool,
    pub(crate) extremes: bool,
}

impl Stream {
    fn new(random: &mut Random) -> Self {
        let has = Has { sum: !random.one_in(5), extremes: !random.one_in(3) };
        Self { shapes: 1 + random.below(3), spread: random.pick(&[1.0, 8.0, 40.0, 900.0]), has }
    }
}

/// A source of a cumulative stream.
#[derive(Default)]
struct Source {
    values: Vec<f64>,
    last: Last,
}

/// What a total must hold.
struct Expected<H: Histogram> {
    /// Shapes of what was added.
    shapes: Vec<H::Shape>,
    values: Vec<f64>,
    /// Those from before a reset too.
    ever: Vec<f64>,
    /// Of all that was measured: sums of sources are rounded by what was before the total too.
    size: f64,
    /// Whether all sources were there from their start.
    is_whole: bool,
    has: Has,
}

impl<H: Histogram> Expected<H> {
    fn nothing(has: Has) -> Self {
        let (values, ever) = (Vec::new(), Vec::new());
        Self { shapes: Vec::new(), values, ever, size: 0.0, is_whole: true, has }
    }

    fn add(&mut self, values: &[f64], shape: &H::Shape) {
        self.values.extend(values);
        self.ever.extend(values);
        if !values.is_empty() {
            self.shapes.push(shape.clone());
        }
    }
}

/// Sources report changes; the total is written and begins again, or not.
pub(crate) fn deltas<H: Histogram>(random: &mut Random) {
    let kind = H::kind(true);
    let stream = Stream::new(random);
    let mut total = Total::new(kind);
    let mut expected = Expected::<H>::nothing(stream.has);
    for _ in 0..1 + random.below(12) {
        let values: Vec<f64> =
            (0..random.below(20)).map(|_| H::measurement(random, &stream)).collect();
        let shape = H::shape(random, &stream, &values);
        let point = H::of(&shape, &values, stream.has);
        with(kind, &point, |point| total.add(point)).unwrap();
        expected.add(&values, &shape);
        expected.size += magnitude(&values);
        if random.one_in(4) {
            total = restored(&total);
        }
        if random.one_in(6) {
            check(&mut total, &expected);
            total.reset();
            // Its shape stays.
            (expected.values, expected.size) = (Vec::new(), 0.0);
        }
    }
    check(&mut total, &expected);
}

/// Sources report everything since their start, come while the total is there, and start again.
pub(crate) fn cumulatives<H: Histogram>(random: &mut Random) {
    let kind = H::kind(false);
    let stream = Stream::new(random);
    let mut total = Total::new(kind);
    let mut sources: Vec<Source> = (0..1 + random.below(4)).map(|_| Source::default()).collect();
    let mut expected = Expected::<H>::nothing(stream.has);
    let mut shapes: Vec<Option<H::Shape>> = sources.iter().map(|_| None).collect();
    for _ in 0..1 + random.below(16) {
        let index = random.below(sources.len());
        let source = &mut sources[index];
        let restarts = random.one_in(6) && !source.values.is_empty();
        let before = if restarts { std::mem::take(&mut source.values).len() } else { 0 };
        let known = source.values.len();
        let more = if restarts { random.below(before) } else { random.below(20) };
        source.values.extend((0..more).map(|_| H::measurement(random, &stream)));
        expected.size += magnitude(&source.values[if restarts { 0 } else { known }..]);
        let shape = H::shape(random, &stream, &source.values);
        let point = H::of(&shape, &source.values, stream.has);
        let is_first = source.last.is_none();
        let mut sets = true;
        with(kind, &point, |point| {
            if is_first && random.one_in(5) {
                // Its past was counted elsewhere.
                expected.is_whole &= source.values.is_empty();
            } else {
                // Either leaves the same, which the rest of the stream shows.
                let advance = random.one_in(2);
                let step = if advance {
                    total.advance(point, &mut source.last).unwrap()
                } else {
                    total.add_since(point, &source.last).unwrap()
                };
                sets = !advance || step == Step::Fell;
                match step {
                    Step::Added => {
                        assert!(!restarts, "a restart with fewer values was not seen");
                        let before = shapes[index].as_ref().filter(|_| !is_first);
                        let common = before.map(|before| H::common(before, &shape));
                        expected.add(&source.values[known..], common.as_ref().unwrap_or(&shape));
                    }
                    Step::Fell => {
                        assert!(restarts, "fell without a restart");
                        total.add(point).unwrap();
                        expected.add(&source.values, &shape);
                    }
                }
            }
            if sets {
                source.last.set(point).unwrap();
            }
        });
        shapes[index] = Some(shape);
        if random.one_in(4) {
            total = restored(&total);
            source.last = restored_last(&source.last);
        }
        if random.one_in(4) {
            check(&mut total, &expected);
        }
    }
    check(&mut total, &expected);
}

/// A source continues under another identity, with what it has more than it had.
pub(crate) fn continued<H: Histogram>(random: &mut Random) {
    let kind = H::kind(false);
    let stream = Stream::new(random);
    let mut values: Vec<f64> =
        (0..random.below(20)).map(|_| H::measurement(random, &stream)).collect();
    let shape = H::shape(random, &stream, &values);
    let mut base = Last::default();
    with(kind, &H::of(&shape, &values, stream.has), |point| base.set(point)).unwrap();
    let known = values.len();
    values.extend((0..random.below(20)).map(|_| H::measurement(random, &stream)));
    let shape = H::shape(random, &stream, &values);
    let point = H::of(&shape, &values, stream.has);
    let rewritten: H = since(kind, &point, &base, 5).expect("not less than before");
    let expected = H::of(&rewritten.shape_of(), &values[known..], stream.has);
    assert_eq!(rewritten.buckets(), expected.buckets());
    let (count, sum, min, max) = rewritten.summary();
    assert_eq!((count, min, max), (expected.summary().0, None, None));
    assert_eq!(sum.is_some(), stream.has.sum);
    if known > 0 {
        let fewer: Vec<f64> = values[..random.below(known)].to_vec();
        let shape = H::shape(random, &stream, &fewer);
        assert!(since(kind, &H::of(&shape, &fewer, stream.has), &base, 5).is_none());
    }
}

fn magnitude(values: &[f64]) -> f64 {
    values.iter().map(|value| value.abs()).sum()
}

fn check<H: Histogram>(total: &mut Total, expected: &Expected<H>) {
    let written: H = crate::support::written(total);
    let has = expected.has;
    let direct = H::of(&written.shape_of(), &expected.values, Has { sum: true, extremes: true });
    assert_eq!(written.buckets(), direct.buckets());
    written.check_shape(&expected.shapes, &expected.ever);
    let (count, sum, min, max) = written.summary();
    let (_, direct_sum, direct_min, direct_max) = direct.summary();
    assert_eq!(count, expected.values.len() as u64);
    assert_eq!(sum.is_some(), has.sum || expected.values.is_empty());
    if let (Some(sum), Some(direct)) = (sum, direct_sum) {
        assert!((sum - direct).abs() <= expected.size * 1e-12, "{sum} {direct}");
    }
    if has.extremes && expected.is_whole {
        assert_eq!((min, max), (direct_min, direct_max));
    } else {
        assert!(min.is_none() || min == direct_min, "{min:?} {direct_min:?}");
        assert!(max.is_none() || max == direct_max, "{max:?} {direct_max:?}");
        assert!(has.extremes || min.is_none() && max.is_none());
    }
}
