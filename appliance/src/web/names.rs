//! Under which names the box is reached, as the last look at the host found them.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use super::host;
use crate::config::HostName;

/// Shared by the certificate, which has them all, and by the redirect, which repeats no other.
#[derive(Clone)]
pub(super) struct Names {
    configured: Arc<[HostName]>,
    found: Arc<RwLock<Arc<BTreeSet<HostName>>>>,
}

impl Names {
    pub(super) fn new(configured: Vec<HostName>) -> Self {
        let found = every(&configured);
        Names::of(configured, found)
    }

    pub(super) fn of(configured: Vec<HostName>, found: BTreeSet<HostName>) -> Self {
        Names { configured: configured.into(), found: Arc::new(RwLock::new(Arc::new(found))) }
    }

    /// Looks at the host anew: addresses come and go.
    pub(super) fn look(&self) -> Arc<BTreeSet<HostName>> {
        let found = Arc::new(every(&self.configured));
        *self.found.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&found);
        found
    }

    pub(super) fn known(&self) -> Arc<BTreeSet<HostName>> {
        Arc::clone(&self.found.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The name for a browser that asked for one and whose connection reached an address of the box.
    pub(super) fn best(&self, asked: Option<HostName>, reached: Option<IpAddr>) -> HostName {
        let known = self.known();
        asked
            .filter(|asked| known.contains(asked))
            .or_else(|| self.configured.first().cloned())
            .or_else(|| reached.map(HostName::Address))
            .or_else(|| known.iter().find(|name| !is_loopback(name)).cloned())
            .unwrap_or_else(here)
    }
}

fn every(configured: &[HostName]) -> BTreeSet<HostName> {
    names(configured, host::name().as_deref(), host::addresses())
}

/// Every name and address a browser may have for the box.
pub(super) fn names(
    configured: &[HostName],
    host: Option<&str>,
    addresses: impl IntoIterator<Item = IpAddr>,
) -> BTreeSet<HostName> {
    let local = ["localhost", "127.0.0.1", "::1"].into_iter().filter_map(|name| name.parse().ok());
    let host = host.and_then(|host| host.parse::<HostName>().ok());
    let addresses = addresses.into_iter().filter(|address| !address.is_unspecified()).map(HostName::Address);
    local.chain(host).chain(addresses).chain(configured.iter().cloned()).collect()
}

fn here() -> HostName {
    HostName::Dns("localhost".to_owned())
}

pub(super) fn is_loopback(name: &HostName) -> bool {
    match name {
        HostName::Address(address) => address.is_loopback(),
        HostName::Dns(name) => name == "localhost",
    }
}

/// What a browser says that it asked for: a host, and the port if it is not the usual one.
pub(super) fn host_of(header: &str) -> Option<(HostName, Option<u16>)> {
    let (host, port) = match header.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => match header.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (header, None),
        },
    };
    Some((host.parse().ok()?, port.map(str::parse).transpose().ok()?))
}

/// What a person types: without the port that browsers take by themselves.
pub(super) fn with_port(host: &HostName, port: u16) -> String {
    let host = match host {
        HostName::Address(IpAddr::V6(address)) => format!("[{address}]"),
        name => name.to_string(),
    };
    if port == 443 { host } else { format!("{host}:{port}") }
}

/// What people type to get to a box that listens there: a name of it where the address says nothing.
#[must_use]
pub fn address_for_people(configured: &[HostName], listening: SocketAddr) -> String {
    let own = host::name().and_then(|name| name.parse().ok());
    named(configured, own, &host::addresses(), listening)
}

fn named(
    configured: &[HostName],
    own: Option<HostName>,
    addresses: &[IpAddr],
    listening: SocketAddr,
) -> String {
    let host = if listening.ip().is_unspecified() {
        let own = own.filter(|name| !is_loopback(name));
        let address = || addresses.first().copied().map(HostName::Address);
        configured.first().cloned().or(own).or_else(address).unwrap_or_else(here)
    } else {
        HostName::Address(listening.ip())
    };
    with_port(&host, listening.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_an_address_that_leads_to_the_box() {
        let everywhere: SocketAddr = "0.0.0.0:8443".parse().unwrap();
        let name = |text: &str| text.parse::<HostName>().unwrap();
        let addresses = ["192.168.1.20".parse().unwrap()];
        let configured = [name("platen.example")];
        assert_eq!(named(&configured, Some(name("box")), &addresses, everywhere), "platen.example:8443");
        assert_eq!(named(&[], Some(name("box")), &addresses, everywhere), "box:8443");
        assert_eq!(named(&[], Some(name("localhost")), &addresses, everywhere), "192.168.1.20:8443");
        assert_eq!(named(&[], None, &[], everywhere), "localhost:8443");
        let one = "[::1]:443".parse().unwrap();
        assert_eq!(named(&configured, Some(name("box")), &addresses, one), "[::1]");
    }

    #[test]
    fn the_box_is_known_by_every_name_it_has() {
        let names: Vec<String> =
            names(&["Platen.plant.example".parse().unwrap()], Some("box"), ["192.168.1.20".parse().unwrap()])
                .iter()
                .map(HostName::to_string)
                .collect();
        assert_eq!(names, ["box", "localhost", "platen.plant.example", "127.0.0.1", "192.168.1.20", "::1"]);
    }
}
