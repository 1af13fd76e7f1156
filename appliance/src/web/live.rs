//! The live stream: server-sent events, resumed where a connection broke.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{self, ContentEncoding};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use dashboard::port::{LiveChange, Refusal};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::machines::ByToken;
use super::session::SignedIn;
use super::{Context, errors};
use crate::live::Written;

/// What changed, from some place on.
pub type Updates = Pin<Box<dyn Stream<Item = Arc<Written>> + Send>>;

/// Follows the plant from what comes after a cursor, or from now.
pub type Follow = Arc<dyn Fn(Option<u64>) -> Updates + Send + Sync>;

/// A place that no stream ever has: whoever follows from there is told to load everything anew.
const NOWHERE: u64 = u64::MAX;

/// So often a stream looks whether its session still holds.
const LOOK: Duration = Duration::from_secs(5);

/// Where to begin.
#[derive(Deserialize)]
pub(super) struct Begin {
    after: Option<String>,
}

pub(super) async fn serve(
    context: web::Data<Context>,
    begin: web::Query<Begin>,
    request: HttpRequest,
) -> HttpResponse {
    let Some(signed_in) = request.extensions().get::<SignedIn>().cloned() else {
        return errors::answer(&Refusal::NotSignedIn);
    };
    let ended = session_ended(context.clone(), signed_in);
    answer(&context, begin.into_inner(), &request, |_| true, ended)
}

/// The same for a screen across the hall: molds and alarms, as long as its token is good.
pub(super) async fn serve_wall(
    context: web::Data<Context>,
    begin: web::Query<Begin>,
    request: HttpRequest,
) -> HttpResponse {
    let Some(by) = request.extensions().get::<ByToken>().cloned() else {
        return errors::answer(&Refusal::NotSignedIn);
    };
    let ended = token_ended(context.clone(), by);
    answer(&context, begin.into_inner(), &request, is_for_walls, ended)
}

/// Radios and storage are no business of whoever walks by.
const fn is_for_walls(change: &LiveChange) -> bool {
    match change {
        LiveChange::Molds(_) | LiveChange::Alarms(_) | LiveChange::Heartbeat | LiveChange::Restart => true,
        LiveChange::Link(_) | LiveChange::Bluetooth(_) | LiveChange::Storage => false,
    }
}

fn answer(
    context: &Context,
    begin: Begin,
    request: &HttpRequest,
    wanted: fn(&LiveChange) -> bool,
    ended: impl Future<Output = ()> + 'static,
) -> HttpResponse {
    // A browser that comes back by itself says where it was; that is newer than what its page was made with.
    let header = request.headers().get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    let place = header.or(begin.after.as_deref());
    // Going on from now would lose what came between, and nobody would know.
    let updates = (context.follow)(place.map(|place| place.parse().unwrap_or(NOWHERE)));
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Compressed, an event would wait for the next one to fill a block.
        .insert_header(ContentEncoding::Identity)
        .streaming(events(updates, wanted, ended, context.shutdown.clone()))
}

fn events(
    updates: Updates,
    wanted: fn(&LiveChange) -> bool,
    ended: impl Future<Output = ()> + 'static,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<web::Bytes, actix_web::Error>> {
    let ended = Box::pin(ended);
    let hello = stream::iter([web::Bytes::from_static(b"retry: 2000\n\n")]);
    hello
        .chain(updates.filter_map(move |update| async move { event(&update, wanted) }))
        .take_until(ended)
        .take_until(shutdown.cancelled_owned())
        .map(Ok)
}

fn event(update: &Written, wanted: fn(&LiveChange) -> bool) -> Option<web::Bytes> {
    if !wanted(&update.change) {
        return None;
    }
    // JSON has no line break outside a string, and inside it is written `\n`: one line of data it is.
    Some(format!("id: {}\ndata: {}\n\n", update.cursor, update.json()?).into())
}

/// Waits until the session does not hold any more: its time is over or it was left.
async fn session_ended(context: web::Data<Context>, signed_in: SignedIn) {
    let mut look = tokio::time::interval(LOOK);
    loop {
        look.tick().await;
        if context.people.now() >= signed_in.ends
            || context.people.session(signed_in.caller.token).await.is_none()
        {
            return;
        }
    }
}

/// Waits until the token is not good any more: at once when it is revoked, and soon after its time is over.
async fn token_ended(context: web::Data<Context>, by: ByToken) {
    let people = &context.people;
    let over = async {
        let mut look = tokio::time::interval(LOOK);
        while people.now() < by.ends {
            look.tick().await;
        }
    };
    tokio::select! {
        () = over => {}
        () = people.machines().ends(by.token) => {}
    }
}
