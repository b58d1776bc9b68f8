//! When a connection has had no request for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Counts the requests of one connection. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Activity(Arc<watch::Sender<usize>>);

/// A request in progress.
#[derive(Debug)]
pub(super) struct Busy(Activity);

impl Activity {
    pub(super) fn busy(&self) -> Busy {
        self.0.send_modify(|requests| *requests += 1);
        Busy(self.clone())
    }

    /// Returns once there was no request for so long.
    pub(super) async fn idle_for(&self, time: Duration) {
        let mut requests = self.0.subscribe();
        loop {
            // Errors mean that the sender is gone, but it is ours.
            let _ = requests.wait_for(|requests| *requests == 0).await;
            if timeout(time, requests.changed()).await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.send_modify(|requests| *requests -= 1);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn idle_time_starts_anew_after_every_request() {
        let activity = Activity::default();
        let start = Instant::now();
        let busy = activity.busy();
        let request = async {
            tokio::time::sleep(Duration::from_secs(7)).await;
            drop(busy);
        };
        tokio::join!(activity.idle_for(Duration::from_secs(5)), request);
        assert_eq!(start.elapsed().as_secs(), 12);
    }
}
