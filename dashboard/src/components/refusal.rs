use leptos::prelude::*;

use crate::live::leave_for_login;
use crate::port::Refusal;

/// Why there is nothing to see here, and what to do now.
#[component]
pub fn RefusalNote(
    /// Why.
    refusal: Refusal,
) -> impl IntoView {
    let (title, advice, href, link) = match &refusal {
        Refusal::NotFound(_) => ("Not here", "It may have been removed.", "/", "To the floor"),
        Refusal::NotSignedIn => ("Please log in", "", "/login", "Log in"),
        Refusal::Unreachable => ("No answer", "", "", "Try again"),
        Refusal::Invalid(_) | Refusal::Radio(_) | Refusal::Failed => {
            ("This did not work", "", "", "Try again")
        }
    };
    if refusal == Refusal::NotSignedIn {
        Effect::new(|_| leave_for_login());
    }
    view! {
        <section class="note" role="alert">
            <h1>{title}</h1>
            <p>{sentence(&refusal.to_string())} " " {advice}</p>
            <p>
                // A full load on purpose: it also mends a page that a newer box can no longer serve.
                <a class="button" rel="external" href=href>{link}</a>
            </p>
        </section>
    }
    .into_any()
}

/// With a capital at its head and a full stop at its end.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let head: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{head}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_becomes_a_sentence() {
        assert_eq!(sentence("there is no such mold"), "There is no such mold.");
        assert_eq!(sentence("what?"), "What?");
        assert_eq!(sentence(""), ".");
    }
}
