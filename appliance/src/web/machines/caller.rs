//! What a request shows to prove which machine sends it.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use domain::{Scope, Timestamp};

use crate::accounts::{MachineToken, TokenHash};
use crate::desk::Machine as Handle;

/// The wall's page in a browser, with all below it: no other address ever sees the cookie.
const WALL: &str = "/wall";
/// The prefix makes browsers insist on `Secure`.
const NAME: &str = "__Secure-platen-wall";
/// Where a browser is given a wall's token.
pub(in crate::web) const FORM: &str = "/wall/open";

/// A machine that showed a good token. In the extensions of its requests, and of no others.
#[derive(Clone)]
pub(in crate::web) struct ByToken {
    /// What it holds by its scope.
    pub(in crate::web) plant: Handle,
    /// By which token.
    pub(in crate::web) token: TokenHash,
    /// Until when its token is good.
    pub(in crate::web) ends: Timestamp,
}

/// The token that a request shows: in its `Authorization`, or in the cookie of a wall.
pub(in crate::web) fn shown(request: &HttpRequest, scope: Scope) -> Option<TokenHash> {
    let bearer = || {
        let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| MachineToken::parse(token.trim()))?
    };
    let cookie = || match scope {
        Scope::Wall => MachineToken::parse(request.cookie(NAME)?.value()),
        Scope::Read | Scope::Metrics => None,
    };
    bearer().or_else(cookie).map(|token| token.hash())
}

/// Has a browser show the wall for as long as the token is good.
pub(in crate::web) fn wall_cookie(token: &MachineToken, life: std::time::Duration) -> Cookie<'static> {
    let life = i64::try_from(life.as_secs()).map_or(CookieDuration::ZERO, CookieDuration::seconds);
    flags(Cookie::build(NAME, token.for_machines())).max_age(life).finish()
}

/// Takes it away.
pub(in crate::web) fn no_wall_cookie() -> Cookie<'static> {
    flags(Cookie::build(NAME, "")).max_age(CookieDuration::ZERO).finish()
}

fn flags(cookie: actix_web::cookie::CookieBuilder<'_>) -> actix_web::cookie::CookieBuilder<'_> {
    cookie.path(WALL).secure(true).http_only(true).same_site(SameSite::Strict)
}
