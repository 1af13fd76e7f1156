use domain::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::{Acts, options};
use crate::components::Moment;
use crate::format;
use crate::port::PersonView;

/// One person, and what can be changed about them.
#[component]
pub(super) fn PersonLine(person: PersonView, clock: Signal<Timestamp>, acts: Acts) -> impl IntoView {
    let PersonView { name, email, role, since, disabled, sessions, factor } = person;
    let signed_in = match sessions {
        0 => "not signed in".to_owned(),
        n => format!("signed in with {}", format::counted(n as u64, "browser", "browsers")),
    };
    let kept_out = disabled.map(|at| {
        view! {
            <p class="told tone-caution">"Not let in since " <Moment at clock /> "."</p>
        }
    });
    let is_in = disabled.is_none();
    let (of_role, of_code, of_sessions) = (named(&name), named(&name), named(&name));
    let (of_factor, of_let_in) = (named(&name), named(&name));
    let let_in = if is_in { "Let in no more" } else { "Let in again" };
    let what = format!("Change {name}");
    view! {
        <li>
            <p class="person-name">
                <strong>{name.clone()}</strong>
                " "
                <span class="person-role">{role.label()}</span>
            </p>
            <p class="hint">
                {email.unwrap_or_else(|| "no e-mail address".to_owned())} ", " {signed_in} {factor.then_some(", second factor")} ", here since "
                {format::day(since)}
            </p>
            {kept_out}
            <details class="more">
                <summary>{what}</summary>
                <div class="person-forms">
                    <ActionForm action=acts.set_role>
                        {of_role} <label>"Role " <select name="role">{options(role)}</select></label>
                        <button type="submit">"Give this role"</button>
                    </ActionForm>
                    {is_in
                        .then(|| {
                            view! {
                                <ActionForm action=acts.give_code>
                                    {of_code} <button type="submit">"Make a code for a new password"</button>
                                </ActionForm>
                            }
                        })}
                    {(sessions > 0)
                        .then(|| {
                            view! {
                                <ActionForm action=acts.end_sessions>
                                    {of_sessions} <button type="submit">"Sign them out everywhere"</button>
                                </ActionForm>
                            }
                        })}
                    {factor
                        .then(|| {
                            view! {
                                <ActionForm action=acts.reset_factor>
                                    {of_factor} <button type="submit">"Take the second factor away"</button>
                                </ActionForm>
                            }
                        })}
                    <ActionForm action=acts.let_in>
                        {of_let_in} <input type="hidden" name="allowed" value=(!is_in).to_string() />
                        <button type="submit">{let_in}</button>
                    </ActionForm>
                </div>
                <p class="hint">
                    "With another role, and when they are let in no more, they are signed out at once."
                </p>
            </details>
        </li>
    }
    .into_any()
}

/// Says whom a form is about.
fn named(name: &str) -> impl IntoView + use<> {
    view! { <input type="hidden" name="name" value=name.to_owned() /> }
}
