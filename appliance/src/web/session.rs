//! The cookie that makes a browser known again, and what a request of someone signed in carries with it.

use std::sync::Arc;

use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use dashboard::port::{Certificates, Handle, Own, People};
use domain::{Role, Timestamp};

use super::people::Caller;
use crate::accounts::{LIFE, SessionToken, TokenHash};

/// The prefix makes browsers insist on `Secure`, on `Path=/`, and on no other host setting it.
const NAME: &str = "__Host-platen";

/// Who asks. In the extensions of every request that holds a session, and of no other.
#[derive(Clone)]
pub(super) struct SignedIn {
    /// The plant as this person may use it. What they may do is what this handle does.
    pub plant: Handle,
    /// What is theirs.
    pub own: Arc<dyn Own>,
    /// Who may come in, for administrators.
    pub people: Option<Arc<dyn People>>,
    /// The box's certificates, for administrators.
    pub certificates: Option<Arc<dyn Certificates>>,
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

/// For this box over TLS, and for no script.
pub(super) fn flags(cookie: actix_web::cookie::CookieBuilder<'_>) -> actix_web::cookie::CookieBuilder<'_> {
    cookie.path("/").secure(true).http_only(true).same_site(SameSite::Strict)
}

/// The token in a request, if there is one.
pub(super) fn token(request: &actix_web::HttpRequest) -> Option<TokenHash> {
    SessionToken::from_cookie(request.cookie(NAME)?.value()).map(|token| token.hash())
}
