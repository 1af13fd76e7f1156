use std::time::Duration;

use domain::Role;

use crate::fixture::{Web, now};

#[test]
fn another_password_ends_the_other_sessions_and_the_old_password() {
    let web = Web::start();
    let (here, there) = (web.administrator(), web.logged_in("marta", "correct+horse+1"));
    let eve = web.joined(&here, "eve", Role::Viewer);
    for (form, error) in [
        ("current=wrong+horse+1&password=correct+horse+5", "current"),
        ("current=correct+horse+1&password=short1", "password-length"),
        ("current=correct+horse+1&password=1q2w3e4r5t", "password-common"),
        ("current=correct+horse+1&password=correct+horse+5&password_again=correct+horse+6", "mismatch"),
    ] {
        assert_eq!(here.post("/profile/password", form).location(), format!("/profile?error={error}"));
    }
    assert_eq!(there.get("/").status, 200, "nothing has changed yet");
    let form = "current=correct+horse+1&password=correct+horse+5&password_again=correct+horse+5";
    let changed = here.post("/profile/password", form);
    assert_eq!(changed.location(), "/profile?done=password");
    assert!(here.get("/profile?done=password").body.contains("Your password is changed"));
    assert_eq!(there.fetch("/api/person").status, 401);
    assert_eq!(eve.get("/").status, 200, "nobody else's");
    let old = web.stranger().post("/login", "name=marta&password=correct+horse+1");
    assert_eq!(old.location(), "/login?error=wrong");
    web.logged_in("marta", "correct+horse+5");
}

#[test]
fn the_current_password_is_not_to_be_guessed_from_an_open_browser() {
    let web = Web::start();
    let admin = web.administrator();
    let wrong = "current=wrong+horse+1&password=correct+horse+5";
    for _ in 0..5 {
        assert_eq!(admin.post("/profile/password", wrong).location(), "/profile?error=current");
    }
    let right = "current=correct+horse+1&password=correct+horse+5";
    assert_eq!(admin.post("/profile/password", right).location(), "/profile?error=wait");
}

/// What the browser calls its sessions, from the page's own forms.
fn ids(page: &str) -> Vec<String> {
    let after = page.split("name=\"id\" value=\"").skip(1);
    after.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn people_see_where_they_are_signed_in_and_end_it() {
    let web = Web::start();
    let here = web.administrator();
    web.clock.tell(now().later_by(Duration::from_secs(60)));
    let there = web.logged_in("marta", "correct+horse+1");
    let eve = web.joined(&here, "eve", Role::Viewer);
    let page = here.get("/profile").body;
    assert_eq!((page.matches("This browser").count(), page.matches("Another browser").count()), (1, 1));
    assert!(page.contains("127.0.0.1"), "{page}");
    let sessions = ids(&page);
    let of_eve = ids(&eve.get("/profile").body);
    assert_eq!((sessions.len(), of_eve.len()), (2, 1));
    // Of somebody else's nobody ends any.
    let refused = here.call("/api/end-session", &format!("id={}", of_eve[0]));
    assert_eq!(refused.status, 422);
    assert_eq!(eve.get("/").status, 200);
    // The newest is first.
    assert_eq!(here.call("/api/end-session", &format!("id={}", sessions[0])).status, 200);
    assert_eq!(there.fetch("/api/person").status, 401);
    assert_eq!(here.fetch("/api/person").status, 200);
    assert!(!here.get("/profile").body.contains("Another browser"));
}

#[test]
fn a_session_that_nobody_uses_ends_where_people_want_it_so() {
    let folder = tempfile::tempdir().unwrap();
    let idle = Some(Duration::from_secs(900));
    let web = Web::start_idle(folder.path(), now(), &[], Web::empty(), idle);
    let admin = web.administrator();
    for minutes in [14, 28] {
        web.clock.tell(now().later_by(Duration::from_secs(60 * minutes)));
        assert_eq!(admin.get("/").status, 200, "after {minutes} min");
    }
    // A page that only follows the plant is nobody who does something.
    web.clock.tell(now().later_by(Duration::from_secs(60 * 42)));
    assert_eq!(admin.open("GET", "/live", &[], "").0, 200);
    web.clock.tell(now().later_by(Duration::from_secs(60 * 43)));
    assert_eq!(admin.get("/").location(), "/login");
}
