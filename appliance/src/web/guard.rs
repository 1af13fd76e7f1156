//! Stands before every door: whoever may not pass is turned away here, and every answer gets its headers here.

use std::time::Duration;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use dashboard::port::{Person, Refusal};

use super::access::{self, Access, Door, Verb};
use super::headers::{self, Nonce};
use super::session::{self, SignedIn};
use super::{Context, errors, forms, people};

type Answer<B> = ServiceResponse<EitherBody<B, BoxBody>>;

/// From the last byte of a request's head to the first one of its answer: the longest that a radio takes, and some
/// more. A browser that sends its form a byte at a time is let go.
const LONGEST: Duration = Duration::from_secs(90);

/// The outermost one.
pub(super) async fn stand<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<Answer<B>, actix_web::Error> {
    // The server leaves the body out of an answer to HEAD by itself.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let nonce = Nonce::from_random(people::random().map_err(actix_web::error::ErrorInternalServerError)?);
    request.extensions_mut().insert(nonce.clone());
    if let Some(response) = turn_away(&request) {
        let mut answer = request.into_response(response).map_into_right_body();
        headers::put(answer.headers_mut(), &nonce);
        return Ok(answer);
    }
    let mut response = match tokio::time::timeout(LONGEST, next.call(request)).await {
        Ok(Ok(mut answer)) => {
            headers::put(answer.headers_mut(), &nonce);
            return Ok(answer.map_into_left_body());
        }
        Ok(Err(error)) => error.error_response(),
        Err(_) => HttpResponse::RequestTimeout().finish(),
    };
    // Without its request an answer can only go out as an error, which carries it whole.
    headers::put(response.headers_mut(), &nonce);
    Err(InternalError::from_response("no answer", response).into())
}

fn turn_away(request: &ServiceRequest) -> Option<HttpResponse> {
    let Some(context) = request.app_data::<web::Data<Context>>() else {
        return Some(errors::answer(&Refusal::Failed));
    };
    let verb = match *request.method() {
        Method::GET => Verb::Read,
        Method::POST => Verb::Change,
        _ => {
            return Some(
                HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET, HEAD, POST")).finish(),
            );
        }
    };
    if verb == Verb::Change && !is_from_here(request.request()) {
        tracing::warn!(path = request.path(), "a change was asked for by another site");
        return Some(HttpResponse::Forbidden().finish());
    }
    let rule = access::find(verb, request.path());
    let page = rule.is_some_and(|rule| rule.door == Door::Page) || is_navigation(request);
    let signed_in = sign(context, request.request());
    let is_signed_in = signed_in.is_some();
    if let Some(signed_in) = signed_in {
        request.extensions_mut().insert(signed_in);
    }
    let access = access::access(verb, request.path());
    if verb == Verb::Read && page {
        let elsewhere = match request.path() {
            "/setup" if context.people.needs_setup() => None,
            "/setup" => Some(if is_signed_in { "/" } else { "/login" }),
            "/login" if context.people.needs_setup() => Some("/setup"),
            "/login" if is_signed_in => Some("/"),
            _ if access == Access::Public || is_signed_in => None,
            _ if context.people.needs_setup() => Some("/setup"),
            _ => Some("/login"),
        };
        return elsewhere.map(|path| forms::go_to(path).finish());
    }
    match access {
        Access::Public => None,
        Access::SignedIn if is_signed_in => None,
        // Leaving twice is no mistake.
        Access::SignedIn if rule.is_some_and(|rule| rule.door == Door::LogOut) => {
            Some(forms::go_to("/login").cookie(session::no_cookie()).finish())
        }
        Access::SignedIn => Some(errors::answer(&Refusal::NotSignedIn)),
    }
}

fn sign(context: &Context, request: &HttpRequest) -> Option<SignedIn> {
    let token = session::token(request)?;
    let session = context.people.session(token)?;
    let person = Person { name: session.user.to_string() };
    Some(SignedIn { plant: (context.plant)(person), token, ends: session.ends() })
}

/// A person went to an address, in contrast to a page asking for something.
fn is_navigation(request: &ServiceRequest) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    match header("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => header("accept").is_some_and(|accept| accept.contains("text/html")),
    }
}

/// Whether the browser says that one of the box's own pages asks. One that says nothing is refused: every browser
/// that speaks TLS 1.2 sends `Origin` with a form.
fn is_from_here(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = text(header::HeaderName::from_static("sec-fetch-site"));
    let origin = text(header::ORIGIN);
    if site.is_none() && origin.is_none() {
        return false;
    }
    // `none` is a person who sends the form again from the address bar.
    let site_fits = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    // In HTTP/2 the host is a part of the request's address.
    let host = request.uri().authority().map(|host| host.as_str()).or_else(|| text(header::HOST));
    let origin_fits = origin
        .is_none_or(|origin| origin.strip_prefix("https://").is_some_and(|origin| Some(origin) == host));
    site_fits && origin_fits
}
