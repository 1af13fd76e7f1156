use std::time::Duration;

use domain::{Role, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::client::{Answer, Client};
use crate::fixture::{Web, cookie, now};

const FIRST: &str = "correct+horse+1";

/// An authenticator app, as far as these tests need one: written from the standards alone.
pub struct App(Vec<u8>);

impl App {
    fn photographed(letters: &str) -> App {
        let mut bits = String::new();
        for letter in letters.chars().filter(|c| *c != ' ') {
            let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap();
            bits.push_str(&format!("{value:05b}"));
        }
        App((0..20).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect())
    }

    pub fn code(&self, at: Timestamp) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).unwrap();
        mac.update(&(at.as_millis() / 30_000).to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let begin = usize::from(hash[19] & 15);
        let four = u32::from_be_bytes(hash[begin..begin + 4].try_into().unwrap()) & 0x7FFF_FFFF;
        format!("{:06}", four % 1_000_000)
    }
}

fn at(steps: u64) -> Timestamp {
    now().later_by(Duration::from_secs(30 * steps))
}

fn cut<'t>(text: &'t str, begin: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no {begin:?} in {text}"));
    rest.split(end).next().unwrap()
}

/// Sets a second factor up; the app and the recovery codes.
pub fn set_up(web: &Web, client: &Client, password: &str, when: Timestamp) -> (App, Vec<String>) {
    let begun = client.post("/profile/factor", &format!("password={password}"));
    assert_eq!(begun.location(), "/profile#factor", "{begun:?}");
    let page = client.get("/profile").body;
    let panel = cut(&page, "id=\"factor\"", "</section>");
    assert!(panel.contains("class=\"qr\"") && panel.contains("d=\"M0 0h1v1h-1z"), "{panel}");
    let app = App::photographed(cut(panel, "<p class=\"code\">", "<"));
    web.clock.tell(when);
    let wrong = client.post("/profile/factor/confirm", "code=000000");
    assert_eq!(wrong.location(), "/profile?factor=factor#factor");
    let done = client.post("/profile/factor/confirm", &format!("code={}", app.code(when)));
    assert_eq!(done.location(), "/profile#factor", "{done:?}");
    let page = client.get("/profile").body;
    let codes = cut(&page, "Your recovery codes.", "</ul>");
    let codes: Vec<String> = codes
        .split("class=\"code\">")
        .skip(1)
        .map(|code| code.split('<').next().unwrap().to_owned())
        .collect();
    assert_eq!(codes.len(), 10);
    assert!(!client.get("/profile").body.contains(&codes[0]), "shown twice");
    (app, codes)
}

/// A browser whose password was right.
fn half(web: &Web, name: &str, password: &str) -> Client {
    let mut client = web.stranger();
    let answer = client.post("/login", &format!("name={name}&password={password}"));
    assert_eq!((answer.status, answer.location()), (303, "/login/code"), "{answer:?}");
    client.cookie = Some(cookie(answer.header("set-cookie").unwrap()));
    client
}

fn prove(half: &Client, code: &str) -> Answer {
    half.post("/login/code", &format!("code={}", code.replace(' ', "+")))
}

fn session(web: &Web, answer: &Answer) -> Client {
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value);
    let set = set.into_iter().find(|value| value.starts_with("__Host-platen=")).unwrap();
    web.stranger().with_cookie(cookie(set))
}

#[test]
fn with_a_second_factor_a_password_alone_lets_nobody_in() {
    let web = Web::start();
    let admin = web.administrator();
    let (app, _) = set_up(&web, &admin, FIRST, at(0));
    assert_eq!(admin.fetch("/api/person").status, 200, "this session goes on");
    let client = half(&web, "marta", FIRST);
    assert_eq!(client.get("/").location(), "/login");
    let stolen = client.cookie.as_deref().unwrap().replace("-half", "");
    assert_eq!(web.stranger().with_cookie(stolen).fetch("/api/person").status, 401);
    assert_eq!(prove(&client, "000000").location(), "/login/code?error=factor");
    assert_eq!(prove(&client, &app.code(at(0))).location(), "/login/code?error=factor", "it was used");
    let entered = prove(&client, &app.code(at(1)));
    assert_eq!(entered.location(), "/", "a step ahead: clocks are not alike");
    assert_eq!(session(&web, &entered).fetch("/api/person").status, 200);
    assert_eq!(prove(&client, &app.code(at(1))).location(), "/login?error=late", "this half is used up");
    let again = half(&web, "marta", FIRST);
    assert_eq!(prove(&again, &app.code(at(1))).location(), "/login/code?error=factor", "so is the code");
    web.clock.tell(at(3));
    assert_eq!(prove(&again, &app.code(at(1))).location(), "/login/code?error=factor", "two steps late");
    assert_eq!(prove(&again, &app.code(at(3))).location(), "/");
    assert_eq!(web.stranger().post("/login/code", "code=123456").location(), "/login?error=late");
}

#[test]
fn a_code_used_once_is_used_after_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start_in(folder.path(), now(), &[]);
    let admin = web.administrator();
    let (app, codes) = set_up(&web, &admin, FIRST, at(0));
    assert_eq!(prove(&half(&web, "marta", FIRST), &app.code(at(1))).location(), "/");
    assert_eq!(prove(&half(&web, "marta", FIRST), &codes[0]).location(), "/");
    drop(web);
    let web = Web::start_in(folder.path(), at(1), &[]);
    let client = half(&web, "marta", FIRST);
    assert_eq!(prove(&client, &app.code(at(1))).location(), "/login/code?error=factor");
    assert_eq!(prove(&client, &codes[0]).location(), "/login/code?error=factor");
    assert_eq!(prove(&client, &codes[1].to_lowercase().replace('-', " ")).location(), "/");
}

#[test]
fn wrong_codes_count_as_wrong_passwords_do() {
    let web = Web::start();
    let admin = web.administrator();
    let (app, _) = set_up(&web, &admin, FIRST, at(0));
    let client = half(&web, "marta", FIRST);
    for _ in 0..4 {
        assert_eq!(prove(&client, "000000").location(), "/login/code?error=factor");
    }
    // The right password before them gives no new guesses.
    let form = format!("name=marta&password={FIRST}");
    assert_eq!(web.stranger().post("/login", &form).location(), "/login?error=wait");
    assert_eq!(prove(&client, &app.code(at(1))).location(), "/login/code?error=wait");
    web.clock.tell(at(2));
    assert_eq!(prove(&client, &app.code(at(2))).location(), "/");
}

#[test]
fn the_half_that_is_in_waits_ten_minutes_and_ends_with_what_it_stood_on() {
    let web = Web::start();
    let admin = web.administrator();
    let eve = web.joined(&admin, "eve", Role::Technician);
    let (app, _) = set_up(&web, &eve, "correct+horse+2", at(0));
    let client = half(&web, "eve", "correct+horse+2");
    web.clock.tell(at(20));
    assert_eq!(prove(&client, &app.code(at(20))).location(), "/login?error=late");
    let client = half(&web, "eve", "correct+horse+2");
    assert_eq!(admin.call("/api/let-in", "name=eve&allowed=false").status, 200);
    assert_eq!(prove(&client, &app.code(at(20))).location(), "/login?error=wrong");
}

#[test]
fn a_code_for_a_new_password_is_no_second_factor() {
    let web = Web::start();
    let admin = web.administrator();
    let eve = web.joined(&admin, "eve", Role::Technician);
    let (app, _) = set_up(&web, &eve, "correct+horse+2", at(0));
    assert_eq!(admin.call("/api/give-code", "name=eve").status, 200);
    let mut client = web.stranger();
    let form = format!("code={}&password=correct+horse+3", web.shown_code(&admin));
    let answer = client.post("/accept", &form);
    assert_eq!(answer.location(), "/login/code");
    client.cookie = Some(cookie(answer.header("set-cookie").unwrap()));
    assert_eq!(prove(&client, &app.code(at(1))).location(), "/");
}

#[test]
fn setting_up_and_taking_away_ask_for_the_password_again() {
    let web = Web::start();
    let admin = web.administrator();
    let wrong = "password=wrong+horse+1";
    assert_eq!(admin.post("/profile/factor", wrong).location(), "/profile?factor=current#factor");
    assert!(!admin.get("/profile").body.contains("class=\"qr\""));
    assert_eq!(admin.post("/profile/factor/confirm", "code=1").location(), "/profile?factor=late#factor");
    set_up(&web, &admin, FIRST, at(0));
    let again = admin.post("/profile/factor", &format!("password={FIRST}"));
    assert_eq!(again.location(), "/profile?factor=has-factor#factor");
    assert_eq!(admin.post("/profile/factor/remove", wrong).location(), "/profile?factor=current#factor");
    half(&web, "marta", FIRST);
    let gone = admin.post("/profile/factor/remove", &format!("password={FIRST}"));
    assert_eq!(gone.location(), "/profile#factor");
    web.logged_in("marta", FIRST);
}

#[test]
fn an_administrator_takes_anothers_factor_away_and_all_of_it_is_in_the_trail() {
    let web = Web::start();
    let admin = web.administrator();
    let eve = web.joined(&admin, "eve", Role::Technician);
    let (_, codes) = set_up(&web, &eve, "correct+horse+2", at(0));
    let client = half(&web, "eve", "correct+horse+2");
    prove(&client, "000000");
    assert_eq!(prove(&client, &codes[3]).location(), "/");
    assert!(admin.get("/people").body.contains("Take the second factor away"));
    assert_eq!(eve.call("/api/reset-factor", "name=eve").status, 403);
    assert_eq!(admin.call("/api/reset-factor", "name=eve").status, 200);
    assert_eq!(eve.fetch("/api/person").status, 401, "their sessions end");
    web.logged_in("eve", "correct+horse+2");
    assert_eq!(admin.call("/api/reset-factor", "name=eve").status, 422);
    let trail = admin.fetch("/api/trail").body;
    for word in ["set-factor", "factor-failed", "use-recovery", "9 left", "remove-factor"] {
        assert!(trail.contains(word), "{word}: {trail}");
    }
    assert!(!trail.contains(&codes[3]));
}

#[test]
fn where_administrators_need_one_those_without_may_what_a_viewer_may() {
    let web = Web::start();
    let admin = web.administrator();
    let eve = web.joined(&admin, "eve", Role::Administrator);
    assert_eq!(admin.call("/api/need-factor", "needed=true").status, 422, "one's own first");
    let (app, _) = set_up(&web, &admin, FIRST, at(0));
    assert_eq!(admin.call("/api/need-factor", "needed=true").status, 200);
    assert_eq!(eve.fetch("/api/person").status, 401);
    assert_eq!(admin.fetch("/api/people").status, 200);
    let eve = web.logged_in("eve", "correct+horse+2");
    assert_eq!(eve.get("/").status, 200);
    assert_eq!(eve.get("/people").status, 403);
    assert!(eve.get("/profile").body.contains("you may no more than a viewer"));
    set_up(&web, &eve, "correct+horse+2", at(0));
    assert!(eve.get("/profile").body.contains("Log in anew"));
    assert_eq!(eve.get("/people").status, 403, "as it was begun");
    // Without it the one who says so may less at once.
    admin.post("/profile/factor/remove", &format!("password={FIRST}"));
    assert_eq!(admin.fetch("/api/person").status, 401);
    let _ = app;
    assert_eq!(web.logged_in("marta", FIRST).get("/people").status, 403);
}
