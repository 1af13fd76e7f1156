use leptos::html::{Form, Input};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::pages::login::{FormError, Wrong};

/// Where a screen is given its token: pasted, or from behind the `#` of a link, which no browser sends to anybody.
#[component]
pub fn WallFormPage() -> impl IntoView {
    let wrong = Wrong::from_address();
    let (form, field) = (NodeRef::<Form>::new(), NodeRef::<Input>::new());
    take_from_link(form, field);
    view! {
        <Title text="Open the wall" />
        <form class="entry" method="post" action="/wall/open" node_ref=form>
            <h1>"Open the wall"</h1>
            <p>"This screen shows the floor to everybody in the hall, without a log-in."</p>
            <FormError />
            <label for="token">"The wall's token"</label>
            <input
                id="token"
                name="token"
                type="password"
                autocomplete="off"
                spellcheck="false"
                required=true
                autofocus=true
                maxlength="128"
                node_ref=field
                aria-invalid=wrong.invalid("token")
                aria-describedby=wrong.described("token", Some("token-hint"))
            />
            <p class="hint" id="token-hint">"An administrator of this box makes one under Settings, Machines."</p>
            <button type="submit" class="primary">"Open it"</button>
        </form>
    }
    .into_any()
}

/// Sends the form with the token of the link that led here, and leaves it neither in the address nor in the history.
fn take_from_link(form: NodeRef<Form>, field: NodeRef<Input>) {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let (Some(form), Some(field)) = (form.get(), field.get()) else { return };
        let token = window().location().hash().unwrap_or_default();
        let Some(token) = token.strip_prefix('#').filter(|token| !token.is_empty()) else { return };
        field.set_value(token);
        let clean = window().history().and_then(|history| {
            history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some("/wall/open"))
        });
        if clean.is_ok() {
            let _ = form.submit();
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (form, field);
}
