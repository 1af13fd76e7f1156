//! Every refusal of this room as an answer: outward a sentence that is safe to show, inward the whole cause.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use dashboard::port::Refusal;

/// The status of a refusal. The one map; a new refusal does not compile without a line here.
pub(super) const fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NotFound(_) => StatusCode::NOT_FOUND,
        Refusal::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Radio(_) => StatusCode::CONFLICT,
        Refusal::NotAllowed => StatusCode::FORBIDDEN,
        Refusal::NotSignedIn => StatusCode::UNAUTHORIZED,
        Refusal::Failed | Refusal::Unreachable => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The refusal as a server function's caller reads it.
pub(super) fn answer(refusal: &Refusal) -> HttpResponse {
    HttpResponse::build(status(refusal)).json(refusal)
}
