//! What every answer says to the browser about itself.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The random word that lets the scripts of one answer run, and no others.
#[derive(Clone)]
pub(super) struct Nonce(pub String);

impl Nonce {
    pub(super) fn from_random(bytes: [u8; 16]) -> Self {
        Nonce(hex::encode(bytes))
    }
}

/// Puts the headers into an answer. What the answer says itself stands.
pub(super) fn put(headers: &mut HeaderMap, nonce: &Nonce) {
    // Only scripts that carry the nonce run, and what those import; wasm must be allowed by name. Everything
    // else comes from the box itself, and nothing at all from elsewhere.
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
        nonce.0
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/html") {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    }
}

const FIXED: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), serial=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];
