//! Any bytes as a certificate that a person brings.

use std::collections::BTreeSet;

use domain::Timestamp;
use secrecy::SecretString;

use super::chain::check;
use super::offer::Offer;

/// 2026-11-18.
const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
const PASSPHRASE: &str = "correct horse";
const NAME: &str = "platen.plant.example";

/// A file. What is read is held against the rules without a panic, and goes over the control socket as it is.
pub fn certificate(input: &[u8]) {
    let Ok(offer) = Offer::read(input, &SecretString::from(PASSPHRASE.to_owned())) else { return };
    let names = NAME.parse().map(|name| BTreeSet::from([name])).unwrap_or_default();
    let _ = check(&offer.chain, &names, NOW);
    let Ok(written) = serde_json::to_vec(&offer) else { unreachable!("what was read is written") };
    let Ok(back) = serde_json::from_slice::<Offer>(&written) else {
        unreachable!("what was written is read")
    };
    assert!(back == offer);
}

#[cfg(test)]
pub(crate) mod seeds {
    use p12_keystore::{Certificate, KeyStore, KeyStoreEntry};
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd};

    use super::{NAME, PASSPHRASE};

    /// A chain as PEM, one certificate as DER, and as PKCS #12; none has a key in it.
    pub fn certificates() -> Vec<Vec<u8>> {
        let params = |common: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, common);
            (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2030, 1, 1));
            params
        };
        let key = KeyPair::generate().unwrap();
        let mut root = params("Plant Root");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = root.self_signed(&key).unwrap();
        let issuer = Issuer::new(root, key);
        let mut leaf = params(NAME);
        leaf.subject_alt_names = vec![
            SanType::DnsName(NAME.try_into().unwrap()),
            SanType::IpAddress("192.0.2.7".parse().unwrap()),
            SanType::IpAddress("2001:db8::7".parse().unwrap()),
        ];
        let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        let mut bags = KeyStore::new();
        bags.add_entry("leaf", KeyStoreEntry::Certificate(Certificate::from_der(leaf.der()).unwrap()));
        let sealed = bags.writer(PASSPHRASE).encryption_iterations(1).mac_iterations(1).write().unwrap();
        vec![(leaf.pem() + &certificate.pem()).into_bytes(), leaf.der().to_vec(), sealed]
    }
}
