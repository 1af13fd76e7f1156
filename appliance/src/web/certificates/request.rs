//! A request for a certificate, for the plant's authority to sign. Its key never leaves the box.

use std::collections::BTreeSet;

use domain::Timestamp;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use serde::{Deserialize, Serialize};

use super::authority::{Certify, alternative_names};
use super::offer::Der;
use crate::config::HostName;

/// A request that waits for its certificate, as it is kept sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    pub key: Der,
    pub pem: String,
    pub names: BTreeSet<HostName>,
    /// Milliseconds since 1970.
    pub at: i64,
}

impl Drop for Request {
    fn drop(&mut self) {
        self.key.forget();
    }
}

impl Request {
    /// Makes one for these names, with a key of its own.
    pub(super) fn make(names: BTreeSet<HostName>, now: Timestamp) -> Result<Self, Certify> {
        let key = KeyPair::generate().map_err(Certify::Key)?;
        let first = names.iter().next().map_or_else(|| "platen".to_owned(), HostName::to_string);
        let failed = |e| Certify::Certificate(first.clone(), e);
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, first.as_str());
        params.subject_alt_names = alternative_names(&names).map_err(failed)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let request = params.serialize_request(&key).map_err(failed)?;
        let pem = request.pem().map_err(failed)?;
        Ok(Request { key: Der::new(key.serialize_der()), pem, names, at: now.as_millis() })
    }
}
