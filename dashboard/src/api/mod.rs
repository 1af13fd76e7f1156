//! What the browser asks the box for. Each function is a thin door to [`crate::port`]: the same call made while
//! a page is rendered on the box goes straight to the plant.

mod molds;
mod radios;

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};

pub use molds::{
    ChartRange, ConfirmReset, ReadCycles, ReadFloor, ReadMold, ReadPerson, confirm_reset, read_cycles,
    read_floor, read_mold, read_person,
};
pub use radios::{
    Adopt, CloseJoin, Discover, Form, Identify, OpenJoin, ReadRadios, Register, adopt, close_join, discover,
    form, identify, open_join, read_radios, register,
};

use crate::port::Refusal;

impl FromServerFnError for Refusal {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Refusal::Unreachable,
            ServerFnErrorErr::Args(why) | ServerFnErrorErr::MissingArg(why) => Refusal::Invalid(why),
            _ => Refusal::Failed,
        }
    }
}

#[cfg(feature = "ssr")]
mod server {
    use std::sync::Arc;

    use actix_web::http::StatusCode;
    use leptos::prelude::use_context;
    use leptos_actix::ResponseOptions;

    use crate::port::{Plant, Refusal};

    /// The plant on behalf of whoever is signed in.
    pub fn plant() -> Result<Arc<dyn Plant>, Refusal> {
        use_context::<Arc<dyn Plant>>().ok_or(Refusal::NotSignedIn)
    }

    /// Gives the answer its HTTP status; a page that shows the refusal gets the same.
    pub fn told<T>(answer: Result<T, Refusal>) -> Result<T, Refusal> {
        if let (Err(refusal), Some(options)) = (&answer, use_context::<ResponseOptions>()) {
            options.set_status(match refusal {
                Refusal::NotFound(_) => StatusCode::NOT_FOUND,
                Refusal::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Refusal::Radio(_) => StatusCode::CONFLICT,
                Refusal::NotSignedIn => StatusCode::UNAUTHORIZED,
                Refusal::Failed | Refusal::Unreachable => StatusCode::INTERNAL_SERVER_ERROR,
            });
        }
        answer
    }
}
