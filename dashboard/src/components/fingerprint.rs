use leptos::prelude::*;

/// A fingerprint, which breaks between two bytes and nowhere else, and is copied as it is.
#[component]
pub fn Fingerprint(
    /// Bytes in hexadecimal digits with colons between them.
    of: String,
) -> impl IntoView {
    let bytes = of.split_inclusive(':').map(|byte| view! { {byte.to_owned()} <wbr /> }).collect_view();
    view! { <span class="code">{bytes}</span> }.into_any()
}
