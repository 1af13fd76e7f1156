//! What is never told: a real box with its log at its most talkative is given every kind of secret, and neither the log nor
//! the support bundle has one. The kinds are the list in SECURITY.md, which this walks.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// What the client of the other tests is built on.
mod fixture {
    use std::net::{SocketAddr, TcpStream};

    pub fn connect(address: SocketAddr) -> TcpStream {
        TcpStream::connect(address).unwrap()
    }
}

#[allow(dead_code, reason = "other tests ask for more")]
#[path = "web/client.rs"]
mod client;
#[allow(dead_code, reason = "other tests ask for more")]
mod running;

use client::{Answer, Client};
use running::{Running, platen, simulate, told, until};

const PASSWORD: &str = "Correct+Horse+1";
const WRONG: &str = "Battery+Staple+7";
const NAME: &str = "Martina-Kochbrunner";
const EMAIL: &str = "kochbrunner@plant.example";
const LINK_KEY: &str = "5A6967426565416C6C69616E63653039";
const INSTALL_CODE: &str = "83FED3407A939723A5C639B26916D505C3B5";
const PASSKEY: &str = "907163";

/// The kinds of secrets in SECURITY.md.
fn kinds() -> BTreeSet<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../SECURITY.md")).unwrap();
    let (_, section) = page.split_once("\n## Never logged\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split("**").next())
        .map(str::to_owned)
        .collect()
}

/// Secrets that the box was given, by kind.
#[derive(Default)]
struct Given(BTreeMap<&'static str, Vec<String>>);

impl Given {
    fn note(&mut self, kind: &'static str, secret: &str) {
        assert!(secret.len() >= 6, "{secret:?} is too short to be looked for");
        self.0.entry(kind).or_default().push(secret.to_lowercase());
    }

    /// In the forms in which a careless line would have them.
    fn looks(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.0.iter().flat_map(|(kind, secrets)| {
            secrets.iter().flat_map(move |secret| {
                let hex = secret.len().is_multiple_of(2).then(|| hex::decode(secret).ok()).flatten();
                let list = hex.map(|bytes| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", "));
                let plain = [secret.clone(), secret.replace('+', " "), secret.replace(['-', ' '], "")];
                plain.into_iter().chain(list).map(move |look| (*kind, look))
            })
        })
    }
}

fn cut<'t>(text: &'t str, begin: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no {begin:?} in {text}"));
    rest.split(end).next().unwrap()
}

fn value(answer: &Answer, name: &str) -> String {
    let set = answer.headers.iter().filter(|(key, _)| key == "set-cookie").map(|(_, value)| value);
    let set = set.into_iter().find_map(|value| value.strip_prefix(name)?.strip_prefix('='));
    set.unwrap_or_else(|| panic!("{answer:?}")).split(';').next().unwrap().to_owned()
}

fn code_of(letters: &str) -> String {
    let bit = |letter: char| format!("{:05b}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap());
    let bits: String = letters.chars().filter(|c| *c != ' ').map(bit).collect();
    let secret: Vec<u8> =
        (0..20).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap());
    let mut mac = Hmac::<Sha1>::new_from_slice(&secret).unwrap();
    mac.update(&(now.as_millis() / 30_000).to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let begin = usize::from(hash[19] & 15);
    let four = u32::from_be_bytes(hash[begin..begin + 4].try_into().unwrap()) & 0x7FFF_FFFF;
    format!("{:06}", four % 1_000_000)
}

/// Every way in and out, right and wrong.
fn people(given: &mut Given, client: &dyn Fn() -> Client, code: &str) -> Client {
    given.note("codes", code);
    given.note("passwords", PASSWORD);
    given.note("passwords", WRONG);
    let wrong = format!("code=2345-2345-2345-2345&name={NAME}&password={PASSWORD}");
    client().post("/setup", &wrong);
    let form = format!("code={code}&name={NAME}&email={}&password={PASSWORD}", EMAIL.replace('@', "%40"));
    let made = client().post("/setup", &form);
    assert_eq!(made.location(), "/", "{made:?}");
    client().post("/login", &format!("name={NAME}&password={WRONG}"));
    let mut admin = client();
    let entered = admin.post("/login", &format!("name={NAME}&password={PASSWORD}"));
    let session = value(&entered, "__Host-platen");
    given.note("sessions", &session);
    admin.cookie = Some(format!("__Host-platen={session}"));
    assert_eq!(admin.call("/api/invite", "name=eve&email=eve%40plant.example&role=viewer").status, 200);
    given.note("codes", cut(&admin.get("/people").body, "issued-code\">", "<"));
    admin.post("/profile/password", &format!("current={WRONG}&password={PASSWORD}2"));
    admin
}

fn second_factor(given: &mut Given, client: &dyn Fn() -> Client, admin: &Client) {
    assert_eq!(admin.post("/profile/factor", &format!("password={PASSWORD}")).location(), "/profile#factor");
    let page = admin.get("/profile").body;
    let secret = cut(cut(&page, "id=\"factor\"", "</section>"), "<p class=\"code\">", "<").to_owned();
    given.note("second factors", &secret);
    let confirmed = admin.post("/profile/factor/confirm", &format!("code={}", code_of(&secret)));
    assert_eq!(confirmed.location(), "/profile#factor", "{confirmed:?}");
    let page = admin.get("/profile").body;
    let recovery = cut(&page, "Your recovery codes.", "</ul>");
    let recovery: Vec<&str> =
        recovery.split("class=\"code\">").skip(1).map(|code| code.split('<').next().unwrap()).collect();
    recovery.iter().for_each(|code| given.note("second factors", code));
    let mut half = client();
    let entered = half.post("/login", &format!("name={NAME}&password={PASSWORD}"));
    let token = value(&entered, "__Host-platen-half");
    given.note("sessions", &token);
    half.cookie = Some(format!("__Host-platen-half={token}"));
    half.post("/login/code", "code=000000");
    assert_eq!(half.post("/login/code", &format!("code={}", recovery[0])).location(), "/");
}

fn machines(given: &mut Given, client: &dyn Fn() -> Client, admin: &Client) {
    for (scope, path) in [("read", "/api/v1/molds"), ("wall", "/wall/floor"), ("metrics", "/metrics")] {
        let made = admin.call("/api/make-token", &format!("name={scope}&scope={scope}&days=30"));
        assert_eq!(made.status, 200, "{made:?}");
        let token = cut(&admin.get("/machines").body, "issued-token\">", "<").to_owned();
        given.note("tokens of machines", &token);
        given.note("tokens of machines", token.strip_prefix("platen-").unwrap());
        let machine = client().with_token(token.clone());
        assert_eq!(machine.fetch(path).status, 200, "{path}");
        assert_eq!(machine.fetch("/api/floor").status, 401);
        client().post("/wall/open", &format!("token={token}"));
        assert_eq!(admin.call("/api/revoke-token", &format!("name={scope}")).status, 200);
        assert_eq!(machine.fetch(path).status, 401);
    }
}

fn radios(given: &mut Given, admin: &Client, link: &str) {
    for secret in [LINK_KEY, INSTALL_CODE] {
        given.note("keys of radios", secret);
        for form in [
            format!("link={link}&module=0013A20041F00002&code={secret}"),
            format!("link={link}&module=x&code={secret}"),
            format!("link=none&module=0013A20041F00002&code={secret}00"),
        ] {
            admin.call("/api/register", &form);
        }
    }
    given.note("passkeys of monitors", PASSKEY);
    for passkey in [PASSKEY.to_owned(), format!("{PASSKEY}1")] {
        admin.call("/api/enrol", &format!("serial=V4-00000001&passkey={passkey}&mold=M-1&approved="));
    }
}

/// A log without the instants at the head of its lines: their digits are no passkey.
fn without_instants(text: &str) -> String {
    let line = |line: &str| line.split_once(' ').map_or(line, |(_, rest)| rest).to_lowercase() + "\n";
    text.lines().map(line).collect()
}

fn bundle(folder: &Path, data: &Path, name: &str) -> BTreeMap<String, String> {
    let file = folder.join(name);
    let made = platen()
        .arg("support")
        .arg(&file)
        .arg("--config")
        .arg(folder.join("platen.toml"))
        .arg("--data")
        .arg(data)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", told(&made));
    let tar = folder.join(format!("{name}.tar"));
    fs::write(&tar, zstd::decode_all(fs::File::open(&file).unwrap()).unwrap()).unwrap();
    let into = folder.join(format!("{name}-unpacked"));
    fs::create_dir(&into).unwrap();
    let unpacked =
        std::process::Command::new("tar").arg("-xf").arg(&tar).arg("-C").arg(&into).output().unwrap();
    assert!(unpacked.status.success(), "{}", told(&unpacked));
    let files = fs::read_dir(into.join("platen-support")).unwrap().map(Result::unwrap);
    files
        .map(|file| (file.file_name().into_string().unwrap(), fs::read_to_string(file.path()).unwrap()))
        .collect()
}

#[test]
fn no_secret_is_in_the_log_or_in_the_support_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (plant, data, log) = (at("plant"), at("data"), at("log"));
    let mut given = Given::default();
    let key = at("store.key");
    assert!(platen().args(["key", "new"]).arg(&key).output().unwrap().status.success());
    let secret_of = |file: &Path| {
        let text = fs::read_to_string(file).unwrap();
        let longest = text.split_whitespace().max_by_key(|word| word.len()).unwrap();
        longest.to_owned()
    };
    given.note("keys of the store and of backups", &secret_of(&key));
    let identity = at("identity");
    let made = platen().args(["backup", "key", "new"]).arg(&identity).output().unwrap();
    given.note("keys of the store and of backups", &secret_of(&identity));
    let recipient = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let _simulator = simulate(&plant);
    let config = format!(
        "log = \"trace\"\n[store]\nkey = {key:?}\n[backup]\nfolder = {:?}\nrecipients = [{recipient:?}]\nidentity = {identity:?}\n\
         [[link]]\nname = \"hall-a\"\npath = {:?}\n",
        at("backups"),
        plant.join("stick-a")
    );
    fs::write(at("platen.toml"), config).unwrap();
    let file = fs::File::create(&log).unwrap();
    let mut running = Running::start(&data, &["--config", at("platen.toml").to_str().unwrap()], file);
    let address = running.said("address");
    let address = address.trim_start_matches("https://").trim_end_matches('/').parse().unwrap();
    running.said("authority");
    until("the box to answer", || data.join("control.sock").exists());
    let authority = fs::read_to_string(data.join("ca.pem")).unwrap();
    let client = || Client::new(address, &authority, rustls::ALL_VERSIONS);

    let code = running.said("set-up code");
    let admin = people(&mut given, &client, &code);
    machines(&mut given, &client, &admin);
    radios(&mut given, &admin, "hall-a");
    second_factor(&mut given, &client, &admin);
    assert_eq!(admin.call("/api/back-up", "a=1").status, 200);
    until("a backup", || fs::read_dir(at("backups")).is_ok_and(|mut files| files.next().is_some()));
    assert_eq!(admin.get("/support").status, 200);
    let bundle_running = bundle(dir.path(), &data, "running");
    admin.post("/logout", "a=1");
    running.held.end();
    let bundle_stopped = bundle(dir.path(), &data, "stopped");

    assert_eq!(kinds(), given.0.keys().map(|kind| (*kind).to_owned()).collect(), "SECURITY.md's list");
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains("written down") && log.contains("TRACE"), "the log is as talkative as it gets");
    let mut texts: Vec<(String, String)> = vec![("the log".to_owned(), without_instants(&log))];
    for (name, text) in bundle_running.iter().chain(&bundle_stopped) {
        let text = if name == "log.txt" { without_instants(text) } else { text.to_lowercase() };
        texts.push((name.clone(), text));
    }
    for (name, text) in &texts {
        for (kind, secret) in given.looks() {
            let line = text.lines().find(|line| line.contains(&secret));
            assert_eq!(line, None, "{kind}: {secret:?} is in {name}");
        }
    }
    let parts = ["platen.txt", "check.txt", "counts.csv", "storage.json", "alarms.txt"];
    let more = ["configuration.txt", "radios.json", "metrics.txt", "log.txt"];
    assert!(
        bundle_stopped.keys().map(String::as_str).eq(BTreeSet::from(parts)),
        "{:?}",
        bundle_stopped.keys()
    );
    let all: BTreeSet<&str> = parts.into_iter().chain(more).collect();
    assert!(bundle_running.keys().map(String::as_str).eq(all), "{:?}", bundle_running.keys());
    assert!(
        bundle_running["log.txt"].contains(" TRACE ")
            && bundle_running["metrics.txt"].contains("platen_link_up")
    );
    assert!(bundle_running["check.txt"].contains("all is well"), "{}", bundle_running["check.txt"]);
    for (name, text) in &texts[1..] {
        for personal in [NAME, EMAIL] {
            assert!(!text.contains(&personal.to_lowercase()), "{personal} is in {name}");
        }
    }
}
