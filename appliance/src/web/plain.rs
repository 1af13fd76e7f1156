//! What someone sees who went somewhere and got no screen: a page without script, and without anything of the plant.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName};
use dashboard::app::ASSETS;

use super::assets;

/// An answer that is no screen. Its words are fixed: nothing that was sent is repeated.
pub(super) struct Plain {
    status: StatusCode,
    title: &'static str,
    text: &'static str,
}

pub(super) const METHOD: Plain = Plain {
    status: StatusCode::METHOD_NOT_ALLOWED,
    title: "This is not possible here",
    text: "The browser asked in a way that the box does not know.",
};
pub(super) const ELSEWHERE: Plain = Plain {
    status: StatusCode::FORBIDDEN,
    title: "Not from there",
    text: "This was asked for by a page that is not the box's own, so nothing was done.",
};
pub(super) const NOT_ALLOWED: Plain = Plain {
    status: StatusCode::FORBIDDEN,
    title: "Not for your role",
    text: "An administrator of this box can do this, or give you another role.",
};
pub(super) const LATE: Plain = Plain {
    status: StatusCode::REQUEST_TIMEOUT,
    title: "This took too long",
    text: "The box gave up waiting. What you asked for may still be done; look before you ask again.",
};
pub(super) const BUSY: Plain = Plain {
    status: StatusCode::SERVICE_UNAVAILABLE,
    title: "Too many downloads",
    text: "Others are downloading now. Try again in a moment.",
};
pub(super) const TOO_LARGE: Plain = Plain {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    title: "This is too much",
    text: "What was sent is larger than any form of the box.",
};
pub(super) const UNREADABLE: Plain = Plain {
    status: StatusCode::BAD_REQUEST,
    title: "This form makes no sense",
    text: "Something in it is missing or damaged. Go back and fill it in again.",
};

impl Plain {
    /// For a person a page; for a program the status says it all.
    pub(super) fn answer(&self, to_person: bool) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if to_person { response.content_type("text/html").body(self.page()) } else { response.finish() }
    }

    fn page(&self) -> String {
        let style = assets::manifest()
            .css
            .as_ref()
            .map_or_else(String::new, |css| format!("<link rel=\"stylesheet\" href=\"{ASSETS}{css}\">"));
        let Plain { title, text, .. } = self;
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\">{style}<title>{title} · Platen</title></head>\
             <body><main id=\"content\"><section class=\"note\"><h1>{title}</h1><p>{text}</p>\
             <p><a class=\"button\" href=\"/\">To the floor</a></p></section></main></body></html>"
        )
    }
}

/// A person went to an address, in contrast to a page asking for something.
pub(super) fn is_navigation(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(HeaderName::from_static(name)).and_then(|value| value.to_str().ok());
    match header("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => header("accept").is_some_and(|accept| accept.contains("text/html")),
    }
}
