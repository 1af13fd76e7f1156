use std::time::Duration;

use domain::Role;

use crate::client::Client;
use crate::fixture::{Web, now};

/// What a browser without a script gets when it sends a form from a page of the box.
fn submit(web: &Web, client: &Client, page: &str, path: &str, form: &str) -> String {
    let origin = format!("https://localhost:{}", web.https.port());
    let referer = format!("{origin}{page}");
    let headers = [("accept", "text/html"), ("origin", origin.as_str()), ("referer", referer.as_str())];
    let answer = client.send("POST", path, &headers, form);
    assert_eq!(answer.status, 302, "{answer:?}");
    client.get(answer.location().strip_prefix(&origin).unwrap()).body
}

#[test]
fn an_invitation_makes_one_person_with_that_role() {
    let web = Web::start();
    let admin = web.administrator();
    let code = web.invited(&admin, "eve", Role::Technician);
    assert_eq!(code.len(), 19);
    let eve = web.taken_up(&code.to_lowercase(), "correct+horse+2");
    assert!(eve.fetch("/api/person").body.contains("\"role\":\"technician\""));
    assert_eq!(eve.get("/people").status, 403);
    let again = web.stranger().post("/accept", &format!("code={code}&password=correct+horse+4"));
    assert_eq!(again.location(), "/accept?error=invitation");
    web.logged_in("EVE", "correct+horse+2");
    let twice = admin.call("/api/invite", "name=eve&email=e%40plant.example&role=viewer");
    assert_eq!(twice.status, 422);
    assert!(twice.body.contains("there is somebody with the name eve already"), "{twice:?}");
}

#[test]
fn a_code_is_shown_once_and_to_nobody_else() {
    let web = Web::start();
    let admin = web.administrator();
    let other = web.joined(&admin, "other", Role::Administrator);
    assert_eq!(admin.call("/api/invite", "name=eve&email=e%40plant.example&role=viewer").status, 200);
    assert!(!other.get("/people").body.contains("issued-code"));
    web.shown_code(&admin);
    assert!(!admin.get("/people").body.contains("issued-code"));
}

#[test]
fn people_are_invited_without_any_script() {
    let web = Web::start();
    let admin = web.administrator();
    let form = "name=Eve+Stone&email=eve%40plant.example&role=tooling-manager";
    let page = submit(&web, &admin, "/people", "/api/invite", form);
    assert!(page.contains("The code for Eve Stone") && page.contains("invited as tooling manager"), "{page}");
    let page = submit(&web, &admin, "/people", "/api/withdraw", "name=Eve+Stone");
    assert!(!page.contains("Codes that wait"), "{page}");
    let page = submit(&web, &admin, "/people", "/api/invite", "name=x&email=nowhere&role=viewer");
    assert!(page.contains("An e-mail address looks like"), "{page}");
}

#[test]
fn a_code_ends_after_three_days_or_when_it_is_taken_back() {
    let web = Web::start();
    let admin = web.administrator();
    let (late, gone) = (web.invited(&admin, "late", Role::Viewer), web.invited(&admin, "gone", Role::Viewer));
    assert_eq!(admin.call("/api/withdraw", "name=gone").status, 200);
    let accept = |code: &str| {
        let form = format!("code={code}&password=correct+horse+2");
        web.stranger().post("/accept", &form).location().to_owned()
    };
    assert_eq!(accept(&gone), "/accept?error=invitation");
    web.clock.tell(now().later_by(Duration::from_hours(72)));
    assert_eq!(accept(&late), "/accept?error=invitation");
}

#[test]
fn another_role_or_none_ends_what_the_former_one_began() {
    let web = Web::start();
    let admin = web.administrator();
    let eve = web.joined(&admin, "eve", Role::Administrator);
    assert_eq!(eve.get("/people").status, 200);
    assert_eq!(admin.call("/api/set-role", "name=eve&role=viewer").status, 200);
    assert_eq!(eve.fetch("/api/person").status, 401);
    let eve = web.logged_in("eve", "correct+horse+2");
    assert_eq!(eve.get("/people").status, 403);
    assert_eq!(admin.call("/api/let-in", "name=eve&allowed=false").status, 200);
    assert_eq!(eve.fetch("/api/person").status, 401);
    let refused = web.stranger().post("/login", "name=eve&password=correct+horse+2");
    assert_eq!(refused.location(), "/login?error=wrong", "as for a name that nobody has");
    assert_eq!(admin.call("/api/let-in", "name=eve&allowed=true").status, 200);
    web.logged_in("eve", "correct+horse+2");
}

#[test]
fn the_last_administrator_stays_one() {
    let web = Web::start();
    let admin = web.administrator();
    for (path, form) in
        [("/api/set-role", "name=marta&role=viewer"), ("/api/let-in", "name=marta&allowed=false")]
    {
        let refused = admin.call(path, form);
        assert_eq!(refused.status, 422, "{path}");
        assert!(refused.body.contains("the only administrator"), "{refused:?}");
    }
    assert_eq!(admin.get("/people").status, 200);
}

#[test]
fn a_code_for_another_password_ends_the_old_one_and_its_sessions() {
    let web = Web::start();
    let admin = web.administrator();
    let eve = web.joined(&admin, "eve", Role::Technician);
    assert_eq!(admin.call("/api/give-code", "name=eve").status, 200);
    let code = web.shown_code(&admin);
    assert_eq!(eve.get("/").status, 200, "until it is used");
    let short = web.stranger().post("/accept", &format!("code={code}&password=short1"));
    assert_eq!(short.location(), "/accept?error=password-length");
    web.taken_up(&code, "correct+horse+3");
    assert_eq!(eve.fetch("/api/person").status, 401);
    let old = web.stranger().post("/login", "name=eve&password=correct+horse+2");
    assert_eq!(old.location(), "/login?error=wrong");
}
