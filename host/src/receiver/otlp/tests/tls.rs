//! Both protocols over TLS, with and without a certificate of the client.

use std::path::PathBuf;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;
use crate::receiver::settings::TlsServerSettings;

/// A certificate authority and a certificate of its own for `localhost`, as PEM files.
struct Pki {
    dir: tempfile::TempDir,
}

impl Pki {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".into()]).unwrap();
        let leaf = leaf.signed_by(&key, &ca).unwrap();
        std::fs::write(dir.path().join("ca.pem"), ca.pem()).unwrap();
        std::fs::write(dir.path().join("cert.pem"), leaf.pem()).unwrap();
        std::fs::write(dir.path().join("key.pem"), key.serialize_pem()).unwrap();
        Self { dir }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn server(&self, mutual: bool) -> Option<TlsServerSettings> {
        Some(TlsServerSettings {
            cert_file: self.file("cert.pem"),
            key_file: self.file("key.pem"),
            client_ca_file: mutual.then(|| self.file("ca.pem")),
            ..TlsServerSettings::default()
        })
    }

    fn client(&self, with_certificate: bool, protocol: &[u8]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.file("ca.pem")).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = if with_certificate {
            let certificate = CertificateDer::from_pem_file(self.file("cert.pem")).unwrap();
            let key = PrivateKeyDer::from_pem_file(self.file("key.pem")).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        } else {
            builder.with_no_client_auth()
        };
        config.alpn_protocols = vec![protocol.to_vec()];
        TlsConnector::from(Arc::new(config))
    }
}

/// Exports over gRPC on a connection that this connector makes.
async fn export(addr: SocketAddr, tls: TlsConnector) -> Result<(), String> {
    let connect = tower::service_fn(move |_: ::http::Uri| {
        let tls = tls.clone();
        async move {
            let stream = tokio::net::TcpStream::connect(addr).await?;
            let name = ServerName::try_from("localhost").unwrap();
            tls.connect(name, stream).await.map(TokioIo::new)
        }
    });
    let endpoint = tonic::transport::Endpoint::from_static("http://localhost");
    let channel =
        endpoint.connect_with_connector(connect).await.map_err(|error| error.to_string())?;
    let mut client = TraceServiceClient::new(channel);
    client.export(spans(1)).await.map(|_| ()).map_err(|status| status.to_string())
}

#[tokio::test]
async fn grpc_over_tls_takes_who_trusts_it_and_whom_it_trusts() {
    let pki = Pki::new();
    let sink = Arc::new(Sink::default());
    for (mutual, with_certificate, want) in
        [(false, false, true), (true, true, true), (true, false, false)]
    {
        let settings = GrpcServerSettings { tls: pki.server(mutual), ..grpc_settings() };
        let fixture = Fixture::grpc(settings, &sink).await;
        let outcome = export(fixture.addr, pki.client(with_certificate, b"h2")).await;
        assert_eq!(outcome.is_ok(), want, "{outcome:?}");
    }
    assert_eq!(sink.calls(), 2);
}

#[tokio::test]
async fn http_over_tls_answers() {
    let pki = Pki::new();
    let settings = HttpServerSettings { tls: pki.server(false), ..http_settings() };
    let fixture = Fixture::http(settings, &Arc::default()).await;
    let stream = tokio::net::TcpStream::connect(fixture.addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = pki.client(false, b"http/1.1").connect(name, stream).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 404"), "{reply}");
}

#[tokio::test]
async fn shutdown_does_not_wait_for_handshakes() {
    let pki = Pki::new();
    let settings = OtlpReceiverSettings {
        grpc: Some(GrpcServerSettings { tls: pki.server(false), ..grpc_settings() }),
        http: Some(HttpServerSettings { tls: pki.server(false), ..http_settings() }),
    };
    let fixture = Fixture::new(settings, &Arc::default()).await;
    let start = Instant::now();
    let mut silent = Vec::new();
    for addr in fixture.receiver.local_addrs() {
        silent.push(tokio::net::TcpStream::connect(addr).await.unwrap());
    }
    // Accepted after the first of them.
    export(fixture.addr, pki.client(false, b"h2")).await.unwrap();
    fixture.receiver.shutdown(soon()).await;
    assert!(start.elapsed() < Duration::from_secs(8), "the bound of a handshake is 10 s");
    drop(silent);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_named_before_anything_is_served() {
    let pki = Pki::new();
    let mut tls = pki.server(false);
    tls.as_mut().unwrap().cert_file = pki.file("missing.pem");
    let settings = OtlpReceiverSettings {
        grpc: Some(GrpcServerSettings { tls, ..grpc_settings() }),
        http: None,
    };
    let outcome =
        OtlpReceiver::bind("otlp", &settings, Sinks::default(), &Metrics::default()).await;
    let error = outcome.err().unwrap();
    assert_eq!(error.id, "otlp");
    assert!(error.to_string().contains("missing.pem"), "{error}");
}
