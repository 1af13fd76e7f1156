//! What must hold of a chain of certificates before the box serves under it. Pure: the time and the names are told.

use std::collections::BTreeSet;
use std::net::IpAddr;

use domain::Timestamp;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey;

use super::offer::Der;
use super::unfit::Unfit;
use crate::config::HostName;

/// Signed by what browsers refuse: MD5 and SHA-1, with RSA or ECDSA.
const WEAK: [&str; 3] = ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"];
const SHORTEST_RSA: usize = 2048;

/// What the box's own certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// Names and addresses; a name may begin with `*.`.
    pub names: Vec<String>,
    /// Whoever signed it.
    pub issuer: String,
    pub from: Timestamp,
    /// The end of whichever of the chain ends first.
    pub until: Timestamp,
}

/// Holds a chain against the rules. `known` are the names and addresses that the box is reached by.
pub(super) fn check(chain: &[Der], known: &BTreeSet<HostName>, now: Timestamp) -> Result<Facts, Unfit> {
    let mut parsed = Vec::with_capacity(chain.len());
    for (index, der) in chain.iter().enumerate() {
        let (_, certificate) = parse_x509_certificate(der.bytes()).map_err(|_| Unfit::Damaged(index + 1))?;
        parsed.push(certificate);
    }
    let leaf = parsed.first().ok_or(Unfit::Nothing)?;
    serves(leaf)?;
    for certificate in &parsed {
        strong(certificate)?;
        lasts(certificate, now)?;
    }
    for (below, above) in parsed.iter().zip(parsed.iter().skip(1)) {
        signed(below, above)?;
    }
    let names = names(leaf)?;
    if !known.iter().any(|name| covers(&names, name)) {
        let wants = known.iter().map(HostName::to_string).collect::<Vec<_>>().join(", ");
        return Err(Unfit::Names { has: names.join(", "), wants });
    }
    let ends = parsed.iter().map(|certificate| instant(certificate.validity().not_after.timestamp()));
    Ok(Facts {
        names,
        issuer: issuer(leaf),
        from: instant(leaf.validity().not_before.timestamp()),
        until: ends.min().unwrap_or(now),
    })
}

/// Whether a name of the box is among those of a certificate, as browsers see it: a star stands for one label.
pub(in crate::web) fn covers(names: &[String], wanted: &HostName) -> bool {
    names.iter().any(|name| match wanted {
        HostName::Address(address) => name.parse() == Ok(*address),
        HostName::Dns(wanted) => match name.strip_prefix("*.") {
            Some(rest) => wanted.split_once('.').is_some_and(|(_, above)| above.eq_ignore_ascii_case(rest)),
            None => name.eq_ignore_ascii_case(wanted),
        },
    })
}

/// Who it is for, as people call it.
pub(super) fn subject(certificate: &X509Certificate<'_>) -> String {
    let common = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    match common {
        Some(common) => format!("“{common}”"),
        None => {
            let first = names(certificate).ok().and_then(|names| names.into_iter().next());
            first.map_or_else(|| "a certificate without a name".to_owned(), |name| format!("“{name}”"))
        }
    }
}

fn issuer(certificate: &X509Certificate<'_>) -> String {
    let common = certificate.issuer().iter_common_name().next().and_then(|name| name.as_str().ok());
    common.map_or_else(|| certificate.issuer().to_string(), str::to_owned)
}

fn serves(leaf: &X509Certificate<'_>) -> Result<(), Unfit> {
    if leaf.is_ca() {
        return Err(Unfit::Authority(subject(leaf)));
    }
    if leaf.subject() == leaf.issuer() {
        return Err(Unfit::SelfSigned(subject(leaf)));
    }
    // Two of them make no sense, and then it is not for servers either.
    let usage = leaf.extended_key_usage().map_err(|_| Unfit::NotForServers(subject(leaf)))?;
    if usage.is_some_and(|usage| !usage.value.server_auth && !usage.value.any) {
        return Err(Unfit::NotForServers(subject(leaf)));
    }
    Ok(())
}

fn strong(certificate: &X509Certificate<'_>) -> Result<(), Unfit> {
    // What an authority at the top signs itself with is looked at by nobody.
    let signed_by_another = certificate.subject() != certificate.issuer();
    let weak = WEAK.contains(&certificate.signature_algorithm.algorithm.to_id_string().as_str());
    let short = matches!(
        certificate.public_key().parsed(),
        Ok(PublicKey::RSA(key)) if key.key_size() < SHORTEST_RSA
    );
    if short || (weak && signed_by_another) { Err(Unfit::Weak(subject(certificate))) } else { Ok(()) }
}

fn lasts(certificate: &X509Certificate<'_>, now: Timestamp) -> Result<(), Unfit> {
    let validity = certificate.validity();
    let (from, until) = (instant(validity.not_before.timestamp()), instant(validity.not_after.timestamp()));
    if now < from {
        return Err(Unfit::NotYet { who: subject(certificate), from, now });
    }
    if until <= now {
        return Err(Unfit::Over { who: subject(certificate), until, now });
    }
    Ok(())
}

fn signed(below: &X509Certificate<'_>, above: &X509Certificate<'_>) -> Result<(), Unfit> {
    if below.issuer() != above.subject() {
        let (issuer, above) = (issuer(below), subject(above));
        return Err(Unfit::Order { below: subject(below), issuer: format!("“{issuer}”"), above });
    }
    if !above.is_ca() {
        return Err(Unfit::NoAuthority(subject(above)));
    }
    below
        .verify_signature(Some(above.public_key()))
        .map_err(|_| Unfit::Signature { below: subject(below), above: subject(above) })
}

fn names(leaf: &X509Certificate<'_>) -> Result<Vec<String>, Unfit> {
    let without = || Unfit::NoNames(subject_alone(leaf));
    let extension = leaf.subject_alternative_name().map_err(|_| without())?.ok_or_else(without)?;
    let names: Vec<String> = extension
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_ascii_lowercase()),
            GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
            _ => None,
        })
        .collect();
    if names.is_empty() { Err(without()) } else { Ok(names) }
}

fn subject_alone(certificate: &X509Certificate<'_>) -> String {
    let common = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    format!("“{}”", common.unwrap_or("a certificate without a name"))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1_000))
}
