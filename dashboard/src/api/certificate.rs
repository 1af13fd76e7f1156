//! The certificates that browsers see, and how a device comes to trust the box.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::server::{certificates, told, trust};
use crate::port::{CertificateView, Refusal, TrustView};

/// Everything about the box's certificates.
#[server(name = ReadCertificate, prefix = "/api", endpoint = "certificate", input = GetUrl)]
pub async fn read_certificate() -> Result<CertificateView, Refusal> {
    let certificates = told(certificates())?;
    let answer = certificates.certificate().await;
    told(answer)
}

/// Makes a request for the plant's authority to sign, which the next view shows.
#[server(name = RequestCertificate, prefix = "/api", endpoint = "request-certificate")]
pub async fn request_certificate(
    /// Names and addresses, separated by commas or spaces.
    names: String,
) -> Result<(), Refusal> {
    let certificates = told(certificates())?;
    let answer = certificates.request(names).await;
    told(answer)
}

/// Goes back to the box's own certificate.
#[server(name = OwnCertificate, prefix = "/api", endpoint = "own-certificate")]
pub async fn own_certificate() -> Result<(), Refusal> {
    let certificates = told(certificates())?;
    let answer = certificates.own().await;
    told(answer)
}

/// What whoever stands before a browser's warning has to know.
#[server(name = ReadTrust, prefix = "/api", endpoint = "trust", input = GetUrl)]
pub async fn read_trust() -> Result<TrustView, Refusal> {
    Ok(told(trust())?.trust())
}
