use std::time::Duration;

use crate::fixture::{Web, cookie, now};

#[test]
fn the_setup_code_makes_one_administrator() {
    let web = Web::start();
    let code = web.code.clone().unwrap();
    web.administrator();
    let again = web.stranger().post("/setup", &format!("code={code}&name=eve&password=correct+horse+2"));
    assert_eq!((again.status, again.location()), (303, "/login?error=taken"));
    assert_eq!(again.header("set-cookie"), None);
    let eve = web.stranger().post("/login", "name=eve&password=correct+horse+2");
    assert_eq!(eve.location(), "/login?error=wrong");
}

#[test]
fn two_setups_at_once_make_one_administrator() {
    let web = Web::start();
    let clients: Vec<_> = (0..4)
        .map(|n| {
            let (client, form) = (web.stranger(), web.setup_form(&format!("person{n}"), "correct+horse+1"));
            std::thread::spawn(move || client.post("/setup", &form).location().to_owned())
        })
        .collect();
    let mut locations: Vec<String> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    locations.sort();
    assert_eq!(locations, ["/", "/login?error=taken", "/login?error=taken", "/login?error=taken"]);
}

#[test]
fn the_code_is_asked_for_until_there_is_an_administrator_and_never_after() {
    let folder = tempfile::tempdir().unwrap();
    let first = Web::start_in(folder.path(), now(), &[]).code.clone().unwrap();
    let web = Web::start_in(folder.path(), now(), &[]);
    assert_ne!(web.code.as_deref(), Some(first.as_str()), "a code is good for one start");
    assert_eq!(web.stranger().get("/login").location(), "/setup");
    web.administrator();
    drop(web);
    let web = Web::start_in(folder.path(), now(), &[]);
    assert_eq!(web.code, None);
    assert_eq!(web.stranger().get("/setup").location(), "/login");
    assert_eq!(web.stranger().post("/login", "name=Marta&password=correct+horse+1").location(), "/");
}

#[test]
fn wrong_codes_are_slowed_down() {
    let web = Web::start();
    let client = web.stranger();
    let wrong = "code=2222-2222-2222-2222&name=eve&password=correct+horse+2";
    for _ in 0..5 {
        assert_eq!(client.post("/setup", wrong).location(), "/setup?error=code");
    }
    assert_eq!(client.post("/setup", wrong).location(), "/setup?error=wait");
    let right = web.setup_form("marta", "correct+horse+1");
    assert_eq!(client.post("/setup", &right).location(), "/setup?error=wait");
    web.clock.tell(now().later_by(Duration::from_secs(31)));
    assert_eq!(client.post("/setup", &right).location(), "/");
}

#[test]
fn a_password_that_breaks_the_rules_is_refused_and_the_code_stays_good() {
    let web = Web::start();
    let client = web.stranger();
    for (name, password, error) in [
        ("marta", "short1", "password-length"),
        ("marta", &"a1".repeat(65), "password-length"),
        ("marta", "only+letters+here", "password-letters"),
        ("marta", "12345678901", "password-letters"),
        ("marta", "Password12", "password-common"),
        ("", "correct+horse+1", "name"),
    ] {
        let answer = client.post("/setup", &web.setup_form(name, password));
        assert_eq!(answer.location(), format!("/setup?error={error}"));
    }
    let differs = web.setup_form("marta", "correct+horse+1") + "&password_again=correct+horse+2";
    assert_eq!(client.post("/setup", &differs).location(), "/setup?error=mismatch");
    web.administrator();
}

#[test]
fn the_cookie_is_for_this_box_over_tls_and_no_script() {
    let web = Web::start();
    let answer = web.stranger().post("/setup", &web.setup_form("marta", "correct+horse+1"));
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-platen="), "{set}");
    for flag in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=28800"] {
        assert!(set.split("; ").any(|part| part == flag), "{flag} is missing: {set}");
    }
    assert!(!set.contains("Domain"), "{set}");
}

#[test]
fn a_session_ends_after_8_hours_however_busy() {
    let web = Web::start();
    let admin = web.administrator();
    for hours in 1..8 {
        web.clock.tell(now().later_by(Duration::from_hours(hours)));
        assert_eq!(admin.get("/").status, 200, "after {hours} h");
    }
    web.clock.tell(now().later_by(Duration::from_millis(8 * 3_600_000 - 1)));
    assert_eq!(admin.fetch("/api/person").status, 200);
    web.clock.tell(now().later_by(Duration::from_hours(8)));
    assert_eq!(admin.get("/").location(), "/login");
    assert_eq!(admin.fetch("/api/person").status, 401);
}

#[test]
fn a_session_that_was_left_cannot_be_taken_up_again() {
    let web = Web::start();
    let admin = web.administrator();
    let left = admin.post("/logout", "a=1");
    assert!(left.header("set-cookie").unwrap().contains("Max-Age=0"), "{left:?}");
    assert_eq!(admin.get("/").location(), "/login");
}

#[test]
fn a_session_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start_in(folder.path(), now(), &[]);
    let held = web.administrator().cookie;
    drop(web);
    let web = Web::start_in(folder.path(), now(), &[]);
    let mut client = web.stranger();
    client.cookie = held;
    assert_eq!(client.get("/").status, 200);
}

#[test]
fn a_wrong_password_and_an_unknown_name_get_the_same_answer() {
    let web = Web::start();
    web.administrator();
    let client = web.stranger();
    let wrong = client.post("/login", "name=marta&password=correct+horse+2");
    let unknown = client.post("/login", "name=nobody&password=correct+horse+1");
    for answer in [&wrong, &unknown] {
        assert_eq!((answer.status, answer.location()), (303, "/login?error=wrong"));
        assert!(!answer.header("set-cookie").unwrap_or_default().starts_with("__Host-platen="));
    }
    let right = client.post("/login", "name=MARTA&password=correct+horse+1");
    assert_eq!(right.location(), "/");
    assert_ne!(cookie(right.header("set-cookie").unwrap()), cookie("__Host-platen="));
}

#[test]
fn a_form_that_is_too_large_or_makes_no_sense_is_refused() {
    let web = Web::start();
    let client = web.stranger();
    assert_eq!(client.post("/setup", &format!("code={}", "a".repeat(20_000))).status, 413);
    assert_eq!(client.post("/setup", "nothing").status, 400);
    assert_eq!(client.post("/login", "name=marta").status, 400);
}
