//! Sends browsers that come without TLS on to it. Nothing else is served there.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::config::HostName;

/// Where to send them: the names the box has, and the port of TLS.
#[derive(Clone)]
pub(super) struct Target {
    pub names: std::collections::BTreeSet<HostName>,
    pub fallback: HostName,
    pub port: u16,
}

pub(super) async fn serve(request: HttpRequest, target: web::Data<Target>) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET, HEAD")).finish();
    }
    let asked = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, target.location(asked, path))).finish()
}

impl Target {
    /// Only a name that the box has is repeated: whoever asks for another one is sent to the box, not to that name.
    fn location(&self, asked: Option<&str>, path: &str) -> String {
        let named = asked.and_then(host_of).filter(|name| self.names.contains(name));
        let host = match named.as_ref().unwrap_or(&self.fallback) {
            HostName::Address(std::net::IpAddr::V6(address)) => format!("[{address}]"),
            name => name.to_string(),
        };
        let port = if self.port == 443 { String::new() } else { format!(":{}", self.port) };
        let path = if path.starts_with('/') { path } else { "/" };
        format!("https://{host}{port}{path}")
    }
}

fn host_of(header: &str) -> Option<HostName> {
    let host = match header.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => header.rsplit_once(':').map_or(header, |(host, _)| host),
    };
    host.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        let names = ["localhost", "192.168.1.20", "::1", "platen.example"];
        Target {
            names: names.iter().map(|name| name.parse().unwrap()).collect(),
            fallback: "platen.example".parse().unwrap(),
            port: 8443,
        }
    }

    #[test]
    fn a_browser_stays_at_the_name_it_asked_for() {
        for (asked, host) in [
            ("localhost:8080", "localhost"),
            ("LOCALHOST", "localhost"),
            ("192.168.1.20", "192.168.1.20"),
            ("[::1]:8080", "[::1]"),
        ] {
            let location = target().location(Some(asked), "/molds/7?range=8h");
            assert_eq!(location, format!("https://{host}:8443/molds/7?range=8h"));
        }
    }

    #[test]
    fn nobody_is_sent_to_a_name_that_is_not_the_box() {
        for asked in [Some("evil.example"), Some("evil.example:443@localhost"), Some(""), Some("[::1"), None]
        {
            assert_eq!(target().location(asked, "/"), "https://platen.example:8443/");
        }
        assert_eq!(
            target().location(Some("localhost"), "//evil.example/"),
            "https://localhost:8443//evil.example/"
        );
        assert_eq!(target().location(Some("localhost"), "evil.example"), "https://localhost:8443/");
    }

    #[test]
    fn the_usual_port_is_not_named() {
        let target = Target { port: 443, ..target() };
        assert_eq!(target.location(Some("localhost"), "/"), "https://localhost/");
    }
}
