//! `admin`: questions to processors, answered in JSON over HTTP.
//!
//! - `/processors`: the processors that answer;
//! - `/inspect?pipeline=...&id=...&query=...`: one of them, without `pipeline` a connector.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{StatusCode, Uri};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::net::listen::BindError;
use crate::net::plain::{self, Reply};
use crate::net::server::Server;
use crate::pipeline::{GuestId, Inspectors};
use crate::telemetry::settings::AdminSettings;
use crate::wasm::inspect::{INSPECT_WAIT, InspectError, Inspector};

/// Questions that are put at a time; each holds instances of a processor.
const MAX_QUESTIONS: usize = 1;

/// A running `admin`.
pub struct Admin(Server);

struct Desk {
    inspectors: Inspectors,
    questions: Semaphore,
}

impl Admin {
    /// Binds the endpoint and answers. Must be called in a Tokio runtime.
    ///
    /// # Errors
    ///
    /// Where the endpoint cannot be bound.
    pub async fn bind(
        id: &str,
        settings: &AdminSettings,
        inspectors: &Inspectors,
    ) -> Result<Self, BindError> {
        let questions = Semaphore::new(MAX_QUESTIONS);
        let desk = Arc::new(Desk { inspectors: inspectors.clone(), questions });
        let answer = move |uri: Uri| {
            let desk = Arc::clone(&desk);
            Box::pin(async move { desk.answer(&uri).await }) as _
        };
        let server = plain::serve_later(id, &settings.endpoint, Arc::new(answer)).await?;
        for address in server.local_addrs() {
            tracing::info!(component = id, protocol = "http", %address, "listening");
        }
        Ok(Self(server))
    }

    pub fn local_addrs(&self) -> &[SocketAddr] {
        self.0.local_addrs()
    }

    pub async fn shutdown(self, deadline: Instant) {
        self.0.shutdown(deadline).await;
    }
}

impl Desk {
    async fn answer(&self, uri: &Uri) -> Reply {
        match uri.path() {
            "/processors" => self.list(),
            "/inspect" => self.inspect(uri.query().unwrap_or_default()).await,
            _ => plain::not_found(),
        }
    }

    fn list(&self) -> Reply {
        let answering = self.inspectors.iter().filter(|(_, inspector)| inspector.answers());
        let processors: Vec<Value> = answering
            .map(|((pipeline, id), _)| {
                let pipeline = pipeline.as_ref().map(ToString::to_string);
                json!({"pipeline": pipeline, "id": id.to_string()})
            })
            .collect();
        json_reply(StatusCode::OK, json!({"processors": processors}).to_string())
    }

    async fn inspect(&self, parameters: &str) -> Reply {
        let Some(question) = Question::read(parameters) else {
            return failure(StatusCode::BAD_REQUEST, "the parameters are no percent-encoded UTF-8");
        };
        let asked = |((pipeline, id), _): &(&GuestId, &Inspector)| {
            pipeline.as_ref().map(ToString::to_string).as_deref() == question.pipeline.as_deref()
                && id.to_string() == question.id
        };
        let Some((_, inspector)) = self.inspectors.iter().find(asked) else {
            let message = "there is no such processor; \"pipeline\" and \"id\" say which";
            return failure(StatusCode::NOT_FOUND, message);
        };
        let Ok(Ok(_turn)) = timeout(INSPECT_WAIT, self.questions.acquire()).await else {
            return failure(StatusCode::SERVICE_UNAVAILABLE, "other questions are being answered");
        };
        match inspector.inspect(question.query.into_owned()).await {
            Ok(answers) => {
                let body = format!("{{\"instances\":[{}]}}", answers.join(","));
                json_reply(StatusCode::OK, body)
            }
            Err(error) => failure(status(&error), &error.to_string()),
        }
    }
}

fn status(error: &InspectError) -> StatusCode {
    match error {
        InspectError::NoInspector => StatusCode::NOT_IMPLEMENTED,
        InspectError::TooLong | InspectError::Refused(_) => StatusCode::BAD_REQUEST,
        InspectError::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        InspectError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn failure(status: StatusCode, message: &str) -> Reply {
    json_reply(status, json!({"error": message}).to_string())
}

fn json_reply(status: StatusCode, body: String) -> Reply {
    plain::reply(status, "application/json", body)
}

/// The parameters of `/inspect`.
#[derive(Debug, Default, PartialEq)]
struct Question<'a> {
    pipeline: Option<Cow<'a, str>>,
    id: Cow<'a, str>,
    query: Cow<'a, str>,
}

impl<'a> Question<'a> {
    /// None where something is not encoded as it should be. What is unknown does not count.
    fn read(parameters: &'a str) -> Option<Self> {
        let mut question = Self::default();
        for parameter in parameters.split('&') {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match key {
                "pipeline" => question.pipeline = Some(decode(value)?),
                "id" => question.id = decode(value)?,
                "query" => question.query = decode(value)?,
                _ => {}
            }
        }
        Some(question)
    }
}

/// A value as forms encode it: `%20` or `+` for a blank.
fn decode(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains(['%', '+']) {
        return Some(value.into());
    }
    let mut bytes = value.bytes();
    let mut decoded = Vec::with_capacity(value.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::plain::get;

    #[test]
    fn parameters_are_decoded() {
        let read = Question::read("id=wasm%2Fa&pipeline=metrics/b&query=%C3%A4+b%2Bc&x=%zz");
        let wanted = Question {
            pipeline: Some("metrics/b".into()),
            id: "wasm/a".into(),
            query: "\u{e4} b+c".into(),
        };
        assert_eq!(read, Some(wanted));
        for wrong in ["id=%", "id=%2", "id=%2g", "query=%ff"] {
            assert_eq!(Question::read(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn without_processors_there_is_nothing_to_ask() {
        let settings = AdminSettings { endpoint: "localhost:0".to_owned() };
        let admin = Admin::bind("admin", &settings, &Inspectors::new()).await.unwrap();
        let addr = admin.local_addrs()[0];
        let json = "application/json".to_owned();
        let nothing = (200, json.clone(), r#"{"processors":[]}"#.to_owned());
        assert_eq!(get(addr, "/processors").await, nothing);
        assert_eq!(get(addr, "/inspect?id=filter").await.0, 404);
        assert_eq!(get(addr, "/inspect?id=%").await.0, 400);
        assert_eq!(get(addr, "/").await.0, 404);
    }
}
