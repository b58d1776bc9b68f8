//! Pauses between tries to forward what the next stage has refused for now.

use std::time::Duration;

/// The first pause; doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The longest pause, whatever the next stage asks for.
pub const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The pauses of one batch.
#[derive(Debug)]
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(FIRST_WAIT)
    }
}

impl Backoff {
    /// How long to wait now: as long as is wanted, or else longer each time.
    pub fn next(&mut self, wanted: Option<Duration>) -> Duration {
        let wait = wanted.unwrap_or(self.0).min(LONGEST_WAIT);
        self.0 = (self.0 * 2).min(LONGEST_WAIT);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_what_is_wanted_counts_up_to_the_longest() {
        let mut backoff = Backoff::default();
        let waits = std::array::from_fn::<_, 8, _>(|_| backoff.next(None).as_millis());
        assert_eq!(waits, [50, 100, 200, 400, 800, 1600, 3200, 5000]);
        for (wanted, expected) in [(1, 1), (5000, 5000), (5001, 5000)] {
            assert_eq!(backoff.next(Some(Duration::from_millis(wanted))).as_millis(), expected);
        }
    }
}
