//! What someone typed into a form that was refused, for the page that shows the form again. Never a password.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use actix_web::cookie::time::Duration;
use dashboard::pages::Typed;

use super::session;

const NAME: &str = "__Host-platen-form";
/// The next page comes at once.
const LIFE: Duration = Duration::seconds(60);
/// As much of a field as its form takes.
const LONGEST: usize = 254;

pub(super) fn cookie(typed: &Typed) -> Cookie<'static> {
    let short = |text: &str| text.chars().take(LONGEST).collect();
    let typed = Typed { name: short(&typed.name), code: short(&typed.code), email: short(&typed.email) };
    // Texts always make JSON; without them the form is empty, as any form is at first.
    let text = serde_json::to_vec(&typed).map(hex::encode).unwrap_or_default();
    session::flags(Cookie::build(NAME, text)).max_age(LIFE).finish()
}

pub(super) fn typed(request: &HttpRequest) -> Option<Typed> {
    let bytes = hex::decode(request.cookie(NAME)?.value()).ok()?;
    serde_json::from_slice(&bytes).ok()
}
