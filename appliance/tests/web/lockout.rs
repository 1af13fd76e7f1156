use std::time::Duration;

use crate::fixture::{Web, now};

const RIGHT: &str = "name=Marta&password=correct+horse+1";

fn wrong(name: &str) -> String {
    format!("name={name}&password=correct+horse+2")
}

#[test]
fn wrong_passwords_are_slowed_down_whether_anybody_has_the_name_or_not() {
    let web = Web::start();
    web.administrator();
    let client = web.stranger();
    for name in ["marta", "nobody", ""] {
        for _ in 0..5 {
            assert_eq!(client.post("/login", &wrong(name)).location(), "/login?error=wrong", "{name:?}");
        }
        assert_eq!(client.post("/login", &wrong(name)).location(), "/login?error=wait", "{name:?}");
    }
    assert_eq!(client.post("/login", RIGHT).location(), "/login?error=wait");
    web.clock.tell(now().later_by(Duration::from_secs(31)));
    assert_eq!(client.post("/login", RIGHT).location(), "/");
    assert_eq!(client.post("/login", RIGHT).location(), "/", "a right one ends the counting");
}

#[test]
fn each_wrong_password_waits_longer_and_starting_the_box_anew_forgives_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start_in(folder.path(), now(), &[]);
    web.administrator();
    let client = web.stranger();
    for _ in 0..5 {
        client.post("/login", &wrong("marta"));
    }
    let later = now().later_by(Duration::from_secs(31));
    web.clock.tell(later);
    assert_eq!(client.post("/login", &wrong("marta")).location(), "/login?error=wrong");
    drop(web);
    let web = Web::start_in(folder.path(), later.later_by(Duration::from_secs(59)), &[]);
    assert_eq!(web.stranger().post("/login", RIGHT).location(), "/login?error=wait");
    web.clock.tell(later.later_by(Duration::from_secs(60)));
    assert_eq!(web.stranger().post("/login", RIGHT).location(), "/");
    drop(web);
    let web = Web::start_in(folder.path(), later.later_by(Duration::from_secs(61)), &[]);
    for _ in 0..5 {
        assert_eq!(web.stranger().post("/login", &wrong("marta")).location(), "/login?error=wrong");
    }
}

#[test]
fn an_address_that_tries_many_names_has_to_wait_whatever_it_tries_next() {
    let web = Web::start();
    web.administrator();
    let client = web.stranger();
    for n in 0..20 {
        assert_eq!(client.post("/login", &wrong(&n.to_string())).location(), "/login?error=wrong");
    }
    assert_eq!(client.post("/login", &wrong("another")).location(), "/login?error=wait");
    assert_eq!(client.post("/accept", "code=2222&password=correct+horse+3").location(), "/accept?error=wait");
    web.clock.tell(now().later_by(Duration::from_secs(31)));
    assert_eq!(client.post("/login", RIGHT).location(), "/");
}

#[test]
fn whoever_was_locked_out_by_others_comes_in_by_a_code() {
    let web = Web::start();
    let admin = web.administrator();
    web.joined(&admin, "eve", domain::Role::Viewer);
    for _ in 0..6 {
        web.stranger().post("/login", "name=eve&password=wrong+horse+7");
    }
    assert_eq!(
        web.stranger().post("/login", "name=eve&password=correct+horse+2").location(),
        "/login?error=wait"
    );
    assert_eq!(admin.call("/api/give-code", "name=eve").status, 200);
    let code = web.shown_code(&admin);
    web.taken_up(&code, "correct+horse+3");
    web.logged_in("eve", "correct+horse+3");
}
