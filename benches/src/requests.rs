//! The data: gRPC messages of 512 spans with 12 to 16 attributes each, encoded once before the load.

use bytes::Bytes;
use fastrand::Rng;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;

/// Spans of one request.
pub const SPANS: usize = 512;

/// Spans of one trace: two in each resource, all in one request.
pub const SPANS_PER_TRACE: usize = 8;

/// Different requests, sent in turns: more than the caches of a core hold.
const REQUESTS: usize = 16;
const RESOURCES: usize = 4;
/// Every run sends the same bytes.
const SEED: u64 = 0x7461_6d69_7321;
/// The flag and the length before a gRPC message.
pub const PREFIX: usize = 5;
/// Part of the traces with a failed span, and of those with a span of more than [`SLOW`].
const RARE: f64 = 0.01;
/// Nanoseconds.
const SLOW: u64 = 2_000_000_000;

/// What the `blocked_values` of the scenario are looking for, and so what may not come out.
const EMAILS: [&str; 3] = ["jane.doe@example.com", "ops+alerts@corp.example.org", "m_k@mail.test"];
const CARDS: [&str; 3] = ["4111111111111111", "5500005555555559", "4012888888881881"];
const SSNS: [&str; 3] = ["078-05-1120", "219-09-9999", "457-55-5462"];

/// How many of the spans hold an e-mail address, a card number or a social security number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    None,
    /// 1.5 % of them.
    Few,
    Everywhere,
}

impl Secrets {
    pub const ALL: [Self; 3] = [Self::None, Self::Few, Self::Everywhere];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "no secret",
            Self::Few => "a secret in 1.5 %",
            Self::Everywhere => "a secret in every span",
        }
    }

    fn share(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Few => 0.015,
            Self::Everywhere => 1.0,
        }
    }
}

/// Requests that are sent in turns.
#[derive(Clone, Debug)]
pub struct Requests(Vec<Template>);

/// One request, with gRPC's prefix.
#[derive(Clone, Debug)]
struct Template {
    framed: Bytes,
    /// Where the trace ids stand.
    trace_ids: Vec<usize>,
}

impl Requests {
    pub fn new(secrets: Secrets) -> Self {
        Self::with_calls(secrets, 0.0)
    }

    /// Of which this part are calls of AI models.
    pub fn with_calls(secrets: Secrets, calls: f64) -> Self {
        let mut rng = Rng::with_seed(SEED);
        let mix = Mix { secrets, calls };
        Self((0..REQUESTS).map(|_| Template::new(&request(&mut rng, mix))).collect())
    }

    /// The request number `turn`, with its prefix.
    pub fn framed(&self, turn: usize) -> Bytes {
        self.0[turn % self.0.len()].framed.clone()
    }

    /// As [`Self::framed`], with traces that no other turn has.
    pub fn with_new_traces(&self, turn: usize) -> Bytes {
        let template = &self.0[turn % self.0.len()];
        let mut framed = template.framed.to_vec();
        // An id begins with random bytes, and so it stays spread over all there are.
        let new = (turn as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        for &at in &template.trace_ids {
            framed[at..at + new.len()].iter_mut().zip(new).for_each(|(byte, new)| *byte ^= new);
        }
        framed.into()
    }

    /// As [`Self::with_new_traces`], with so many spans in a trace: one, or two that follow one another.
    pub fn with_small_traces(&self, turn: usize, spans: usize) -> Bytes {
        let template = &self.0[turn % self.0.len()];
        let mut framed = self.with_new_traces(turn).to_vec();
        for (index, &at) in template.trace_ids.iter().enumerate() {
            let trace = (index / spans) as u64;
            let end = &mut framed[at + 8..at + 16];
            end.iter_mut().zip(trace.to_le_bytes()).for_each(|(byte, new)| *byte ^= new);
        }
        framed.into()
    }

    /// The messages without their prefix.
    pub fn messages(&self) -> impl Iterator<Item = Bytes> {
        self.0.iter().map(|template| template.framed.slice(PREFIX..))
    }

    /// Of one span, on average.
    pub fn bytes_per_span(&self) -> usize {
        self.messages().map(|message| message.len()).sum::<usize>() / (self.0.len() * SPANS)
    }
}

impl Template {
    fn new(request: &ExportTraceServiceRequest) -> Self {
        let framed = framed(request);
        let spans = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        let mut at = 0;
        let trace_ids = spans
            .flat_map(|scope| &scope.spans)
            .map(|span| {
                // Ids are random, so that the next place where the bytes stand is the span's.
                let rest = &framed[at..];
                at += memchr::memmem::find(rest, &span.trace_id).unwrap_or(0) + span.trace_id.len();
                at - span.trace_id.len()
            })
            .collect();
        Self { framed, trace_ids }
    }
}

/// How many secrets stand in the bytes.
pub fn count_secrets(bytes: &[u8]) -> usize {
    let secrets = [EMAILS, CARDS, SSNS];
    let count = |secret: &&str| memchr::memmem::find_iter(bytes, secret.as_bytes()).count();
    secrets.as_flattened().iter().map(count).sum()
}

fn framed(request: &ExportTraceServiceRequest) -> Bytes {
    let length = request.encoded_len();
    let mut framed = Vec::with_capacity(PREFIX + length);
    framed.push(0);
    framed.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend_from_slice(&request.encode_to_vec());
    framed.into()
}

/// What the spans are.
#[derive(Clone, Copy)]
struct Mix {
    secrets: Secrets,
    /// Part of them that are calls of AI models.
    calls: f64,
}

fn request(rng: &mut Rng, mix: Mix) -> ExportTraceServiceRequest {
    let traces: Vec<Trace> = (0..SPANS / SPANS_PER_TRACE).map(|_| Trace::new(rng)).collect();
    let resource_spans =
        (0..RESOURCES).map(|number| resource_spans(rng, mix, &traces, number == 0)).collect();
    ExportTraceServiceRequest { resource_spans }
}

/// What the spans of a trace have in common.
struct Trace {
    id: Vec<u8>,
    start: u64,
    slow: bool,
    failed: bool,
}

impl Trace {
    fn new(rng: &mut Rng) -> Self {
        Self {
            id: (0..16).map(|_| rng.u8(..)).collect(),
            start: 1_790_000_000_000_000_000 + rng.u64(..3_600_000_000_000),
            slow: rng.f64() < RARE,
            failed: rng.f64() < RARE,
        }
    }
}

fn resource_spans(rng: &mut Rng, mix: Mix, traces: &[Trace], with_roots: bool) -> ResourceSpans {
    let service = pick(rng, &["checkout", "cart", "catalogue", "payment", "shipping"]);
    let attributes = vec![
        string("service.name", service),
        string("service.version", "2.14.3"),
        string("deployment.environment.name", "production"),
        string("k8s.pod.name", format!("{service}-{:08x}-{:05x}", rng.u32(..), rng.u16(..))),
        string("host.name", format!("ip-10-0-{}-{}", rng.u8(..), rng.u8(..))),
        string("telemetry.sdk.language", "java"),
    ];
    let scope = InstrumentationScope {
        name: "io.opentelemetry.tomcat-10.0".to_owned(),
        version: "2.9.0-alpha".to_owned(),
        ..InstrumentationScope::default()
    };
    let per_resource = SPANS_PER_TRACE / RESOURCES;
    let spans = traces
        .iter()
        .flat_map(|trace| (0..per_resource).map(move |number| (trace, number == 0)))
        .map(|(trace, first)| span(rng, mix, trace, first && with_roots))
        .collect();
    ResourceSpans {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    }
}

fn span(rng: &mut Rng, mix: Mix, trace: &Trace, is_root: bool) -> Span {
    let start = trace.start + rng.u64(..100_000_000);
    let duration = rng.u64(100_000..500_000_000) + if trace.slow && is_root { SLOW } else { 0 };
    let code = if trace.failed && is_root { StatusCode::Error } else { StatusCode::Unset };
    let route =
        pick(rng, &["/api/v2/orders/{id}", "/api/v2/cart/{id}/items", "/healthz", "/search"]);
    // Drawn only where there are any, so that all other data stays what it was.
    let is_call = mix.calls > 0.0 && rng.f64() < mix.calls;
    let mut attributes = if is_call { call(rng) } else { attributes(rng, route) };
    if rng.f64() < mix.secrets.share() {
        attributes.push(secret(rng));
    }
    Span {
        trace_id: trace.id.clone(),
        span_id: (0..8).map(|_| rng.u8(..)).collect(),
        parent_span_id: if is_root { Vec::new() } else { (0..8).map(|_| rng.u8(..)).collect() },
        flags: 0x101,
        name: format!("GET {route}"),
        kind: 2,
        start_time_unix_nano: start,
        end_time_unix_nano: start + duration,
        attributes,
        status: Some(Status { code: code.into(), ..Status::default() }),
        ..Span::default()
    }
}

/// 12 to 16, as the semantic conventions name them.
fn attributes(rng: &mut Rng, route: &str) -> Vec<KeyValue> {
    let agents = [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0",
        "okhttp/4.12.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
    ];
    let status = pick(rng, &["200", "200", "200", "201", "404", "500"]);
    let mut all = vec![
        string("http.request.method", pick(rng, &["GET", "POST", "PUT"])),
        string("http.route", route),
        string("url.full", url(rng)),
        string("db.query.text", "SELECT id, state FROM orders WHERE tenant = ? AND id = ?"),
        string("server.address", pick(rng, &["shop.example.net", "api.example.net"])),
        int("server.port", 443),
        int("http.response.status_code", status.parse().unwrap_or(0)),
        string("client.address", format!("203.0.113.{}", rng.u8(..))),
        string("user_agent.original", pick(rng, &agents)),
        string("network.protocol.version", "1.1"),
        int("thread.id", i64::from(rng.u8(..))),
        string("thread.name", format!("http-nio-8080-exec-{}", rng.u8(1..64))),
        string("app.tenant", pick(rng, &["acme", "globex", "initech", "umbrella"])),
        string("app.request.id", format!("{:016x}", rng.u64(..))),
        boolean("app.cache.hit", rng.bool()),
        double("app.load", rng.f64()),
    ];
    all.truncate(rng.usize(12..=16));
    all
}

/// The models of the calls, as providers and their clients name them.
const MODELS: [(&str, &str, &str); 4] = [
    ("openai", "gpt-4o", "gpt-4o-2024-08-06"),
    ("openai", "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"),
    ("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
    ("gcp.gemini", "gemini-2.5-flash", "gemini-2.5-flash"),
];

/// A call of an AI model, in the words of OpenTelemetry's conventions.
fn call(rng: &mut Rng) -> Vec<KeyValue> {
    let (provider, asked, answered) = MODELS[rng.usize(..MODELS.len())];
    let input = rng.i64(500..20_000);
    vec![
        string("gen_ai.operation.name", "chat"),
        string("gen_ai.provider.name", provider),
        string("gen_ai.request.model", asked),
        string("gen_ai.response.model", answered),
        string("gen_ai.response.id", format!("chatcmpl-{:016x}{:016x}", rng.u64(..), rng.u64(..))),
        string("gen_ai.conversation.id", format!("{:016x}", rng.u64(..))),
        int("gen_ai.usage.input_tokens", input),
        int("gen_ai.usage.cache_read.input_tokens", rng.i64(0..input)),
        int("gen_ai.usage.output_tokens", rng.i64(50..2_000)),
        double("gen_ai.request.temperature", rng.f64()),
        int("gen_ai.request.max_tokens", 4096),
        string("server.address", "llm.example.net"),
        int("server.port", 443),
        string("app.tenant", pick(rng, &["acme", "globex", "initech", "umbrella"])),
    ]
}

fn url(rng: &mut Rng) -> String {
    let (order, page) = (rng.u64(..), rng.u8(..));
    format!("https://shop.example.net/api/v2/orders/{order:x}?currency=EUR&page={page}")
}

/// One of the three kinds, alone or within text.
fn secret(rng: &mut Rng) -> KeyValue {
    match rng.u8(..3) {
        0 => string("enduser.id", pick(rng, &EMAILS)),
        1 => string("app.note", format!("card {} was declined", pick(rng, &CARDS))),
        _ => string("app.note", format!("ssn {} on file", pick(rng, &SSNS))),
    }
}

fn pick<'a>(rng: &mut Rng, choices: &[&'a str]) -> &'a str {
    choices[rng.usize(..choices.len())]
}

fn string(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn int(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn double(key: &str, value: f64) -> KeyValue {
    attribute(key, Value::DoubleValue(value))
}

fn boolean(key: &str, value: bool) -> KeyValue {
    attribute(key, Value::BoolValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_what_the_readme_says() {
        for secrets in Secrets::ALL {
            let requests = Requests::new(secrets);
            let bytes = requests.bytes_per_span();
            assert!((640..740).contains(&bytes), "{bytes} bytes a span");
            let all = REQUESTS * SPANS;
            let found: usize = requests.messages().map(|message| count_secrets(&message)).sum();
            let expected = match secrets {
                Secrets::None => 0..=0,
                Secrets::Few => all / 100..=all / 50,
                Secrets::Everywhere => all..=all,
            };
            assert!(expected.contains(&found), "{found} secrets");
        }
    }

    #[test]
    fn new_traces_are_other_traces_and_nothing_else_changes() {
        let requests = Requests::new(Secrets::None);
        let decode = |framed: Bytes| ExportTraceServiceRequest::decode(&framed[PREFIX..]).unwrap();
        let ids = |request: &mut ExportTraceServiceRequest| {
            let scopes = request.resource_spans.iter_mut().flat_map(|r| &mut r.scope_spans);
            let spans = scopes.flat_map(|scope| &mut scope.spans);
            spans.map(|span| std::mem::take(&mut span.trace_id)).collect::<Vec<_>>()
        };
        let (mut old, mut new) =
            (decode(requests.framed(16)), decode(requests.with_new_traces(16)));
        let (old_ids, new_ids) = (ids(&mut old), ids(&mut new));
        assert_eq!(old, new);
        assert!(old_ids.iter().zip(&new_ids).all(|(old, new)| old != new));
        let traces = |mut ids: Vec<Vec<u8>>| {
            ids.sort();
            ids.dedup();
            ids.len()
        };
        assert_eq!(
            (traces(old_ids), traces(new_ids)),
            (SPANS / SPANS_PER_TRACE, SPANS / SPANS_PER_TRACE)
        );
        for spans in [1, 2] {
            let small = ids(&mut decode(requests.with_small_traces(16, spans)));
            assert_eq!(traces(small), SPANS / spans);
        }
    }
}
