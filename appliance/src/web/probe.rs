//! Asks a running box how it is, as a browser would: over TLS, trusting its own authority.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Why the box is not healthy, as far as can be told from outside.
#[derive(Debug, thiserror::Error)]
pub enum Unwell {
    /// The authority's certificate is not one.
    #[error("read the certificate of the box's authority")]
    Authority(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nobody answers.
    #[error("speak with the box")]
    Unreachable(#[source] std::io::Error),
    /// Somebody answers who is not the box, or TLS fails.
    #[error("agree on TLS with the box")]
    Tls(#[source] rustls::Error),
    /// The box does not say that it is well.
    #[error("the box answered {0:?}")]
    Answer(String),
}

/// Asks the box at the other end of a connection for `/health`. The connection's time limits are the caller's.
///
/// # Errors
/// It does not answer, is not the box, or is not well.
pub fn ask(connected: impl Read + Write, authority: &str) -> Result<(), Unwell> {
    let mut roots = RootCertStore::empty();
    let certificate =
        CertificateDer::from_pem_slice(authority.as_bytes()).map_err(|e| Unwell::Authority(Box::new(e)))?;
    roots.add(certificate).map_err(|e| Unwell::Authority(Box::new(e)))?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Unwell::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Every certificate of the box names localhost, whatever its other names are.
    let name = ServerName::try_from("localhost").map_err(|e| Unwell::Authority(Box::new(e)))?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(Unwell::Tls)?;

    let mut stream = StreamOwned::new(connection, connected);
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .map_err(Unwell::Unreachable)?;
    let mut answer = Vec::new();
    // More than this is not the box's answer.
    let read = stream.take(16 * 1024).read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.lines().next().unwrap_or_default();
    match read {
        _ if status.starts_with("HTTP/1.1 200") => Ok(()),
        Err(error) if status.is_empty() => Err(Unwell::Unreachable(error)),
        _ => Err(Unwell::Answer(status.to_owned())),
    }
}
