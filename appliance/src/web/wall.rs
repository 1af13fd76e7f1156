//! Gives a screen across the hall the wall's token, which it then keeps in a cookie of the wall's page alone.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use domain::Scope;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::forms::go_to;
use super::guard::peer;
use super::{Context, machines};
use crate::accounts::MachineToken;

/// Browsers keep no cookie for longer.
const LONGEST: Duration = Duration::from_hours(400 * 24);

/// The form. A link has the token behind its `#`, which no browser sends; the page puts it in here.
#[derive(Deserialize)]
pub(super) struct OpenForm {
    token: Typed,
}

#[derive(Deserialize)]
#[serde(from = "String")]
struct Typed(SecretString);

impl From<String> for Typed {
    fn from(text: String) -> Self {
        Typed(text.into())
    }
}

pub(super) async fn open(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<OpenForm>,
) -> HttpResponse {
    let refused = || go_to(&format!("{}?error=token", machines::FORM)).finish();
    let Some(token) = MachineToken::parse(form.token.0.expose_secret().trim()) else { return refused() };
    match context.people.machine(token.hash(), peer(&request)).await {
        Some(machine) if machine.scope == Scope::Wall => {
            let life = machine.ends.since(context.people.now()).min(LONGEST);
            go_to("/wall").cookie(machines::wall_cookie(&token, life)).finish()
        }
        _ => refused(),
    }
}
