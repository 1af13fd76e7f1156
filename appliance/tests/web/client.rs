//! A browser as far as these tests need one: HTTP/1.1 over TLS, no redirects followed, every header visible.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::fixture::connect;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Where a redirect goes.
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }
}

/// Someone at a browser.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    /// Under which name the box is asked for.
    name: &'static str,
    tls: Arc<ClientConfig>,
    /// What is sent as the cookie.
    pub cookie: Option<String>,
    /// The token that a machine sends.
    pub token: Option<String>,
}

/// A stream that is still open.
pub type Open = BufReader<Box<dyn Read>>;

impl Client {
    pub fn new(address: SocketAddr, authority: &str, versions: &[&'static SupportedProtocolVersion]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Client { address, name: "localhost", tls: Arc::new(tls), cookie: None, token: None }
    }

    /// The same with a machine's token.
    pub fn with_token(self, token: impl Into<String>) -> Client {
        Client { token: Some(token.into()), ..self }
    }

    /// The same with a cookie.
    pub fn with_cookie(self, cookie: impl Into<String>) -> Client {
        Client { cookie: Some(cookie.into()), ..self }
    }

    /// The same, which asks for the box under another name.
    pub fn under(self, name: &'static str) -> Self {
        Client { name, ..self }
    }

    /// The same, with another way of speaking TLS.
    pub fn speaking(self, tls: ClientConfig) -> Self {
        Client { tls: Arc::new(tls), ..self }
    }

    /// The certificate that the box shows, if TLS comes about.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        let mut stream = self.stream();
        stream.flush().ok()?;
        stream.conn.peer_certificates()?.first().map(|certificate| certificate.to_vec())
    }

    fn stream(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let name = ServerName::try_from(self.name).unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.tls), name).unwrap();
        StreamOwned::new(connection, connect(self.address))
    }

    /// The origin of the box's own pages.
    fn origin(&self) -> String {
        format!("https://{}:{}", self.name, self.address.port())
    }

    /// Sends a form with files.
    pub fn upload(&self, path: &str, fields: &[(&str, &[u8])]) -> Answer {
        const BOUNDARY: &str = "--------a-boundary";
        let mut body = Vec::new();
        for (name, value) in fields {
            let file = if *name == "file" { "; filename=\"x\"" } else { "" };
            let head =
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let origin = self.origin();
        let headers = [("accept", "text/html"), ("origin", origin.as_str()), ("content-type", kind.as_str())];
        let (status, headers, mut rest) = self.open_with("POST", path, &headers, &body);
        let mut body = String::new();
        let _ = rest.read_to_string(&mut body);
        Answer { status, headers, body }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[("accept", "text/html")], "")
    }

    /// What a page asks for, in contrast to where a person goes.
    pub fn fetch(&self, path: &str) -> Answer {
        self.send("GET", path, &[("accept", "application/json")], "")
    }

    /// Sends a form, as one of the box's own pages does.
    pub fn post(&self, path: &str, form: &str) -> Answer {
        let origin = self.origin();
        self.send("POST", path, &[("accept", "text/html"), ("origin", &origin)], form)
    }

    /// What a page's script asks to be done.
    pub fn call(&self, path: &str, form: &str) -> Answer {
        let origin = self.origin();
        self.send("POST", path, &[("accept", "application/json"), ("origin", &origin)], form)
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (status, headers, mut rest) = self.open(method, path, headers, body);
        let chunked = headers.iter().any(|(key, value)| key == "transfer-encoding" && value == "chunked");
        let length = headers.iter().find(|(key, _)| key == "content-length").map(|(_, value)| value);
        let mut bytes = Vec::new();
        if method == "HEAD" {
            // Has the length of a body and no body.
        } else if let Some(length) = length {
            bytes.resize(length.parse().unwrap(), 0);
            rest.read_exact(&mut bytes).unwrap();
        } else if chunked {
            while let Some(chunk) = chunk(&mut rest) {
                bytes.extend(chunk);
            }
        } else {
            // The end of a connection without TLS's farewell is an end too.
            let _ = rest.read_to_end(&mut bytes);
        }
        Answer { status, headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Sends a request and reads the head of its answer.
    pub fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, Vec<(String, String)>, Open) {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let headers = [headers, if body.is_empty() { &[] } else { &form }].concat();
        self.open_with(method, path, &headers, body.as_bytes())
    }

    fn open_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (u16, Vec<(String, String)>, Open) {
        let mut stream = self.stream();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}:{}\r\nconnection: close\r\n",
            self.name,
            self.address.port()
        );
        for (key, value) in headers {
            head.push_str(&format!("{key}: {value}\r\n"));
        }
        if let Some(cookie) = &self.cookie {
            head.push_str(&format!("cookie: {cookie}\r\n"));
        }
        if let Some(token) = &self.token {
            head.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        // Whoever refuses a body does not read it to its end.
        let _ = stream.write_all(body);
        read_head(BufReader::new(Box::new(stream)))
    }
}

pub fn read_head(mut rest: Open) -> (u16, Vec<(String, String)>, Open) {
    let mut line = String::new();
    rest.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no status in {line:?}")).parse().unwrap();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        rest.read_line(&mut line).unwrap();
        let Some((key, value)) = line.trim_end().split_once(':') else { break };
        headers.push((key.to_ascii_lowercase(), value.trim().to_owned()));
    }
    (status, headers, rest)
}

/// The next chunk of a chunked body; `None` at its end.
pub fn chunk(rest: &mut Open) -> Option<Vec<u8>> {
    let mut line = String::new();
    rest.read_line(&mut line).ok()?;
    let length = usize::from_str_radix(line.trim(), 16).ok()?;
    if length == 0 {
        return None;
    }
    let mut bytes = vec![0; length + 2];
    rest.read_exact(&mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}
