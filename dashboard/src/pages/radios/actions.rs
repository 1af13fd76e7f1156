//! What a person can have a stick do. Plain forms underneath: they work without any script too.

use domain::{Eui64, LinkName, Timestamp};
use leptos::form::ActionForm;
use leptos::html;
use leptos::prelude::*;

use crate::api::{Adopt, CloseJoin, Discover, Form, OpenJoin, Register};
use crate::components::sentence;
use crate::format;
use crate::port::{LinkView, Refusal};

/// What came of it: a refusal stands out, a success is said.
pub(super) fn outcome<T>(
    answer: Option<Result<T, Refusal>>,
    success: impl Fn(T) -> String,
) -> Option<AnyView> {
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
                            <option value="120" selected=true>
                                "2 min"
                            </option>
                            // What a stick can do at most is 254 s.
                            <option value="240">"4 min"</option>
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
    .into_any()
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
    .into_any()
}

/// Admits a module by what is printed on it.
#[component]
pub(super) fn RegisterModule(name: LinkName) -> impl IntoView {
    let register = ServerAction::<Register>::new();
    let pending = register.pending();
    let form = NodeRef::<html::Form>::new();
    Effect::new(move |_| {
        // A key that has been used stands on no screen any longer.
        if let (Some(Ok(())), Some(form)) = (register.value().get(), form.get_untracked()) {
            form.reset();
        }
    });
    let name = name.to_string();
    let (module_id, code_id) = (format!("module-{name}"), format!("code-{name}"));
    view! {
        <details class="more">
            <summary>"Register a module by its label"</summary>
            <ActionForm action=register node_ref=form>
                <input type="hidden" name="link" value=name />
                <label for=module_id.clone()>"Address (16 digits)"</label>
                <input
                    id=module_id
                    class="code"
                    name="module"
                    type="text"
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    required=true
                    maxlength="23"
                />
                <label for=code_id.clone()>"Install code or link key"</label>
                <input
                    id=code_id
                    class="code"
                    name="code"
                    type="text"
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    required=true
                    maxlength="60"
                />
                <p class="hint">
                    "Both are printed on the module. It is let in with this code alone; switch it on within some minutes."
                </p>
                <button type="submit" disabled=move || pending.get()>
                    "Register"
                </button>
            </ActionForm>
            {move || outcome(register.value().get(), |()| "Registered. Switch the module on now.".to_owned())}
        </details>
    }
    .into_any()
}

/// Forms a network, or a live one anew: then only after the person has said that they mean it.
#[component]
pub(super) fn FormNetwork(link: RwSignal<LinkView>) -> impl IntoView {
    let form = ServerAction::<Form>::new();
    let pending = form.pending();
    let name = link.with_untracked(|link| link.name.to_string());
    let pan_id = format!("pan-{name}");
    // A network whose stick is silent or away is live all the same: its modules hold its key.
    let live = Memo::new(move |_| link.with(|link| link.pan.is_some()));
    let title = move || if live.get() { "Form the network anew" } else { "Form a network" };
    let confirm = move || {
        live.get().then(|| {
            view! {
                <p>
                    "This network is live. Formed anew it has another key, and every module must join again before it is \
                     heard. Monitors keep their cycles meanwhile."
                </p>
                <label class="check">
                    <input type="checkbox" name="reform" value="true" required=true />
                    "I know, and I want a new network."
                </label>
            }
        })
    };
    view! {
        <details class="more">
            <summary>{title}</summary>
            <ActionForm action=form>
                <input type="hidden" name="link" value=name />
                <label for=pan_id.clone()>"Network (PAN id), or nothing: then the stick chooses"</label>
                <input
                    id=pan_id
                    class="code"
                    name="pan"
                    type="text"
                    autocomplete="off"
                    spellcheck="false"
                    pattern="[0-9A-Fa-f]{1,16}"
                    maxlength="16"
                />
                {confirm}
                <button type="submit" disabled=move || pending.get()>
                    {move || if pending.get() { "Forming" } else { "Form" }}
                </button>
            </ActionForm>
            {move || outcome(form.value().get(), |()| "The network is formed.".to_owned())}
        </details>
    }
    .into_any()
}
