//! A box's web server on free ports, with a clock that is told the time and a plant that is empty.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use appliance::audit::Trail;
use appliance::clock::{Clock, WallClock};
use appliance::config::{self, HostName};
use appliance::live::Written;
use appliance::store::{Store, StoreKeys};
use appliance::web::{self, Admit, Serve};
use dashboard::port::{
    Answer, CycleChart, EnrolWish, FloorView, Handle, LinkCondition, LinkView, LiveChange, LiveUpdate,
    MoldView, Person, Plant, RadiosView, Refusal, SensorWish, StorageView, Technician, Viewer,
};
use domain::{
    BluetoothAddress, Eui64, JoinCode, LinkName, MoldId, MonitorSerial, PanId, Role, Thresholds, Timestamp,
};
use futures::StreamExt;
use rustls::version::{TLS12, TLS13};
use tokio_util::sync::CancellationToken;

use crate::client::Client;

/// When the tests began: certificates made then are good for the client, which looks at the real clock.
pub fn now() -> Timestamp {
    static NOW: OnceLock<Timestamp> = OnceLock::new();
    *NOW.get_or_init(|| WallClock.now())
}

pub struct ToldClock(AtomicI64);

impl ToldClock {
    pub fn tell(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for ToldClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A running server; ends when dropped.
pub struct Web {
    pub https: SocketAddr,
    pub http: SocketAddr,
    pub authority: String,
    pub fingerprint: String,
    pub code: Option<String>,
    pub clock: Arc<ToldClock>,
    /// Cursors that live streams began after.
    pub followed: Arc<Mutex<Vec<Option<u64>>>>,
    shutdown: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: Option<tempfile::TempDir>,
}

impl Web {
    pub fn start() -> Web {
        let folder = tempfile::tempdir().unwrap();
        let mut web = Web::start_in(folder.path(), now(), &[]);
        web._folder = Some(folder);
        web
    }

    pub fn start_in(folder: &Path, start: Timestamp, names: &[&str]) -> Web {
        Web::start_with(folder, start, names, Web::empty())
    }

    /// An empty plant, as far as a role goes.
    pub fn empty() -> Admit {
        Arc::new(|person: Person, _: Option<IpAddr>| {
            let role = person.role;
            let empty = Arc::new(Empty(person));
            match role {
                Role::Viewer => Handle::Viewer(empty),
                Role::Technician | Role::ToolingManager => Handle::Technician(empty),
                Role::Administrator => Handle::Administrator(empty),
            }
        })
    }

    pub fn start_with(folder: &Path, start: Timestamp, names: &[&str], plant: Admit) -> Web {
        Web::start_idle(folder, start, names, plant, None)
    }

    /// Whoever does nothing for `idle` has to sign in again.
    pub fn start_idle(
        folder: &Path,
        start: Timestamp,
        names: &[&str],
        plant: Admit,
        idle: Option<Duration>,
    ) -> Web {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let names: Vec<HostName> = names.iter().map(|name| name.parse().unwrap()).collect();
        let web_config =
            config::Web { listen: any, http_redirect: Some(any), names: names.clone(), idle: None };
        let listeners = web::bind(&web_config).unwrap();
        let (https, http) = (listeners.https().unwrap(), listeners.http().unwrap());
        let clock = Arc::new(ToldClock(AtomicI64::new(start.as_millis())));
        let shutdown = CancellationToken::new();
        let followed = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&followed);
        let store = Store::open(folder, &StoreKeys::from_bytes([7; 96])).unwrap();
        let serve = Serve {
            names,
            trail: Arc::new(Trail::new(store.clone(), clock.clone())),
            idle,
            store,
            clock: clock.clone(),
            plant,
            follow: Arc::new(move |after| {
                heard.lock().unwrap().push(after);
                let cursor = after.unwrap_or(0).wrapping_add(1);
                let update = LiveUpdate { cursor, now: now(), change: LiveChange::Heartbeat };
                futures::stream::iter([Arc::new(Written::from(update))])
                    .chain(futures::stream::pending())
                    .boxed()
            }),
            shutdown: shutdown.clone(),
        };
        let server = web::prepare(listeners, serve).unwrap();
        let (authority, fingerprint) = (server.authority().to_owned(), server.authority_fingerprint());
        let code = server.setup_code();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            runtime.unwrap().block_on(server.run()).unwrap();
        });
        let web = Web {
            https,
            http,
            authority,
            fingerprint,
            code,
            clock,
            followed,
            shutdown,
            thread: Some(thread),
            _folder: None,
        };
        web::ask(connect(https), &web.authority).unwrap();
        web
    }

    /// A browser that knows nobody yet.
    pub fn stranger(&self) -> Client {
        Client::new(self.https, &self.authority, &[&TLS13, &TLS12])
    }

    /// A browser in which the first administrator has just been made.
    pub fn administrator(&self) -> Client {
        let mut client = self.stranger();
        let answer = client.post("/setup", &self.setup_form("marta", "correct+horse+1"));
        assert_eq!((answer.status, answer.location()), (303, "/"), "{answer:?}");
        client.cookie = Some(cookie(answer.header("set-cookie").unwrap()));
        client
    }

    /// The code that an administrator's browser shows for somebody whom they invite.
    pub fn invited(&self, admin: &Client, name: &str, role: Role) -> String {
        let form = format!("name={name}&email={name}%40plant.example&role={}", role.word());
        let answer = admin.call("/api/invite", &form);
        assert_eq!(answer.status, 200, "{answer:?}");
        self.shown_code(admin)
    }

    /// The code that the page of people shows.
    pub fn shown_code(&self, admin: &Client) -> String {
        let page = admin.get("/people").body;
        let (_, code) = page.split_once("issued-code\">").unwrap_or_else(|| panic!("no code: {page}"));
        code.split('<').next().unwrap().to_owned()
    }

    /// A browser in which somebody with that role has just chosen the password `correct+horse+2`.
    pub fn joined(&self, admin: &Client, name: &str, role: Role) -> Client {
        let code = self.invited(admin, name, role);
        self.taken_up(&code, "correct+horse+2")
    }

    /// A browser in which somebody uses a code.
    pub fn taken_up(&self, code: &str, password: &str) -> Client {
        let mut client = self.stranger();
        let answer = client.post("/accept", &format!("code={code}&password={password}"));
        assert_eq!((answer.status, answer.location()), (303, "/"), "{answer:?}");
        client.cookie = Some(cookie(answer.header("set-cookie").unwrap()));
        client
    }

    /// A browser in which somebody logs in.
    pub fn logged_in(&self, name: &str, password: &str) -> Client {
        let mut client = self.stranger();
        let answer = client.post("/login", &format!("name={name}&password={password}"));
        assert_eq!((answer.status, answer.location()), (303, "/"), "{answer:?}");
        client.cookie = Some(cookie(answer.header("set-cookie").unwrap()));
        client
    }

    pub fn setup_form(&self, name: &str, password: &str) -> String {
        format!("code={}&name={name}&password={password}", self.code.as_deref().unwrap())
    }
}

/// A connection whose other end is waited for, but not for ever.
pub fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    socket
}

/// What a browser sends back of a cookie it was given.
pub fn cookie(set: &str) -> String {
    set.split(';').next().unwrap().to_owned()
}

impl Drop for Web {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// A plant with a stick that does nothing.
struct Empty(Person);

fn nothing<T: Send + 'static>() -> Answer<'static, T> {
    Box::pin(async { Err(Refusal::Radio("there is no radio here".to_owned())) })
}

impl Viewer for Empty {
    fn person(&self) -> &Person {
        &self.0
    }
    fn now(&self) -> Timestamp {
        now()
    }
    fn floor(&self) -> Result<FloorView, Refusal> {
        Ok(FloorView { now: now(), cursor: 7, molds: Vec::new(), alarms: Vec::new() })
    }
    fn mold(&self, id: MoldId) -> Result<MoldView, Refusal> {
        Err(Refusal::NotFound(format!("mold {id}")))
    }
    fn cycles(&self, id: MoldId, _: Timestamp, _: Timestamp, _: usize) -> Result<CycleChart, Refusal> {
        Err(Refusal::NotFound(format!("mold {id}")))
    }
    fn radios(&self) -> Result<RadiosView, Refusal> {
        let link = LinkView {
            name: "hall-a".parse().unwrap(),
            path: "/dev/x".to_owned(),
            condition: LinkCondition::Up,
            detail: None,
            since: now(),
            eui64: None,
            family: None,
            firmware: None,
            pan: None,
            channel: None,
            encrypted: None,
            join_open_until: None,
            frames_good: 0,
            frames_damaged: 0,
            frames_unknown: 0,
            modules: Vec::new(),
        };
        Ok(RadiosView { now: now(), cursor: 7, links: vec![link], bluetooth: None })
    }
    fn storage(&self) -> Result<StorageView, Refusal> {
        Err(Refusal::Failed)
    }
}

impl Technician for Empty {
    fn identify(&self, _: LinkName, _: Option<Eui64>, _: MonitorSerial) -> Answer<'_, ()> {
        nothing()
    }
    fn enrol(&self, _: EnrolWish) -> Answer<'_, Timestamp> {
        Box::pin(async { Ok(now()) })
    }
    fn close_enrolment(&self, _: MonitorSerial) -> Answer<'_, ()> {
        nothing()
    }
    fn confirm_reset(&self, _: MoldId, _: u64) -> Answer<'_, ()> {
        nothing()
    }
    fn set_limits(&self, _: MoldId, _: Thresholds) -> Answer<'_, ()> {
        nothing()
    }
}

impl Plant for Empty {
    fn back_up(&self) -> Answer<'_, ()> {
        nothing()
    }
    fn open_join(&self, _: LinkName, _: Duration) -> Answer<'_, Timestamp> {
        nothing()
    }
    fn close_join(&self, _: LinkName) -> Answer<'_, ()> {
        nothing()
    }
    fn discover(&self, _: LinkName) -> Answer<'_, u32> {
        nothing()
    }
    fn register(&self, _: LinkName, _: Eui64, _: JoinCode) -> Answer<'_, ()> {
        nothing()
    }
    fn form(&self, _: LinkName, _: Option<PanId>, _: bool) -> Answer<'_, ()> {
        nothing()
    }
    fn use_sensor(&self, _: SensorWish) -> Answer<'_, ()> {
        nothing()
    }
    fn forget_sensor(&self, _: BluetoothAddress) -> Answer<'_, ()> {
        nothing()
    }
    fn adopt(&self, _: LinkName, _: Eui64) -> Answer<'_, ()> {
        nothing()
    }
    fn enrol_without_passkey(&self, _: EnrolWish) -> Answer<'_, Timestamp> {
        Box::pin(async { Ok(now()) })
    }
}
