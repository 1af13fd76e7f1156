//! What the host calls itself and where it is reached.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;

/// The host's name, if it has one.
pub(super) fn name() -> Option<String> {
    nix::unistd::gethostname().ok()?.into_string().ok()
}

/// The addresses of every interface but loopback. Link-local ones need a zone, which no certificate can name.
pub(super) fn addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else { return Vec::new() };
    interfaces
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|address| IpAddr::from(address.ip()));
            let v6 = || address.as_sockaddr_in6().map(|address| IpAddr::from(address.ip()));
            v4.or_else(v6)
        })
        .filter(|address| match address {
            IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local(),
            IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local(),
        })
        .collect()
}
