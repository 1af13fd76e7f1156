use domain::{Scope, Timestamp};
use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::components::Moment;
use crate::port::IssuedToken;

/// A token, shown once, and what to do with it.
#[component]
pub(super) fn Issued(issued: IssuedToken, clock: Signal<Timestamp>) -> impl IntoView {
    let IssuedToken { name, scope, token, ends } = issued;
    let how = match scope {
        Scope::Metrics => EitherOf3::C(view! {
            <p>
                "Prometheus sends it with each request, as " <span class="code">"authorization: credentials_file"</span>
                " says there. It reads " <span class="code">"/metrics"</span> "."
            </p>
        }),
        Scope::Read => EitherOf3::A(view! {
            <p>
                "The program sends it with each request, as " <span class="code">"Authorization: Bearer …"</span>
                ". What it can read is told by " <a href="/api/v1/openapi.json" rel="external">"/api/v1/openapi.json"</a> "."
            </p>
        }),
        Scope::Wall => {
            let link = format!("/wall/open#{token}");
            EitherOf3::B(view! {
                <p>
                    "Open this link on the screen, or open " <span class="code">"/wall/open"</span>
                    " there and paste the token: " <a class="wall-link" href=link rel="external">"the wall with this token"</a>
                </p>
            })
        }
    };
    view! {
        <section class="panel issued" role="status" aria-labelledby="issued-title">
            <h2 id="issued-title">{format!("The token for {name}")}</h2>
            <p class="code issued-token">{token}</p>
            {how}
            <p>"It is good until " <Moment at=ends clock /> "."</p>
            <p class="hint">"Copy it now: it is not shown again, and the box itself does not keep it."</p>
        </section>
    }
    .into_any()
}
