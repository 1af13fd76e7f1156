//! Rows to take away: read from the store as fast as they are taken, and not at all when nobody takes them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::{self, ContentEncoding};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use dashboard::port::Refusal;
use domain::{MoldName, Timestamp};
use futures::{Stream, stream};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::session::SignedIn;
use super::{Context, errors, plain};
use crate::audit::{Act, What};
use crate::exchange::{Export, ExportError, Format, Subject, Wanted, instant};
use crate::store::Store;
use crate::telemetry::Chain;

/// Downloads at a time: each holds some megabytes of rows at most.
const AT_ONCE: usize = 8;
/// Bytes handed over at a time, about.
const PART: usize = 64 << 10;

/// What downloads are made of.
pub(super) struct Downloads {
    store: Store,
    places: Arc<Semaphore>,
}

impl Downloads {
    pub(super) fn new(store: Store) -> Self {
        Downloads { store, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// Which rows of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    mold: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

pub(super) async fn serve(
    context: web::Data<Context>,
    rows: web::Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let wanted = match wanted(&rows, request.query_string()) {
        Ok(wanted) => wanted,
        Err(refusal) => return errors::answer(&refusal),
    };
    let Some(by) = request.extensions().get::<SignedIn>().map(|signed_in| signed_in.caller.by()) else {
        return errors::answer(&Refusal::NotSignedIn);
    };
    let which = if request.query_string().is_empty() { "all" } else { request.query_string() };
    let act = Act::new(What::Export, &*rows).after(which);
    match begin(&context, wanted, &request) {
        Ok(begun) => match context.people.require(by, act).await {
            Ok(()) => begun.give(&context).await,
            Err(refused) => errors::answer(&refused.refusal()),
        },
        Err(busy) => busy,
    }
}

/// Rows for a machine, whose use of its token is written down already.
pub(super) async fn give(context: &Context, wanted: Wanted, request: &HttpRequest) -> HttpResponse {
    match begin(context, wanted, request) {
        Ok(begun) => begun.give(context).await,
        Err(busy) => busy,
    }
}

/// Rows that there is a place for.
struct Begun {
    wanted: Wanted,
    place: OwnedSemaphorePermit,
}

fn begin(context: &Context, wanted: Wanted, request: &HttpRequest) -> Result<Begun, HttpResponse> {
    match Arc::clone(&context.downloads.places).try_acquire_owned() {
        Ok(place) => Ok(Begun { wanted, place }),
        Err(_) => Err(plain::BUSY.answer(plain::is_navigation(request.headers()))),
    }
}

impl Begun {
    async fn give(self, context: &Context) -> HttpResponse {
        let Begun { wanted, place } = self;
        let (store, name, format) = (context.downloads.store.clone(), name(&wanted), wanted.format);
        match web::block(move || Download::begin(store, wanted, place)).await {
            Ok(Ok(download)) => HttpResponse::Ok()
                .content_type(kind(format))
                .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
                // Years of rows would keep a core busy with compressing; Parquet is compressed already.
                .insert_header(ContentEncoding::Identity)
                .streaming(parts(download, context.shutdown.clone())),
            Ok(Err(error)) => errors::answer(&refusal(error)),
            Err(_) => errors::answer(&Refusal::Failed),
        }
    }
}

fn wanted(rows: &str, query: &str) -> Result<Wanted, Refusal> {
    let no_such = || Refusal::NotFound(format!("export {rows}"));
    let (word, ending) = rows.split_once('.').ok_or_else(no_such)?;
    let subject = Subject::ALL.into_iter().find(|subject| subject.word() == word).ok_or_else(no_such)?;
    let format = Format::ALL.into_iter().find(|format| format.ending() == ending).ok_or_else(no_such)?;
    let choice = web::Query::<Choice>::from_query(query)
        .map_err(|_| Refusal::Invalid("rows are chosen by mold, from and to, each once".to_owned()))?
        .into_inner();
    let mold = choice.mold.filter(|mold| mold != "all").map(|mold| mold.parse::<MoldName>());
    Ok(Wanted {
        subject,
        mold: mold.transpose().map_err(|why| Refusal::Invalid(why.to_string()))?,
        format,
        from: time("from", choice.from)?,
        to: time("to", choice.to)?,
    })
}

/// An instant as a query says it.
pub(super) fn time(word: &str, text: Option<String>) -> Result<Option<Timestamp>, Refusal> {
    let read = |text: String| instant(&text).map_err(|why| Refusal::Invalid(format!("{word}: {why}")));
    text.map(read).transpose()
}

fn refusal(error: ExportError) -> Refusal {
    match error {
        ExportError::NoSuchMold(mold) => Refusal::NotFound(format!("mold {mold}")),
        ExportError::Nonsense(why) => Refusal::Invalid(why.to_owned()),
        ExportError::Read(_) | ExportError::Write(_) => {
            tracing::error!(cause = %Chain(&error), "rows could not be given out");
            Refusal::Failed
        }
    }
}

const fn kind(format: Format) -> &'static str {
    match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::Jsonl => "application/x-ndjson",
        Format::Parquet => "application/vnd.apache.parquet",
    }
}

/// What the browser calls the file.
fn name(wanted: &Wanted) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let mold = wanted.mold.as_ref().map(|mold| mold.as_str().chars().map(plain).collect::<String>());
    let mold = mold.map_or_else(String::new, |mold| format!("-{mold}"));
    format!("platen-{}{mold}.{}", wanted.subject.word(), wanted.format.ending())
}

/// An answer under way.
struct Download {
    export: Export<Outlet>,
    outlet: Outlet,
    _place: OwnedSemaphorePermit,
}

impl Download {
    fn begin(store: Store, wanted: Wanted, place: OwnedSemaphorePermit) -> Result<Self, ExportError> {
        let outlet = Outlet::default();
        let export = Export::begin(store, wanted, outlet.clone())?;
        Ok(Download { export, outlet, _place: place })
    }

    /// Some more of it; without itself when that was the last.
    fn part(mut self) -> Result<(web::Bytes, Option<Self>), ExportError> {
        loop {
            let more = self.export.step()?;
            if !more || self.outlet.len() >= PART {
                let bytes = self.outlet.take();
                return Ok((bytes, more.then_some(self)));
            }
        }
    }
}

/// Asked for a part only when the one before is on its way. One that ends early ends as an error, so that nobody takes
/// it for the whole.
fn parts(
    download: Download,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<web::Bytes, actix_web::Error>> {
    stream::try_unfold((Some(download), shutdown), |(download, shutdown)| async move {
        let Some(download) = download else { return Ok(None) };
        if shutdown.is_cancelled() {
            return Err(actix_web::error::ErrorInternalServerError("the box is stopping"));
        }
        let (bytes, rest) = web::block(move || download.part()).await?.map_err(|error| {
            tracing::error!(cause = %Chain(&error), "a download ended early");
            actix_web::error::ErrorInternalServerError("the download ended early")
        })?;
        Ok(Some((bytes, (rest, shutdown))))
    })
}

/// Where rows are written and parts are taken from.
#[derive(Clone, Default)]
struct Outlet(Arc<Mutex<Vec<u8>>>);

impl Outlet {
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> web::Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
