use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::pages::login::{FormError, Wrong};
use crate::pages::new_password::NewPassword;

/// Another password. A plain form, so that it works before and without any script.
#[component]
pub(super) fn PasswordForm() -> impl IntoView {
    let wrong = Wrong::from_address();
    let query = use_query_map();
    let done = move || {
        (query.read().get("done").as_deref() == Some("password")).then(|| {
            view! {
                <p class="form-outcome" role="status">
                    "Your password is changed. Your other sessions have ended."
                </p>
            }
        })
    };
    view! {
        <form class="panel entry own-password" method="post" action="/profile/password">
            <h2>"Change your password"</h2>
            {done}
            <FormError />
            <label for="current">"Current password"</label>
            <input
                id="current"
                name="current"
                type="password"
                autocomplete="current-password"
                required=true
                maxlength="512"
                aria-invalid=wrong.invalid("current")
                aria-describedby=wrong.described("current", None)
            />
            <NewPassword label="New password" />
            <button type="submit" class="primary">
                "Change it"
            </button>
        </form>
    }
    .into_any()
}
