//! What is brought, against the rules, with an authority that a plant could have.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use p12_keystore::{Certificate as Bag, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use secrecy::SecretString;

use super::{Certificates, Offer, Refused, Unfit};
use crate::audit::{By, Trail};
use crate::clock::Clock;
use crate::config::HostName;
use crate::store::Store;
use crate::store::tests::{Filling, filling};

/// 2026-11-18.
const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
const NAME: &str = "platen.plant.example";

struct Told(Timestamp);

impl Clock for Told {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn open_at(store: &Store, now: Timestamp) -> Certificates {
    let clock = Arc::new(Told(now));
    let trail = Arc::new(Trail::new(store.clone(), clock.clone()));
    Certificates::open(store.clone(), trail, clock, vec![NAME.parse().unwrap()]).unwrap()
}

fn a_box() -> (Filling, Certificates) {
    let disk = filling();
    let certificates = open_at(&disk.store, NOW);
    (disk, certificates)
}

/// An authority, with the PEM of its certificate.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn params(common: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common);
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2030, 1, 1));
    params
}

fn authority(common: &str, above: Option<&Authority>) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = params(common);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = match above {
        Some(above) => params.signed_by(&key, &above.issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    Authority { pem: certificate.pem(), issuer: Issuer::new(params, key) }
}

/// A server's certificate with a key of its own, changed somehow.
fn leaf(by: &Authority, change: impl FnOnce(&mut CertificateParams)) -> (String, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = params(NAME);
    params.subject_alt_names = vec![rcgen::SanType::DnsName(NAME.try_into().unwrap())];
    change(&mut params);
    (params.signed_by(&key, &by.issuer).unwrap().pem(), key)
}

/// Signs what waits on the box.
fn sign(certificates: &Certificates, by: &Authority) -> String {
    let request = certificates.waiting_request().unwrap();
    let mut request = CertificateSigningRequestParams::from_pem(&request).unwrap();
    (request.params.not_before, request.params.not_after) =
        (date_time_ymd(2026, 11, 1), date_time_ymd(2027, 11, 1));
    request.signed_by(&by.issuer).unwrap().pem()
}

fn bring(certificates: &Certificates, bytes: impl AsRef<[u8]>, passphrase: &str) -> Result<(), Refused> {
    let offer = Offer::read(bytes.as_ref(), &SecretString::from(passphrase.to_owned()))?;
    certificates.install(&By::person("marta", None), &offer)
}

fn words(store: &Store) -> Vec<String> {
    let newest = store.trail(None, 100).unwrap();
    newest.into_iter().rev().map(|kept| kept.entry.what).collect()
}

#[test]
fn a_request_goes_out_and_what_was_made_of_it_comes_in() {
    let (disk, certificates) = a_box();
    let root = authority("Plant Root", None);
    let issuing = authority("Plant Issuing 2", Some(&root));
    certificates.request(&By::person("marta", None), &[NAME.parse().unwrap()]).unwrap();
    let chain = sign(&certificates, &issuing) + &issuing.pem + &root.pem;
    assert!(!chain.contains("PRIVATE"));
    bring(&certificates, &chain, "").unwrap();

    let view = certificates.view();
    let plant = view.plant.unwrap();
    assert_eq!((plant.names, plant.issuer.as_str()), (vec![NAME.to_owned()], "Plant Issuing 2"));
    assert_eq!(plant.until, Timestamp::from_millis(1_825_027_200_000), "2027-11-01, the first end of all");
    assert_eq!((view.request, view.refused), (None, None));
    // It is kept.
    let later = open_at(&disk.store, NOW);
    assert_eq!(later.fingerprint(), plant.fingerprint);
    // Renewed with the same key, as some authorities do without another request.
    bring(&later, &chain, "").unwrap();
    later.own(&By::console()).unwrap();
    assert_eq!(later.view().plant, None);
    assert_eq!(open_at(&disk.store, NOW).view().plant, None);
    assert_eq!(
        words(&disk.store),
        ["request-certificate", "install-certificate", "install-certificate", "own-certificate"]
    );
}

#[test]
fn what_does_not_do_is_refused_with_its_reason_and_what_was_in_use_stays() {
    let (disk, certificates) = a_box();
    let (root, other) = (authority("Plant Root", None), authority("Plant Root", None));
    let issuing = authority("Plant Issuing 2", Some(&root));
    let by = By::person("marta", None);
    let before = certificates.fingerprint();
    let with_key = |(pem, key): (String, KeyPair)| pem + &key.serialize_pem();
    let (good, key) = leaf(&root, |_| ());

    assert!(matches!(bring(&certificates, &good, ""), Err(Refused::Unfit(Unfit::NoKey))));
    certificates.request(&by, &[NAME.parse().unwrap()]).unwrap();
    let signed = sign(&certificates, &issuing);
    certificates.request(&by, &[NAME.parse().unwrap()]).unwrap();
    let year = |year| move |params: &mut CertificateParams| params.not_before = date_time_ymd(year, 1, 1);
    let ended = |params: &mut CertificateParams| params.not_after = date_time_ymd(2026, 11, 1);
    let for_clients = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let elsewhere = |params: &mut CertificateParams| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("mail.plant.example".try_into().unwrap())];
    };
    let nameless = |params: &mut CertificateParams| params.subject_alt_names.clear();
    let ca = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let itself = {
        let key = KeyPair::generate().unwrap();
        (params(NAME).self_signed(&key).unwrap().pem(), key)
    };
    for (bytes, reason) in [
        ("nothing".to_owned(), "there is no certificate in it"),
        (String::new(), "there is no certificate in it"),
        (key.serialize_pem(), "there is no certificate in it"),
        (
            "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n".to_owned(),
            "certificate 1 in it is damaged",
        ),
        (
            format!(
                "{good}-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
            ),
            "under a passphrase",
        ),
        (signed.clone(), "is for another key than the box's"),
        (good.clone() + &itself.1.serialize_pem(), "is for another key than the box's"),
        (with_key(itself), "signed itself"),
        (with_key(leaf(&root, ca)), "is the certificate of an authority"),
        (
            with_key(leaf(&root, year(2027))),
            "is not valid before 2027-01-01, and the box's clock says 2026-11-18",
        ),
        (with_key(leaf(&root, ended)), "ended on 2026-11-01"),
        (with_key(leaf(&root, for_clients)), "not made for web servers"),
        (with_key(leaf(&root, elsewhere)), "it is for mail.plant.example, and the box is known as"),
        (with_key(leaf(&root, nameless)), "has no subject alternative name"),
        // The one above is left out, another edition of it, another order.
        (
            with_key(leaf(&issuing, |_| ())) + &root.pem,
            "“platen.plant.example” was signed by “Plant Issuing 2”, and the next one",
        ),
        (with_key(leaf(&root, |_| ())) + &other.pem, "was not signed by the “Plant Root” in the file"),
        (root.pem.clone() + &good + &key.serialize_pem(), "is the certificate of an authority"),
        (good.repeat(9) + &key.serialize_pem(), "there are more than 7 certificates in it"),
    ] {
        let refused = bring(&certificates, &bytes, "").unwrap_err();
        assert!(refused.to_string().contains(reason), "{reason}: {refused}");
        assert!(!matches!(refused, Refused::Failed(_)), "{refused:?}");
        assert_eq!(certificates.fingerprint(), before, "{reason}");
    }
    assert!(bring(&certificates, vec![0x30; 200_000], "").unwrap_err().to_string().contains("larger"));
    assert!(
        certificates
            .view()
            .refused
            .is_some_and(|refused| refused.why.contains("is the certificate of an authority"))
    );
    assert!(certificates.waiting_request().is_some(), "the request waits on");
    assert_eq!(certificates.view().plant, None);
    assert!(words(&disk.store).contains(&"install-certificate-failed".to_owned()));
}

#[test]
fn a_pkcs_12_file_brings_its_key_and_opens_with_its_passphrase_alone() {
    let (_disk, certificates) = a_box();
    let root = authority("Plant Root", None);
    let (pem, key) = leaf(&root, |_| ());
    let der = |pem: &str| {
        let offer = Offer::read(pem.as_bytes(), &SecretString::from(String::new())).unwrap();
        Bag::from_der(offer.chain[0].bytes()).unwrap()
    };
    let entry = PrivateKeyChain::new(
        "1",
        PrivateKey::from_der(&key.serialize_der()).unwrap(),
        vec![der(&pem), der(&root.pem)],
    );
    let mut bags = KeyStore::new();
    bags.add_entry("platen", KeyStoreEntry::PrivateKeyChain(entry));
    let file = bags.writer("correct horse").write().unwrap();

    for wrong in ["", "correct", "Correct horse"] {
        assert!(
            matches!(bring(&certificates, &file, wrong), Err(Refused::Unfit(Unfit::Passphrase))),
            "{wrong}"
        );
    }
    for length in [1, 40, file.len() / 2, file.len() - 1] {
        assert!(bring(&certificates, &file[..length], "correct horse").is_err(), "{length}");
    }
    bring(&certificates, &file, "correct horse").unwrap();
    assert_eq!(certificates.view().plant.unwrap().issuer, "Plant Root");
}

#[test]
fn with_a_full_disk_nothing_is_half_in_use() {
    let (disk, certificates) = a_box();
    let root = authority("Plant Root", None);
    let by = By::console();
    certificates.request(&by, &[NAME.parse().unwrap()]).unwrap();
    let (signed, before) = (sign(&certificates, &root), certificates.fingerprint());
    disk.fill(true);
    assert!(matches!(bring(&certificates, &signed, ""), Err(Refused::Failed(_))));
    assert_eq!(certificates.fingerprint(), before);
    disk.fill(false);
    bring(&certificates, &signed, "").unwrap();
    disk.fill(true);
    let plants = certificates.fingerprint();
    assert!(certificates.own(&by).is_err());
    assert_eq!(certificates.fingerprint(), plants);
}

#[test]
fn a_certificate_that_ends_is_an_alarm_before_and_after() {
    let (disk, certificates) = a_box();
    let root = authority("Plant Root", None);
    certificates.request(&By::console(), &[NAME.parse().unwrap()]).unwrap();
    bring(&certificates, sign(&certificates, &root), "").unwrap();
    for (days, standing) in [(0, [false, false]), (320, [true, false]), (360, [false, true])] {
        let later = open_at(&disk.store, NOW.later_by(Duration::from_hours(24 * days)));
        assert_eq!(later.refresh().map(|(_, why)| why.is_some()), standing, "{days} days later");
    }
}

#[test]
fn a_browser_remembers_only_where_it_got_a_certificate_of_the_plants() {
    let (_disk, certificates) = a_box();
    let name: HostName = NAME.parse().unwrap();
    assert_eq!(certificates.remember(&name), None);
    let root = authority("Plant Root", None);
    let (pem, key) = leaf(&root, |params| params.not_after = date_time_ymd(2026, 11, 28));
    bring(&certificates, pem + &key.serialize_pem(), "").unwrap();
    let ten_days = Duration::from_hours(24 * 10);
    assert!(certificates.remember(&name).is_some_and(|length| length < ten_days), "not beyond its end");
    assert_eq!(certificates.remember(&"localhost".parse().unwrap()), None);
    certificates.own(&By::console()).unwrap();
    assert_eq!(certificates.remember(&name), None);
}

#[test]
fn a_star_stands_for_one_label() {
    let names = ["*.plant.example".to_owned(), "192.0.2.7".to_owned(), "box".to_owned()];
    for (name, covered) in [
        ("platen.plant.example", true),
        ("PLATEN.plant.example", true),
        ("a.platen.plant.example", false),
        ("plant.example", false),
        ("192.0.2.7", true),
        ("192.0.2.8", false),
        ("box", true),
        ("boxes", false),
    ] {
        assert_eq!(super::covers(&names, &name.parse().unwrap()), covered, "{name}");
    }
}
