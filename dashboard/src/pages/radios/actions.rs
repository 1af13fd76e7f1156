//! What a person can have a stick do. Plain forms underneath: they work without any script too.

use domain::{Eui64, LinkName, Timestamp};
use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::{Adopt, CloseJoin, Discover, OpenJoin};
use crate::components::sentence;
use crate::format;
use crate::port::{LinkView, Refusal};

/// What came of it: a refusal stands out, a success is said.
fn outcome<T>(answer: Option<Result<T, Refusal>>, success: impl Fn(T) -> String) -> Option<AnyView> {
    answer.map(|answer| match answer {
        Ok(value) => view! { <p class="form-outcome" role="status">{success(value)}</p> }.into_any(),
        Err(refusal) => {
            view! { <p class="form-error tone-bad" role="alert">{sentence(&refusal.to_string())}</p> }
                .into_any()
        }
    })
}

/// Opens and closes the network to new modules, and asks the known ones who they are.
#[component]
pub(super) fn JoinWindow(
    name: LinkName,
    link: RwSignal<LinkView>,
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let open = ServerAction::<OpenJoin>::new();
    let close = ServerAction::<CloseJoin>::new();
    let discover = ServerAction::<Discover>::new();
    let left = Memo::new(move |_| {
        let until = link.with(|link| link.join_open_until)?;
        Some(until.since(clock.get())).filter(|left| !left.is_zero())
    });
    let is_open = Memo::new(move |_| left.get().is_some());
    let text = move || match left.get() {
        Some(left) => format!("Open to new modules for another {} min.", format::countdown(left)),
        None => "Closed to new modules.".to_owned(),
    };
    let (opening, closing, asking) = (open.pending(), close.pending(), discover.pending());
    let (name_open, name_close, name_ask) = (name.to_string(), name.to_string(), name.to_string());
    view! {
        <div class="join">
            <p class=move || if is_open.get() { "join-state tone-caution" } else { "join-state" }>{text}</p>
            <div class="join-forms">
                <ActionForm action=open>
                    <input type="hidden" name="link" value=name_open />
                    <label>
                        "Open for "
                        <select name="seconds">
                            <option value="60">"1 min"</option>
                            <option value="180" selected=true>
                                "3 min"
                            </option>
                            <option value="600">"10 min"</option>
                        </select>
                    </label>
                    <button type="submit" disabled=move || opening.get()>
                        "Open"
                    </button>
                </ActionForm>
                <ActionForm action=close>
                    <input type="hidden" name="link" value=name_close />
                    <button type="submit" disabled=move || closing.get()>
                        "Close now"
                    </button>
                </ActionForm>
                <ActionForm action=discover>
                    <input type="hidden" name="link" value=name_ask />
                    <button type="submit" disabled=move || asking.get()>
                        {move || if asking.get() { "Asking" } else { "Ask modules to answer" }}
                    </button>
                </ActionForm>
            </div>
            // Success of the first two is seen in the line above; what is said here is what else there is.
            {move || outcome(open.value().get().filter(Result::is_err), |_| String::new())}
            {move || outcome(close.value().get().filter(Result::is_err), |()| String::new())}
            {move || {
                outcome(
                    discover.value().get(),
                    |modules| format!("{} answered.", format::counted(modules.into(), "module", "modules")),
                )
            }}
        </div>
    }
}

/// Accepts another stick in place of the former one: only after the person has said that they mean it.
#[component]
pub(super) fn AdoptStick(link: RwSignal<LinkView>) -> impl IntoView {
    let adopt = ServerAction::<Adopt>::new();
    let pending = adopt.pending();
    let name = link.with_untracked(|link| link.name.to_string());
    let form = move |eui64: Eui64| {
        let name = name.clone();
        view! {
            <details class="adopt">
                <summary>{format!("Accept stick {eui64} in place of the former one")}</summary>
                <ActionForm action=adopt>
                    <input type="hidden" name="link" value=name />
                    <input type="hidden" name="eui64" value=eui64.to_string() />
                    <p>
                        "The modules of the former stick's network will not be heard through this one until they join \
                         it anew. Counts and history stay as they are."
                    </p>
                    <label class="check">
                        <input type="checkbox" required=true />
                        "I know, and I want this stick here."
                    </label>
                    <button type="submit" disabled=move || pending.get()>
                        "Accept this stick"
                    </button>
                </ActionForm>
            </details>
        }
    };
    let eui64 = Memo::new(move |_| link.with(|link| link.eui64));
    view! {
        {move || eui64.get().map(&form)}
        {move || outcome(adopt.value().get(), |()| "Accepted.".to_owned())}
    }
}
