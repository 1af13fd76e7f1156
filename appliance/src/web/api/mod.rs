//! What machines read: molds, alarms and rows, as the document `openapi.json` says. Its words are a contract of version
//! 1: fields may come, none goes or changes its meaning.

mod words;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use dashboard::port::{FloorView, Refusal};
use domain::MoldName;
use serde::Deserialize;

use super::machines::ByToken;
use super::{Context, errors, export};
use crate::desk::Machine;
use crate::exchange::{Format, Subject, Wanted};

/// The document, as programs that make programs read it.
pub(super) async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(include_str!("openapi.json"))
}

/// Every mold as it is now.
pub(super) async fn molds(request: HttpRequest) -> HttpResponse {
    told(floor(&request).map(|floor| words::Molds::from(&floor)))
}

/// Every alarm that stands.
pub(super) async fn alarms(request: HttpRequest) -> HttpResponse {
    told(floor(&request).map(|floor| words::Alarms::from(&floor)))
}

fn floor(request: &HttpRequest) -> Result<FloorView, Refusal> {
    match request.extensions().get::<ByToken>().map(|by| by.plant.clone()) {
        Some(Machine::Reader(reader)) => reader.floor(),
        Some(Machine::Wall(_) | Machine::Meter(_)) => Err(Refusal::NotAllowed),
        None => Err(Refusal::NotSignedIn),
    }
}

fn told(answer: Result<impl serde::Serialize, Refusal>) -> HttpResponse {
    match answer {
        Ok(answer) => HttpResponse::Ok().json(answer),
        Err(refusal) => errors::answer(&refusal),
    }
}

/// Which rows of a mold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    from: Option<String>,
    to: Option<String>,
    format: Option<String>,
}

/// Rows of one mold, as they are read from the store.
pub(super) async fn rows(
    context: web::Data<Context>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    match floor(&request).and_then(|_| wanted(path.into_inner(), request.query_string())) {
        Ok(wanted) => export::give(&context, wanted, &request).await,
        Err(refusal) => errors::answer(&refusal),
    }
}

fn wanted((mold, rows): (String, String), query: &str) -> Result<Wanted, Refusal> {
    let subject = match rows.as_str() {
        "cycles" => Subject::Cycles,
        "days" => Subject::Rollups,
        "ledger" => Subject::Ledger,
        _ => return Err(Refusal::NotFound(format!("rows {rows}"))),
    };
    let choice = web::Query::<Choice>::from_query(query)
        .map_err(|_| Refusal::Invalid("rows are chosen by from, to and format, each once".to_owned()))?
        .into_inner();
    let format = match choice.format.as_deref() {
        None | Some("jsonl") => Format::Jsonl,
        Some("csv") => Format::Csv,
        Some(other) => return Err(Refusal::Invalid(format!("a format is jsonl or csv, not {other:?}"))),
    };
    let mold: MoldName = mold.parse().map_err(|_| Refusal::NotFound(format!("mold {mold}")))?;
    let (from, to) = (export::time("from", choice.from)?, export::time("to", choice.to)?);
    Ok(Wanted { subject, mold: Some(mold), format, from, to })
}
