//! The box's own certificate authority and the certificate it gives the web server. Decided here, kept elsewhere.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::HostName;

const DAY: Duration = Duration::from_hours(24);
/// Browsers accept at most 398 days of a certificate.
const LEAF_LIFE: Duration = Duration::from_hours(24 * 397);
/// Given anew so long before it ends.
const LEAF_RENEW: Duration = Duration::from_hours(24 * 30);
/// People import the authority by hand, so it lasts as long as the box.
const AUTHORITY_LIFE: Duration = Duration::from_hours(24 * 365 * 30);
/// 2026-01-01. A box whose clock has not been set yet must not make a certificate that ends before the clock is right.
const NOT_BEFORE_THIS: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Certify {
    /// A key could not be made.
    #[error("make a key")]
    Key(#[source] rcgen::Error),
    /// A certificate could not be made.
    #[error("make a certificate for {0}")]
    Certificate(String, #[source] rcgen::Error),
    /// What was kept cannot be read.
    #[error("read the kept {0}")]
    Kept(&'static str),
}

/// A certificate with its key, as it is kept sealed. Not shown.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    certificate: Vec<u8>,
    pem: String,
    key: Vec<u8>,
    names: Vec<HostName>,
    from: i64,
    until: i64,
}

impl Kept {
    /// For the seal.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn to_secret(&self) -> Result<SecretSlice<u8>, Certify> {
        serde_json::to_vec(self).map(SecretSlice::from).map_err(|_| Certify::Kept("certificate"))
    }

    /// From the seal.
    ///
    /// # Errors
    /// It is damaged.
    pub fn from_secret(secret: &SecretSlice<u8>) -> Result<Self, Certify> {
        serde_json::from_slice(secret.expose_secret()).map_err(|_| Certify::Kept("certificate"))
    }

    /// The certificate, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The key, PKCS #8.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// SHA-256 of the certificate, as browsers show it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.certificate)
    }

    /// The certificate as people import it.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// For which names and addresses it is.
    pub(super) fn names(&self) -> &[HostName] {
        &self.names
    }

    /// From when until when it is good.
    pub(super) fn validity(&self) -> (Timestamp, Timestamp) {
        (Timestamp::from_millis(self.from), Timestamp::from_millis(self.until))
    }

    /// Whether it serves at `now` for exactly these names.
    #[must_use]
    pub fn serves(&self, names: &BTreeSet<HostName>, now: Timestamp) -> bool {
        let now = now.max(NOT_BEFORE_THIS);
        let from = Timestamp::from_millis(self.from);
        let until = Timestamp::from_millis(self.until).earlier_by(LEAF_RENEW);
        from <= now && now < until && self.names.iter().eq(names)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

/// SHA-256 of a certificate, as browsers show it.
pub(super) fn fingerprint(certificate: &[u8]) -> String {
    let bytes = Sha256::digest(certificate);
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// Makes an authority. `tag` tells the authorities of several boxes apart in a browser's list.
///
/// # Errors
/// The library refuses.
pub fn make_authority(tag: &str, now: Timestamp) -> Result<Kept, Certify> {
    let key = KeyPair::generate().map_err(Certify::Key)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = name(&format!("Platen box authority {tag}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Whoever stole it could make servers' certificates, and neither sign programs nor mail nor be a person.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let (from, until) =
        (now.min(NOT_BEFORE_THIS).earlier_by(DAY), now.max(NOT_BEFORE_THIS).later_by(AUTHORITY_LIFE));
    lasts(&mut params, from, until);
    let certificate =
        params.self_signed(&key).map_err(|e| Certify::Certificate("the authority".to_owned(), e))?;
    Ok(keep(&certificate, &key, Vec::new(), from, until))
}

/// Makes a certificate for these names. It begins a day early, because clocks differ.
///
/// # Errors
/// The library refuses, or the authority is damaged.
pub fn make_leaf(authority: &Kept, names: &BTreeSet<HostName>, now: Timestamp) -> Result<Kept, Certify> {
    let ca_key = KeyPair::try_from(authority.key.as_slice()).map_err(|_| Certify::Kept("authority's key"))?;
    let issuer = Issuer::from_ca_cert_der(&authority.certificate.as_slice().into(), ca_key)
        .map_err(|_| Certify::Kept("authority's certificate"))?;
    let key = KeyPair::generate().map_err(Certify::Key)?;
    let first = names.iter().next().map_or_else(|| "Platen".to_owned(), HostName::to_string);
    let failed = |e| Certify::Certificate(first.clone(), e);
    let mut params = CertificateParams::default();
    params.distinguished_name = name("Platen");
    params.subject_alt_names = alternative_names(names).map_err(failed)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let now = now.max(NOT_BEFORE_THIS);
    let (from, until) = (now.earlier_by(DAY), now.later_by(LEAF_LIFE));
    lasts(&mut params, from, until);
    let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
    Ok(keep(&certificate, &key, names.iter().cloned().collect(), from, until))
}

/// Names and addresses as certificates have them.
pub(super) fn alternative_names(names: &BTreeSet<HostName>) -> Result<Vec<SanType>, rcgen::Error> {
    let alternative = |name: &HostName| match name {
        HostName::Dns(name) => name.as_str().try_into().map(SanType::DnsName),
        HostName::Address(address) => Ok(SanType::IpAddress(*address)),
    };
    names.iter().map(alternative).collect()
}

fn keep(
    certificate: &rcgen::Certificate,
    key: &KeyPair,
    names: Vec<HostName>,
    from: Timestamp,
    until: Timestamp,
) -> Kept {
    Kept {
        certificate: certificate.der().to_vec(),
        pem: certificate.pem(),
        key: key.serialize_der(),
        names,
        from: from.as_millis(),
        until: until.as_millis(),
    }
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Platen");
    name.push(DnType::CommonName, common);
    name
}

fn lasts(params: &mut CertificateParams, from: Timestamp, until: Timestamp) {
    let day = |at: Timestamp| {
        let date = jiff::Timestamp::from_millisecond(at.as_millis())
            .map_or(jiff::civil::date(2026, 1, 1), |at| TimeZone::UTC.to_datetime(at).date());
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(from);
    params.not_after = day(until);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::names::names;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn box_names() -> BTreeSet<HostName> {
        names(&["Platen.plant.example".parse().unwrap()], Some("box"), ["192.168.1.20".parse().unwrap()])
    }

    #[test]
    fn a_certificate_serves_its_names_until_30_days_before_its_end() {
        let authority = make_authority("0001", NOW).unwrap();
        let leaf = make_leaf(&authority, &box_names(), NOW).unwrap();
        assert!(leaf.serves(&box_names(), NOW));
        assert!(leaf.serves(&box_names(), NOW.later_by(DAY * 366)));
        assert!(!leaf.serves(&box_names(), NOW.later_by(DAY * 367)));
        assert!(leaf.serves(&box_names(), NOW.earlier_by(DAY)));
        assert!(!leaf.serves(&box_names(), NOW.earlier_by(DAY * 2)));
    }

    #[test]
    fn other_names_ask_for_another_certificate() {
        let authority = make_authority("0001", NOW).unwrap();
        let leaf = make_leaf(&authority, &box_names(), NOW).unwrap();
        let mut more = box_names();
        more.insert("other".parse().unwrap());
        assert!(!leaf.serves(&more, NOW));
        assert!(!leaf.serves(&names(&[], None, []), NOW));
    }

    #[test]
    fn what_is_kept_reads_back_and_signs_again() {
        let authority = make_authority("0001", NOW).unwrap();
        let back = Kept::from_secret(&authority.to_secret().unwrap()).unwrap();
        assert_eq!(back.fingerprint(), authority.fingerprint());
        assert_eq!(back.fingerprint().len(), 95);
        assert!(back.pem().starts_with("-----BEGIN CERTIFICATE-----"));
        make_leaf(&back, &box_names(), NOW).unwrap();
    }

    #[test]
    fn a_box_with_an_unset_clock_makes_an_authority_that_lasts() {
        let authority = make_authority("0001", Timestamp::from_millis(0)).unwrap();
        assert!(authority.from < 0);
        assert!(authority.until > NOW.later_by(DAY * 365 * 20).as_millis());
    }

    #[test]
    fn a_box_with_an_unset_clock_gives_a_certificate_that_browsers_take() {
        let unset = Timestamp::from_millis(0);
        let authority = make_authority("0001", unset).unwrap();
        let leaf = make_leaf(&authority, &box_names(), unset).unwrap();
        assert!(leaf.serves(&box_names(), unset), "or it would be given anew at every look");
        assert!(leaf.from < NOW.as_millis() && NOW.as_millis() < leaf.until);
        assert!(leaf.until - leaf.from <= i64::try_from((DAY * 398).as_millis()).unwrap());
    }
}
