//! What a person is told about the certificates.

use dashboard::port::{CertificateFacts, CertificateView, RefusedView, RequestView};
use domain::Timestamp;

use super::authority;
use super::{Certificates, Held, HostName};

impl Certificates {
    /// Everything about the certificates, and no key.
    #[must_use]
    pub fn view(&self) -> CertificateView {
        let (now, reached) = (self.clock.now(), self.reached());
        let held = self.held();
        let (_, authority_until) = held.pair.authority.validity();
        CertificateView {
            now,
            names: reached.iter().map(HostName::to_string).collect(),
            uncovered: held
                .plant
                .iter()
                .flat_map(|plant| reached.iter().filter(|name| !plant.covers(name)).map(HostName::to_string))
                .collect(),
            plant: held.plant_facts(),
            own: held.own_facts(),
            authority: held.pair.authority.fingerprint(),
            authority_until,
            request: held.request.as_ref().map(|request| RequestView {
                at: Timestamp::from_millis(request.at),
                names: request.names.iter().map(HostName::to_string).collect(),
                pem: request.pem.clone(),
            }),
            refused: held.refused.clone().map(|(at, why)| RefusedView { at, why }),
        }
    }
}

impl Held {
    fn plant_facts(&self) -> Option<CertificateFacts> {
        let plant = self.plant.as_ref()?;
        let (from, until) = plant.validity();
        Some(CertificateFacts {
            names: plant.names.clone(),
            issuer: plant.issuer.clone(),
            from,
            until,
            fingerprint: plant
                .chain
                .first()
                .map(|der| authority::fingerprint(der.bytes()))
                .unwrap_or_default(),
        })
    }

    fn own_facts(&self) -> CertificateFacts {
        let own = &self.pair.leaf;
        let (from, until) = own.validity();
        CertificateFacts {
            names: own.names().iter().map(HostName::to_string).collect(),
            issuer: "the box's own authority".to_owned(),
            from,
            until,
            fingerprint: own.fingerprint(),
        }
    }
}
