//! The screens with a plant that never was, for whoever works on how they look:
//!
//! ```text
//! cargo run -p dashboard --features ssr --example preview -- [PORT] [SITE FOLDER] [empty]
//! ```
//!
//! Listens on this machine only and asks nobody to log in. The site folder is what the bundler wrote
//! (`target/site`); without wasm in it the pages stand still. `empty` shows a plant on its first day.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::{App, HttpResponse, HttpServer, web};
use dashboard::app::{SiteManifest, shell};
use dashboard::port::{LiveChange, LiveUpdate, MoldTile, Viewer};
use domain::Timestamp;
use leptos_router::Method;
use made_up::MadeUp;

#[path = "../tests/made_up/mod.rs"]
mod made_up;

/// How often the stream says what changed.
const STEP: Duration = Duration::from_millis(500);

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Whoever connects is told every mold at first, and then those that changed.
async fn live(plant: web::Data<MadeUp>) -> HttpResponse {
    let updates = futures::stream::unfold((plant, Vec::new(), 0), |(plant, before, turn)| async move {
        tokio::time::sleep(STEP).await;
        let molds = plant.floor().map(|floor| floor.molds).unwrap_or_default();
        let links = plant.radios().map(|view| view.links).unwrap_or_default();
        let news: Vec<MoldTile> = molds.iter().filter(|mold| !before.contains(*mold)).cloned().collect();
        let change = match links.into_iter().nth(turn % 6) {
            _ if !news.is_empty() => LiveChange::Molds(news),
            Some(link) => LiveChange::Link(Box::new(link)),
            None => LiveChange::Heartbeat,
        };
        let now = now();
        let update = LiveUpdate { cursor: now.as_millis().unsigned_abs(), now, change };
        let json = serde_json::to_string(&update).unwrap_or_default();
        let event = format!("id: {}\ndata: {json}\n\n", update.cursor);
        Some((Ok::<_, actix_web::Error>(web::Bytes::from(event)), (plant, molds, turn + 1)))
    });
    HttpResponse::Ok().content_type("text/event-stream").streaming(updates)
}

async fn asset(folder: web::Data<PathBuf>, name: web::Path<String>) -> HttpResponse {
    let name = name.into_inner();
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css",
        Some((_, "js")) => "text/javascript",
        Some((_, "wasm")) => "application/wasm",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let is_plain = !name.contains("..") && !name.starts_with('/');
    match std::fs::read(folder.join(&name)) {
        Ok(bytes) if is_plain => HttpResponse::Ok().content_type(kind).body(bytes),
        _ => HttpResponse::NotFound().finish(),
    }
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(8090);
    let site = PathBuf::from(arguments.next().unwrap_or_else(|| "target/site".to_owned()));
    let plant = if arguments.next().as_deref() == Some("empty") { MadeUp::empty } else { MadeUp::new };
    let plant = web::Data::new(plant(now));
    let manifest = std::fs::read(site.join("manifest.json")).ok();
    let manifest: SiteManifest =
        manifest.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let site = web::Data::new(site);
    // Tells Leptos which runtime it is in.
    let _ = leptos_actix::generate_route_list(|| shell(&SiteManifest::default()));
    println!("http://127.0.0.1:{port}/");
    HttpServer::new(move || {
        let shared: Arc<MadeUp> = plant.clone().into_inner();
        let context = move || shared.provide();
        let manifest = manifest.clone();
        let page = leptos_actix::render_app_async_with_context(
            context.clone(),
            move || shell(&manifest),
            Method::Get,
        );
        App::new()
            .app_data(plant.clone())
            .app_data(site.clone())
            .route("/live", web::get().to(live))
            .route("/wall/live", web::get().to(live))
            .route("/wall/floor", leptos_actix::handle_server_fns_with_context(context.clone()))
            .route("/assets/{name:.*}", web::get().to(asset))
            .route("/api/{name}", leptos_actix::handle_server_fns_with_context(context))
            .route("/{path:.*}", page)
    })
    .workers(1)
    .bind((Ipv4Addr::LOCALHOST, port))?
    .run()
    .await
}
