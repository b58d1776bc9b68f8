//! TLS of both OTLP exporters, with a CA made for the test.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::batch::Signal;
use crate::consumer::ConsumeError;

use super::super::otlp_grpc::GrpcSender;
use super::super::otlp_http::HttpSender;
use super::super::settings::{Secret, TlsClientSettings};
use super::super::tls::client_config;
use super::super::{BuildError, Sender};
use super::backend::{Backend, Reply};
use super::{batch, grpc_settings, http_settings};

struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> Secret {
        Secret(self.0.pem())
    }

    /// Certificate and key for the name, as PEM.
    fn issue(&self, name: &str) -> (Secret, Secret) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (Secret(certificate.pem()), Secret(key.serialize_pem()))
    }

    /// A server for the name; `clients` asks for certificates of that CA.
    fn acceptor(&self, name: &str, clients: Option<&Self>) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add(ca.0.der().clone()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let (certificate, key) = self.issue(name);
        let chain = vec![CertificateDer::from_pem_slice(certificate.0.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.0.as_bytes()).unwrap();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config).into()
    }
}

/// One batch over gRPC and one over HTTP; both must end the same way.
async fn export(acceptor: TlsAcceptor, tls: TlsClientSettings) -> Result<(), ConsumeError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let backend = Backend::on(listener, Some(acceptor.clone()), |_| Reply::Grpc(Ok(Vec::new())));
    let port = backend.address.port();
    let mut settings = grpc_settings(format!("localhost:{port}"));
    settings.tls = tls.clone();
    let sender = GrpcSender::new("otlp", &settings).unwrap();
    let grpc = sender.send(batch(Signal::Traces, 1, "x")).await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut backend = Backend::on(listener, Some(acceptor), |_| Reply::Http(200, vec![], vec![]));
    let port = backend.address.port();
    let mut settings = http_settings(format!("https://localhost:{port}"));
    settings.tls = tls;
    let sender = HttpSender::new("otlp_http", &settings).unwrap();
    let http = sender.send(batch(Signal::Traces, 1, "x")).await;
    assert_eq!(grpc.is_ok(), http.is_ok(), "{grpc:?} {http:?}");
    if http.is_ok() {
        assert_eq!(backend.received().await.version, ::http::Version::HTTP_2);
    }
    grpc
}

#[tokio::test]
async fn a_server_of_the_given_ca_is_trusted_and_no_other() {
    let (ours, other) = (Ca::new(), Ca::new());
    let trust = |ca: &Ca| TlsClientSettings { ca_pem: Some(ca.pem()), ..Default::default() };
    export(ours.acceptor("localhost", None), trust(&ours)).await.unwrap();
    let error = export(ours.acceptor("localhost", None), trust(&other)).await.unwrap_err();
    assert!(!error.permanent && error.message.contains("certificate"), "{error}");
    // A CA outweighs `insecure`; the system's own knows nothing of the test's.
    let insecure = TlsClientSettings { insecure: true, ..trust(&ours) };
    export(ours.acceptor("localhost", None), insecure).await.unwrap();
    let system = TlsClientSettings { include_system_ca_certs_pool: true, ..trust(&other) };
    export(ours.acceptor("localhost", None), system).await.unwrap_err();
}

#[tokio::test]
async fn the_servers_name_is_verified() {
    let ca = Ca::new();
    let trust = TlsClientSettings { ca_pem: Some(ca.pem()), ..Default::default() };
    let error = export(ca.acceptor("backend.test", None), trust.clone()).await.unwrap_err();
    assert!(error.message.contains("not valid for name"), "{error}");
    let named =
        TlsClientSettings { server_name_override: Some("backend.test".to_owned()), ..trust };
    export(ca.acceptor("backend.test", None), named).await.unwrap();
    let anyone = TlsClientSettings { insecure_skip_verify: true, ..Default::default() };
    export(ca.acceptor("backend.test", None), anyone).await.unwrap();
}

#[tokio::test]
async fn the_exporter_shows_its_certificate() {
    let (ca, clients) = (Ca::new(), Ca::new());
    let trust = TlsClientSettings { ca_pem: Some(ca.pem()), ..Default::default() };
    export(ca.acceptor("localhost", Some(&clients)), trust.clone()).await.unwrap_err();
    let (certificate, key) = clients.issue("gateway");
    let dir = tempfile::tempdir().unwrap();
    let (cert_file, key_file) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert_file, certificate.0).unwrap();
    std::fs::write(&key_file, key.0).unwrap();
    let identity =
        TlsClientSettings { cert_file: Some(cert_file), key_file: Some(key_file), ..trust };
    export(ca.acceptor("localhost", Some(&clients)), identity).await.unwrap();
}

#[test]
fn broken_settings_name_the_part_and_not_its_content() {
    let refused = |tls: &TlsClientSettings| client_config(tls).unwrap_err().to_string();
    let (certificate, _) = Ca::new().issue("x");
    let junk = || Some(Secret("junk".to_owned()));
    let ca = TlsClientSettings { ca_pem: junk(), ..Default::default() };
    assert_eq!(refused(&ca), "ca holds no valid PEM");
    let half = TlsClientSettings { cert_pem: Some(certificate.clone()), ..Default::default() };
    assert_eq!(refused(&half), "certificate and key must be given together");
    let key = TlsClientSettings { key_pem: junk(), ..half };
    assert_eq!(refused(&key), "key holds no valid PEM");
    let missing = TlsClientSettings { ca_file: Some("/none/ca".into()), ..Default::default() };
    assert!(refused(&missing).starts_with("cannot read /none/ca"));
    let mut settings = grpc_settings("localhost:1".to_owned());
    settings.tls = missing;
    assert!(matches!(GrpcSender::new("otlp", &settings), Err(BuildError::Tls { .. })));
}
