//! People that never were, and what they did.

use std::time::Duration;

use dashboard::port::{
    Answer, CodeView, IssuedCode, Own, People, PeopleView, PersonView, ProfileView, SessionView, TrailEntry,
    TrailView,
};
use domain::{Role, Timestamp};

/// At that instant, for somebody with that role.
pub struct MadeUpPeople(pub Timestamp, pub Role);

fn done() -> Answer<'static, ()> {
    Box::pin(async { Ok(()) })
}

impl MadeUpPeople {
    fn ago(&self, seconds: u64) -> Timestamp {
        self.0.earlier_by(Duration::from_secs(seconds))
    }

    fn person(&self, name: &str, role: Role, sessions: usize) -> PersonView {
        let email = name.split(' ').next().map(|first| format!("{}@plant.example", first.to_lowercase()));
        PersonView {
            name: name.to_owned(),
            email,
            role,
            since: self.ago(9_000_000),
            disabled: None,
            sessions,
            factor: sessions > 1,
        }
    }

    fn session(&self, number: u64) -> SessionView {
        SessionView {
            id: format!("{number:016x}"),
            opened: self.ago(number * 7_000 + 60),
            used: (number < 2).then(|| self.ago(number * 400)),
            ends: self.0.later_by(Duration::from_secs(20_000)),
            from: Some(format!("192.0.2.{}", number + 7)),
            this: number == 0,
        }
    }

    fn entry(&self, number: u64) -> TrailEntry {
        let (what, subject, before, after) = match number % 5 {
            0 => ("change-role", "Noor", Some("viewer"), Some("technician")),
            1 => ("sign-in", "", None, None),
            2 => ("calibrate", "hall-a", None, None),
            3 => ("radio", "hall-a", None, Some("open the join window for 120 s")),
            _ => ("sign-in-failed", "a name that nobody has", None, Some("has to wait 30 s")),
        };
        let own = |text: &str| text.to_owned();
        TrailEntry {
            number,
            at: self.ago((90 - number) * 700),
            who: own(if what == "sign-in-failed" { "" } else { "Robin Weaver" }),
            from: own("192.0.2.7"),
            what: own(what),
            subject: own(subject),
            before: before.map(own),
            after: after.map(own),
        }
    }
}

impl Own for MadeUpPeople {
    fn profile(&self) -> Answer<'_, ProfileView> {
        let profile = ProfileView {
            now: self.0,
            name: "Robin Weaver".to_owned(),
            email: Some("robin@plant.example".to_owned()),
            role: self.1,
            sessions: (0..3).map(|number| self.session(number)).collect(),
            factor: None,
            set_up: None,
            recovery: None,
            limited: false,
        };
        Box::pin(async { Ok(profile) })
    }

    fn end_session(&self, _: String) -> Answer<'_, ()> {
        done()
    }
}

impl People for MadeUpPeople {
    fn people(&self) -> Answer<'_, PeopleView> {
        let ends = self.0.later_by(Duration::from_secs(200_000));
        let out = PersonView {
            disabled: Some(self.ago(80_000)),
            ..self.person("Sam Vega, who left", Role::ToolingManager, 0)
        };
        let people = PeopleView {
            now: self.0,
            people: vec![
                self.person("Noor", Role::Technician, 1),
                self.person("Robin Weaver", Role::Administrator, 2),
                out,
            ],
            codes: vec![CodeView { name: "Kim".to_owned(), role: Role::Viewer, ends, known: false }],
            issued: Some(IssuedCode { name: "Kim".to_owned(), code: "2345-6789-ABCD-EFGH".to_owned(), ends }),
            administrators_need_factor: false,
        };
        Box::pin(async { Ok(people) })
    }

    fn invite(&self, _: String, _: String, _: Role) -> Answer<'_, ()> {
        done()
    }

    fn withdraw(&self, _: String) -> Answer<'_, ()> {
        done()
    }

    fn give_code(&self, _: String) -> Answer<'_, ()> {
        done()
    }

    fn set_role(&self, _: String, _: Role) -> Answer<'_, ()> {
        done()
    }

    fn let_in(&self, _: String, _: bool) -> Answer<'_, ()> {
        done()
    }

    fn end_sessions(&self, _: String) -> Answer<'_, ()> {
        done()
    }

    fn reset_factor(&self, _: String) -> Answer<'_, ()> {
        done()
    }

    fn need_factor(&self, _: bool) -> Answer<'_, ()> {
        done()
    }

    fn trail(&self, before: Option<u64>) -> Answer<'_, TrailView> {
        let end = before.unwrap_or(91);
        let begin = end.saturating_sub(50);
        let trail = TrailView {
            now: self.0,
            entries: (begin..end).rev().map(|number| self.entry(number)).collect(),
            hash: "9a78caf83549b1610de0428e2fc8027bd0dd3f57c097114e7fc7fc707e9062ae".to_owned(),
            earlier: (begin > 0).then_some(begin),
            later: before.is_some(),
        };
        Box::pin(async { Ok(trail) })
    }
}
