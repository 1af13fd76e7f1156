//! The cookie that makes a browser known again, and what a request of someone signed in carries with it.

use std::sync::Arc;

use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use dashboard::port::{Certificates, Handle, Machines, Own, People};
use domain::{Role, Timestamp};

use super::people::Caller;
use crate::accounts::{LIFE, SessionToken, TokenHash};

/// The prefix makes browsers insist on `Secure`, on `Path=/`, and on no other host setting it.
const NAME: &str = "__Host-platen";

/// What administrators hold beside the plant.
#[derive(Clone)]
pub(super) struct AdministratorsDesk {
    /// Who may come in.
    pub people: Arc<dyn People>,
    /// Which machines may.
    pub machines: Arc<dyn Machines>,
    /// The box's certificates.
    pub certificates: Arc<dyn Certificates>,
}

/// Who asks. In the extensions of every request that holds a session, and of no other.
#[derive(Clone)]
pub(super) struct SignedIn {
    /// The plant as this person may use it. What they may do is what this handle does.
    pub plant: Handle,
    /// What is theirs.
    pub own: Arc<dyn Own>,
    /// What administrators hold beside the plant.
    pub administrator: Option<AdministratorsDesk>,
    /// Who they are, and by which session.
    pub caller: Caller,
    /// What they may do.
    pub role: Role,
    /// When it ends.
    pub ends: Timestamp,
}

pub(super) fn cookie(token: &SessionToken) -> Cookie<'static> {
    let life = i64::try_from(LIFE.as_secs()).map_or(CookieDuration::ZERO, CookieDuration::seconds);
    flags(Cookie::build(NAME, token.to_cookie())).max_age(life).finish()
}

pub(super) fn no_cookie() -> Cookie<'static> {
    flags(Cookie::build(NAME, "")).max_age(CookieDuration::ZERO).finish()
}

/// What a browser shows after the password and before the code.
const HALF: &str = "__Host-platen-half";
/// As long as the box waits for the code.
const HALF_LIFE: CookieDuration = CookieDuration::minutes(10);

pub(super) fn half_cookie(token: &SessionToken) -> Cookie<'static> {
    flags(Cookie::build(HALF, token.to_cookie())).max_age(HALF_LIFE).finish()
}

pub(super) fn no_half_cookie() -> Cookie<'static> {
    flags(Cookie::build(HALF, "")).max_age(CookieDuration::ZERO).finish()
}

/// The token of whoever typed their password and is to type a code.
pub(super) fn half_token(request: &actix_web::HttpRequest) -> Option<TokenHash> {
    SessionToken::from_cookie(request.cookie(HALF)?.value()).map(|token| token.hash())
}

/// For this box over TLS, and for no script.
pub(super) fn flags(cookie: actix_web::cookie::CookieBuilder<'_>) -> actix_web::cookie::CookieBuilder<'_> {
    cookie.path("/").secure(true).http_only(true).same_site(SameSite::Strict)
}

/// The token in a request, if there is one.
pub(super) fn token(request: &actix_web::HttpRequest) -> Option<TokenHash> {
    SessionToken::from_cookie(request.cookie(NAME)?.value()).map(|token| token.hash())
}
