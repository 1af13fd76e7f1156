use std::sync::Arc;

use domain::Role;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};

use crate::client::Client;
use crate::fixture::{How, Web, now, until};

const NAME: &str = "platen.plant.example";

/// The plant's own authority.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn authority() -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Plant Root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).unwrap().pem();
    Authority { issuer: Issuer::new(params, key), pem }
}

fn signed(request: &str, by: &Authority) -> String {
    let request = CertificateSigningRequestParams::from_pem(request).unwrap();
    request.signed_by(&by.issuer).unwrap().pem() + &by.pem
}

#[test]
fn plant_it_gets_a_trusted_lock_by_a_request_and_what_was_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start_in(folder.path(), now(), &[NAME]);
    let (admin, plant) = (web.administrator(), authority());
    // The box's own until then, under every name, and nothing for browsers to remember.
    assert_eq!(web.stranger().under(NAME).get("/health").header("strict-transport-security"), None);

    assert_eq!(admin.call("/api/request-certificate", &format!("names={NAME}")).status, 200);
    let request = admin.get("/settings/certificate/request.pem");
    assert_eq!(request.status, 200);
    assert!(request.header("content-disposition").unwrap().contains("platen-request.pem"));
    let bad = admin.upload("/settings/certificate", &[("file", b"nothing"), ("passphrase", b"")]);
    assert_eq!((bad.status, bad.location()), (303, "/settings/certificate?error=certificate"));
    let page = admin.get("/settings/certificate?error=certificate").body;
    assert!(page.contains("Not taken") && page.contains("There is no certificate in it"), "{page}");
    let chain = signed(&request.body, &plant);
    let taken = admin.upload("/settings/certificate", &[("file", chain.as_bytes()), ("passphrase", b"")]);
    assert_eq!((taken.status, taken.location()), (303, "/settings/certificate?done=installed"), "{taken:?}");

    // Who trusts the plant trusts the box under that name, and no other.
    let browser = Client::new(web.https, &plant.pem, &[&TLS13, &TLS12]);
    let answer = browser.clone().under(NAME).get("/health");
    assert_eq!(answer.body, "up\n");
    let remember = answer.header("strict-transport-security").unwrap();
    assert_eq!(remember, "max-age=2592000", "30 days, and no word of other hosts");
    assert!(browser.certificate().is_none(), "localhost is not the plant's to sign");
    // Under the others the box's own is shown, for the box's own programs and whoever installed its authority.
    let own = web.stranger().get("/health");
    assert_eq!((own.status, own.header("strict-transport-security")), (200, None));

    assert_eq!(admin.call("/api/own-certificate", "").status, 200);
    // Another browser: one that was there before goes on with its session.
    let browser = Client::new(web.https, &plant.pem, &[&TLS13, &TLS12]);
    assert!(browser.under(NAME).certificate().is_none());
    let own = web.stranger().under(NAME).get("/health");
    assert_eq!((own.status, own.header("strict-transport-security")), (200, None));
    let trail = admin.get("/audit").body;
    for told in ["Made a request for a certificate", "Took a certificate for", "did not do", "Went back to"] {
        assert!(trail.contains(told), "{told}");
    }
    assert!(!trail.contains("PRIVATE KEY"));
}

#[test]
fn only_an_administrator_deals_with_certificates() {
    let web = Web::start();
    let admin = web.administrator();
    let manager = web.joined(&admin, "noor", Role::ToolingManager);
    for client in [&manager, &web.stranger()] {
        let answer = client.upload("/settings/certificate", &[("file", b"x")]);
        assert!(!answer.location().starts_with("/settings"), "{answer:?}");
        assert_ne!(client.fetch("/settings/certificate/request.pem").status, 200);
        assert_ne!(client.fetch("/api/certificate").status, 200);
    }
}

#[test]
fn an_upload_that_is_too_large_or_none_is_told_so_and_changes_nothing() {
    let web = Web::start();
    let admin = web.administrator();
    let before = web.stranger().certificate().unwrap();
    let large = vec![b'x'; 100 * 1024];
    for (fields, query) in [
        (&[("file", large.as_slice())][..], "error=certificate-large"),
        (&[("file", b""), ("text", b"")], "error=certificate-none"),
        (&[], "error=certificate-none"),
        (&[("nonsense", b"x")], "error=unreadable"),
        (&[("text", b"-----BEGIN CERTIFICATE-----\nx")], "error=certificate"),
        (&[("file", &[0x30; 64]), ("passphrase", b"\xff")], "error=certificate"),
    ] {
        let answer = admin.upload("/settings/certificate", fields);
        assert_eq!(
            (answer.status, answer.location()),
            (303, format!("/settings/certificate?{query}").as_str())
        );
    }
    assert_eq!(web.stranger().certificate().unwrap(), before);
}

#[test]
fn how_to_trust_the_box_is_told_before_anybody_signs_in_and_whatever_host_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start_in(folder.path(), now(), &[NAME]);
    let stranger = web.stranger();
    let page = stranger.get("/trust");
    assert_eq!(page.status, 200);
    let plain = page.body.replace("<wbr>", "").replace("<!>", "");
    assert!(plain.contains(&web.fingerprint), "the fingerprint to compare");
    for word in ["Windows", "Android", "iPhone", "Firefox", "Linux", "/ca.crt", "/ca.pem", "/trust.svg"] {
        assert!(page.body.contains(word), "{word}");
    }
    let port = web.https.port();
    assert!(
        page.body.contains(&format!("https://{NAME}:{port}/trust")),
        "no address that leads nowhere else"
    );
    let evil =
        stranger.send("GET", "/trust", &[("accept", "text/html"), ("x-forwarded-host", "evil.example")], "");
    assert!(!evil.body.contains("evil.example"));
    let picture = stranger.fetch("/trust.svg");
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/svg+xml")));
    assert!(picture.body.contains("<svg") && !picture.body.contains("<script"));
    let der = CertificateDer::from_pem_slice(web.authority.as_bytes()).unwrap();
    let file = stranger.fetch("/ca.crt");
    assert_eq!(file.header("content-type"), Some("application/x-x509-ca-cert"));
    assert_eq!(file.header("content-length"), Some(der.len().to_string().as_str()));
}

#[test]
fn with_a_client_authority_nobody_connects_who_has_no_certificate_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (plant, other) = (authority(), authority());
    let how = How { idle: None, clients: Some(plant.pem.clone().into_bytes()) };
    let web = Web::start_as(folder.path(), now(), &[], Web::empty(), how);
    let with = |by: &Authority| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &by.issuer).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(web.authority.as_bytes()).unwrap()).unwrap();
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS12])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        web.stranger().speaking(tls)
    };
    assert_eq!(with(&plant).get("/health").body, "up\n");
    // In TLS 1.2 the client learns in the handshake that it is not let in.
    assert!(Client::new(web.https, &web.authority, &[&TLS12]).certificate().is_none());
    assert!(with(&other).certificate().is_none());
}

#[test]
fn an_alarm_tells_before_the_plants_certificate_ends() {
    use appliance::plant::AlarmKey::{CertificateEnded, CertificateEnding};
    let folder = tempfile::tempdir().unwrap();
    {
        let web = Web::start_in(folder.path(), now(), &[NAME]);
        let (admin, plant) = (web.administrator(), authority());
        admin.call("/api/request-certificate", &format!("names={NAME}"));
        let request = admin.get("/settings/certificate/request.pem").body;
        let mut request = CertificateSigningRequestParams::from_pem(&request).unwrap();
        let on = |days: i64| {
            let at = now().as_millis() + days * 86_400_000;
            let at = jiff::Timestamp::from_millisecond(at).unwrap();
            let date = jiff::tz::TimeZone::UTC.to_datetime(at).date();
            rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
        };
        (request.params.not_before, request.params.not_after) = (on(-200), on(12));
        let chain = request.signed_by(&plant.issuer).unwrap().pem() + &plant.pem;
        let taken = admin.upload("/settings/certificate", &[("text", chain.as_bytes())]);
        assert_eq!(taken.location(), "/settings/certificate?done=installed");
        assert!(admin.get("/settings/certificate").body.contains("ends soon"));
    }
    let web = Web::start_in(folder.path(), now(), &[NAME]);
    until(|| web.alarms.lock().unwrap().len() == 2);
    let alarms = web.alarms.lock().unwrap();
    let why = |key| alarms.get(&key).unwrap().clone();
    assert!(why(CertificateEnding).is_some_and(|why| why.starts_with("on 20")));
    assert_eq!(why(CertificateEnded), None);
}
