//! Certificates that nobody signed.

use std::time::Duration;

use dashboard::port::{
    Answer, CertificateFacts, CertificateView, Certificates, RefusedView, RequestView, Trust, TrustView,
};
use domain::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// At that instant.
pub struct MadeUpCertificates(pub Timestamp);

fn fingerprint(byte: &str) -> String {
    vec![byte; 32].join(":")
}

impl Certificates for MadeUpCertificates {
    fn certificate(&self) -> Answer<'_, CertificateView> {
        let now = self.0;
        let facts = |names: &[&str], issuer: &str, days: u32, byte| CertificateFacts {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            issuer: issuer.to_owned(),
            from: now.earlier_by(DAY * 370),
            until: now.later_by(DAY * days),
            fingerprint: fingerprint(byte),
        };
        let reached = ["platen.plant.example", "platen", "192.0.2.20"];
        let view = CertificateView {
            now,
            names: reached.map(str::to_owned).to_vec(),
            uncovered: vec!["192.0.2.20".to_owned()],
            plant: Some(facts(&["platen.plant.example", "platen"], "Plant Issuing CA 2", 12, "A7")),
            own: facts(&reached, "the box's own authority", 300, "0C"),
            authority: fingerprint("5E"),
            authority_until: now.later_by(DAY * 10_000),
            request: Some(RequestView {
                at: now.earlier_by(DAY),
                names: vec!["platen.plant.example".to_owned()],
                pem: "-----BEGIN CERTIFICATE REQUEST-----\nMIIBAA==\n-----END CERTIFICATE REQUEST-----\n"
                    .to_owned(),
            }),
            refused: Some(RefusedView {
                at: now.earlier_by(Duration::from_secs(300)),
                why: "“platen” ended on 2026-01-01, and the box's clock says 2026-11-24".to_owned(),
            }),
        };
        Box::pin(async { Ok(view) })
    }

    fn request(&self, _: String) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn own(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

impl Trust for MadeUpCertificates {
    fn trust(&self) -> TrustView {
        TrustView {
            authority: fingerprint("5E"),
            address: "https://platen.plant.example/trust".to_owned(),
            plant: false,
        }
    }
}
