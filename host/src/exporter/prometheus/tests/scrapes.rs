//! The server, from the outside.

use std::io::Read;
use std::net::SocketAddr;

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, Request};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;
use crate::consumer::Consumer;
use crate::exporter::delivery::Direct;
use crate::exporter::unrepeated;

type Exporter = PrometheusExporter<Direct<PrometheusSender>>;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0";
const PROTOBUF: &str = "application/vnd.google.protobuf; \
    proto=io.prometheus.client.MetricFamily; encoding=delimited";

async fn start(section: &str, metrics: &Metrics) -> (Exporter, SocketAddr) {
    let inner = |sender| unrepeated("prometheus", sender, metrics);
    let exporter = Exporter::new("prometheus", &settings(section), metrics, inner).unwrap();
    exporter.start().await.unwrap();
    let running = exporter.running.lock().unwrap();
    let addr = running.as_ref().unwrap().server.local_addrs()[0];
    drop(running);
    (exporter, addr)
}

fn gauge(name: &str) -> Batch {
    batch(&json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": name, "gauge": {"dataPoints": [{"asInt": "7", "timeUnixNano": "1"}]}},
    ]}]}]}))
}

async fn get(
    addr: SocketAddr,
    path: &str,
    headers: &[(HeaderName, &str)],
) -> (u16, HeaderMap, Vec<u8>) {
    get_over(TcpStream::connect(addr).await.unwrap(), path, headers).await
}

async fn get_over<S>(
    stream: S,
    path: &str,
    headers: &[(HeaderName, &str)],
) -> (u16, HeaderMap, Vec<u8>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    (head.status.as_u16(), head.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn a_scraper_gets_the_format_that_it_asks_for() {
    let section = "{endpoint: 'localhost:0', enable_open_metrics: true, without_scope_info: true, \
                   response_headers: {x-from: tamis}}";
    let (exporter, addr) = start(section, &Metrics::default()).await;
    exporter.consume(gauge("up.there")).await.unwrap();
    let text = "# HELP up_there \n# TYPE up_there gauge\nup_there 7\n";

    let (status, headers, body) = get(addr, "/metrics", &[]).await;
    assert_eq!((status, String::from_utf8(body).unwrap()), (200, text.to_owned()));
    assert_eq!(
        headers[CONTENT_TYPE],
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
    );
    assert_eq!(headers["x-from"], "tamis");

    let (_, headers, body) = get(addr, "/metrics", &[(ACCEPT, OPEN_METRICS)]).await;
    assert_eq!(String::from_utf8(body).unwrap(), text.replace("there 7", "there 7.0") + "# EOF\n");
    let content_type = format!("{OPEN_METRICS}; charset=utf-8; escaping=underscores");
    assert_eq!(headers[CONTENT_TYPE], *content_type);

    let (_, headers, body) = get(addr, "/metrics", &[(ACCEPT, PROTOBUF)]).await;
    let family = protobuf::MetricFamily::decode_length_delimited(&body[..]).unwrap();
    assert_eq!(family.name.as_deref(), Some("up_there"));
    assert_eq!(headers[CONTENT_TYPE], *format!("{PROTOBUF}; escaping=underscores"));

    let (_, headers, body) = get(addr, "/metrics", &[(ACCEPT_ENCODING, "gzip")]).await;
    assert_eq!(headers[CONTENT_ENCODING], "gzip");
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, text);

    assert_eq!(get(addr, "/", &[]).await.0, 404);
    exporter.shutdown().await;
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn scrapes_over_tls_need_the_certificate_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".into()]).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let (cert_file, key_file) = (folder.path().join("cert"), folder.path().join("key"));
    std::fs::write(&cert_file, certificate.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    let section = json!({
        "endpoint": "localhost:0",
        "tls": {"cert_file": cert_file, "key_file": key_file},
    });
    let (_exporter, addr) = start(&section.to_string(), &Metrics::default()).await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    assert_eq!(get_over(stream, "/metrics", &[]).await.0, 200);
}

#[tokio::test]
async fn a_taken_port_is_an_error_of_the_start_and_not_before() {
    let (_first, addr) = start("{endpoint: 'localhost:0'}", &Metrics::default()).await;
    let metrics = Metrics::default();
    let inner = |sender| unrepeated("prometheus/2", sender, &metrics);
    let settings = settings(&format!("{{endpoint: '{addr}'}}"));
    let second = Exporter::new("prometheus/2", &settings, &metrics, inner).unwrap();
    let error = second.start().await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("prometheus/2: failed to listen on {addr}: ")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn series_expire_also_where_nobody_scrapes() {
    let metrics = Metrics::default();
    let (exporter, _) = start("{endpoint: 'localhost:0', metric_expiration: 1m}", &metrics).await;
    exporter.consume(gauge("g")).await.unwrap();
    let series = metrics.gauge("tamis_prometheus_series", "", &[("exporter", "prometheus")]);
    assert_eq!(series.get(), 1);
    tokio::time::sleep(Duration::from_secs(121)).await;
    assert_eq!(series.get(), 0);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_counted() {
    let metrics = Metrics::default();
    let settings = settings("{endpoint: 'localhost:0'}");
    let table = Arc::new(Mutex::new(Table::new(1, settings.metric_expiration)));
    let counted = TableMetrics::new("prometheus", &metrics);
    let sender = PrometheusSender { settings, table, metrics: counted };
    let exporter = unrepeated("prometheus", sender, &metrics);
    let error = exporter.consume(gauge("g")).await.unwrap_err();
    assert!(error.permanent);
    assert_eq!(error.to_string(), "the table of series is full: 1 of 1 data points refused");
    let labels = [("exporter", "prometheus"), ("cause", "full")];
    assert_eq!(metrics.counter("tamis_prometheus_ignored_points", "", &labels).get(), 1);
    assert_eq!(metrics.exporter("prometheus").send_failed.get(Signal::Metrics), 1);
}

#[tokio::test]
async fn other_signals_and_garbage_are_refused_for_good() {
    let metrics = Metrics::default();
    let (exporter, _) = start("{endpoint: 'localhost:0'}", &metrics).await;
    let spans = Batch { signal: Signal::Traces, ..gauge("g") };
    let error = exporter.consume(spans).await.unwrap_err();
    assert_eq!((error.permanent, &*error.message), (true, "telemetry type is not supported"));
    let garbage = Batch { bytes: vec![0xff].into(), ..gauge("g") };
    assert!(exporter.consume(garbage).await.unwrap_err().permanent);
    assert_eq!(metrics.exporter("prometheus").send_failed.get(Signal::Metrics), 1);
}
