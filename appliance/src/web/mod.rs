//! The web server: TLS, sessions, pages, the live stream. The only room that knows actix and rustls.

pub mod access;
mod api;
mod assets;
pub(crate) mod certificates;
mod certified;
mod errors;
mod export;
mod flash;
mod forms;
mod gate;
mod gated;
mod guard;
mod headers;
mod host;
mod live;
mod machines;
mod metrics;
mod names;
mod pages;
mod people;
mod place;
mod plain;
mod probe;
mod redirect;
mod server;
mod session;
mod slow;
#[cfg(test)]
mod tests;
mod tls;
mod wall;

use std::net::IpAddr;
use std::sync::Arc;

use dashboard::port::{Handle, Person};
use domain::Scope;
use tokio_util::sync::CancellationToken;

use crate::desk::Machine;

pub use certificates::{
    Certificates, LONGEST as LONGEST_CERTIFICATE, NoCertificate, Offer, Refused, Unfit, Wish,
};
pub use live::{Follow, Updates};
pub use names::address_for_people;
pub use pages::{addresses, functions};
pub use probe::{Unwell, ask};
pub use server::{Listeners, Raise, Serve, Server, StartWeb, bind, prepare};

/// Gives someone who is signed in the plant as they may use it: the one place where it is decided what a person may
/// do. Whoever holds the handle may do what it can. The address is for the audit trail.
pub type Admit = Arc<dyn Fn(Person, Option<IpAddr>) -> Handle + Send + Sync>;

/// Gives a machine the plant as far as its token's scope goes.
pub type AdmitMachine = Arc<dyn Fn(Scope) -> Machine + Send + Sync>;

/// What the doors need.
struct Context {
    people: Arc<people::People>,
    plant: Admit,
    machines: AdmitMachine,
    follow: Follow,
    downloads: export::Downloads,
    certificates: Arc<Certificates>,
    /// Where TLS is served.
    port: u16,
    shutdown: CancellationToken,
}
