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
    pub folder: TempDir,
}

impl OneBox {
    /// With these words, on a free port.
    pub fn start(words: &[&str]) -> OneBox {
        OneBox::start_in(tempfile::tempdir().unwrap(), words)
    }

    /// The same on what a former one kept.
    pub fn start_in(folder: TempDir, words: &[&str]) -> OneBox {
        let data = folder.path().join("data");
        let (address, authority) = (data.join("web.address"), data.join("ca.pem"));
        // That of the former one, on another port.
        let _ = std::fs::remove_file(&address);
        let running = Running::start(&data, words, Stdio::null());
        until("the box", || address.exists() && authority.exists());
        let https = std::fs::read_to_string(address).unwrap().trim().parse().unwrap();
        let authority = std::fs::read_to_string(authority).unwrap();
        OneBox { https, authority, running, folder }
    }

    /// Ends it and gives what it kept.
    pub fn end(self) -> TempDir {
        self.running.held.end();
        self.folder
    }

    pub fn client(&self) -> Client {
        Client::new(self.https, &self.authority, &[&TLS13, &TLS12])
    }
}
