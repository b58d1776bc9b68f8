//! `tls` of a client: which servers are trusted and how the exporter proves who it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::settings::{Secret, TlsClientSettings};

/// Why the TLS settings cannot be used. Names files, never their contents.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{what} holds no valid PEM")]
    Pem { what: &'static str },
    #[error("certificate and key must be given together")]
    Half,
    #[error("server_name_override {0:?} is not a valid name")]
    ServerName(String),
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

impl TlsClientSettings {
    fn has_ca(&self) -> bool {
        self.ca_file.is_some() || self.ca_pem.is_some()
    }

    /// Whether a connection without a scheme of its own is in plain text. As in the Collector, a
    /// given CA outweighs `insecure`.
    pub(super) fn plain_text(&self) -> bool {
        self.insecure && !self.has_ca()
    }
}

/// Reads all files named in the settings.
pub(super) fn client_config(settings: &TlsClientSettings) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(rustls::DEFAULT_VERSIONS)?;
    let builder = if settings.insecure_skip_verify {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustAnyone { provider }))
    } else {
        let roots = roots(settings)?;
        if roots.is_empty() {
            tracing::warn!("tls: no trusted certificates found: every server will be refused");
        }
        builder.with_root_certificates(roots)
    };
    Ok(match identity(settings)? {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    })
}

/// The name to verify instead of the endpoint's.
pub(super) fn server_name(
    settings: &TlsClientSettings,
) -> Result<Option<ServerName<'static>>, TlsError> {
    let Some(name) = settings.server_name_override.as_ref().filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    ServerName::try_from(name.clone()).map(Some).map_err(|_| TlsError::ServerName(name.clone()))
}

fn roots(settings: &TlsClientSettings) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = pem(settings.ca_file.as_deref(), settings.ca_pem.as_ref())? {
        for certificate in certificates(&pem, "ca")? {
            roots.add(certificate)?;
        }
    }
    if !settings.has_ca() || settings.include_system_ca_certs_pool {
        // A broken certificate in the system's store is not ours to complain about.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    Ok(roots)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(settings: &TlsClientSettings) -> Result<Option<Identity>, TlsError> {
    let certificate = pem(settings.cert_file.as_deref(), settings.cert_pem.as_ref())?;
    let key = pem(settings.key_file.as_deref(), settings.key_pem.as_ref())?;
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let key =
                PrivateKeyDer::from_pem_slice(&key).map_err(|_| TlsError::Pem { what: "key" })?;
            Ok(Some((certificates(&certificate, "cert")?, key)))
        }
        _ => Err(TlsError::Half),
    }
}

fn pem(file: Option<&Path>, text: Option<&Secret>) -> Result<Option<Vec<u8>>, TlsError> {
    match (file, text) {
        (Some(path), _) => std::fs::read(path)
            .map(Some)
            .map_err(|source| TlsError::Read { path: path.to_owned(), source }),
        (None, text) => Ok(text.map(|text| text.0.clone().into_bytes())),
    }
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(TlsError::Pem { what }),
    }
}

/// `insecure_skip_verify`: encrypts, but to whoever answers.
#[derive(Debug)]
struct TrustAnyone {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for TrustAnyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
