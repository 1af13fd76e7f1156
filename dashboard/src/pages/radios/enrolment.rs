//! The form that makes a Bluetooth monitor one of the box's.

use domain::{MonitorLabel, Role};
use leptos::form::ActionForm;
use leptos::html;
use leptos::prelude::*;

use super::actions::outcome;
use super::scan::ScanLabel;
use crate::api::Enrol;
use crate::components::ForRole;

/// Opens an enrolment window for one monitor. `prefill` is the serial that was chosen from the list.
#[component]
pub(super) fn EnrolMonitor(prefill: RwSignal<String>) -> impl IntoView {
    let enrol = ServerAction::<Enrol>::new();
    let pending = enrol.pending();
    let (form, details) = (NodeRef::<html::Form>::new(), NodeRef::<html::Details>::new());
    let passkey = NodeRef::<html::Input>::new();
    let without = RwSignal::new(false);
    Effect::new(move |_| {
        // A passkey that has been used stands on no screen any longer.
        if let (Some(Ok(_)), Some(form)) = (enrol.value().get(), form.get_untracked()) {
            form.reset();
            prefill.set(String::new());
            without.set(false);
        }
    });
    Effect::new(move |_| {
        if !prefill.with(String::is_empty)
            && let (Some(details), Some(passkey)) = (details.get_untracked(), passkey.get_untracked())
        {
            details.set_open(true);
            let _ = passkey.focus();
        }
    });
    let scanned = move |label: MonitorLabel| {
        prefill.set(label.serial.to_string());
        if let (Some(typed), Some(passkey)) = (passkey.get_untracked(), label.passkey) {
            typed.set_value(&String::from(passkey));
        }
    };
    view! {
        <details class="more" id="enrol" node_ref=details>
            <summary>"Enrol a monitor"</summary>
            <ScanLabel found=scanned />
            <ActionForm action=enrol node_ref=form>
                <label for="enrol-serial">"Serial on its label"</label>
                <input
                    id="enrol-serial"
                    class="code"
                    name="serial"
                    type="text"
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    required=true
                    maxlength="24"
                    prop:value=move || prefill.get()
                />
                <label for="enrol-passkey">"Passkey on its label (six digits)"</label>
                <input
                    id="enrol-passkey"
                    class="code"
                    name="passkey"
                    type="text"
                    inputmode="numeric"
                    autocomplete="off"
                    pattern="[0-9]{6}"
                    maxlength="6"
                    required=move || !without.get()
                    disabled=move || without.get()
                    node_ref=passkey
                />
                <label for="enrol-mold">"Mold it is on, or nothing: then it stays with the one recorded in it"</label>
                <input id="enrol-mold" name="mold" type="text" autocomplete="off" maxlength="32" />
                <label for="enrol-approved">"Approved cycle time in seconds, for a mold that is new here"</label>
                <input
                    id="enrol-approved"
                    name="approved"
                    type="text"
                    inputmode="decimal"
                    autocomplete="off"
                    maxlength="12"
                />
                <ForRole least=Role::Administrator>
                <label class="check">
                    <input
                        type="checkbox"
                        name="without"
                        value="true"
                        prop:checked=move || without.get()
                        on:change=move |event| without.set(event_target_checked(&event))
                    />
                    "It has no label with a passkey. Whoever is near at this moment could take its place; I want it all the same."
                </label>
                </ForRole>
                <p class="hint">
                    "Hold the monitor's button until it blinks, then enrol it. The window is open for three minutes."
                </p>
                <button type="submit" disabled=move || pending.get()>
                    "Enrol"
                </button>
            </ActionForm>
            {move || {
                outcome(
                    enrol.value().get(),
                    |_| "The window is open. The monitor is listed below; this takes some seconds.".to_owned(),
                )
            }}
        </details>
    }
    .into_any()
}
