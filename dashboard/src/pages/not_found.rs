use leptos::prelude::*;
use leptos_meta::Title;

/// No such page.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(options) = use_context::<leptos_actix::ResponseOptions>() {
        options.set_status(actix_web::http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Not found" />
        <section class="note">
            <h1>"There is no such page"</h1>
            <p>"The address may be mistyped, or what was here has gone."</p>
            <p>
                <a class="button" href="/">"To the floor"</a>
            </p>
        </section>
    }
    .into_any()
}
