//! Set-up, log-in, log-out and passwords: plain forms, answered with a page to go to, so that they work without any
//! script.

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use dashboard::pages::Typed;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::guard::peer;
use super::people::{Entered, Refused};
use super::place::Place;
use super::session::SignedIn;
use super::{Context, flash, plain, session};
use crate::telemetry::Chain;

/// The set-up form.
#[derive(Deserialize)]
pub(super) struct SetUpForm {
    code: String,
    name: String,
    #[serde(default)]
    email: String,
    password: Secret,
    #[serde(default)]
    password_again: Option<Secret>,
}

/// The log-in form.
#[derive(Deserialize)]
pub(super) struct LogInForm {
    name: String,
    password: Secret,
    #[serde(default)]
    next: String,
}

/// The form for whoever has a code.
#[derive(Deserialize)]
pub(super) struct TakeUpForm {
    code: String,
    password: Secret,
    #[serde(default)]
    password_again: Option<Secret>,
}

/// The form for another password.
#[derive(Deserialize)]
pub(super) struct PasswordForm {
    current: Secret,
    password: Secret,
    #[serde(default)]
    password_again: Option<Secret>,
}

/// The form for the code of a second factor.
#[derive(Deserialize)]
pub(super) struct CodeForm {
    code: Secret,
    #[serde(default)]
    next: String,
}

/// The form that asks for one's password once more.
#[derive(Deserialize)]
pub(super) struct OwnPasswordForm {
    password: Secret,
}

#[derive(Deserialize)]
#[serde(from = "String")]
struct Secret(SecretString);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(text.into())
    }
}

/// The password, if it was typed alike both times.
fn same(password: Secret, again: Option<Secret>) -> Result<SecretString, Refused> {
    let differs = again.is_some_and(|again| again.0.expose_secret() != password.0.expose_secret());
    if differs { Err(Refused::Mismatch) } else { Ok(password.0) }
}

pub(super) async fn set_up(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<SetUpForm>,
) -> HttpResponse {
    let SetUpForm { code, name, email, password, password_again } = form.into_inner();
    let made = match same(password, password_again) {
        Ok(password) => context.people.set_up(&code, &name, &email, password, peer(&request)).await,
        Err(refused) => Err(refused),
    };
    match made {
        Ok(token) => go_to("/").cookie(session::cookie(&token)).finish(),
        Err(Refused::Taken | Refused::Unfit(_)) => go_to("/login?error=taken").finish(),
        Err(refused) => go_to(&format!("/setup?error={}", told(&refused)))
            .cookie(flash::cookie(&Typed { name, code, email }))
            .finish(),
    }
}

pub(super) async fn log_in(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<LogInForm>,
) -> HttpResponse {
    let LogInForm { name, password, next } = form.into_inner();
    let next = Place::parse(&next);
    match context.people.log_in(&name, password.0, peer(&request)).await {
        Ok(entered) => let_in(&entered, next.as_ref()),
        Err(refused) => go_to(&Place::after_log_in(next.as_ref(), Some(told(&refused))))
            .cookie(flash::cookie(&Typed { name, ..Typed::default() }))
            .finish(),
    }
}

pub(super) async fn take_up(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<TakeUpForm>,
) -> HttpResponse {
    let TakeUpForm { code, password, password_again } = form.into_inner();
    let made = match same(password, password_again) {
        Ok(password) => context.people.take_up(&code, password, peer(&request)).await,
        Err(refused) => Err(refused),
    };
    match made {
        Ok(entered) => let_in(&entered, None),
        Err(refused) => go_to(&format!("/accept?error={}", told(&refused)))
            .cookie(flash::cookie(&Typed { code, ..Typed::default() }))
            .finish(),
    }
}

pub(super) async fn change_password(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<PasswordForm>,
) -> HttpResponse {
    let Some(caller) = caller(&request) else { return go_to("/login").finish() };
    let PasswordForm { current, password, password_again } = form.into_inner();
    let changed = match same(password, password_again) {
        Ok(password) => context.people.change_password(&caller, current.0, password).await,
        Err(refused) => Err(refused),
    };
    match changed {
        Ok(()) => go_to("/profile?done=password").finish(),
        Err(refused) => go_to(&format!("/profile?error={}", told(&refused))).finish(),
    }
}

/// On with a session, or to the form for the code.
fn let_in(entered: &Entered, next: Option<&Place>) -> HttpResponse {
    match entered {
        Entered::Session(token) => {
            go_to(next.map_or("/", Place::as_str)).cookie(session::cookie(token)).finish()
        }
        Entered::Half(token) => {
            go_to(&Place::after_code(next, None)).cookie(session::half_cookie(token)).finish()
        }
    }
}

pub(super) async fn prove(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<CodeForm>,
) -> HttpResponse {
    let CodeForm { code, next } = form.into_inner();
    let next = Place::parse(&next);
    let proven = match session::half_token(&request) {
        Some(half) => context.people.prove(half, code.0, peer(&request)).await,
        None => Err(Refused::Late),
    };
    match proven {
        Ok(token) => go_to(next.as_ref().map_or("/", Place::as_str))
            .cookie(session::cookie(&token))
            .cookie(session::no_half_cookie())
            .finish(),
        Err(refused @ (Refused::Late | Refused::Wrong)) => {
            go_to(&Place::after_log_in(next.as_ref(), Some(told(&refused)))).finish()
        }
        Err(refused) => go_to(&Place::after_code(next.as_ref(), Some(told(&refused)))).finish(),
    }
}

pub(super) async fn begin_factor(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<OwnPasswordForm>,
) -> HttpResponse {
    let Some(caller) = caller(&request) else { return go_to("/login").finish() };
    factor_done(context.people.begin_factor(&caller, form.into_inner().password.0).await)
}

pub(super) async fn confirm_factor(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<CodeForm>,
) -> HttpResponse {
    let Some(caller) = caller(&request) else { return go_to("/login").finish() };
    factor_done(context.people.confirm_factor(&caller, form.into_inner().code.0).await)
}

pub(super) async fn remove_factor(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<OwnPasswordForm>,
) -> HttpResponse {
    let Some(caller) = caller(&request) else { return go_to("/login").finish() };
    factor_done(context.people.remove_factor(&caller, form.into_inner().password.0).await)
}

fn factor_done(done: Result<(), Refused>) -> HttpResponse {
    match done {
        Ok(()) => go_to("/profile#factor").finish(),
        Err(refused) => go_to(&format!("/profile?factor={}#factor", told(&refused))).finish(),
    }
}

pub(super) async fn log_out(context: web::Data<Context>, request: HttpRequest) -> HttpResponse {
    if let Some(caller) = caller(&request)
        && let Err(refused) = context.people.log_out(&caller).await
    {
        told(&refused);
    }
    go_to("/login").cookie(session::no_cookie()).finish()
}

fn caller(request: &HttpRequest) -> Option<super::people::Caller> {
    request.extensions().get::<SignedIn>().map(|signed_in| signed_in.caller.clone())
}

/// A form that makes no sense.
pub(super) fn unreadable(
    error: actix_web::error::UrlencodedError,
    request: &HttpRequest,
) -> actix_web::Error {
    use actix_web::error::UrlencodedError::{Overflow, UnknownLength};
    let page = match error {
        Overflow { .. } | UnknownLength => plain::TOO_LARGE,
        _ => plain::UNREADABLE,
    };
    let response = page.answer(plain::is_navigation(request.headers()));
    actix_web::error::InternalError::from_response("unreadable form", response).into()
}

pub(super) fn go_to(path: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, path));
    response
}

/// The word for the page; the cause is for the log.
fn told(refused: &Refused) -> &'static str {
    if let Refused::Failed(cause) = refused {
        tracing::error!(cause = %Chain(cause.as_ref()), "signing in or out failed");
    }
    refused.word()
}
