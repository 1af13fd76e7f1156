use domain::Scope;

use crate::client::{Client, chunk};
use crate::fixture::{Web, cookie};

/// A screen on which the wall was opened with that token.
fn screen(web: &Web, token: &str) -> Client {
    let mut screen = web.stranger();
    let answer = screen.post("/wall/open", &format!("token={token}"));
    assert_eq!((answer.status, answer.location()), (303, "/wall"), "{answer:?}");
    let set = answer.header("set-cookie").unwrap();
    for flag in ["Path=/wall", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age="] {
        assert!(set.contains(flag), "{flag}: {set}");
    }
    screen.cookie = Some(cookie(set));
    screen
}

#[test]
fn a_screen_shows_the_wall_by_its_cookie_and_nothing_else() {
    let web = Web::start();
    let admin = web.administrator();
    let token = web.machine(&admin, "hall", Scope::Wall, 30).token.unwrap();
    let screen = screen(&web, &token);
    let page = screen.get("/wall");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("class=\"wall\"") && !page.body.contains(&token), "{}", page.body);
    assert_eq!(screen.fetch("/wall/floor").status, 200);
    // The cookie would not even be sent there.
    assert_eq!(screen.get("/").location(), "/login");
    assert_eq!(screen.fetch("/api/floor").status, 401);
    assert_eq!(screen.fetch("/live").status, 401);
    assert_eq!(screen.fetch("/api/v1/molds").status, 401);
}

#[test]
fn a_token_that_is_none_for_walls_opens_none() {
    let web = Web::start();
    let admin = web.administrator();
    let reader = web.machine(&admin, "erp", Scope::Read, 30).token.unwrap();
    let forged = format!("platen-{}", "a7".repeat(32));
    for token in [reader.as_str(), forged.as_str(), "", "x"] {
        let answer = web.stranger().post("/wall/open", &format!("token={token}"));
        assert_eq!((answer.status, answer.location()), (303, "/wall/open?error=token"), "{token}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    let form = web.stranger().get("/wall/open?error=token").body;
    assert!(form.contains("This token is not good") && form.contains("action=\"/wall/open\""), "{form}");
}

#[test]
fn a_wall_hears_of_molds_and_alarms_alone_until_its_token_is_revoked() {
    let web = Web::start();
    let admin = web.administrator();
    let token = web.machine(&admin, "hall", Scope::Wall, 30).token.unwrap();
    let screen = screen(&web, &token);
    let (status, headers, mut rest) = screen.open("GET", "/wall/live?after=41", &[], "");
    assert_eq!(status, 200);
    assert!(headers.contains(&("content-type".to_owned(), "text/event-stream".to_owned())), "{headers:?}");
    let mut heard = String::new();
    while !heard.contains("Heartbeat") {
        heard.push_str(&String::from_utf8(chunk(&mut rest).unwrap()).unwrap());
    }
    assert!(
        heard.contains("id: 43\n") && !heard.contains("id: 42\n"),
        "storage is no business of walls: {heard}"
    );
    assert_eq!(admin.call("/api/revoke-token", "name=hall").status, 200);
    while chunk(&mut rest).is_some() {}
    assert_eq!(screen.fetch("/wall/live").status, 401);
    let gone = screen.get("/wall");
    assert_eq!(gone.location(), "/wall/open?error=token");
    assert!(gone.header("set-cookie").unwrap().contains("Max-Age=0"), "a cookie of no use is taken away");
}
