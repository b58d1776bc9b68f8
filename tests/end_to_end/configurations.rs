//! What users start from: every file of collector-config/ runs and redacts.

use crate::harness::backend::Backend;
use crate::harness::gateway::{Kind, bound_address, free_port};
use crate::harness::process::Process;
use crate::harness::{Signal, grpc, http, root, sample};

/// Runs a file of collector-config/ as it stands, with the addresses that it takes from the
/// environment.
fn run(kind: Kind, file: &str, environment: &[(&str, String)]) -> Process {
    let path = root().join("collector-config").join(file);
    let arguments = ["--config".into(), path.into_os_string()];
    Process::start(kind.binary(), arguments, environment)
}

fn secret(signal: Signal) -> bytes::Bytes {
    let secret = sample::text("someone@example.com");
    sample::one_item(signal, vec![sample::attribute("contact", secret)])
}

/// The quickstart has fixed ports, which a test cannot rely on: it is moved to free ones.
#[tokio::test]
async fn quickstart_prints_what_it_gets_without_the_secrets() {
    let text = std::fs::read_to_string(root().join("collector-config/quickstart.yaml")).unwrap();
    let port = free_port();
    let text = text
        .replace("localhost:4317", "127.0.0.1:0")
        .replace("localhost:4318", &format!("127.0.0.1:{port}"))
        .replace("localhost:13133", "127.0.0.1:0")
        + "  telemetry: {metrics: {level: none}}\n";
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("quickstart.yaml");
    std::fs::write(&file, text).unwrap();
    let arguments = ["--config".into(), file.into_os_string()];
    let mut tamis = Process::start(Kind::Tamis.binary(), arguments, &[]);
    let listens = |line: &str| line.contains(&port.to_string()).then_some(());
    tamis.line("that it listens", listens).await;
    for signal in Signal::ALL {
        let answer = http::export(([127, 0, 0, 1], port).into(), signal, secret(signal)).await;
        assert_eq!(answer.status, 200);
    }
    tamis.line("the redacted value", |line| line.contains(r#""****""#).then_some(())).await;
    assert!(!tamis.log().contains("someone"), "{}", tamis.log());
}

#[tokio::test]
async fn gateway_redacts_once_for_two_backends() {
    let (mut a, mut b) = (Backend::start().await, Backend::start().await);
    let port = free_port();
    let environment = [
        ("LISTEN_GRPC", "127.0.0.1:0".to_owned()),
        ("METRICS_PORT", free_port().to_string()),
        ("LISTEN_HTTP", format!("127.0.0.1:{port}")),
        ("LISTEN_HEALTH", "127.0.0.1:0".to_owned()),
        ("BACKEND_A", a.grpc.to_string()),
        ("BACKEND_B", format!("http://{}", b.http)),
        ("TOKEN", "a-token".to_owned()),
    ];
    let mut tamis = run(Kind::Tamis, "gateway.yaml", &environment);
    let listens = |line: &str| bound_address(Kind::Tamis, line, "otlp", "http");
    let address = tamis.line("that it listens", listens).await;
    for signal in Signal::ALL {
        assert_eq!(http::export(address, signal, secret(signal)).await.status, 200);
    }
    let received = a
        .until("all signals at the first", |received| {
            !received.traces.is_empty() && !received.metrics.is_empty() && !received.logs.is_empty()
        })
        .await;
    assert_eq!(received.occurrences("someone"), 0);
    let received = b
        .until("traces and logs at the second", |received| {
            !received.traces.is_empty() && !received.logs.is_empty()
        })
        .await;
    assert_eq!(received.occurrences("someone"), 0);
    assert_eq!(received.headers["authorization"], "Bearer a-token");
    assert!(received.metrics.is_empty());
}

#[tokio::test]
async fn hop_answers_what_the_next_collector_answers() {
    let backend = Backend::start().await;
    let environment = [
        ("LISTEN_GRPC", "127.0.0.1:0".to_owned()),
        ("METRICS_PORT", free_port().to_string()),
        ("NEXT", backend.grpc.to_string()),
    ];
    let mut tamis = run(Kind::Tamis, "hop.yaml", &environment);
    let listens = |line: &str| bound_address(Kind::Tamis, line, "otlp", "grpc");
    let address = tamis.line("that it listens", listens).await;
    let client = grpc::Client::connect(address).await;
    for signal in Signal::ALL {
        assert_eq!(client.export(signal, secret(signal)).await.code, tonic::Code::Ok);
    }
    let received = backend.received();
    assert_eq!(received.occurrences("someone"), 0);
    assert_eq!(received.occurrences("****"), 3);
}

#[tokio::test]
async fn cardinality_makes_templates_and_strips_what_it_is_told_to() {
    let mut backend = Backend::start().await;
    let environment = [
        ("LISTEN_GRPC", "127.0.0.1:0".to_owned()),
        ("LISTEN_HTTP", "127.0.0.1:0".to_owned()),
        ("LISTEN_ADMIN", "127.0.0.1:0".to_owned()),
        ("METRICS_PORT", free_port().to_string()),
        ("PROMETHEUS", format!("http://{}", backend.http)),
    ];
    let text = std::fs::read_to_string(root().join("collector-config/cardinality.yaml")).unwrap();
    // The path of Prometheus, which the backend of the tests does not have.
    let text = text.replace("/api/v1/otlp/v1/metrics", "/v1/metrics");
    let text = text.replace("limit: 2000 ", "limit: 10 ");
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("cardinality.yaml");
    std::fs::write(&file, text).unwrap();
    let json = "service.telemetry.logs.encoding=json".into();
    let arguments = ["--config".into(), file.into_os_string(), "--set".into(), json];
    let mut tamis = Process::start(Kind::Tamis.binary(), arguments, &environment);
    let listens = |line: &str| bound_address(Kind::Tamis, line, "otlp", "grpc");
    let client = grpc::Client::connect(tamis.line("that it listens", listens).await).await;
    for user in 0..30 {
        let label = |key: &str, value: String| sample::attribute(key, sample::text(&value));
        let labels = vec![
            label("http.route", format!("/users/{}", 1000 + user)),
            label("user.id", user.to_string()),
        ];
        let request = sample::bytes(&sample::metrics(vec![sample::gauge("load", labels)]));
        assert_eq!(client.export(Signal::Metrics, request).await.code, tonic::Code::Ok);
    }
    let received =
        backend.until("all metrics", |received| received.occurrences("/users/{id}") >= 30).await;
    assert_eq!(received.occurrences("/users/1029"), 0);
    // Nine as they came but for the path, and the rest without the user.
    assert_eq!(received.occurrences("user.id"), 9);
}

/// The other half of being drop-in: what tamis runs, the Collector accepts.
#[tokio::test]
async fn the_collector_accepts_every_file_too() {
    for file in ["quickstart.yaml", "gateway.yaml", "hop.yaml"] {
        let path = root().join("collector-config").join(file);
        let arguments = ["validate".into(), "--config".into(), path.into_os_string()];
        let process = Process::start(Kind::Collector.binary(), arguments, &[]);
        let (status, log) = process.exit().await;
        assert!(status.success(), "{file}: {log}");
    }
}
