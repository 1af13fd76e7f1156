use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use appliance::audit::Trail;
use appliance::clock::WallClock;
use appliance::desk::{Desk, Keeping};
use appliance::ingest::{Driver, RadioLinks, Settings};
use appliance::live::Live;
use appliance::store::{Store, StoreKeys};
use appliance::web::Admit;
use domain::LinkName;
use radio::command::{Key, NetworkSecrets};
use radio::event::{CommandDone, Heard, RadioEvent};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::LevelFilter;

use crate::fixture::{Web, now};

const INSTALL_CODE: &str = "83FED3407A939723A5C639B26916D505C3B5";
const LINK_KEY: &str = "5A6967426565416C6C69616E63653039";
const NETWORK_KEY: [u8; 16] = *b"\xC0\xFF\xEE\x15\x60\x0D\xF0\x0D\xC0\xFF\xEE\x15\x60\x0D\xF0\x0D";

/// The log as it is written, to the last detail.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Signs of a secret: as text, and as a list of bytes.
fn signs(secret: &[u8]) -> [String; 3] {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = secret.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    [hex, list, String::from_utf8_lossy(secret).to_lowercase()]
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn never_a_key_a_password_or_a_session_in_the_log() {
    let log = Log::default();
    let to = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || to.clone())
        .init();

    let link: LinkName = "hall-a".parse().unwrap();
    let (folder, desk_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::open(desk_folder.path(), &StoreKeys::from_bytes([7; 96])).unwrap();
    let live = Arc::new(Live::new(vec![(link.clone(), "/dev/x".to_owned())], false, now()));
    let (events, heard) = mpsc::channel(16);
    let (way, mut commands) = mpsc::channel(16);
    let mut links = RadioLinks::default();
    links.insert(link.clone(), way);
    let snapshot = store.snapshot().unwrap();
    let (driver, ingest) = Driver::new(
        snapshot,
        store.clone(),
        Arc::clone(&live),
        Arc::new(WallClock),
        links,
        Settings::default(),
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.spawn(driver.run(heard, CancellationToken::new()));
    runtime.spawn(async move {
        let hear = |what| events.send(RadioEvent { link: link.clone(), heard_at: now(), what });
        let link_key = Key::new(Box::new(NETWORK_KEY));
        let eui64 = "0013A20041F00001".parse().unwrap();
        let secrets = Heard::Secrets(NetworkSecrets { eui64, pan: None, link_key });
        tracing::trace!(?secrets, "as a careless line would");
        hear(secrets).await.unwrap();
        while let Some(command) = commands.recv().await {
            tracing::trace!(?command, "as a careless line would");
            if let Some(id) = command.id {
                hear(Heard::Done { id, outcome: Ok(CommandDone::Sent) }).await.unwrap();
            }
        }
    });
    let keeping = Keeping::unsaid(now());
    let clock = Arc::new(WallClock);
    let trail = Arc::new(Trail::new(store.clone(), clock.clone()));
    let desk = Desk::new(live, store, ingest, clock, trail, keeping);
    let plant: Admit = Arc::new(move |person, from| desk.admit(person, from));
    let web = Web::start_with(folder.path(), now(), &[], plant);

    let code = web.code.clone().unwrap();
    web.stranger().post("/setup", "code=2345-2345-2345-2345&name=marta&password=wrong+Battery+1");
    let admin = web.administrator();
    web.stranger().post("/login", "name=marta&password=wrong+Battery+1");
    let other = web.stranger().post("/login", "name=marta&password=correct+horse+1");
    let token = |cookie: &str| cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    let tokens = [token(admin.cookie.as_deref().unwrap()), token(other.header("set-cookie").unwrap())];
    for secret in [INSTALL_CODE, LINK_KEY] {
        let form = format!("link=hall-a&module=0013A20041F00002&code={secret}");
        assert_eq!(admin.call("/api/register", &form).status, 200);
        let broken = format!("link=hall-a&module=x&code={secret}");
        assert_ne!(admin.call("/api/register", &broken).status, 200);
        let wrong = format!("link=hall-a&module=0013A20041F00002&code={secret}00");
        assert_ne!(admin.call("/api/register", &wrong).status, 200);
    }
    assert_eq!(admin.call("/api/form", "link=hall-a&reform=true").status, 200);
    admin.post("/logout", "a=1");
    drop(web);

    let text = String::from_utf8_lossy(&log.0.lock().unwrap()).to_lowercase();
    assert!(text.contains("register module") && text.contains("as a careless line would"), "{text}");
    let typed = [code.as_str(), &code.replace('-', ""), "2345-2345", "correct horse", "wrong battery"];
    let plain = typed.iter().copied().chain(["correct+horse", "wrong+battery"]).map(str::to_lowercase);
    let tokens = tokens.iter().flat_map(|token| signs(&bytes(token)));
    let keys = [bytes(INSTALL_CODE), bytes(LINK_KEY), NETWORK_KEY.to_vec()];
    for secret in plain.chain(tokens).chain(keys.iter().flat_map(|key| signs(key))) {
        let line = text.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret:?} is in the log");
    }
}
