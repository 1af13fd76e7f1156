//! Sends browsers that come without TLS on to it. Nothing else is served there.

use std::any::Any;
use std::net::IpAddr;

use actix_web::dev::Extensions;
use actix_web::http::{Method, header};
use actix_web::rt::net::TcpStream;
use actix_web::{HttpRequest, HttpResponse, web};

use super::names::{self, Names};

/// Where to send them: the names the box has, and the port of TLS.
#[derive(Clone)]
pub(super) struct Target {
    pub names: Names,
    pub port: u16,
}

/// The box's own end of a connection.
struct Reached(IpAddr);

pub(super) fn connected(socket: &dyn Any, of_connection: &mut Extensions) {
    if let Some(local) = socket.downcast_ref::<TcpStream>().and_then(|socket| socket.local_addr().ok()) {
        of_connection.insert(Reached(local.ip().to_canonical()));
    }
}

pub(super) async fn serve(request: HttpRequest, target: web::Data<Target>) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET, HEAD")).finish();
    }
    let asked = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let reached = request.conn_data::<Reached>().map(|reached| reached.0);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let location = target.location(asked, reached, path);
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, location)).finish()
}

impl Target {
    /// Only a name that the box has is repeated: whoever asks for another one is sent to the box, not to that name.
    fn location(&self, asked: Option<&str>, reached: Option<IpAddr>, path: &str) -> String {
        let host = self.names.best(asked.and_then(names::host_of).map(|(host, _)| host), reached);
        let path = if path.starts_with('/') { path } else { "/" };
        format!("https://{}{path}", names::with_port(&host, self.port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HostName;

    fn target(configured: &[&str]) -> Target {
        let parse = |name: &&str| name.parse().unwrap();
        let found = ["box", "localhost", "192.168.1.20", "::1"].iter().map(parse);
        let configured: Vec<HostName> = configured.iter().map(parse).collect();
        Target { names: Names::of(configured.clone(), found.chain(configured).collect()), port: 8443 }
    }

    #[test]
    fn a_browser_stays_at_the_name_it_asked_for() {
        for (asked, host) in [
            ("localhost:8080", "localhost"),
            ("LOCALHOST", "localhost"),
            ("192.168.1.20", "192.168.1.20"),
            ("[::1]:8080", "[::1]"),
        ] {
            let location = target(&["platen.example"]).location(Some(asked), None, "/molds/7?range=8h");
            assert_eq!(location, format!("https://{host}:8443/molds/7?range=8h"));
        }
    }

    #[test]
    fn nobody_is_sent_to_a_name_that_is_not_the_box() {
        let target = target(&["platen.example"]);
        for asked in [Some("evil.example"), Some("evil.example:443@localhost"), Some(""), Some("[::1"), None]
        {
            assert_eq!(target.location(asked, None, "/"), "https://platen.example:8443/");
        }
        assert_eq!(
            target.location(Some("localhost"), None, "//evil.example/"),
            "https://localhost:8443//evil.example/"
        );
        assert_eq!(target.location(Some("localhost"), None, "evil.example"), "https://localhost:8443/");
    }

    #[test]
    fn nobody_is_sent_to_their_own_machine() {
        let reached = Some("192.168.1.20".parse().unwrap());
        for asked in [Some("platen"), None] {
            assert_eq!(target(&[]).location(asked, reached, "/"), "https://192.168.1.20:8443/");
            assert_eq!(target(&[]).location(asked, None, "/"), "https://box:8443/");
        }
    }

    #[test]
    fn the_usual_port_is_not_named() {
        let target = Target { port: 443, ..target(&[]) };
        assert_eq!(target.location(Some("localhost"), None, "/"), "https://localhost/");
    }
}
