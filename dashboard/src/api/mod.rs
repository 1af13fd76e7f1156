//! What the browser asks the box for. Each function is a thin door to [`crate::port`]: the same call made while
//! a page is rendered on the box goes straight to the plant.

mod molds;
mod people;
mod radios;
mod sensors;
mod storage;

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};

pub use molds::{
    ChartRange, ConfirmReset, ReadCycles, ReadFloor, ReadMold, ReadPerson, SetLimits, confirm_reset,
    read_cycles, read_floor, read_mold, read_person, set_limits,
};
pub use people::{
    EndSession, EndSessions, GiveCode, Invite, LetIn, ReadPeople, ReadProfile, ReadTrail, SetRole, Withdraw,
    end_session, end_sessions, give_code, invite, let_in, read_people, read_profile, read_trail, set_role,
    withdraw,
};
pub use radios::{
    Adopt, CloseEnrolment, CloseJoin, Discover, Enrol, Form, Identify, OpenJoin, ReadRadios, Register, adopt,
    close_enrolment, close_join, discover, enrol, form, identify, open_join, read_radios, register,
};

pub use sensors::{ForgetSensor, UseSensor, forget_sensor, use_sensor};
pub use storage::{BackUp, ReadStorage, back_up, read_storage};

use crate::port::Refusal;

impl FromServerFnError for Refusal {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Refusal::Unreachable,
            // The box says the first; the browser finds the other before it asks.
            ServerFnErrorErr::Args(why) | ServerFnErrorErr::Serialization(why) => {
                Refusal::Invalid(readable(&why))
            }
            ServerFnErrorErr::MissingArg(_) => Refusal::Invalid(INCOMPLETE.to_owned()),
            ServerFnErrorErr::Deserialization(_) => {
                Refusal::Invalid("the box's answer cannot be read; load the page anew".to_owned())
            }
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Response(_) => Refusal::Failed,
        }
    }
}

const INCOMPLETE: &str = "something in the form is missing or cannot be read";

/// What our own types say of a field is made for people; what the libraries say of the form around it is not.
fn readable(why: &str) -> String {
    // In the browser Leptos wraps what serde says, as programmers see it.
    let why = match why.strip_prefix("Deserialization error: ") {
        None => why.to_owned(),
        Some(wrapped) => {
            let custom = wrapped.strip_prefix("Custom(\"").and_then(|custom| custom.strip_suffix("\")"));
            custom.map_or_else(
                || INCOMPLETE.to_owned(),
                |text| text.replace("\\\"", "\"").replace("\\\\", "\\"),
            )
        }
    };
    if TECHNICAL.iter().any(|start| why.starts_with(start)) { INCOMPLETE.to_owned() } else { why }
}

/// How the libraries begin.
const TECHNICAL: [&str; 9] = [
    "missing field",
    "duplicate field",
    "unknown ",
    "invalid ",
    "cannot deserialize",
    "cannot parse",
    "number too ",
    "parsing failed",
    "Could not ",
];

#[cfg(feature = "ssr")]
mod server {
    use std::sync::Arc;

    use actix_web::http::{Method, StatusCode, header};
    use leptos::prelude::use_context;
    use leptos_actix::{Request, ResponseOptions};

    use crate::port::{Own, People, Plant, Refusal, Technician, Viewer};

    /// The plant to be read, by whoever is signed in.
    pub fn viewer() -> Result<Arc<dyn Viewer>, Refusal> {
        held()
    }

    /// The plant in the hands of a technician.
    pub fn technician() -> Result<Arc<dyn Technician>, Refusal> {
        held()
    }

    /// All of the plant, in the hands of an administrator.
    pub fn plant() -> Result<Arc<dyn Plant>, Refusal> {
        held()
    }

    /// What belongs to whoever is signed in.
    pub fn own() -> Result<Arc<dyn Own>, Refusal> {
        held()
    }

    /// Everyone who may come in, in the hands of an administrator.
    pub fn people() -> Result<Arc<dyn People>, Refusal> {
        held()
    }

    fn held<T: Clone + 'static>() -> Result<T, Refusal> {
        let signed_in = || use_context::<Arc<dyn Viewer>>().is_some();
        use_context().ok_or_else(|| if signed_in() { Refusal::NotAllowed } else { Refusal::NotSignedIn })
    }

    /// Looks into the store where waiting for the disk holds up nobody else.
    pub async fn looked_up<T: Send + 'static>(
        look: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        actix_web::web::block(look).await.unwrap_or(Err(Refusal::Failed))
    }

    /// Gives the answer its HTTP status; a page that shows the refusal gets the same.
    pub fn told<T>(answer: Result<T, Refusal>) -> Result<T, Refusal> {
        if let (Err(refusal), Some(options)) = (&answer, use_context::<ResponseOptions>())
            && !is_plain_form()
        {
            options.set_status(match refusal {
                Refusal::NotFound(_) => StatusCode::NOT_FOUND,
                Refusal::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Refusal::Radio(_) => StatusCode::CONFLICT,
                Refusal::NotAllowed => StatusCode::FORBIDDEN,
                Refusal::NotSignedIn => StatusCode::UNAUTHORIZED,
                Refusal::Failed | Refusal::Unreachable => StatusCode::INTERNAL_SERVER_ERROR,
            });
        }
        answer
    }

    /// A form that was sent without a script is answered with the page it was on, which shows the refusal: that answer
    /// has its own status.
    fn is_plain_form() -> bool {
        use_context::<Request>().is_some_and(|request| {
            let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
            request.method() == Method::POST && accept.is_some_and(|accept| accept.contains("text/html"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_was_typed_wrong_is_told_in_its_own_words() {
        let why = "a 64-bit address is 16 hexadecimal digits, not \"x\"";
        let in_browser = format!("Deserialization error: Custom({why:?})");
        for error in [ServerFnErrorErr::Args(why.to_owned()), ServerFnErrorErr::Serialization(in_browser)] {
            assert_eq!(Refusal::from_server_fn_error(error), Refusal::Invalid(why.to_owned()));
        }
    }

    #[test]
    fn a_form_that_makes_no_sense_is_told_so_without_the_librarys_words() {
        let incomplete = Refusal::Invalid(INCOMPLETE.to_owned());
        for error in [
            ServerFnErrorErr::Args("missing field `module`".to_owned()),
            ServerFnErrorErr::Args("invalid digit found in string".to_owned()),
            ServerFnErrorErr::Serialization(
                "Deserialization error: Custom(\"missing field `code`\")".to_owned(),
            ),
            ServerFnErrorErr::Serialization("Deserialization error: Parse(\"x\", 3)".to_owned()),
            ServerFnErrorErr::MissingArg("link".to_owned()),
        ] {
            assert_eq!(Refusal::from_server_fn_error(error.clone()), incomplete, "{error}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_not_blamed_on_the_log() {
        let error = ServerFnErrorErr::Deserialization("expected value at line 1".to_owned());
        let refusal = Refusal::from_server_fn_error(error);
        assert!(
            matches!(&refusal, Refusal::Invalid(why) if why.contains("load the page anew")),
            "{refusal:?}"
        );
    }

    #[test]
    fn a_box_that_does_not_answer_is_unreachable_and_everything_else_is_in_its_log() {
        let text = || "x".to_owned();
        let request = ServerFnErrorErr::Request(text());
        assert_eq!(Refusal::from_server_fn_error(request), Refusal::Unreachable);
        for error in [
            ServerFnErrorErr::Registration(text()),
            ServerFnErrorErr::UnsupportedRequestMethod(text()),
            ServerFnErrorErr::ServerError(text()),
            ServerFnErrorErr::MiddlewareError(text()),
            ServerFnErrorErr::Response(text()),
        ] {
            assert_eq!(Refusal::from_server_fn_error(error), Refusal::Failed);
        }
    }
}
