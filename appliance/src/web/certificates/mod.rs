//! The box's certificates: its own, made at the first start and given anew in time, and the plant's, which a person
//! brings. All of them are kept sealed; whatever changes goes into the audit trail first.

mod authority;
mod chain;
mod console;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod offer;
mod own;
mod plant;
mod request;
#[cfg(test)]
mod tests;
mod unfit;
mod view;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dashboard::format::day;
use domain::Timestamp;
use secrecy::ExposeSecret;

use self::authority::Certify;
use self::own::Pair;
use self::plant::{End, Plant};
use self::request::Request;
use super::names::Names;
use super::tls::{self, Current, Misfit, Served, Trusted};
use crate::audit::{Act, By, Trail, Unwritten, What};
use crate::clock::Clock;
use crate::config::HostName;
use crate::plant::AlarmKey;
use crate::store::{Commit, Read, Store};
use crate::telemetry::Chain;

pub(super) use self::chain::covers;
pub use self::console::Wish;
pub use self::offer::Offer;
pub use self::unfit::{LONGEST, Unfit};

const PLANT: &str = "web certificate of the plant";
const REQUEST: &str = "web request";
/// More names than any box has.
const MOST_NAMES: usize = 32;

/// Why there are no certificates, or no others.
#[derive(Debug, thiserror::Error)]
pub enum NoCertificate {
    /// The kept ones cannot be read.
    #[error("read the certificates")]
    Read(#[source] Read),
    /// New ones cannot be kept.
    #[error("keep the certificates")]
    Keep(#[source] Commit),
    /// New ones cannot be made.
    #[error("make the certificates")]
    Make(#[from] Certify),
    /// They cannot be used.
    #[error("use the certificate and its key")]
    Use,
    /// The system gives no random bytes.
    #[error("draw random bytes")]
    Random(#[source] rand::rand_core::OsError),
    /// It cannot be written down who did it.
    #[error("write down who changes the certificate")]
    Trail(#[from] Unwritten),
}

/// Why a person's wish about certificates was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// What they brought does not do.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// What they asked for makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The box could not do it.
    #[error(transparent)]
    Failed(#[from] NoCertificate),
}

/// All certificates of a box. What looks at them or changes them waits for the disk, but for what says otherwise.
pub struct Certificates {
    store: Store,
    trail: Arc<Trail>,
    clock: Arc<dyn Clock>,
    names: Names,
    authority: Authority,
    held: Mutex<Held>,
    current: Arc<Current>,
}

/// What everybody may have of the authority, which stays the same.
struct Authority {
    pem: String,
    der: Vec<u8>,
    fingerprint: String,
}

struct Held {
    pair: Pair,
    plant: Option<Plant>,
    request: Option<Request>,
    /// The last thing that was brought and did not do, since the box was started.
    refused: Option<(Timestamp, String)>,
}

impl Certificates {
    /// Those of a store; what is missing or about to end is made anew.
    ///
    /// # Errors
    /// The store is out of order, or the libraries refuse.
    pub fn open(
        store: Store,
        trail: Arc<Trail>,
        clock: Arc<dyn Clock>,
        configured: Vec<HostName>,
    ) -> Result<Self, NoCertificate> {
        let names = Names::new(configured);
        let pair = own::prepare(&store, &names.known(), clock.now())?;
        let plant = own::secret(&store, PLANT)?.and_then(|secret| {
            let read = Plant::from_secret(&secret);
            // The box is reached all the same: under its own.
            read.inspect_err(
                |error| tracing::error!(cause = %Chain(error), "the plant's certificate is not in use"),
            )
            .ok()
        });
        let request = own::secret(&store, REQUEST)?
            .and_then(|secret| serde_json::from_slice(secret.expose_secret()).ok());
        let authority = Authority {
            pem: pair.authority.pem().to_owned(),
            der: pair.authority.certificate().to_vec(),
            fingerprint: pair.authority.fingerprint(),
        };
        let held = Held { pair, plant, request, refused: None };
        let current = Arc::new(Current::new(held.served()?));
        Ok(Certificates { store, trail, clock, names, authority, held: Mutex::new(held), current })
    }

    /// What connections see. Waits for nothing.
    pub(super) fn current(&self) -> &Arc<Current> {
        &self.current
    }

    /// Under which names the box is reached.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// The authority's certificate, PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority.pem
    }

    /// The same, DER.
    pub(super) fn authority_der(&self) -> &[u8] {
        &self.authority.der
    }

    /// SHA-256 of the authority's certificate.
    #[must_use]
    pub fn authority_fingerprint(&self) -> &str {
        &self.authority.fingerprint
    }

    /// SHA-256 of the certificate that most browsers see: the plant's, if there is one.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let held = self.held();
        let first = held.plant.as_ref().and_then(|plant| plant.chain.first());
        first.map_or_else(|| held.pair.leaf.fingerprint(), |first| authority::fingerprint(first.bytes()))
    }

    /// Whether a certificate of the plant's is in use. Waits for nothing.
    pub(super) fn has_plants(&self) -> bool {
        self.current.has_plants()
    }

    /// The request that waits, PEM.
    pub(super) fn waiting_request(&self) -> Option<String> {
        self.held().request.as_ref().map(|request| request.pem.clone())
    }

    /// See [`Current::remember`]. Waits for nothing.
    pub(super) fn remember(&self, asked: &HostName) -> Option<Duration> {
        self.current.remember(asked, self.clock.now())
    }

    /// Makes a request for these names, for all that the box is reached by if there are none. One that waits is given
    /// up.
    ///
    /// # Errors
    /// The names make no sense, or the store does not take it.
    pub fn request(&self, by: &By, names: &[HostName]) -> Result<(), Refused> {
        let names: BTreeSet<HostName> =
            if names.is_empty() { self.reached() } else { names.iter().cloned().collect() };
        if names.len() > MOST_NAMES {
            return Err(Refused::Invalid(format!("more than {MOST_NAMES} names are too many")));
        }
        if names.is_empty() {
            return Err(Refused::Invalid(
                "the box has no name or address but its own loopback; name one".to_owned(),
            ));
        }
        let mut held = self.held();
        let request = Request::make(names, self.clock.now()).map_err(NoCertificate::Make)?;
        let told = joined(request.names.iter());
        self.trail.require(by, Act::new(What::RequestCertificate, told)).map_err(NoCertificate::Trail)?;
        let secret = zeroize::Zeroizing::new(
            serde_json::to_vec(&request).map_err(|_| NoCertificate::Make(Certify::Kept("request")))?,
        );
        self.store.put_secret(REQUEST, &secret).map_err(NoCertificate::Keep)?;
        held.request = Some(request);
        Ok(())
    }

    /// Takes a certificate into use, if it does. Else the one before stays in use, and why is written down.
    ///
    /// # Errors
    /// It does not do, or the store does not take it.
    pub fn install(&self, by: &By, offer: &Offer) -> Result<(), Refused> {
        let mut held = self.held();
        let plant = match held.fit(offer, &self.acceptable(&held), self.clock.now()) {
            Ok(plant) => plant,
            Err(unfit) => {
                drop(held);
                self.refuse(by, &unfit);
                return Err(unfit.into());
            }
        };
        let act = Act::new(What::InstallCertificate, plant.names.join(", "))
            .before(held.told())
            .after(told_of(&plant));
        self.trail.require(by, act).map_err(NoCertificate::Trail)?;
        let used = held.request.as_ref().is_some_and(|request| request.key == plant.key);
        let secret = plant.to_secret().map_err(NoCertificate::Make)?;
        let mut changes = vec![(PLANT, Some(secret.expose_secret()))];
        if used {
            changes.push((REQUEST, None));
        }
        let before = (held.plant.replace(plant), held.request.take_if(|_| used));
        let taken = held.served().and_then(|served| {
            self.store.put_secrets(&changes).map_err(NoCertificate::Keep)?;
            Ok(served)
        });
        match taken {
            Ok(served) => {
                self.current.replace(served);
                held.refused = None;
                Ok(())
            }
            Err(error) => {
                held.plant = before.0;
                if used {
                    held.request = before.1;
                }
                Err(error.into())
            }
        }
    }

    /// Keeps why something that was brought did not do, for the next view, and writes it down.
    pub(super) fn refuse(&self, by: &By, why: &Unfit) {
        self.trail.note(by, Act::new(What::InstallCertificateFailed, "").after(why.to_string()));
        self.held().refused = Some((self.clock.now(), why.to_string()));
    }

    /// Serves under the box's own certificate again; the plant's and its key are forgotten.
    ///
    /// # Errors
    /// The store does not take it.
    pub fn own(&self, by: &By) -> Result<(), Refused> {
        let mut held = self.held();
        let Some(plant) = &held.plant else { return Ok(()) };
        let act = Act::new(What::OwnCertificate, "").before(told_of(plant)).after(OWN);
        self.trail.require(by, act).map_err(NoCertificate::Trail)?;
        self.store.put_secrets(&[(PLANT, None)]).map_err(NoCertificate::Keep)?;
        held.plant = None;
        self.current.replace(held.served()?);
        Ok(())
    }

    /// Looks at the names and the clock: the box's own certificate is given anew if it is about to end or the names
    /// have changed. Answers which alarms stand and why.
    pub(super) fn refresh(&self) -> [(AlarmKey, Option<String>); 2] {
        let (names, now) = (self.names.look(), self.clock.now());
        let mut held = self.held();
        if let Err(error) = self.renew(&mut held, &names, now) {
            tracing::error!(cause = %Chain(&error), "the web server's certificate could not be given anew");
        }
        let end = held.plant.as_ref().map(|plant| (plant.end(now), plant.validity().1));
        let near = end.filter(|(end, _)| *end == End::Near).map(|(_, until)| format!("on {}", day(until)));
        let past = end.filter(|(end, _)| *end == End::Past).map(|(_, until)| format!("on {}", day(until)));
        [(AlarmKey::CertificateEnding, near), (AlarmKey::CertificateEnded, past)]
    }

    fn renew(
        &self,
        held: &mut Held,
        names: &BTreeSet<HostName>,
        now: Timestamp,
    ) -> Result<(), NoCertificate> {
        if own::refresh(&self.store, &mut held.pair, names, now)? {
            self.current.replace(held.served()?);
        }
        Ok(())
    }

    /// Names and addresses that others than the box itself reach it by.
    fn reached(&self) -> BTreeSet<HostName> {
        self.names.known().iter().filter(|name| !super::names::is_loopback(name)).cloned().collect()
    }

    /// One of these a certificate must have: what the box is reached by, or what was asked for.
    fn acceptable(&self, held: &Held) -> BTreeSet<HostName> {
        let mut names = self.reached();
        names.extend(held.request.iter().flat_map(|request| request.names.iter().cloned()));
        if names.is_empty() { self.names.known().as_ref().clone() } else { names }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const OWN: &str = "the box's own";

fn told_of(plant: &Plant) -> String {
    format!("signed by {}, until {}", plant.issuer, day(plant.validity().1))
}

fn joined<'a>(names: impl Iterator<Item = &'a HostName>) -> String {
    names.map(HostName::to_string).collect::<Vec<_>>().join(", ")
}

impl Held {
    fn told(&self) -> String {
        self.plant.as_ref().map_or_else(|| OWN.to_owned(), told_of)
    }

    fn served(&self) -> Result<Served, NoCertificate> {
        let own = tls::certified(self.pair.chain(), self.pair.leaf.key()).map_err(|_| NoCertificate::Use)?;
        let plant = self.plant.as_ref().map(|plant| {
            let chain = plant.chain.iter().map(|der| der.bytes().to_vec()).collect();
            let key = tls::certified(chain, plant.key.bytes()).map_err(|_| NoCertificate::Use)?;
            Ok::<_, NoCertificate>(Trusted { key, names: plant.names.clone(), until: plant.validity().1 })
        });
        Ok(Served { own, own_names: self.pair.leaf.names().to_vec(), plant: plant.transpose()? })
    }

    /// What is offered with the key that it is for.
    fn fit(&self, offer: &Offer, known: &BTreeSet<HostName>, now: Timestamp) -> Result<Plant, Unfit> {
        let facts = chain::check(&offer.chain, known, now)?;
        let brought = offer.key.as_ref();
        let waiting = self.request.as_ref().map(|request| &request.key);
        let former = self.plant.as_ref().map(|plant| &plant.key);
        let keys = if brought.is_some() { [brought, None] } else { [waiting, former] };
        let mut why = Unfit::NoKey;
        for key in keys.into_iter().flatten() {
            let der = offer.chain.iter().map(|der| der.bytes().to_vec()).collect();
            match tls::certified(der, key.bytes()) {
                Ok(_) => return Ok(Plant::new(offer.chain.clone(), key.clone(), facts)),
                Err(Misfit::Other) => {
                    let names = facts.names.first().map_or("it", String::as_str);
                    why = Unfit::OtherKey(format!("“{names}”"));
                }
                Err(Misfit::Unusable) => why = Unfit::KeyUnusable,
            }
        }
        Err(why)
    }
}
