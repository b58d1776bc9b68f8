//! TLS for the receivers' servers.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::settings::TlsServerSettings;

/// Says why the files that the settings name cannot be used, before anything is bound.
pub fn check_tls(settings: &TlsServerSettings) -> io::Result<()> {
    Tls::new(settings, &[]).map(|_| ())
}

/// Takes TLS connections with the certificate of the settings.
#[derive(Clone)]
pub(crate) struct Tls(TlsAcceptor);

impl Tls {
    /// Reads the files. `protocols` is what the server speaks, by its ALPN names.
    pub(crate) fn new(settings: &TlsServerSettings, protocols: &[&[u8]]) -> io::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let builder = match &settings.client_ca_file {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(file)? {
                    roots.add(certificate).map_err(|error| in_file(file, error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
                    .build()
                    .map_err(|error| in_file(file, error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::from_pem_file(&settings.key_file)
            .map_err(|error| in_file(&settings.key_file, error))?;
        let mut config = builder
            .with_single_cert(certificates(&settings.cert_file)?, key)
            .map_err(|error| in_file(&settings.cert_file, error))?;
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// The handshake; `None` where it fails, which concerns the client alone.
    pub(crate) async fn accept<S>(&self, stream: S) -> Option<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let accepted = self.0.accept(stream).await;
        accepted.inspect_err(|error| tracing::debug!(%error, "TLS handshake failed")).ok()
    }
}

fn certificates(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, pem::Error> =
        CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(in_file(file, "no certificate in it")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(in_file(file, error)),
    }
}

fn in_file(file: &Path, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", file.display()))
}
