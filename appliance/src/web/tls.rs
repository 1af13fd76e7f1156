//! TLS for the web server: versions and suites, and the certificates, which change while the server runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::Timestamp;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{InconsistentKeys, RootCertStore, ServerConfig};

use super::certificates::covers;
use super::names::is_loopback;
use crate::config::HostName;

/// Browsers remember for so long at most that this box is reached over TLS with a certificate that they trust. For as
/// long nobody gets past a warning, so it is no longer than it takes to put a mistake right.
const REMEMBER: Duration = Duration::from_hours(24 * 30);

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum SetUpTls {
    /// The library refuses.
    #[error("set up TLS")]
    Refused(#[source] rustls::Error),
    /// The authorities of those who may connect.
    #[error("use the authorities of web.client_authority")]
    Clients(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a key and a certificate do not go together.
#[derive(Debug)]
pub(super) enum Misfit {
    /// It is no key that TLS can use.
    Unusable,
    /// It is another certificate's.
    Other,
}

/// A certificate with its key, ready to serve with.
pub(super) fn certified(chain: Vec<Vec<u8>>, key: &[u8]) -> Result<Arc<CertifiedKey>, Misfit> {
    let chain = chain.into_iter().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::try_from(key).map_err(|_| Misfit::Unusable)?.clone_key();
    match CertifiedKey::from_der(chain, key, &ring::default_provider()) {
        Ok(certified) => Ok(Arc::new(certified)),
        Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(Misfit::Other),
        Err(_) => Err(Misfit::Unusable),
    }
}

/// What connections from now on see.
pub(super) struct Served {
    /// The box's own, for these names.
    pub own: Arc<CertifiedKey>,
    pub own_names: Vec<HostName>,
    /// The plant's, if there is one.
    pub plant: Option<Trusted>,
}

/// A certificate of the plant's own.
pub(super) struct Trusted {
    pub key: Arc<CertifiedKey>,
    pub names: Vec<String>,
    pub until: Timestamp,
}

impl Served {
    /// The plant's wherever it fits. Where it does not and the box's own does, that one: whoever asks for the box by
    /// an address gets no name that is not the one they typed.
    fn fits(&self, asked: Option<&HostName>) -> &Arc<CertifiedKey> {
        let Some(plant) = &self.plant else { return &self.own };
        let takes = match asked {
            // The box's own programs ask there, and trust the box's own authority.
            Some(name) if is_loopback(name) => false,
            Some(name) => covers(&plant.names, name) || !self.own_names.contains(name),
            // Browsers name no address when they ask for one; then one of the box's must be in it.
            None => self
                .own_names
                .iter()
                .any(|name| matches!(name, HostName::Address(_)) && covers(&plant.names, name)),
        };
        if takes { &plant.key } else { &self.own }
    }
}

/// The certificates in use.
pub(super) struct Current(RwLock<Arc<Served>>);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current(..)")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().and_then(|name| name.parse().ok());
        Some(Arc::clone(self.served().fits(asked.as_ref())))
    }
}

impl Current {
    pub(super) fn new(served: Served) -> Self {
        Current(RwLock::new(Arc::new(served)))
    }

    /// Connections from now on see these certificates.
    pub(super) fn replace(&self, served: Served) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(served);
    }

    fn served(&self) -> Arc<Served> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn has_plants(&self) -> bool {
        self.served().plant.is_some()
    }

    /// For how long a browser is to remember that the host it asked for is reached over TLS alone: only where it got a
    /// certificate of the plant's, and never beyond that one's end.
    pub(super) fn remember(&self, asked: &HostName, now: Timestamp) -> Option<Duration> {
        let served = self.served();
        let fits = |plant: &&Trusted| covers(&plant.names, asked) && !is_loopback(asked);
        let plant = served.plant.as_ref().filter(fits)?;
        Some(plant.until.since(now).min(REMEMBER)).filter(|length| !length.is_zero())
    }
}

/// TLS 1.2 and 1.3 with the suites of ring: all of them agree on a fresh key (ECDHE) and encrypt and sign in one
/// (AES-GCM, ChaCha20-Poly1305). Nothing is compressed and nothing is taken before the handshake is over. The server
/// adds `h2` and `http/1.1`. With `clients`, PEM, only who has a certificate of theirs may connect.
pub(super) fn config(current: Arc<Current>, clients: Option<&[u8]>) -> Result<ServerConfig, SetUpTls> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(SetUpTls::Refused)?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots(pem)?), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|e| SetUpTls::Clients(Box::new(e)))?)
        }
    };
    let mut config = builder.with_cert_resolver(current);
    config.ignore_client_order = true;
    Ok(config)
}

fn roots(pem: &[u8]) -> Result<RootCertStore, SetUpTls> {
    use rustls::pki_types::pem::PemObject;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|e| SetUpTls::Clients(Box::new(e)))?;
        roots.add(certificate).map_err(|e| SetUpTls::Clients(Box::new(e)))?;
    }
    if roots.is_empty() {
        Err(SetUpTls::Clients("there is no certificate in the file".into()))
    } else {
        Ok(roots)
    }
}
