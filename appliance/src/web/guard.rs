//! Stands before every door: whoever may not pass is turned away here, and every answer gets its headers here.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use dashboard::port::{Handle, Person, Refusal};
use domain::Scope;

use super::access::{self, Access, Door, Rule, Verb};
use super::certified::Keeper;
use super::headers::{self, Nonce, Said};
use super::machines::{self, ByToken, MachineDesk};
use super::people::{Caller, OwnDesk, Registrar};
use super::place::Place;
use super::session::{self, AdministratorsDesk, SignedIn};
use super::{Context, errors, forms, names, people, plain, slow};
use crate::config::HostName;
use crate::desk;

type Answer<B> = ServiceResponse<EitherBody<B, BoxBody>>;

/// From the last byte of a request's head to the first one of its answer: the longest that a radio takes, and some
/// more. A browser that sends its form a byte at a time is let go.
const LONGEST: Duration = desk::LONGEST.saturating_add(Duration::from_secs(30));

/// The outermost one.
pub(super) async fn stand<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<Answer<B>, actix_web::Error> {
    let head = request.method() == Method::HEAD;
    // The server leaves the body out of an answer to HEAD by itself.
    if head {
        request.head_mut().method = Method::GET;
    }
    let nonce = Nonce::from_random(people::random().map_err(actix_web::error::ErrorInternalServerError)?);
    request.extensions_mut().insert(nonce.clone());
    let said = Said { remember: remember(request.request()), nonce };
    let navigates = plain::is_navigation(request.headers());
    if let Some(response) = turn_away(&request, navigates, head).await {
        let mut answer = request.into_response(response).map_into_right_body();
        headers::put(answer.headers_mut(), &said);
        return Ok(answer);
    }
    slow::in_time(&mut request);
    let mut response = match tokio::time::timeout(LONGEST, next.call(request)).await {
        Ok(Ok(mut answer)) => {
            headers::put(answer.headers_mut(), &said);
            return Ok(answer.map_into_left_body());
        }
        Ok(Err(error)) => error.error_response(),
        Err(_) => plain::LATE.answer(navigates),
    };
    // Without its request an answer can only go out as an error, which carries it whole.
    headers::put(response.headers_mut(), &said);
    Err(InternalError::from_response("no answer", response).into())
}

async fn turn_away(request: &ServiceRequest, navigates: bool, head: bool) -> Option<HttpResponse> {
    let Some(context) = request.app_data::<web::Data<Context>>() else {
        return Some(errors::answer(&Refusal::Failed));
    };
    let verb = match *request.method() {
        Method::GET => Verb::Read,
        Method::POST => Verb::Change,
        _ => {
            let mut response = plain::METHOD.answer(navigates);
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD, POST"));
            return Some(response);
        }
    };
    if verb == Verb::Change && !is_from_here(request.request()) {
        tracing::warn!(path = request.path(), "a change was asked for by another site");
        return Some(plain::ELSEWHERE.answer(navigates));
    }
    let rule = access::find(verb, request.path());
    let is = |door| rule.is_some_and(|rule| rule.door == door);
    if let Some(Rule { access: Access::Machine(scope), .. }) = rule {
        return turn_away_machine(context, request, *scope, navigates, head).await;
    }
    // A page that lies open and follows the plant is nobody who does something.
    let signed_in = sign(context, request.request(), !is(Door::Live)).await;
    let role = signed_in.as_ref().map(|signed_in| signed_in.role);
    let is_signed_in = role.is_some();
    if let Some(signed_in) = signed_in {
        request.extensions_mut().insert(signed_in);
    }
    let access = access::access(verb, request.path());
    if verb == Verb::Read && (navigates || is(Door::Page)) {
        let needs_setup = context.people.needs_setup();
        if let Some(place) = elsewhere(request, access, is_signed_in, needs_setup) {
            return Some(forms::go_to(&place).finish());
        }
    }
    match access {
        // The stream has no end that an answer without a body could wait for.
        Access::From(least) if role.is_some_and(|role| role < least) => Some(if navigates {
            plain::NOT_ALLOWED.answer(true)
        } else {
            errors::answer(&Refusal::NotAllowed)
        }),
        Access::From(_) if is_signed_in && head && is(Door::Live) => {
            Some(HttpResponse::Ok().content_type("text/event-stream").finish())
        }
        // Rows are not read for an answer that leaves them out.
        Access::From(_) if is_signed_in && head && is(Door::Export) => Some(HttpResponse::Ok().finish()),
        Access::Public => None,
        // Machines were asked before.
        Access::Machine(_) => Some(errors::answer(&Refusal::NotSignedIn)),
        Access::From(_) if is_signed_in => None,
        // Leaving twice is no mistake.
        Access::From(_) if is(Door::LogOut) => {
            Some(forms::go_to("/login").cookie(session::no_cookie()).finish())
        }
        Access::From(_) if navigates && context.people.needs_setup() => Some(forms::go_to("/setup").finish()),
        Access::From(_) if navigates => {
            Some(forms::go_to(&Place::after_log_in(None, Some("expired"))).finish())
        }
        Access::From(_) => Some(errors::answer(&Refusal::NotSignedIn)),
    }
}

/// A door for machines: a token opens it and no session does.
async fn turn_away_machine(
    context: &Context,
    request: &ServiceRequest,
    scope: Scope,
    navigates: bool,
    head: bool,
) -> Option<HttpResponse> {
    let from = peer(request.request());
    let token = machines::shown(request.request(), scope);
    let known = match token {
        Some(token) => context.people.machine(token, from).await.map(|machine| (token, machine)),
        None => None,
    };
    let Some((token, machine)) = known else {
        // A screen on a wall is told what to do by the form for its token.
        if navigates && scope == Scope::Wall {
            let why = if token.is_some() { "?error=token" } else { "" };
            let form = format!("{}{why}", machines::FORM);
            return Some(forms::go_to(&form).cookie(machines::no_wall_cookie()).finish());
        }
        let mut refused = errors::answer(&Refusal::NotSignedIn);
        refused.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        return Some(refused);
    };
    if machine.scope != scope {
        return Some(errors::answer(&Refusal::NotAllowed));
    }
    // Neither rows nor a stream without an end are begun for an answer that leaves them out.
    if head && !navigates {
        return Some(HttpResponse::Ok().finish());
    }
    request.extensions_mut().insert(ByToken {
        plant: (context.machines)(machine.scope),
        token,
        ends: machine.ends,
    });
    None
}

/// Where someone is sent who goes to a screen and is to see another one.
fn elsewhere(
    request: &ServiceRequest,
    access: Access,
    is_signed_in: bool,
    needs_setup: bool,
) -> Option<String> {
    let place = match request.path() {
        "/setup" if needs_setup => return None,
        "/setup" if is_signed_in => "/".to_owned(),
        "/setup" => "/login".to_owned(),
        "/login" if needs_setup => "/setup".to_owned(),
        "/login" if is_signed_in => {
            next(request).map_or_else(|| "/".to_owned(), |place| place.as_str().to_owned())
        }
        _ if access == Access::Public || is_signed_in => return None,
        _ if needs_setup => "/setup".to_owned(),
        _ => {
            let here = request.uri().path_and_query().and_then(|here| Place::parse(here.as_str()));
            Place::after_log_in(here.as_ref(), None)
        }
    };
    Some(place)
}

#[derive(serde::Deserialize)]
struct Onward {
    next: String,
}

/// Where the address of the log-in page says to go on to.
fn next(request: &ServiceRequest) -> Option<Place> {
    let query = web::Query::<Onward>::from_query(request.query_string()).ok()?;
    Place::parse(&query.next)
}

async fn sign(context: &Context, request: &HttpRequest, uses: bool) -> Option<SignedIn> {
    let token = session::token(request)?;
    let people = &context.people;
    let session = if uses { people.use_session(token).await? } else { people.session(token).await? };
    let (ends, role, from) = (session.ends(), session.role, peer(request));
    let person = Person { name: session.user.to_string(), role };
    let caller = Caller { name: session.user, token, role, from };
    let plant = (context.plant)(person, from);
    let administrator = match &plant {
        Handle::Administrator(_) => Some(AdministratorsDesk {
            people: Arc::new(Registrar { people: Arc::clone(people), caller: caller.clone() }),
            machines: Arc::new(MachineDesk { people: Arc::clone(people), caller: caller.clone() }),
            certificates: Arc::new(Keeper {
                certificates: Arc::clone(&context.certificates),
                caller: caller.clone(),
            }),
        }),
        Handle::Viewer(_) | Handle::Technician(_) => None,
    };
    Some(SignedIn {
        administrator,
        own: Arc::new(OwnDesk { people: Arc::clone(people), caller: caller.clone() }),
        plant,
        caller,
        role,
        ends,
    })
}

/// How long a browser is to remember that this host has a certificate that it trusts.
fn remember(request: &HttpRequest) -> Option<Duration> {
    let context = request.app_data::<web::Data<Context>>()?;
    let (host, _) = asked_host(request)?;
    context.certificates.remember(&host)
}

/// The host that was asked for, and the port if it was named.
pub(super) fn asked_host(request: &HttpRequest) -> Option<(HostName, Option<u16>)> {
    // In HTTP/2 the host is a part of the request's address.
    let host = request.uri().authority().map(|host| host.as_str());
    let host = host.or_else(|| request.headers().get(header::HOST)?.to_str().ok())?;
    names::host_of(host)
}

/// Where a request comes from.
pub(super) fn peer(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip())
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
