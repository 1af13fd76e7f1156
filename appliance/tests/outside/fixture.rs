//! A box as these tests reach it.

use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use tempfile::TempDir;

use crate::client::Client;
use crate::running::{Running, until};

/// A connection whose other end is waited for, but not for ever.
pub fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    socket
}

/// A running box.
pub struct OneBox {
    pub https: SocketAddr,
    pub authority: String,
    pub running: Running,
    _folder: TempDir,
}

impl OneBox {
    /// With these words, on a free port.
    pub fn start(words: &[&str]) -> OneBox {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let running = Running::start(&data, words, Stdio::null());
        let (address, authority) = (data.join("web.address"), data.join("ca.pem"));
        until("the box", || address.exists() && authority.exists());
        let https = std::fs::read_to_string(address).unwrap().trim().parse().unwrap();
        let authority = std::fs::read_to_string(authority).unwrap();
        OneBox { https, authority, running, _folder: folder }
    }

    pub fn client(&self) -> Client {
        Client::new(self.https, &self.authority, &[&TLS13, &TLS12])
    }
}
