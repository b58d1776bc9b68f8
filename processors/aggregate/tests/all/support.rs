//! Random numbers, and data points to and from bytes.

use tamis_aggregate::{Kind, Last, Point, Step, Total, write_since};
use tamis_sdk::wire::{Message, Writer};

/// Streams of each kind, in each test.
pub(crate) const STREAMS: u64 = 2000;

/// Runs the test on every stream, and says which one failed.
pub(crate) fn each_stream(test: impl Fn(&mut Random)) {
    let seed: u64 = match std::env::var("TAMIS_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => 1,
    };
    for stream in 0..STREAMS {
        let guard = Told { seed, stream };
        test(&mut Random::new(seed << 32 | stream));
        drop(guard);
    }
}

struct Told {
    seed: u64,
    stream: u64,
}

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("TAMIS_TEST_SEED={} stream {}", self.seed, self.stream);
        }
    }
}

pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        // Seeds that are near to each other begin alike.
        for _ in 0..8 {
            random.bits();
        }
        random
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.bits() >> 33) as usize % bound
    }

    pub(crate) fn between(&mut self, least: i64, greatest: i64) -> i64 {
        least + self.below((greatest - least + 1) as usize) as i64
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// From 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Hands a data point to the crate as it comes over the wire.
pub(crate) fn with<P: prost::Message, T>(
    kind: Kind,
    point: &P,
    then: impl FnOnce(&Point<'_>) -> T,
) -> T {
    let encoded = point.encode_to_vec();
    then(&Point::read(kind, Message::new(&encoded)).unwrap())
}

pub(crate) fn written<P: prost::Message + Default>(total: &mut Total) -> P {
    let mut encoded = Vec::new();
    total.write(&mut Writer::new(&mut encoded));
    P::decode(&encoded[..]).unwrap()
}

pub(crate) fn since<P: prost::Message + Default>(
    kind: Kind,
    point: &P,
    base: &Last,
    start: u64,
) -> Option<P> {
    let encoded = point.encode_to_vec();
    let mut out = Vec::new();
    let step =
        write_since(Message::new(&encoded), kind, base, start, &mut Writer::new(&mut out)).unwrap();
    match step {
        Step::Added => Some(P::decode(&out[..]).unwrap()),
        Step::Fell => {
            assert!(out.is_empty());
            None
        }
    }
}

/// What comes back from a snapshot, which must be all of it.
pub(crate) fn restored(total: &Total) -> Total {
    let mut bytes = Vec::new();
    total.snapshot(&mut bytes);
    let again = Total::restore(total.kind(), &mut &bytes[..]).expect("a sound snapshot");
    let mut bytes_again = Vec::new();
    again.snapshot(&mut bytes_again);
    assert_eq!(bytes, bytes_again);
    again
}

pub(crate) fn restored_last(last: &Last) -> Last {
    let mut bytes = Vec::new();
    last.snapshot(&mut bytes);
    bytes.push(77);
    let mut rest = &bytes[..];
    let again = Last::restore(&mut rest).expect("a sound snapshot");
    assert_eq!(rest, [77]);
    again
}
