//! The one table of who may ask for what. The server is built from it, and a request that it does not name needs a
//! session.

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone who reaches the box.
    Public,
    /// Whoever is signed in.
    SignedIn,
}

/// What is done by asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `GET`, which stands for `HEAD` too.
    Read,
    /// `POST`.
    Change,
}

/// What answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Says that the box is up.
    Health,
    /// The certificate of the box's authority, to be imported.
    Authority,
    /// A file of the site under its hashed name.
    Asset,
    /// Makes the first administrator.
    SetUp,
    /// Begins a session.
    LogIn,
    /// Ends it.
    LogOut,
    /// The live stream.
    Live,
    /// Rows to take away.
    Export,
    /// A screen.
    Page,
    /// What a screen asks the box for.
    Api,
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What is done.
    pub verb: Verb,
    /// `{name}` stands for one part of a path, `{name:.*}` for the rest of it.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    /// What answers.
    pub door: Door,
}

const fn rule(verb: Verb, path: &'static str, access: Access, door: Door) -> Rule {
    Rule { verb, path, access, door }
}

/// Everything that can be asked.
pub const TABLE: &[Rule] = {
    use Access::{Public, SignedIn};
    use Verb::{Change, Read};
    &[
        rule(Read, "/health", Public, Door::Health),
        rule(Read, "/ca.pem", Public, Door::Authority),
        rule(Read, "/assets/{file:.*}", Public, Door::Asset),
        rule(Read, "/setup", Public, Door::Page),
        rule(Change, "/setup", Public, Door::SetUp),
        rule(Read, "/login", Public, Door::Page),
        rule(Change, "/login", Public, Door::LogIn),
        rule(Change, "/logout", SignedIn, Door::LogOut),
        rule(Read, "/live", SignedIn, Door::Live),
        rule(Read, "/export/{rows}", SignedIn, Door::Export),
        rule(Read, "/", SignedIn, Door::Page),
        rule(Read, "/molds/{id}", SignedIn, Door::Page),
        rule(Read, "/radios", SignedIn, Door::Page),
        rule(Read, "/storage", SignedIn, Door::Page),
        rule(Read, "/api/person", SignedIn, Door::Api),
        rule(Read, "/api/floor", SignedIn, Door::Api),
        rule(Read, "/api/mold", SignedIn, Door::Api),
        rule(Read, "/api/cycles", SignedIn, Door::Api),
        rule(Change, "/api/confirm-reset", SignedIn, Door::Api),
        rule(Read, "/api/radios", SignedIn, Door::Api),
        rule(Change, "/api/open-join", SignedIn, Door::Api),
        rule(Change, "/api/close-join", SignedIn, Door::Api),
        rule(Change, "/api/discover", SignedIn, Door::Api),
        rule(Change, "/api/register", SignedIn, Door::Api),
        rule(Change, "/api/form", SignedIn, Door::Api),
        rule(Change, "/api/identify", SignedIn, Door::Api),
        rule(Change, "/api/enrol", SignedIn, Door::Api),
        rule(Change, "/api/close-enrolment", SignedIn, Door::Api),
        rule(Change, "/api/adopt", SignedIn, Door::Api),
        rule(Read, "/api/storage", SignedIn, Door::Api),
        rule(Change, "/api/back-up", SignedIn, Door::Api),
    ]
};

/// The line for a request; `None`: the table does not name it.
#[must_use]
pub fn find(verb: Verb, path: &str) -> Option<&'static Rule> {
    TABLE.iter().find(|rule| rule.verb == verb && fits(rule.path, path))
}

/// Who may send a request: only what the table calls public is.
#[must_use]
pub fn access(verb: Verb, path: &str) -> Access {
    find(verb, path).map_or(Access::SignedIn, |rule| rule.access)
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(rest), Some(first)) if rest.ends_with(":.*}") => return !first.is_empty(),
            (Some(part), Some(given)) if part.starts_with('{') && !given.is_empty() => {}
            (Some(part), Some(given)) if part == given => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_table_does_not_name_needs_a_session() {
        for path in ["/health/x", "/healthy", "//health", "/assets", "/assets/", "/login/", "/nothing", ""] {
            assert_eq!(access(Verb::Read, path), Access::SignedIn, "{path}");
        }
        assert_eq!(access(Verb::Change, "/health"), Access::SignedIn);
    }

    #[test]
    fn a_pattern_stands_for_what_it_says() {
        assert_eq!(find(Verb::Read, "/molds/7").map(|rule| rule.path), Some("/molds/{id}"));
        assert!(find(Verb::Read, "/molds/").is_none());
        assert!(find(Verb::Read, "/molds/7/8").is_none());
        assert!(find(Verb::Read, "/assets/a/b.js").is_some());
    }
}
