//! TLS for the web server: versions and suites, and a certificate that is given anew while the server runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

use super::authority::Kept;

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
#[error("set up TLS")]
pub struct SetUpTls(#[source] rustls::Error);

/// The certificate in use.
pub(super) struct Current(RwLock<Arc<CertifiedKey>>);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current(..)")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Current {
    pub(super) fn new(leaf: &Kept, authority: &Kept) -> Result<Self, SetUpTls> {
        Ok(Current(RwLock::new(Arc::new(certified(leaf, authority)?))))
    }

    /// Connections from now on see this certificate.
    pub(super) fn replace(&self, leaf: &Kept, authority: &Kept) -> Result<(), SetUpTls> {
        let key = Arc::new(certified(leaf, authority)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = key;
        Ok(())
    }
}

fn certified(leaf: &Kept, authority: &Kept) -> Result<CertifiedKey, SetUpTls> {
    let chain = [leaf, authority].map(|kept| CertificateDer::from(kept.certificate().to_vec()));
    let key = PrivatePkcs8KeyDer::from(leaf.key().to_vec());
    CertifiedKey::from_der(chain.to_vec(), key.into(), &ring::default_provider()).map_err(SetUpTls)
}

/// TLS 1.2 and 1.3 with the suites of ring: all of them agree on a fresh key (ECDHE) and encrypt and sign in one
/// (AES-GCM, ChaCha20-Poly1305). The server adds `h2` and `http/1.1`.
pub(super) fn config(current: Arc<Current>) -> Result<ServerConfig, SetUpTls> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(SetUpTls)?
        .with_no_client_auth()
        .with_cert_resolver(current);
    config.ignore_client_order = true;
    Ok(config)
}
