//! A certificate that the plant's own authority signed, with its key, as it is kept sealed.

use std::time::Duration;

use domain::Timestamp;
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};

use super::authority::Certify;
use super::chain::{self, Facts};
use super::offer::Der;
use crate::config::HostName;

/// People are told so long before it ends, or in the last third of a short life.
const WARN: Duration = Duration::from_hours(24 * 30);

/// How near its end a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Far,
    Near,
    Past,
}

/// Not shown; its key leaves no trace in memory.
#[derive(Serialize, Deserialize)]
pub(super) struct Plant {
    pub chain: Vec<Der>,
    pub key: Der,
    pub names: Vec<String>,
    pub issuer: String,
    /// Milliseconds since 1970.
    from: i64,
    until: i64,
}

impl Drop for Plant {
    fn drop(&mut self) {
        self.key.forget();
    }
}

impl Plant {
    pub(super) fn new(chain: Vec<Der>, key: Der, facts: Facts) -> Self {
        let (from, until) = (facts.from.as_millis(), facts.until.as_millis());
        Plant { chain, key, names: facts.names, issuer: facts.issuer, from, until }
    }

    pub(super) fn from_secret(secret: &SecretSlice<u8>) -> Result<Self, Certify> {
        serde_json::from_slice(secret.expose_secret())
            .map_err(|_| Certify::Kept("certificate of the plant's"))
    }

    pub(super) fn to_secret(&self) -> Result<SecretSlice<u8>, Certify> {
        let written = serde_json::to_vec(self);
        written.map(SecretSlice::from).map_err(|_| Certify::Kept("certificate of the plant's"))
    }

    /// From when until when it is good.
    pub(super) fn validity(&self) -> (Timestamp, Timestamp) {
        (Timestamp::from_millis(self.from), Timestamp::from_millis(self.until))
    }

    pub(super) fn covers(&self, name: &HostName) -> bool {
        chain::covers(&self.names, name)
    }

    pub(super) fn end(&self, now: Timestamp) -> End {
        let (from, until) = self.validity();
        let warn = WARN.min(until.since(from) / 3);
        match () {
            () if until <= now => End::Past,
            () if until.earlier_by(warn) <= now => End::Near,
            () => End::Far,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);
    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn lasting(days: u32) -> Plant {
        let facts = Facts {
            names: vec!["platen.plant.example".to_owned()],
            issuer: "Plant CA".to_owned(),
            from: NOW,
            until: NOW.later_by(DAY * days),
        };
        Plant::new(Vec::new(), Der::new([]), facts)
    }

    #[test]
    fn people_are_warned_a_month_ahead_or_in_the_last_third() {
        for (life, day, end) in [
            (397, 366, End::Far),
            (397, 367, End::Near),
            (397, 396, End::Near),
            (397, 397, End::Past),
            (9, 5, End::Far),
            (9, 6, End::Near),
            (9, 9, End::Past),
        ] {
            assert_eq!(lasting(life).end(NOW.later_by(DAY * day)), end, "day {day} of {life}");
        }
    }
}
