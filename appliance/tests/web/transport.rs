use std::io::{BufReader, Write};

use appliance::web;
use rustls::version::{TLS12, TLS13};

use crate::client::{Client, read_head};
use crate::fixture::{Web, connect, now};

#[test]
fn both_versions_of_tls_are_spoken() {
    let web = Web::start();
    for version in [&TLS12, &TLS13] {
        assert_eq!(Client::new(web.https, &web.authority, &[version]).get("/health").body, "up\n");
    }
}

#[test]
fn browsers_without_tls_are_sent_on_to_it_by_a_name_of_the_box() {
    let web = Web::start();
    let ask = |method: &str, host: &str| {
        let mut socket = connect(web.http);
        let request = format!(
            "{method} /molds/7?range=8h HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).unwrap();
        let (status, headers, _) = read_head(BufReader::new(Box::new(socket)));
        let location = headers.into_iter().find(|(key, _)| key == "location").map(|(_, value)| value);
        (status, location.unwrap_or_default())
    };
    let port = web.https.port();
    assert_eq!(ask("GET", "localhost:80"), (307, format!("https://localhost:{port}/molds/7?range=8h")));
    assert_eq!(ask("HEAD", "127.0.0.1"), (307, format!("https://127.0.0.1:{port}/molds/7?range=8h")));
    // To the address that it reached: nothing else is known to lead to the box from where it is.
    assert_eq!(ask("GET", "evil.example"), (307, format!("https://127.0.0.1:{port}/molds/7?range=8h")));
    assert_eq!(ask("POST", "localhost"), (405, String::new()));
}

#[test]
fn the_authority_can_be_fetched_and_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let first = Web::start_in(folder.path(), now(), &[]);
    assert_eq!(first.stranger().get("/ca.pem").body, first.authority);
    let (authority, fingerprint) = (first.authority.clone(), first.fingerprint.clone());
    drop(first);
    // The box has another name and another certificate: browsers that trust the box go on trusting it.
    let later = Web::start_in(folder.path(), now(), &["platen.example"]);
    assert_eq!(
        (later.authority.as_str(), later.fingerprint.as_str()),
        (authority.as_str(), fingerprint.as_str())
    );
    web::ask(connect(later.https), &authority).unwrap();
}

#[test]
fn another_box_is_not_taken_for_this_one() {
    let (one, other) = (Web::start(), Web::start());
    assert!(web::ask(connect(one.https), &other.authority).is_err());
}
