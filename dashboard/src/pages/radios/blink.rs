use domain::{Eui64, LinkName, MonitorSerial};
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::actions::outcome;
use crate::api::Identify;

/// Has a monitor blink, so that a person finds it; one that is its own radio is on no module.
#[component]
pub(super) fn Blink(link: LinkName, module: Option<Eui64>, serial: MonitorSerial) -> impl IntoView {
    let identify = ServerAction::<Identify>::new();
    let pending = identify.pending();
    let (link, number) = (link.to_string(), serial.to_string());
    let label = format!("Have monitor {number} blink");
    let later = module.is_none();
    let module =
        module.map(|module| view! { <input type="hidden" name="module" value=module.to_string() /> });
    view! {
        <ActionForm action=identify>
            <input type="hidden" name="link" value=link />
            {module}
            <input type="hidden" name="serial" value=number />
            <button type="submit" aria-label=label disabled=move || pending.get()>
                "Blink"
            </button>
        </ActionForm>
        {move || {
            let answer = identify.value().get().filter(|answer| later || answer.is_err());
            outcome(answer, |()| "It blinks as soon as it has a link.".to_owned())
        }}
    }
    .into_any()
}
