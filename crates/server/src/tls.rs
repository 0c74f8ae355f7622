//! TLS in this process, for programs without a proxy in front.

use std::path::Path;
use std::sync::Arc;

use desk::Failure;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What speaks TLS on a connection.
pub use tokio_rustls::TlsAcceptor;

/// Reads a certificate chain and its key, both PEM. TLS 1.2 and 1.3, HTTP/1.1.
///
/// # Errors
/// A file that cannot be read, or that holds no certificate or key, or two that do not go together.
pub fn tls_acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, Failure> {
    let unusable = |path: &Path, why: &dyn std::fmt::Display| {
        Failure::usage("tls", format!("`{}` cannot be used: {why}", path.display()))
            .hint("give PEM files: the chain with the server's own certificate first, and its key")
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(cert, &error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(cert, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| unusable(cert, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
