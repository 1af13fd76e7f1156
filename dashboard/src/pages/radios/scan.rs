//! Reading a monitor's label with the tablet's camera.

use domain::MonitorLabel;
use leptos::html;
use leptos::prelude::*;

/// What the scan has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scan {
    /// Nobody asked for it.
    Off,
    /// The camera looks.
    Looking,
    /// It saw a code that is no label.
    Foreign,
    /// It looks no more, for this reason.
    Failed(String),
}

/// A button that opens the camera, where there is one; `found` gets the label that it saw.
#[component]
pub(super) fn ScanLabel(found: impl Fn(MonitorLabel) + Copy + Send + Sync + 'static) -> impl IntoView {
    let scan = RwSignal::new(Scan::Off);
    let there = RwSignal::new(false);
    let video = NodeRef::<html::Video>::new();
    // Only the browser knows, and what the box rendered must be what it finds.
    Effect::new(move |_| there.set(has_camera()));
    let looks = Memo::new(move |_| scan.with(|scan| matches!(scan, Scan::Looking | Scan::Foreign)));
    let saw = move |text: &str| match text.parse() {
        Ok(label) => {
            scan.set(Scan::Off);
            found(label);
            true
        }
        Err(_) => {
            scan.set(Scan::Foreign);
            false
        }
    };
    look_while(looks, video, saw, move |why| scan.set(Scan::Failed(why)));
    let told = move || {
        scan.with(|scan| match scan {
            Scan::Off => String::new(),
            Scan::Looking => "Hold the label's code before the camera.".to_owned(),
            Scan::Foreign => {
                "This code is not a monitor's label. Hold the label's code before the camera.".to_owned()
            }
            Scan::Failed(why) => format!("{why} Type what the label says."),
        })
    };
    view! {
        <Show when=move || there.get()>
            <div class="scan">
                <button
                    type="button"
                    on:click=move |_| scan.update(|scan| {
                        *scan = if matches!(scan, Scan::Looking | Scan::Foreign) { Scan::Off } else { Scan::Looking };
                    })
                >
                    {move || if looks.get() { "Close the camera" } else { "Scan the label" }}
                </button>
                <p class="hint" role="status">{told}</p>
                <Show when=move || looks.get()>
                    <video node_ref=video muted=true playsinline=true aria-label="What the camera sees"></video>
                </Show>
            </div>
        </Show>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
use super::camera::{has_camera, look_while};

#[cfg(not(feature = "hydrate"))]
const fn has_camera() -> bool {
    false
}

#[cfg(not(feature = "hydrate"))]
fn look_while(
    _: Memo<bool>,
    _: NodeRef<html::Video>,
    _: impl Fn(&str) -> bool + Copy + 'static,
    _: impl Fn(String) + Copy + 'static,
) {
}
