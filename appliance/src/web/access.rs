//! The one table of who may ask for what. The server is built from it, and a request that it does not name needs a
//! session.
//!
//! The table keeps people from the door; what is behind it they could not do either, for want of a handle
//! ([`dashboard::port::Handle`]).

use domain::Role;

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone who reaches the box.
    Public,
    /// Whoever is signed in with that role or one that may more.
    From(Role),
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
    /// Uses a code to choose a password with.
    TakeUp,
    /// Chooses another password.
    ChangePassword,
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
    use Access::Public;
    use Verb::{Change, Read};
    const VIEWER: Access = Access::From(Role::Viewer);
    const TECHNICIAN: Access = Access::From(Role::Technician);
    const ADMINISTRATOR: Access = Access::From(Role::Administrator);
    &[
        rule(Read, "/health", Public, Door::Health),
        rule(Read, "/ca.pem", Public, Door::Authority),
        rule(Read, "/assets/{file:.*}", Public, Door::Asset),
        rule(Read, "/setup", Public, Door::Page),
        rule(Change, "/setup", Public, Door::SetUp),
        rule(Read, "/login", Public, Door::Page),
        rule(Change, "/login", Public, Door::LogIn),
        rule(Read, "/accept", Public, Door::Page),
        rule(Change, "/accept", Public, Door::TakeUp),
        rule(Change, "/logout", VIEWER, Door::LogOut),
        rule(Read, "/live", VIEWER, Door::Live),
        rule(Read, "/export/{rows}", VIEWER, Door::Export),
        rule(Read, "/", VIEWER, Door::Page),
        rule(Read, "/molds/{id}", VIEWER, Door::Page),
        rule(Read, "/radios", VIEWER, Door::Page),
        rule(Read, "/storage", VIEWER, Door::Page),
        rule(Read, "/profile", VIEWER, Door::Page),
        rule(Change, "/profile/password", VIEWER, Door::ChangePassword),
        rule(Read, "/people", ADMINISTRATOR, Door::Page),
        rule(Read, "/audit", ADMINISTRATOR, Door::Page),
        rule(Read, "/api/person", VIEWER, Door::Api),
        rule(Read, "/api/floor", VIEWER, Door::Api),
        rule(Read, "/api/mold", VIEWER, Door::Api),
        rule(Read, "/api/cycles", VIEWER, Door::Api),
        rule(Change, "/api/confirm-reset", TECHNICIAN, Door::Api),
        rule(Change, "/api/set-limits", TECHNICIAN, Door::Api),
        rule(Read, "/api/radios", VIEWER, Door::Api),
        rule(Change, "/api/open-join", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/close-join", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/discover", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/register", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/form", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/identify", TECHNICIAN, Door::Api),
        rule(Change, "/api/enrol", TECHNICIAN, Door::Api),
        rule(Change, "/api/close-enrolment", TECHNICIAN, Door::Api),
        rule(Change, "/api/use-sensor", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/forget-sensor", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/adopt", ADMINISTRATOR, Door::Api),
        rule(Read, "/api/storage", VIEWER, Door::Api),
        rule(Change, "/api/back-up", ADMINISTRATOR, Door::Api),
        rule(Read, "/api/profile", VIEWER, Door::Api),
        rule(Change, "/api/end-session", VIEWER, Door::Api),
        rule(Read, "/api/people", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/invite", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/withdraw", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/give-code", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/set-role", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/let-in", ADMINISTRATOR, Door::Api),
        rule(Change, "/api/end-sessions", ADMINISTRATOR, Door::Api),
        rule(Read, "/api/trail", ADMINISTRATOR, Door::Api),
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
    find(verb, path).map_or(Access::From(Role::Viewer), |rule| rule.access)
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
            assert_eq!(access(Verb::Read, path), Access::From(Role::Viewer), "{path}");
        }
        assert_eq!(access(Verb::Change, "/health"), Access::From(Role::Viewer));
    }

    #[test]
    fn a_pattern_stands_for_what_it_says() {
        assert_eq!(find(Verb::Read, "/molds/7").map(|rule| rule.path), Some("/molds/{id}"));
        assert!(find(Verb::Read, "/molds/").is_none());
        assert!(find(Verb::Read, "/molds/7/8").is_none());
        assert!(find(Verb::Read, "/assets/a/b.js").is_some());
    }
}
