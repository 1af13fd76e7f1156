//! `platen healthcheck`: asks as a browser would, over TLS, trusting the box's own authority. A box that lets only known
//! clients connect is asked over its control socket.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use appliance::control::{self, Everything, Request};
use appliance::{ADDRESS_FILE, AUTHORITY_FILE, web};

use super::settings::Settings;
use super::{Done, Failure};

/// A box that takes longer for each step is not well.
const PATIENCE: Duration = Duration::from_secs(5);

/// Words of `platen healthcheck`: those that the box was started with.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
}

pub fn run(args: Args) -> Done {
    let config = args.settings.read(None)?;
    if config.web.client_authority.is_some() {
        control::ask(&config.data, &Request::Health(Everything {}), &mut std::io::sink())?;
    } else {
        ask(&config.data)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the box that keeps its data in a folder.
pub fn ask(data: &Path) -> Result<(), Failure> {
    let read = |name: &str| {
        let path = data.join(name);
        std::fs::read_to_string(&path)
            .with_context(|| format!("read {}: is a box running there?", path.display()))
    };
    let address: SocketAddr = read(ADDRESS_FILE)?.trim().parse().context("read the box's address")?;
    let authority = read(AUTHORITY_FILE)?;
    let address = from_here(address);
    let socket = TcpStream::connect_timeout(&address, PATIENCE)
        .with_context(|| format!("reach the box at {address}"))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    web::ask(socket, &authority)?;
    Ok(())
}

/// A box that listens everywhere is reached on loopback.
fn from_here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
