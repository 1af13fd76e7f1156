//! Set-up, log-in and log-out: plain forms, answered with a page to go to, so that they work without any script.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::people::Refused;
use super::place::Place;
use super::{Context, flash, plain, session};
use crate::telemetry::Chain;

/// The set-up form.
#[derive(Deserialize)]
pub(super) struct SetUpForm {
    code: String,
    name: String,
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

#[derive(Deserialize)]
#[serde(from = "String")]
struct Secret(SecretString);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(text.into())
    }
}

pub(super) async fn set_up(context: web::Data<Context>, form: web::Form<SetUpForm>) -> HttpResponse {
    let form = form.into_inner();
    let again = form.password_again.as_ref();
    let made = if again.is_some_and(|again| again.0.expose_secret() != form.password.0.expose_secret()) {
        Err(Refused::Mismatch)
    } else {
        context.people.set_up(&form.code, &form.name, form.password.0).await
    };
    let typed = flash::cookie(&form.name, &form.code);
    match made {
        Ok(token) => go_to("/").cookie(session::cookie(&token)).finish(),
        Err(Refused::Taken) => go_to("/login?error=taken").finish(),
        Err(refused) => go_to(&format!("/setup?error={}", told(&refused))).cookie(typed).finish(),
    }
}

pub(super) async fn log_in(context: web::Data<Context>, form: web::Form<LogInForm>) -> HttpResponse {
    let form = form.into_inner();
    let next = Place::parse(&form.next);
    match context.people.log_in(&form.name, form.password.0).await {
        Ok(token) => go_to(next.as_ref().map_or("/", Place::as_str)).cookie(session::cookie(&token)).finish(),
        Err(refused) => go_to(&Place::after_log_in(next.as_ref(), Some(told(&refused))))
            .cookie(flash::cookie(&form.name, ""))
            .finish(),
    }
}

pub(super) async fn log_out(context: web::Data<Context>, request: HttpRequest) -> HttpResponse {
    if let Some(token) = session::token(&request)
        && let Err(refused) = context.people.log_out(token).await
    {
        told(&refused);
    }
    go_to("/login").cookie(session::no_cookie()).finish()
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
