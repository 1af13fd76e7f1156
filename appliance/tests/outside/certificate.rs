//! A certificate of the plant's own, from the box's console: beside a running box, and for one that is stopped.

use std::path::Path;
use std::process::Output;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, IsCa, Issuer, KeyPair,
};
use rustls::version::{TLS12, TLS13};

use crate::client::Client;
use crate::fixture::OneBox;
use crate::running::{Held, platen, serve, text, told, until};

const NAME: &str = "platen.plant.example";

fn certificate(folder: &Path, words: &[&str]) -> Output {
    platen().arg("certificate").args(words).arg("--data").arg(folder.join("data")).output().unwrap()
}

#[test]
fn the_console_takes_a_certificate_into_use_whether_the_box_runs_or_not() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Plant Root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);

    let one = OneBox::start(&[]);
    let folder = one.folder.path();
    let shown = certificate(folder, &["show"]);
    assert!(text(&shown.stdout).starts_with("in use      the box's own certificate"), "{}", told(&shown));
    let request = certificate(folder, &["request", NAME]);
    let signed = CertificateSigningRequestParams::from_pem(&text(&request.stdout)).unwrap();
    let chain = signed.signed_by(&issuer).unwrap().pem() + &root;
    let (good, bad) = (folder.join("chain.pem"), folder.join("root.pem"));
    std::fs::write(&good, &chain).unwrap();
    std::fs::write(&bad, &root).unwrap();
    let refused = certificate(folder, &["install", bad.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("is the certificate of an authority"), "{}", told(&refused));
    let browser = |one: &OneBox| Client::new(one.https, &root, &[&TLS13, &TLS12]).under(NAME);
    assert!(browser(&one).certificate().is_none(), "what was refused is not in use");
    let taken = certificate(folder, &["install", good.to_str().unwrap()]);
    assert!(taken.status.success(), "{}", told(&taken));
    assert_eq!(browser(&one).get("/health").body, "up\n");

    // It is kept, and a box that is stopped tells of it.
    let folder = one.end();
    let shown = certificate(folder.path(), &["show", "--format", "json"]);
    let view: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(view["plant"]["names"][0], NAME);
    assert!(!text(&shown.stdout).contains("PRIVATE"));
    let one = OneBox::start_in(folder, &[]);
    assert_eq!(browser(&one).get("/health").body, "up\n");
    let folder = one.end();
    assert!(certificate(folder.path(), &["own"]).status.success());
    let one = OneBox::start_in(folder, &[]);
    assert!(browser(&one).certificate().is_none());
    assert_eq!(one.client().get("/health").body, "up\n");
    // The trail has it all, and the store is in order.
    let folder = one.end();
    let checked = platen().args(["check", "--data"]).arg(folder.path().join("data")).output().unwrap();
    assert!(checked.status.success(), "{}", told(&checked));
    assert!(text(&checked.stdout).contains("the audit trail has 4 entries"), "{}", told(&checked));
}

#[test]
fn a_box_for_known_devices_alone_is_healthy_and_lets_nobody_else_connect() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (data, config, key, root) = (path("data"), path("platen.toml"), path("store.key"), path("root.pem"));
    assert!(platen().args(["key", "new"]).arg(&key).output().unwrap().status.success());
    let settings = format!("data = {data:?}\n[store]\nkey = {key:?}\n[web]\nclient_authority = {root:?}\n");
    std::fs::write(&config, settings).unwrap();
    let start = || serve().arg("--config").arg(&config).output().unwrap();
    for (bytes, reason) in
        [(None, "root.pem (web.client_authority)"), (Some("x"), "there is no certificate in the file")]
    {
        bytes.iter().for_each(|bytes| std::fs::write(&root, bytes).unwrap());
        let refused = start();
        assert!(text(&refused.stderr).contains(reason), "{}", told(&refused));
    }
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(&root, params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()).unwrap();
    let _box = Held::start_unheard(serve().arg("--config").arg(&config));
    let healthy =
        || platen().args(["healthcheck", "--config"]).arg(&config).output().unwrap().status.success();
    until("the box", healthy);
    let address = std::fs::read_to_string(data.join("web.address")).unwrap().trim().parse().unwrap();
    let authority = std::fs::read_to_string(data.join("ca.pem")).unwrap();
    assert!(Client::new(address, &authority, &[&TLS12]).certificate().is_none());
}

#[test]
fn where_there_is_no_box_there_is_no_certificate_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let shown = certificate(folder.path(), &["show"]);
    assert_eq!(shown.status.code(), Some(1));
    assert!(text(&shown.stderr).contains("there is no box in"), "{}", told(&shown));
    assert!(!folder.path().join("data").exists());
}
