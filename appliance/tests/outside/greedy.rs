//! Clients that mean no good: slow ones, large ones, many of them, and such as ask for another host.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::fixture::{OneBox, connect};

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn secured(one: &OneBox, socket: TcpStream) -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(one.authority.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), socket)
}

/// Says something, then a byte now and then until the box ends the connection; what it said meanwhile.
fn trickle(mut stream: Tls, begin: &[u8]) -> String {
    stream.write_all(begin).unwrap();
    stream.sock.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => said.extend_from_slice(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if stream.write_all(b"x").and_then(|()| stream.flush()).is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// All that is answered to some bytes.
fn told(one: &OneBox, request: &[u8]) -> String {
    let mut stream = secured(one, connect(one.https));
    // Whoever refuses does not read to the end.
    let _ = stream.write_all(request).and_then(|()| stream.flush());
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn who_says_nothing_or_a_byte_at_a_time_is_cut() {
    let one = OneBox::start(&[]);
    // No handshake at all.
    let mut silent = connect(one.https);
    assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);
    // A handshake, and then a head that does not end.
    let said = trickle(secured(&one, connect(one.https)), b"GET /health HTTP/1.1\r\nhost: localhost\r\nx: ");
    assert!(said.is_empty() || status(&said) == "408", "{said}");
    // A head, and then a form that does not end.
    let head = "POST /login HTTP/1.1\r\nhost: localhost\r\norigin: https://localhost\r\n\
        content-type: application/x-www-form-urlencoded\r\ncontent-length: 9000\r\n\r\nname=";
    let said = trickle(secured(&one, connect(one.https)), head.as_bytes());
    assert!(said.is_empty() || matches!(status(&said), "400" | "408"), "{said}");
    assert_eq!(one.client().get("/health").body, "up\n");
}

#[test]
fn heads_and_bodies_beyond_all_measure_are_refused() {
    let one = OneBox::start(&[]);
    let long = format!("GET /health HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    let many = format!("GET /health HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(200));
    let target = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "x".repeat(200_000));
    for (name, request) in [("a long header", long), ("many headers", many), ("a long address", target)] {
        let said = told(&one, request.as_bytes());
        assert!(said.is_empty() || status(&said).starts_with('4'), "{name}: {said}");
    }
    let form = |length: &str, body: &str| {
        format!(
            "POST /login HTTP/1.1\r\nhost: localhost\r\norigin: https://localhost\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\n{length}\r\n\r\n{body}"
        )
    };
    let chunk = format!("8000\r\n{}\r\n0\r\n\r\n", "x".repeat(0x8000));
    for (name, request) in [
        ("told beforehand", form("content-length: 40000", &"x".repeat(40_000))),
        ("in chunks", form("transfer-encoding: chunked", &chunk)),
    ] {
        assert_eq!(status(&told(&one, request.as_bytes())), "413", "{name}");
    }
    // Two lengths, or one that is none, are how requests are smuggled past somebody who counts otherwise.
    for length in ["content-length: 4\r\ncontent-length: 5", "content-length: +4", "content-length: x"] {
        let said = told(&one, form(length, "a=1&").as_bytes());
        assert!(said.is_empty() || status(&said) == "400", "{length}: {said}");
    }
    assert_eq!(one.client().get("/health").body, "up\n");
}

/// From another address of this machine's loopback.
async fn from(address: &str, to: SocketAddr) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    let socket = socket.connect(to).await.unwrap().into_std().unwrap();
    socket.set_nonblocking(false).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    socket
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_another_gets_in_meanwhile() {
    let one = OneBox::start(&[]);
    let ask = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    // Each has said something, so that it may stay.
    let mut open = Vec::new();
    let refused = loop {
        let mut stream = secured(&one, from("127.0.0.9", one.https).await);
        if stream.write_all(ask).is_err() || stream.read(&mut [0; 1024]).unwrap_or(0) == 0 {
            break stream;
        }
        open.push(stream);
        assert!(open.len() <= 1_000, "nobody is turned away");
    };
    drop(refused);
    assert_eq!(open.len(), 256);
    let mut other = secured(&one, from("127.0.0.10", one.https).await);
    other.write_all(ask).unwrap();
    assert_ne!(other.read(&mut [0; 1024]).unwrap(), 0);
    // Who left makes room for another.
    open.truncate(200);
    let again = loop {
        let mut stream = secured(&one, from("127.0.0.9", one.https).await);
        if stream.write_all(ask).is_ok() && stream.read(&mut [0; 1024]).unwrap_or(0) > 0 {
            break stream;
        }
    };
    drop((open, other, again));
}

#[test]
fn another_host_than_the_boxs_leads_nobody_there() {
    let one = OneBox::start(&[]);
    for host in ["evil.example", "evil.example:443", "localhost@evil.example", ""] {
        for path in ["/", "/molds/7", "/login", "/trust"] {
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: text/html\r\nconnection: close\r\n\r\n"
            );
            let said = told(&one, request.as_bytes());
            assert!(!said.contains("evil.example"), "{host} {path}: {said}");
        }
        // A page of that host is no page of the box.
        let request = format!(
            "POST /login HTTP/1.1\r\nhost: localhost\r\norigin: https://{host}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: 3\r\n\r\na=1"
        );
        assert_eq!(status(&told(&one, request.as_bytes())), "403", "{host}");
    }
}
