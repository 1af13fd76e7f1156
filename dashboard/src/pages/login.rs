use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use crate::texts::form_error;

/// What was typed into a form that the box refused: found in Leptos' context while the form is rendered again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// The name.
    pub name: String,
    /// The code.
    pub code: String,
    /// The e-mail address.
    #[serde(default)]
    pub email: String,
}

impl Typed {
    /// Nothing, where nothing was refused. In the browser too: what the box rendered stands.
    pub(super) fn from_context() -> Self {
        use_context().unwrap_or_default()
    }
}

/// What the box said about the form before, and about which of its fields.
pub(super) struct Wrong(Option<String>);

impl Wrong {
    pub(super) fn from_address() -> Self {
        Wrong(use_query_map().read_untracked().get("error"))
    }

    fn is(&self, field: &str) -> bool {
        match self.0.as_deref() {
            Some("wrong") => matches!(field, "name" | "password"),
            Some("password-length" | "password-letters" | "password-common") => field == "password",
            Some("mismatch") => field == "password-again",
            Some(error) => error == field,
            None => false,
        }
    }

    /// For `aria-invalid`.
    pub(super) fn invalid(&self, field: &str) -> Option<&'static str> {
        self.is(field).then_some("true")
    }

    /// For `aria-describedby`, with the hint that the field has anyway.
    pub(super) fn described(&self, field: &str, hint: Option<&str>) -> Option<String> {
        let error = self.is(field).then_some(FORM_ERROR);
        let parts: Vec<&str> = error.into_iter().chain(hint).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

const FORM_ERROR: &str = "form-error";

/// What the box said about the form before, if it said something.
#[component]
pub(super) fn FormError() -> impl IntoView {
    let query = use_query_map();
    move || {
        query.read().get("error").map(|code| {
            view! {
                <p class="form-error tone-bad" id=FORM_ERROR role="alert">
                    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
                        <path d="M8 1.5 15.5 14.5H.5Z"></path>
                    </svg>
                    {form_error(&code)}
                </p>
            }
        })
    }
}

/// Log in. A plain form, so that it works before and without any script.
#[component]
pub fn LoginPage() -> impl IntoView {
    let (typed, wrong) = (Typed::from_context(), Wrong::from_address());
    let next = use_query_map().read_untracked().get("next").unwrap_or_default();
    view! {
        <Title text="Log in" />
        <form class="entry" method="post" action="/login">
            <h1>"Log in"</h1>
            <FormError />
            <input type="hidden" name="next" value=next />
            <label for="name">"Name"</label>
            <input
                id="name"
                name="name"
                type="text"
                autocomplete="username"
                autocapitalize="none"
                required=true
                autofocus=true
                maxlength="64"
                value=typed.name
                aria-invalid=wrong.invalid("name")
                aria-describedby=wrong.described("name", None)
            />
            <label for="password">"Password"</label>
            <input
                id="password"
                name="password"
                type="password"
                autocomplete="current-password"
                required=true
                maxlength="512"
                aria-invalid=wrong.invalid("password")
                aria-describedby=wrong.described("password", None)
            />
            <button type="submit" class="primary">"Log in"</button>
            <p class="hint"><a href="/accept">"I have a code from an administrator"</a></p>
            <p class="hint"><a rel="external" href="/trust">"My browser warns of this page"</a></p>
            <p class="hint">"Name or password forgotten? An administrator of this box can help; the box has no mail to send."</p>
        </form>
    }
    .into_any()
}
