//! `retry_on_failure`: repeats an attempt with growing, randomised pauses until it ends.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::consumer::ConsumeError;

use super::settings::RetrySettings;

/// How far an exporter's life has come. Only ever moves down the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Running,
    /// Shutting down: every batch has one attempt left, pauses end at once.
    Draining,
    /// The time for draining is over: attempts under way are cut.
    Abandoned,
}

/// Why no further attempt follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Permanent,
    RetryDisabled,
    MaxElapsedTime,
    Shutdown,
}

impl Reason {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Permanent => "the error is permanent",
            Self::RetryDisabled => "retry_on_failure is off",
            Self::MaxElapsedTime => "the next retry would be after max_elapsed_time",
            Self::Shutdown => "the exporter is shutting down",
        }
    }
}

/// The end of a batch that was not sent.
#[derive(Debug)]
pub(super) struct GivenUp {
    pub(super) error: ConsumeError,
    pub(super) reason: Reason,
    pub(super) attempts: u32,
}

/// The policy of one exporter.
pub(super) struct Retry {
    settings: RetrySettings,
    /// Uniform in [0, 1).
    random: fn() -> f64,
}

impl Retry {
    pub(super) fn new(settings: RetrySettings, random: fn() -> f64) -> Self {
        Self { settings, random }
    }

    /// Attempts until success, a permanent error, `max_elapsed_time` or shutdown.
    pub(super) async fn run<A: Future<Output = Result<(), ConsumeError>>>(
        &self,
        phase: &watch::Sender<Phase>,
        mut attempt: impl FnMut() -> A,
        on_retry: impl Fn(&ConsumeError, Duration),
    ) -> Result<(), GivenUp> {
        let started = Instant::now();
        let mut backoff = Backoff::new(&self.settings);
        let mut attempts = 0;
        loop {
            // Looked at before the attempt: one that began while draining was the last.
            let last = *phase.borrow() > Phase::Running;
            let Err(error) = attempt().await else { return Ok(()) };
            attempts += 1;
            let delay = match self.next(&error, &mut backoff, started) {
                Ok(delay) => delay,
                Err(reason) => return Err(GivenUp { error, reason, attempts }),
            };
            if last {
                return Err(GivenUp { error, reason: Reason::Shutdown, attempts });
            }
            on_retry(&error, delay);
            tokio::select! {
                () = leave_running(phase) => {}
                () = sleep(delay) => {}
            }
        }
    }

    fn next(
        &self,
        error: &ConsumeError,
        backoff: &mut Backoff<'_>,
        started: Instant,
    ) -> Result<Duration, Reason> {
        if error.permanent {
            return Err(Reason::Permanent);
        }
        if !self.settings.enabled {
            return Err(Reason::RetryDisabled);
        }
        let delay = backoff.next((self.random)()).max(error.retry_after.unwrap_or_default());
        let limit = self.settings.max_elapsed_time;
        if !limit.is_zero() && started.elapsed().saturating_add(delay) > limit {
            return Err(Reason::MaxElapsedTime);
        }
        Ok(delay)
    }
}

async fn leave_running(phase: &watch::Sender<Phase>) {
    // An error would mean that the sender is gone, but we hold it.
    let _ = phase.subscribe().wait_for(|phase| *phase > Phase::Running).await;
}

/// The pauses between attempts: `interval` +- `randomization_factor`, growing by `multiplier`.
struct Backoff<'a> {
    settings: &'a RetrySettings,
    interval: Duration,
}

impl<'a> Backoff<'a> {
    fn new(settings: &'a RetrySettings) -> Self {
        Self { settings, interval: settings.initial_interval }
    }

    fn next(&mut self, random: f64) -> Duration {
        let Self { settings, interval } = self;
        let (centre, max) = (interval.as_secs_f64(), settings.max_interval.as_secs_f64());
        let spread = settings.randomization_factor * centre;
        let grown = centre * settings.multiplier;
        *interval = if grown >= max { settings.max_interval } else { seconds(grown) };
        seconds(centre - spread + random * 2.0 * spread)
    }
}

/// Settings are finite and not negative; anything else that arithmetic makes of them is no pause.
fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(settings: &RetrySettings, random: f64, n: usize) -> Vec<f64> {
        let mut backoff = Backoff::new(settings);
        (0..n).map(|_| (backoff.next(random).as_secs_f64() * 1e6).round() / 1e6).collect()
    }

    #[test]
    fn pauses_grow_to_the_maximum_and_spread_around_it() {
        let settings = RetrySettings::default();
        assert_eq!(pauses(&settings, 0.5, 7), [5.0, 7.5, 11.25, 16.875, 25.3125, 30.0, 30.0]);
        assert_eq!(pauses(&settings, 0.0, 2), [2.5, 3.75]);
        assert_eq!(pauses(&settings, 1.0, 7)[6], 45.0);
        let plain = RetrySettings { randomization_factor: 0.0, ..settings };
        assert_eq!(pauses(&plain, 0.9, 2), [5.0, 7.5]);
    }

    /// The moments of the attempts after the first, in milliseconds, and how it ended.
    async fn attempts(
        settings: RetrySettings,
        errors: impl Fn(usize) -> Option<ConsumeError>,
    ) -> (Vec<u128>, Result<(), Reason>) {
        let (phase, _) = watch::channel(Phase::Running);
        let (started, mut moments) = (Instant::now(), Vec::new());
        let outcome = Retry::new(settings, || 0.5)
            .run(
                &phase,
                || {
                    moments.push(started.elapsed().as_millis());
                    std::future::ready(errors(moments.len()).map_or(Ok(()), Err))
                },
                |_, _| {},
            )
            .await;
        (moments, outcome.map_err(|given_up| given_up.reason))
    }

    fn down() -> ConsumeError {
        ConsumeError::retryable("down")
    }

    #[tokio::test(start_paused = true)]
    async fn a_retryable_error_is_repeated_until_success() {
        let ended = attempts(RetrySettings::default(), |n| (n < 4).then(down)).await;
        assert_eq!(ended, (vec![0, 5_000, 12_500, 23_750], Ok(())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_permanent_error_and_disabled_retry_end_at_once() {
        let permanent = || ConsumeError::permanent("no");
        let ended = attempts(RetrySettings::default(), |_| Some(permanent())).await;
        assert_eq!(ended, (vec![0], Err(Reason::Permanent)));
        let off = RetrySettings { enabled: false, ..Default::default() };
        assert_eq!(attempts(off, |_| Some(down())).await, (vec![0], Err(Reason::RetryDisabled)));
    }

    #[tokio::test(start_paused = true)]
    async fn max_elapsed_time_is_the_bound_and_zero_is_none() {
        let bounded = |ms| RetrySettings {
            max_elapsed_time: Duration::from_millis(ms),
            ..Default::default()
        };
        let limit = Err(Reason::MaxElapsedTime);
        assert_eq!(attempts(bounded(12_499), |_| Some(down())).await, (vec![0, 5_000], limit));
        assert_eq!(
            attempts(bounded(12_500), |_| Some(down())).await,
            (vec![0, 5_000, 12_500], limit)
        );
        let (moments, ended) = attempts(bounded(0), |n| (n < 1_000).then(down)).await;
        assert_eq!((moments.len(), ended), (1_000, Ok(())));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_backend_asks_for_is_a_floor() {
        let asks = |secs| {
            move |n| {
                let error = ConsumeError { retry_after: Some(Duration::from_secs(secs)), ..down() };
                (n < 2).then_some(error)
            }
        };
        assert_eq!(attempts(RetrySettings::default(), asks(20)).await.0, [0, 20_000]);
        assert_eq!(attempts(RetrySettings::default(), asks(1)).await.0, [0, 5_000]);
        let too_long = attempts(RetrySettings::default(), asks(301)).await;
        assert_eq!(too_long, (vec![0], Err(Reason::MaxElapsedTime)));
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_ends_a_pause_and_each_batch_has_one_attempt_after_it() {
        let (phase, _) = watch::channel(Phase::Running);
        let retry = Retry::new(RetrySettings::default(), || 0.5);
        let fails = || std::future::ready(Err(down()));
        let started = Instant::now();
        let (ended, ()) = tokio::join!(retry.run(&phase, fails, |_, _| {}), async {
            sleep(Duration::from_secs(1)).await;
            phase.send_replace(Phase::Draining);
        });
        let ended = ended.unwrap_err();
        assert_eq!((ended.reason, ended.attempts), (Reason::Shutdown, 2));
        assert_eq!(started.elapsed(), Duration::from_secs(1));
        let ended = retry.run(&phase, fails, |_, _| {}).await.unwrap_err();
        assert_eq!((ended.reason, ended.attempts), (Reason::Shutdown, 1));
    }
}
