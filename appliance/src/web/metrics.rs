//! What the box measures of itself, for programs that watch many machines; and the bundle for whoever helps.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use dashboard::port::{Handle, Refusal};

use super::machines::ByToken;
use super::session::SignedIn;
use super::{Context, errors};
use crate::desk::Machine;
use crate::watch::{Measures, exposition};

/// Version 0.0.4 of the text format is what Prometheus reads without being asked for another one.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn metrics(context: web::Data<Context>, request: HttpRequest) -> HttpResponse {
    let Some(Machine::Meter(meter)) = request.extensions().get::<ByToken>().map(|by| by.plant.clone()) else {
        return errors::answer(&Refusal::NotAllowed);
    };
    let people = Arc::clone(&context.people);
    match web::block(move || Measures { entries: people.entries(), ..meter.measure() }).await {
        Ok(measures) => HttpResponse::Ok().content_type(TEXT).body(exposition(&measures)),
        Err(_) => errors::answer(&Refusal::Failed),
    }
}

pub(super) async fn support(request: HttpRequest) -> HttpResponse {
    let plant = request.extensions().get::<SignedIn>().map(|signed_in| signed_in.plant.clone());
    let Some(Handle::Administrator(plant)) = plant else { return errors::answer(&Refusal::NotAllowed) };
    match plant.support().await {
        Ok(bundle) => HttpResponse::Ok()
            .content_type("application/zstd")
            .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"platen-support.tar.zst\""))
            .body(bundle),
        Err(refusal) => errors::answer(&refusal),
    }
}
