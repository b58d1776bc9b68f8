//! Questions of whoever operates the gateway, put to the instances of a guest between their calls.

use std::sync::Arc;
use std::time::Duration;

use serde::de::IgnoredAny;
use tokio::time::{Instant, timeout_at};

use super::call::Caller;
use super::pool::Lease;

/// A question waits so long for the instances of a processor, all together.
pub const INSPECT_WAIT: Duration = Duration::from_secs(2);

/// Most bytes of a question.
pub const MAX_QUERY: usize = 4 << 10;

/// Puts questions to one guest.
#[derive(Clone)]
pub struct Inspector(Arc<Caller>);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error("the processor does not export `inspector`")]
    NoInspector,
    #[error("the query has more than {MAX_QUERY} bytes")]
    TooLong,
    #[error("the processor is busy, or cannot be started: {0}")]
    Busy(String),
    /// The guest's own words.
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Failed(String),
}

impl Inspector {
    pub(super) fn new(caller: Arc<Caller>) -> Self {
        Self(caller)
    }

    /// Whether the guest answers questions.
    pub fn answers(&self) -> bool {
        self.0.pools.iter().any(|pool| pool.answers())
    }

    /// Asks every instance that is alive; JSON texts, one each. Runs as a task of its own: somebody who
    /// asks and goes away would otherwise take the instances and their state along.
    pub async fn inspect(&self, query: String) -> Result<Vec<String>, InspectError> {
        if !self.answers() {
            return Err(InspectError::NoInspector);
        }
        if query.len() > MAX_QUERY {
            return Err(InspectError::TooLong);
        }
        let caller = Arc::clone(&self.0);
        let asked = tokio::spawn(async move { ask_all(&caller, &query).await });
        asked.await.unwrap_or_else(|_| Err(InspectError::Failed("the call was cut off".to_owned())))
    }
}

/// One pool after the other, so that the others go on.
async fn ask_all(caller: &Caller, query: &str) -> Result<Vec<String>, InspectError> {
    let deadline = Instant::now() + INSPECT_WAIT;
    let mut answers = Vec::new();
    for pool in &caller.pools {
        let leases = match timeout_at(deadline, pool.lease_all()).await {
            Ok(leases) => leases.map_err(|error| InspectError::Busy(error.to_string()))?,
            Err(_) => {
                let waited = format!("no instance was free for {} s", INSPECT_WAIT.as_secs());
                return Err(InspectError::Busy(waited));
            }
        };
        let mut leases = leases.into_iter();
        while let Some(lease) = leases.next() {
            match ask(caller, lease, query).await {
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    leases.for_each(Lease::unused);
                    return Err(error);
                }
            }
        }
    }
    Ok(answers)
}

async fn ask(caller: &Caller, mut lease: Lease, query: &str) -> Result<String, InspectError> {
    let answer = match lease.instance().inspect(query).await {
        None => {
            lease.unused();
            return Err(InspectError::NoInspector);
        }
        Some(Err(trap)) => {
            caller.complain_of(&trap);
            lease.trapped(&trap).await;
            return Err(InspectError::Failed(format!("the processor trapped: {trap}")));
        }
        Some(Ok(answer)) => answer,
    };
    lease.succeeded(caller.stateful);
    let answer = answer.map_err(InspectError::Refused)?;
    if serde_json::from_str::<IgnoredAny>(&answer).is_err() {
        caller.shared.metrics.bad_output.inc();
        return Err(InspectError::Failed("the processor's answer is no JSON".to_owned()));
    }
    Ok(answer)
}
