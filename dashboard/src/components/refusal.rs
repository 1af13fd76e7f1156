use std::time::Duration;

use leptos::either::Either;
use leptos::prelude::*;

use crate::live::{Later, leave_for_login};
use crate::port::Refusal;

/// So long after what may pass by itself the same is asked for again.
const AGAIN: Duration = Duration::from_secs(10);

/// Why there is nothing to see here, and what to do now.
#[component]
pub fn RefusalNote(
    /// Why.
    refusal: Refusal,
    /// Asks for the same again; a note that stays is replaced by another.
    again: impl Fn() + Clone + 'static,
    /// It stands for a part of a page that has its title already.
    #[prop(optional)]
    part: bool,
) -> impl IntoView {
    let (title, advice, href, link) = match &refusal {
        Refusal::NotFound(_) => ("Not here", "It may have been removed.", "/", "To the floor"),
        Refusal::NotAllowed => ("Not for your role", "", "/", "To the floor"),
        Refusal::NotSignedIn => ("Please log in", "", "/login", "Log in"),
        Refusal::Unreachable => ("No answer", "", "", "Try again"),
        Refusal::Invalid(_) | Refusal::Radio(_) | Refusal::Failed => {
            ("This did not work", "", "", "Try again")
        }
    };
    if refusal == Refusal::NotSignedIn {
        Effect::new(|_| leave_for_login());
    }
    if matches!(refusal, Refusal::Unreachable | Refusal::Failed) {
        let later = Later::new(AGAIN);
        Effect::new(move |_| later.run(again.clone()));
    }
    let title = if part {
        Either::Left(view! { <h3>{title}</h3> })
    } else {
        Either::Right(view! { <h1>{title}</h1> })
    };
    view! {
        <section class="note" role="alert">
            {title}
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
