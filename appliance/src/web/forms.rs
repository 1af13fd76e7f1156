//! Set-up, log-in and log-out: plain forms, answered with a page to go to, so that they work without any script.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::people::Refused;
use super::{Context, session};
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
    if again.is_some_and(|again| again.0.expose_secret() != form.password.0.expose_secret()) {
        return back_to("/setup", &Refused::Mismatch);
    }
    match context.people.set_up(&form.code, &form.name, form.password.0).await {
        Ok(token) => go_to("/").cookie(session::cookie(&token)).finish(),
        Err(refused @ Refused::Taken) => back_to("/login", &refused),
        Err(refused) => back_to("/setup", &refused),
    }
}

pub(super) async fn log_in(context: web::Data<Context>, form: web::Form<LogInForm>) -> HttpResponse {
    let form = form.into_inner();
    match context.people.log_in(&form.name, form.password.0).await {
        Ok(token) => go_to("/").cookie(session::cookie(&token)).finish(),
        Err(refused) => back_to("/login", &refused),
    }
}

pub(super) async fn log_out(context: web::Data<Context>, request: HttpRequest) -> HttpResponse {
    if let Some(token) = session::token(&request)
        && let Err(refused) = context.people.log_out(token).await
    {
        return back_to("/login", &refused);
    }
    go_to("/login").cookie(session::no_cookie()).finish()
}

/// A form that makes no sense.
pub(super) fn unreadable(error: actix_web::error::UrlencodedError, _: &HttpRequest) -> actix_web::Error {
    use actix_web::error::UrlencodedError::{Overflow, UnknownLength};
    let response = match error {
        Overflow { .. } | UnknownLength => HttpResponse::PayloadTooLarge().finish(),
        _ => HttpResponse::BadRequest().finish(),
    };
    actix_web::error::InternalError::from_response("unreadable form", response).into()
}

pub(super) fn go_to(path: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, path));
    response
}

fn back_to(page: &str, refused: &Refused) -> HttpResponse {
    if let Refused::Failed(cause) = refused {
        tracing::error!(cause = %Chain(cause.as_ref()), "signing in failed");
    }
    go_to(&format!("{page}?error={}", refused.word())).finish()
}
