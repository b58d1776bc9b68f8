//! `health_check`: says over HTTP whether the gateway is ready.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::StatusCode;
use tokio::time::Instant;

use crate::net::listen::BindError;
use crate::net::plain;
use crate::net::server::Server;
use crate::telemetry::settings::HealthCheckSettings;

/// Whether the gateway is ready, set by who starts and stops it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<Option<SystemTime>>>);

impl Readiness {
    /// Everything runs.
    pub fn set_ready(&self) {
        self.set(Some(SystemTime::now()));
    }

    /// Shutting down.
    pub fn set_not_ready(&self) {
        self.set(None);
    }

    fn set(&self, since: Option<SystemTime>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    fn since(&self) -> Option<SystemTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running `health_check`.
pub struct HealthCheck(Server);

impl HealthCheck {
    /// Binds the endpoint and answers. Must be called in a Tokio runtime.
    ///
    /// # Errors
    ///
    /// Where the endpoint cannot be bound.
    pub async fn bind(
        id: &str,
        settings: &HealthCheckSettings,
        readiness: &Readiness,
    ) -> Result<Self, BindError> {
        let (readiness, answers) = (readiness.clone(), settings.clone());
        let answer = move |path: &str| {
            if path != answers.path {
                return None;
            }
            let since = readiness.since();
            let (status, body) = match since {
                Some(_) => (StatusCode::OK, &answers.healthy_body),
                None => (StatusCode::SERVICE_UNAVAILABLE, &answers.unhealthy_body),
            };
            Some(match body {
                Some(body) => plain::reply(status, "text/plain; charset=utf-8", body.clone()),
                None => plain::reply(status, "application/json", default_body(since)),
            })
        };
        plain::serve(id, &settings.endpoint, Arc::new(answer)).await.map(Self)
    }

    pub fn local_addrs(&self) -> &[SocketAddr] {
        self.0.local_addrs()
    }

    pub async fn shutdown(self, deadline: Instant) {
        self.0.shutdown(deadline).await;
    }
}

/// The Collector's body: status, since when, and for how long.
fn default_body(since: Option<SystemTime>) -> String {
    let body = match since {
        Some(since) => serde_json::json!({
            "status": "Server available",
            "upSince": humantime::format_rfc3339_nanos(since).to_string(),
            "uptime": go_duration(since.elapsed().unwrap_or_default()),
        }),
        None => serde_json::json!({
            "status": "Server not available",
            "upSince": "0001-01-01T00:00:00Z",
            "uptime": "",
        }),
    };
    body.to_string()
}

/// As Go writes durations of a second and more: `1h2m3.5s`.
fn go_duration(duration: Duration) -> String {
    let (minutes, hours) = (duration.as_secs() / 60, duration.as_secs() / 3600);
    let seconds = duration.saturating_sub(Duration::from_secs(minutes * 60)).as_secs_f64();
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{}m{seconds}s", minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::plain::get;

    fn settings() -> HealthCheckSettings {
        HealthCheckSettings {
            endpoint: "localhost:0".into(),
            path: "/health".into(),
            healthy_body: None,
            unhealthy_body: None,
        }
    }

    #[tokio::test]
    async fn it_answers_200_while_ready_and_503_before_and_after() {
        let readiness = Readiness::default();
        let check = HealthCheck::bind("health_check", &settings(), &readiness).await.unwrap();
        let addr = check.local_addrs()[0];
        let not_available = concat!(
            r#"{"status":"Server not available","upSince":"0001-01-01T00:00:00Z","#,
            r#""uptime":""}"#
        );
        let json = "application/json".to_owned();
        assert_eq!(get(addr, "/health").await, (503, json.clone(), not_available.into()));
        readiness.set_ready();
        let (status, content_type, body) = get(addr, "/health").await;
        assert_eq!((status, &content_type), (200, &json));
        assert!(body.starts_with(r#"{"status":"Server available","upSince":"20"#), "{body}");
        readiness.set_not_ready();
        assert_eq!(get(addr, "/health").await.0, 503);
        assert_eq!(get(addr, "/").await.0, 404);
        check.shutdown(Instant::now() + Duration::from_secs(10)).await;
    }

    #[tokio::test]
    async fn bodies_can_be_chosen() {
        let settings = HealthCheckSettings {
            healthy_body: Some("good".into()),
            unhealthy_body: Some("bad".into()),
            ..settings()
        };
        let readiness = Readiness::default();
        let check = HealthCheck::bind("health_check", &settings, &readiness).await.unwrap();
        let addr = check.local_addrs()[0];
        assert_eq!(get(addr, "/health").await.2, "bad");
        readiness.set_ready();
        assert_eq!(get(addr, "/health").await.2, "good");
    }

    #[test]
    fn durations_read_like_gos() {
        let cases =
            [(12_500, "12.5s"), (60_000, "1m0s"), (3_723_250, "1h2m3.25s"), (3_600_000, "1h0m0s")];
        for (millis, want) in cases {
            assert_eq!(go_duration(Duration::from_millis(millis)), want);
        }
    }
}
