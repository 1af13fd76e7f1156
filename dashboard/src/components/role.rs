use domain::Role;
use leptos::prelude::*;

use crate::port::{Person, Refusal};

/// Who is signed in, as the page asked once. In Leptos' context.
pub type PersonResource = Resource<Result<Option<Person>, Refusal>>;

/// What only those see who may use it. The box itself asks again.
#[component]
pub fn ForRole(
    /// The role from which on it is shown.
    least: Role,
    /// What is shown.
    children: ChildrenFn,
) -> impl IntoView {
    let person = use_context::<PersonResource>();
    view! {
        <Suspense>
            {move || {
                let children = children.clone();
                Suspend::new(async move {
                    let person = match person {
                        Some(person) => person.await.ok().flatten(),
                        None => None,
                    };
                    person.is_some_and(|person| person.role >= least).then(|| children())
                })
            }}
        </Suspense>
    }
    .into_any()
}
