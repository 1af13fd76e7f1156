//! The screens: rendered by Leptos on behalf of whoever is signed in.

use std::sync::Arc;

use actix_web::{HttpMessage, Route};
use dashboard::app::{SiteManifest, shell};
use leptos::nonce::Nonce as PageNonce;
use leptos::prelude::{provide_context, use_context};
use leptos_actix::{ActixRouteListing, Request};
use leptos_router::Method;

use super::certified::Trust;
use super::flash;
use super::headers::Nonce;
use super::machines::ByToken;
use super::session::{AdministratorsDesk, SignedIn};
use crate::desk::Machine;

/// What every rendering and every server function finds in Leptos' context: the nonce of the answer's policy, what
/// was typed into a form that is shown again, and for someone signed in the plant as they may use it. Nothing else
/// lets a screen reach the plant.
fn context() {
    let Some(request) = use_context::<Request>() else { return };
    if let Some(typed) = flash::typed(&request) {
        provide_context(typed);
    }
    if let Some(trust) = Trust::of(&request) {
        provide_context(Arc::new(trust) as Arc<dyn dashboard::port::Trust>);
    }
    let extensions = request.extensions();
    if let Some(nonce) = extensions.get::<Nonce>() {
        provide_context(PageNonce::from_value(nonce.0.as_str()));
    }
    if let Some(signed_in) = extensions.get::<SignedIn>() {
        signed_in.plant.provide();
        provide_context(Arc::clone(&signed_in.own));
        if let Some(AdministratorsDesk { people, machines, certificates }) = &signed_in.administrator {
            provide_context(Arc::clone(people));
            provide_context(Arc::clone(machines));
            provide_context(Arc::clone(certificates));
        }
    }
    if let Some(Machine::Wall(wall)) = extensions.get::<ByToken>().map(|by| &by.plant) {
        provide_context(Arc::clone(wall));
    }
}

/// Any address as a screen; unknown ones are the not-found screen.
pub(super) fn page(manifest: &Arc<SiteManifest>) -> Route {
    let manifest = Arc::clone(manifest);
    leptos_actix::render_app_async_with_context(context, move || shell(&manifest), Method::Get)
}

/// The server functions.
pub(super) fn api() -> Route {
    leptos_actix::handle_server_fns_with_context(context)
}

/// Every address that the dashboard has a screen for.
#[must_use]
pub fn addresses() -> Vec<ActixRouteListing> {
    leptos_actix::generate_route_list(|| shell(&SiteManifest::default()))
}

/// Every server function, with the method it is called by.
#[must_use]
pub fn functions() -> Vec<(&'static str, String)> {
    leptos::server_fn::actix::server_fn_paths().map(|(path, method)| (path, method.to_string())).collect()
}
