//! The certificates that browsers see, and how a device comes to trust the box.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// Names and addresses that it is for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// From when it is good.
    pub from: Timestamp,
    /// Until when it, and all above it, is good.
    pub until: Timestamp,
    /// SHA-256, as browsers show it.
    pub fingerprint: String,
}

/// A request that waits for the plant's authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestView {
    /// When it was made.
    pub at: Timestamp,
    /// What it asks for.
    pub names: Vec<String>,
    /// The request, PEM.
    pub pem: String,
}

/// Something that was brought and did not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedView {
    /// When.
    pub at: Timestamp,
    /// Why, for people.
    pub why: String,
}

/// Everything about the box's certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    /// The box's clock when this was made.
    pub now: Timestamp,
    /// Names and addresses that others reach the box by.
    pub names: Vec<String>,
    /// Of those, what the plant's certificate is not for.
    pub uncovered: Vec<String>,
    /// The plant's certificate, if one is in use.
    pub plant: Option<CertificateFacts>,
    /// The box's own.
    pub own: CertificateFacts,
    /// SHA-256 of the box's own authority.
    pub authority: String,
    /// Until when that is good.
    pub authority_until: Timestamp,
    /// The request that waits.
    pub request: Option<RequestView>,
    /// The last thing that was brought and did not do, since the box was started.
    pub refused: Option<RefusedView>,
}

/// What whoever stands before a browser's warning has to know. Public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustView {
    /// SHA-256 of the box's own authority.
    pub authority: String,
    /// The address of this page, for another device.
    pub address: String,
    /// A certificate of the plant's is in use, which needs nothing of all this.
    pub plant: bool,
}
