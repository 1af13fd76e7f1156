//! Builds the server from the table of doors and runs it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, TlsAcceptorConfig};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, map_config};
use actix_web::dev::{AppConfig, Server as Listening};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpResponse, HttpServer, Route, web};
use dashboard::app::SiteManifest;
use futures::future::BoxFuture;
use rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::access::{Door, TABLE, Verb};
use super::certificates::{Certificates, NoCertificate};
use super::gate::{Gate, Limits};
use super::gated::GatedFactory;
use super::people::People;
use super::redirect::{self, Target};
use super::tls::{self, SetUpTls};
use super::{
    Admit, AdmitMachine, Context, Follow, api, assets, certified, export, forms, guard, live, metrics, pages,
    wall,
};
use crate::accounts::Code;
use crate::audit::Trail;
use crate::clock::Clock;
use crate::config::{self, HostName};
use crate::plant::AlarmKey;
use crate::store::Store;

/// A core each; a request takes milliseconds.
const WORKERS: usize = 2;
/// For passwords and commits.
const BLOCKING_THREADS: usize = 4;
/// Two hundred browsers that follow the plant, and as many as there are behind one address that stands for a whole office.
const CONNECTIONS: Limits = Limits { all: 1024, one: 256 };
/// Browsers that are only sent on.
const REDIRECTS: usize = 64;
/// For a handshake, and for the head of a request: whoever takes longer is let go.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// The largest body of a request: a few fields.
const BODY: usize = 16 * 1024;
/// How often the certificate is looked at: a clock that is set and an address that changes are noticed so soon.
const LOOK_AT_CERTIFICATE: Duration = Duration::from_secs(60);

/// Sockets that are bound already.
pub struct Listeners {
    https: TcpListener,
    http: Option<TcpListener>,
}

impl Listeners {
    /// Where TLS is served; the real port, whatever was asked for.
    ///
    /// # Errors
    /// The socket does not tell.
    pub fn https(&self) -> io::Result<SocketAddr> {
        self.https.local_addr()
    }

    /// Where browsers are sent on from.
    #[must_use]
    pub fn http(&self) -> Option<SocketAddr> {
        self.http.as_ref().and_then(|listener| listener.local_addr().ok())
    }
}

/// Why the web server does not start or has ended.
#[derive(Debug, thiserror::Error)]
pub enum StartWeb {
    /// An address is taken or not ours.
    #[error("listen at {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// No certificates.
    #[error("prepare the certificates")]
    Certificates(#[from] NoCertificate),
    /// No TLS.
    #[error(transparent)]
    Tls(#[from] SetUpTls),
    /// The register of people is out of order.
    #[error("prepare the sign-in")]
    People(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server itself.
    #[error("run the web server")]
    Run(#[source] io::Error),
}

/// Binds both addresses.
///
/// # Errors
/// One of them is taken or not ours.
pub fn bind(config: &config::Web) -> Result<Listeners, StartWeb> {
    let listen = |address: SocketAddr| {
        let listener = TcpListener::bind(address).map_err(|e| StartWeb::Listen(address, e))?;
        listener.set_nonblocking(true).map_err(|e| StartWeb::Listen(address, e))?;
        Ok::<_, StartWeb>(listener)
    };
    Ok(Listeners { https: listen(config.listen)?, http: config.http_redirect.map(listen).transpose()? })
}

/// Has an alarm stand for a reason, or not any more.
pub type Raise = Arc<dyn Fn(AlarmKey, Option<String>) -> BoxFuture<'static, ()> + Send + Sync>;

/// What the server is made of.
pub struct Serve {
    /// Names for the certificate.
    pub names: Vec<HostName>,
    /// People, sessions, sealed keys.
    pub store: Store,
    /// Takes down what people do.
    pub trail: Arc<Trail>,
    /// Whoever does nothing for so long has to sign in again; `None`: only after 8 hours.
    pub idle: Option<Duration>,
    /// PEM of the authorities whose clients alone may connect; `None`: everybody may.
    pub clients: Option<Vec<u8>>,
    /// Raises and clears alarms.
    pub alarm: Raise,
    /// Tells the age of sessions and certificates.
    pub clock: Arc<dyn Clock>,
    /// Gives out the plant.
    pub plant: Admit,
    /// Gives it out to machines.
    pub machines: AdmitMachine,
    /// Gives out what changes.
    pub follow: Follow,
    /// Ends everything.
    pub shutdown: CancellationToken,
}

/// A server that is ready to run.
pub struct Server {
    listeners: Listeners,
    context: Arc<Context>,
    alarm: Raise,
    tls: ServerConfig,
    code: Option<Code>,
}

/// Makes certificates and the set-up code where they are missing.
///
/// # Errors
/// The store is out of order, or the libraries refuse.
pub fn prepare(listeners: Listeners, serve: Serve) -> Result<Server, StartWeb> {
    let (trail, clock) = (Arc::clone(&serve.trail), Arc::clone(&serve.clock));
    let certificates = Certificates::open(serve.store.clone(), trail, Arc::clone(&clock), serve.names)?;
    let tls = tls::config(Arc::clone(certificates.current()), serve.clients.as_deref())?;
    let (people, code) = People::new(serve.store.clone(), serve.trail, clock, serve.idle)
        .map_err(|refused| StartWeb::People(Box::new(refused)))?;
    let context = Context {
        people: Arc::new(people),
        plant: serve.plant,
        machines: serve.machines,
        follow: serve.follow,
        downloads: export::Downloads::new(serve.store.clone()),
        certificates: Arc::new(certificates),
        port: listeners.https().map_or(443, |address| address.port()),
        shutdown: serve.shutdown,
    };
    Ok(Server { listeners, context: Arc::new(context), alarm: serve.alarm, tls, code })
}

impl Server {
    /// The certificates, which whoever has the console deals with too.
    #[must_use]
    pub fn certificates(&self) -> &Arc<Certificates> {
        &self.context.certificates
    }

    /// The code for the console, while the first administrator is missing.
    #[must_use]
    pub fn setup_code(&self) -> Option<String> {
        self.code.as_ref().map(Code::for_people)
    }

    /// Runs until the shutdown token is cancelled; then lets answers that have begun come to their end.
    ///
    /// # Errors
    /// A listener fails.
    pub async fn run(self) -> Result<(), StartWeb> {
        let Server { listeners, context, alarm, tls, .. } = self;
        let shutdown = context.shutdown.clone();
        let (port, certificates) = (context.port, Arc::clone(&context.certificates));
        let redirect = listeners.http.map(|listener| {
            redirect_server(listener, Target { names: certificates.names().clone(), port }, shutdown.clone())
        });
        let pages = page_server(listeners.https, tls, web::Data::from(context), &shutdown)?;
        let renewal = tokio::spawn(look_after_certificates(certificates, alarm));

        let pages = async { pages.await.map_err(StartWeb::Run) };
        let redirect = async {
            match redirect {
                Some(server) => server?.await.map_err(StartWeb::Run),
                None => Ok(()),
            }
        };
        let ended = tokio::try_join!(pages, redirect);
        renewal.abort();
        ended.map(|_| ())
    }
}

fn page_server(
    listener: TcpListener,
    tls: ServerConfig,
    context: web::Data<Context>,
    shutdown: &CancellationToken,
) -> Result<Listening, StartWeb> {
    // Leptos learns here that it runs on tokio; the list itself is what the coverage test looks at.
    let _ = pages::addresses();
    // The gate decides who may connect, and must be asked: nothing behind it makes a connection wait.
    actix_tls::accept::max_concurrent_tls_connect(CONNECTIONS.all.saturating_mul(2));
    let (gate, ending) = (Gate::new(CONNECTIONS), shutdown.clone());
    let service = move || {
        let (context, ending) = (context.clone(), ending.clone());
        let app = App::new()
            .configure(|config| doors(config, &context))
            .wrap(Compress::default())
            .wrap(from_fn(guard::stand))
            .into_factory()
            .map_err(|error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || ending.clone().cancelled_owned())
            .keep_alive(Duration::from_secs(75))
            .client_request_timeout(HEAD_WITHIN)
            .client_disconnect_timeout(Duration::from_secs(2))
            .finish(map_config(app, |()| AppConfig::default()))
            .rustls_0_23_with_config(
                tls.clone(),
                TlsAcceptorConfig::default().handshake_timeout(HEAD_WITHIN),
            );
        GatedFactory { gate: Arc::clone(&gate), inner: http }
    };
    let server = Listening::build()
        .workers(WORKERS)
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .max_concurrent_connections(CONNECTIONS.all.saturating_mul(2))
        .shutdown_timeout(5)
        .disable_signals()
        .shutdown_signal(shutdown.clone().cancelled_owned())
        .listen("pages", listener, service)
        .map_err(StartWeb::Run)?;
    Ok(server.run())
}

/// Everything that the table names, and the not-found screen for the rest.
pub(super) fn doors(config: &mut web::ServiceConfig, context: &web::Data<Context>) {
    let manifest = assets::manifest();
    config
        .app_data(context.clone())
        .app_data(web::PayloadConfig::new(BODY))
        .app_data(web::FormConfig::default().limit(BODY).error_handler(forms::unreadable))
        .default_service(pages::page(&manifest));
    for rule in TABLE {
        config.route(rule.path, route(rule.verb, rule.door, &manifest));
    }
}

fn route(verb: Verb, door: Door, manifest: &Arc<SiteManifest>) -> Route {
    let base = match verb {
        Verb::Read => web::get(),
        Verb::Change => web::post(),
    };
    match door {
        Door::Health => base.to(health),
        Door::Authority => base.to(certified::authority_pem),
        Door::AuthorityDer => base.to(certified::authority_der),
        Door::QrCode => base.to(certified::qr_code),
        Door::CertificateRequest => base.to(certified::request),
        Door::InstallCertificate => base.to(certified::install),
        Door::Asset => base.to(assets::serve),
        Door::SetUp => base.to(forms::set_up),
        Door::LogIn => base.to(forms::log_in),
        Door::LogOut => base.to(forms::log_out),
        Door::Prove => base.to(forms::prove),
        Door::BeginFactor => base.to(forms::begin_factor),
        Door::ConfirmFactor => base.to(forms::confirm_factor),
        Door::RemoveFactor => base.to(forms::remove_factor),
        Door::TakeUp => base.to(forms::take_up),
        Door::ChangePassword => base.to(forms::change_password),
        Door::Live => base.to(live::serve),
        Door::Export => base.to(export::serve),
        Door::Document => base.to(api::document),
        Door::Molds => base.to(api::molds),
        Door::Alarms => base.to(api::alarms),
        Door::Rows => base.to(api::rows),
        Door::Metrics => base.to(metrics::metrics),
        Door::Support => base.to(metrics::support),
        Door::OpenWall => base.to(wall::open),
        Door::WallLive => base.to(live::serve_wall),
        Door::Page => pages::page(manifest),
        Door::Api => match verb {
            Verb::Read => pages::api().method(actix_web::http::Method::GET),
            Verb::Change => pages::api().method(actix_web::http::Method::POST),
        },
    }
}

/// For everyone, so without any detail. A box whose disk refuses serves and says so: starting it anew would not help.
async fn health(context: web::Data<Context>) -> HttpResponse {
    let word = if context.people.is_well().await { "up\n" } else { "up, but the disk refuses\n" };
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(word)
}

fn redirect_server(
    listener: TcpListener,
    target: Target,
    shutdown: CancellationToken,
) -> Result<Listening, StartWeb> {
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::new(target.clone())).default_service(web::to(redirect::serve))
    })
    .on_connect(redirect::connected)
    .workers(1)
    .worker_max_blocking_threads(1)
    .max_connections(REDIRECTS)
    .client_request_timeout(Duration::from_secs(5))
    .keep_alive(Duration::from_secs(5))
    .shutdown_timeout(1)
    .disable_signals()
    .shutdown_signal(shutdown.cancelled_owned())
    .listen(listener)
    .map_err(StartWeb::Run)?;
    Ok(server.run())
}

/// Looks at once and then every minute.
async fn look_after_certificates(certificates: Arc<Certificates>, alarm: Raise) {
    let mut look = tokio::time::interval(LOOK_AT_CERTIFICATE);
    loop {
        look.tick().await;
        let certificates = Arc::clone(&certificates);
        let Ok(alarms) = tokio::task::spawn_blocking(move || certificates.refresh()).await else { return };
        for (key, why) in alarms {
            alarm(key, why).await;
        }
    }
}
