//! What a person brings: certificates, and a private key if one comes along. Read by what is in it, whatever the file
//! is called.

use std::fmt;

use p12_keystore::error::Error as Pkcs12;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::pki_types::pem::{PemObject, SectionKind};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use x509_parser::parse_x509_certificate;
use zeroize::Zeroize;

use super::unfit::{LONGEST, Unfit};

/// The box's own, and more authorities above it than any plant has.
const MOST: usize = 8;

/// Bytes in DER, as digits where they are written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Der(Vec<u8>);

impl Der {
    pub(super) fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Der(bytes.into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn forget(&mut self) {
        self.0.zeroize();
    }
}

impl TryFrom<String> for Der {
    type Error = hex::FromHexError;

    fn try_from(digits: String) -> Result<Self, hex::FromHexError> {
        hex::decode(digits).map(Der)
    }
}

impl From<Der> for String {
    fn from(der: Der) -> String {
        hex::encode(&der.0)
    }
}

/// What a person brings. Its key is not shown, and leaves no trace in memory.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// In the order of the file.
    pub(super) chain: Vec<Der>,
    pub(super) key: Option<Der>,
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        if let Some(key) = &mut self.key {
            key.forget();
        }
    }
}

impl Offer {
    /// Reads PEM, DER or PKCS #12. The passphrase is for the last one alone.
    ///
    /// # Errors
    /// There is nothing of the kind in it.
    pub fn read(bytes: &[u8], passphrase: &SecretString) -> Result<Offer, Unfit> {
        if bytes.len() > LONGEST {
            return Err(Unfit::TooLarge);
        }
        let offer = if has(bytes, b"-----BEGIN ") {
            pem(bytes)?
        } else if is_certificate(bytes) {
            Offer { chain: vec![Der::new(bytes)], key: None }
        } else {
            pkcs12(bytes, passphrase)?
        };
        match offer.chain.len() {
            0 => Err(Unfit::Nothing),
            MOST.. => Err(Unfit::TooMany(MOST - 1)),
            _ => Ok(offer),
        }
    }
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn is_certificate(bytes: &[u8]) -> bool {
    parse_x509_certificate(bytes).is_ok_and(|(rest, _)| rest.is_empty())
}

fn pem(bytes: &[u8]) -> Result<Offer, Unfit> {
    if has(bytes, b"BEGIN ENCRYPTED PRIVATE KEY") || has(bytes, b"Proc-Type: 4,ENCRYPTED") {
        return Err(Unfit::KeySealed);
    }
    let mut offer = Offer { chain: Vec::new(), key: None };
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
        let (kind, der) = section.map_err(|_| Unfit::Damaged(offer.chain.len() + 1))?;
        match kind {
            SectionKind::Certificate if is_certificate(&der) => offer.chain.push(Der::new(der)),
            SectionKind::Certificate => return Err(Unfit::Damaged(offer.chain.len() + 1)),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                offer.key = Some(Der::new(der));
            }
            _ => {}
        }
    }
    Ok(offer)
}

fn pkcs12(bytes: &[u8], passphrase: &SecretString) -> Result<Offer, Unfit> {
    // A sequence that says how long it is; else it is nothing of the kind.
    if bytes.first() != Some(&0x30) {
        return Err(Unfit::Nothing);
    }
    let opened = KeyStore::from_pkcs12(bytes, passphrase.expose_secret(), Pkcs12ImportPolicy::Strict);
    let opened = opened.map_err(|error| match error {
        Pkcs12::MacError(_) | Pkcs12::UnpadError | Pkcs12::Pkcs5Error(_) => Unfit::Passphrase,
        Pkcs12::IoError(_) | Pkcs12::DerError(_) | Pkcs12::X509Error(_) => Unfit::Nothing,
        _ => Unfit::Sealed,
    })?;
    let (_, chain) = opened.private_key_chain().ok_or(Unfit::NoKeyInside)?;
    Ok(Offer {
        chain: chain.certs().iter().map(|certificate| Der::new(certificate.as_der())).collect(),
        key: Some(Der::new(chain.key().as_der())),
    })
}
