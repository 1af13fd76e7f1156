//! Builds the server from the table of doors and runs it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpResponse, HttpServer, Route, web};
use dashboard::app::SiteManifest;
use rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::access::{Door, TABLE, Verb};
use super::certificates::{self, Certificates, Pair};
use super::names::Names;
use super::people::People;
use super::redirect::{self, Target};
use super::tls::{self, Current, SetUpTls};
use super::{
    Admit, AdmitMachine, Context, Follow, api, assets, export, forms, guard, live, metrics, pages, wall,
};
use crate::accounts::Code;
use crate::audit::Trail;
use crate::clock::Clock;
use crate::config::{self, HostName};
use crate::store::Store;
use crate::telemetry::Chain;

/// A core each; a request takes milliseconds.
const WORKERS: usize = 2;
/// For passwords and commits.
const BLOCKING_THREADS: usize = 4;
/// Twenty browsers with a few connections each, and room for as many again.
const CONNECTIONS: usize = 256;
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
    Certificates(#[from] Certificates),
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
    store: Store,
    clock: Arc<dyn Clock>,
    names: Names,
    pair: Pair,
    current: Arc<Current>,
    tls: ServerConfig,
    code: Option<Code>,
}

/// Makes certificates and the set-up code where they are missing.
///
/// # Errors
/// The store is out of order, or the libraries refuse.
pub fn prepare(listeners: Listeners, serve: Serve) -> Result<Server, StartWeb> {
    let names = Names::new(serve.names);
    let pair = certificates::prepare(&serve.store, &names.known(), serve.clock.now())?;
    let current = Arc::new(Current::new(&pair.leaf, &pair.authority)?);
    let tls = tls::config(Arc::clone(&current))?;
    let clock = Arc::clone(&serve.clock);
    let (people, code) = People::new(serve.store.clone(), serve.trail, clock, serve.idle)
        .map_err(|refused| StartWeb::People(Box::new(refused)))?;
    let context = Context {
        people: Arc::new(people),
        plant: serve.plant,
        machines: serve.machines,
        follow: serve.follow,
        downloads: export::Downloads::new(serve.store.clone()),
        authority: pair.authority.pem().to_owned(),
        shutdown: serve.shutdown,
    };
    Ok(Server {
        listeners,
        context: Arc::new(context),
        store: serve.store,
        clock: serve.clock,
        names,
        pair,
        current,
        tls,
        code,
    })
}

impl Server {
    /// SHA-256 of the certificate that browsers see.
    #[must_use]
    pub fn certificate_fingerprint(&self) -> String {
        self.pair.leaf.fingerprint()
    }

    /// SHA-256 of the authority's certificate, which people import.
    #[must_use]
    pub fn authority_fingerprint(&self) -> String {
        self.pair.authority.fingerprint()
    }

    /// The authority's certificate.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.context.authority
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
        let Server { listeners, context, store, clock, names, pair, current, tls, .. } = self;
        let shutdown = context.shutdown.clone();
        let port = listeners.https.local_addr().map_or(443, |address| address.port());
        let redirect = listeners.http.map(|listener| {
            redirect_server(listener, Target { names: names.clone(), port }, shutdown.clone())
        });
        let pages = page_server(listeners.https, tls, web::Data::from(context), &shutdown)?;
        let renewal = tokio::spawn(look_after_certificate(store, clock, names, pair, current));

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
) -> Result<actix_web::dev::Server, StartWeb> {
    // Leptos learns here that it runs on tokio; the list itself is what the coverage test looks at.
    let _ = pages::addresses();
    let server = HttpServer::new(move || {
        App::new()
            .configure(|config| doors(config, &context))
            .wrap(Compress::default())
            .wrap(from_fn(guard::stand))
    })
    .workers(WORKERS)
    .worker_max_blocking_threads(BLOCKING_THREADS)
    .max_connections(CONNECTIONS)
    .tls_handshake_timeout(Duration::from_secs(5))
    .client_request_timeout(Duration::from_secs(5))
    .client_disconnect_timeout(Duration::from_secs(2))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(5)
    .disable_signals()
    .shutdown_signal(shutdown.clone().cancelled_owned())
    .listen_rustls_0_23(listener, tls)
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
        Door::Authority => base.to(authority_certificate),
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

async fn authority_certificate(context: web::Data<Context>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/x-x509-ca-cert")
        .insert_header(("content-disposition", "attachment; filename=\"platen-ca.pem\""))
        .body(context.authority.clone())
}

fn redirect_server(
    listener: TcpListener,
    target: Target,
    shutdown: CancellationToken,
) -> Result<actix_web::dev::Server, StartWeb> {
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::new(target.clone())).default_service(web::to(redirect::serve))
    })
    .on_connect(redirect::connected)
    .workers(1)
    .worker_max_blocking_threads(1)
    .max_connections(CONNECTIONS / 4)
    .client_request_timeout(Duration::from_secs(5))
    .keep_alive(Duration::from_secs(5))
    .shutdown_timeout(1)
    .disable_signals()
    .shutdown_signal(shutdown.cancelled_owned())
    .listen(listener)
    .map_err(StartWeb::Run)?;
    Ok(server.run())
}

async fn look_after_certificate(
    store: Store,
    clock: Arc<dyn Clock>,
    names: Names,
    pair: Pair,
    current: Arc<Current>,
) {
    let mut pair = pair;
    let mut look = tokio::time::interval(LOOK_AT_CERTIFICATE);
    loop {
        look.tick().await;
        let (store, current, clock, names) =
            (store.clone(), Arc::clone(&current), Arc::clone(&clock), names.clone());
        let work = move || {
            let result = certificates::refresh(&store, &mut pair, &current, &names.look(), clock.now());
            (pair, result)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok((back, result)) => {
                pair = back;
                if let Err(error) = result {
                    tracing::error!(cause = %Chain(&error), "the web server's certificate could not be given anew");
                }
            }
            Err(_) => return,
        }
    }
}
