//! Where someone wanted to go before they had to sign in.

use super::access::{self, Door, Verb};

/// A screen of this box, with what its address asks for. Nothing else is ever a place to be sent on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place(String);

impl Place {
    /// From what a browser says, or anyone who made it say so.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // Browsers take a backslash for a slash and leave out what does not print: both may hide another host.
        let plain = text.chars().all(|c| c.is_ascii_graphic() && c != '\\' && c != '#');
        let here = text.starts_with('/') && !text.starts_with("//");
        let path = text.split('?').next()?;
        let screen = access::find(Verb::Read, path).is_some_and(|rule| rule.door == Door::Page);
        let door = matches!(path, "/login" | "/login/code" | "/setup" | "/accept" | "/wall" | "/wall/open");
        (plain && here && screen && !door).then(|| Place(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The log-in page that leads there in the end.
    pub(super) fn after_log_in(place: Option<&Self>, error: Option<&str>) -> String {
        Self::after("/login", place, error)
    }

    /// The form for the code, that leads there in the end.
    pub(super) fn after_code(place: Option<&Self>, error: Option<&str>) -> String {
        Self::after("/login/code", place, error)
    }

    fn after(form: &str, place: Option<&Self>, error: Option<&str>) -> String {
        let next = place.filter(|place| place.0 != "/").map(|place| format!("next={}", encoded(&place.0)));
        let error = error.map(|error| format!("error={error}"));
        let query: Vec<String> = error.into_iter().chain(next).collect();
        if query.is_empty() { form.to_owned() } else { format!("{form}?{}", query.join("&")) }
    }
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_screen_of_this_box_is_a_place_to_go() {
        for text in ["/", "/molds/7", "/molds/7?range=8h", "/radios"] {
            assert_eq!(Place::parse(text).as_ref().map(Place::as_str), Some(text));
        }
        for text in [
            "",
            "//evil.example",
            "//evil.example/radios",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/molds/\\evil.example",
            "https://evil.example/",
            "evil.example",
            "javascript:alert(1)",
            "/radios\r\nset-cookie: a=b",
            "/radios#x",
            "/api/floor",
            "/login?next=/radios",
            "/accept",
            "/nothing",
        ] {
            assert_eq!(Place::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_way_over_the_log_in_keeps_the_whole_address() {
        let place = Place::parse("/molds/7?range=8h&a=b");
        assert_eq!(Place::after_log_in(place.as_ref(), None), "/login?next=/molds/7%3Frange%3D8h%26a%3Db");
        assert_eq!(
            Place::after_log_in(place.as_ref(), Some("expired")),
            "/login?error=expired&next=/molds/7%3Frange%3D8h%26a%3Db"
        );
        assert_eq!(Place::after_log_in(Place::parse("/").as_ref(), None), "/login");
    }
}
