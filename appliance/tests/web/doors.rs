use std::collections::BTreeSet;
use std::time::Duration;

use appliance::web::access::{Access, Door, TABLE, Verb, find};
use appliance::web::{addresses, functions};
use domain::{Role, Scope};

use crate::client::{Answer, Client};
use crate::fixture::{Web, now};

/// A path that fits a pattern of the table.
fn example(pattern: &str) -> String {
    pattern
        .replace("{file:.*}", "app.js")
        .replace("{id}", "7")
        .replace("{number}/{rows}", "M-7/cycles")
        .replace("{rows}", "cycles.csv")
}

fn ask(client: &Client, verb: Verb, path: &str, page: bool) -> Answer {
    match verb {
        Verb::Read if page => client.get(path),
        Verb::Read => client.fetch(path),
        Verb::Change => client.post(path, "a=1"),
    }
}

fn refuses(client: &Client, expected_page: &str) {
    for rule in TABLE.iter().filter(|rule| rule.access != Access::Public) {
        let path = example(rule.path);
        let answer = ask(client, rule.verb, &path, rule.door == Door::Page);
        let location = answer.location();
        match (rule.door, rule.verb, expected_page) {
            (Door::Page, ..) if path == "/wall" => {
                assert_eq!((answer.status, location), (303, "/wall/open"), "{path}");
            }
            (Door::Page, _, "/login") if path != "/" => {
                assert_eq!((answer.status, location), (303, format!("/login?next={path}").as_str()));
            }
            (Door::Page, ..) => assert_eq!((answer.status, location), (303, expected_page), "{path}"),
            // Leaving without being in leads to the door, and changes nothing.
            (Door::LogOut, ..) => assert_eq!((answer.status, location), (303, "/login"), "{path}"),
            // A form of a page that has been open for too long.
            (_, Verb::Change, "/login") => {
                assert_eq!((answer.status, location), (303, "/login?error=expired"), "{path}");
            }
            (_, Verb::Change, _) => assert_eq!((answer.status, location), (303, expected_page), "{path}"),
            (_, Verb::Read, _) => assert_eq!(answer.status, 401, "{path}"),
        }
        assert!(!answer.body.contains("marta"), "{path}");
        if rule.verb == Verb::Change && rule.door != Door::LogOut {
            assert_eq!(client.call(&path, "a=1").status, 401, "{path}");
        }
    }
    let unknown = client.get("/no/such/page");
    assert_eq!((unknown.status, unknown.location()), (303, expected_page));
    assert_eq!(client.fetch("/no/such/file.json").status, 401);
    assert_eq!(client.call("/no/such/form", "a=1").status, 401);
}

#[test]
fn every_route_but_the_public_ones_refuses_a_caller_without_a_session() {
    let web = Web::start();
    refuses(&web.stranger(), "/setup");

    let mut admin = web.administrator();
    refuses(&web.stranger(), "/login");

    // Expired.
    web.clock.tell(now().later_by(Duration::from_hours(8)));
    refuses(&admin, "/login");
    web.clock.tell(now());
    // Revoked: by somebody else, and by leaving.
    admin = web.logged_in("marta", "correct+horse+1");
    let eve = web.joined(&admin, "eve", Role::Administrator);
    assert_eq!(eve.call("/api/end-sessions", "name=marta").status, 200);
    refuses(&admin, "/login");
    eve.post("/logout", "a=1");
    refuses(&eve, "/login");
    // Forged.
    admin.cookie = Some(format!("__Host-platen={}", "a7".repeat(32)));
    refuses(&admin, "/login");
    admin.cookie = Some("__Host-platen=".to_owned());
    refuses(&admin, "/login");
}

#[test]
fn the_public_routes_are_these_and_no_others() {
    let public: BTreeSet<(bool, &str)> = TABLE
        .iter()
        .filter(|rule| rule.access == Access::Public)
        .map(|rule| (rule.verb == Verb::Change, rule.path))
        .collect();
    let expected = [
        (false, "/accept"),
        (false, "/assets/{file:.*}"),
        (false, "/api/v1/openapi.json"),
        (false, "/api/trust"),
        (false, "/ca.crt"),
        (false, "/ca.pem"),
        (false, "/health"),
        (false, "/login"),
        (false, "/login/code"),
        (false, "/setup"),
        (false, "/wall/open"),
        (false, "/trust"),
        (false, "/trust.svg"),
        (true, "/accept"),
        (true, "/login"),
        (true, "/login/code"),
        (true, "/setup"),
        (true, "/wall/open"),
    ];
    assert_eq!(public, BTreeSet::from(expected));
}

#[test]
fn the_table_names_every_screen_and_every_function() {
    // Listing the screens renders them, and what they load meanwhile wants a runtime.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _in = runtime.enter();
    let screens: BTreeSet<String> = addresses().iter().map(|screen| example(screen.path())).collect();
    assert!(screens.len() >= 5, "{screens:?}");
    for path in &screens {
        let rule =
            find(Verb::Read, path).unwrap_or_else(|| panic!("the table does not know the screen {path}"));
        assert_eq!(rule.door, Door::Page, "{path}");
    }
    let functions = functions();
    assert!(functions.len() >= 10, "{functions:?}");
    for (path, method) in &functions {
        let verb = if method == "GET" { Verb::Read } else { Verb::Change };
        let rule = find(verb, path).unwrap_or_else(|| panic!("the table does not know {method} {path}"));
        assert_eq!(rule.door, Door::Api, "{path}");
        // How a device comes to trust the box is asked for before anybody can sign in.
        assert_eq!(rule.access == Access::Public, *path == "/api/trust", "{path}");
    }
    for rule in TABLE {
        let known = match rule.door {
            Door::Page => screens.contains(&example(rule.path)),
            Door::Api => functions.iter().any(|(path, _)| *path == rule.path),
            _ => true,
        };
        assert!(known, "{} leads nowhere", rule.path);
    }
}

#[test]
fn every_route_answers_each_role_as_the_table_says() {
    let web = Web::start();
    let admin = web.administrator();
    for role in Role::ALL {
        // Somebody new for each route that may end the session: leaving does.
        let client = web.joined(&admin, role.word(), role);
        for rule in TABLE.iter().filter(|rule| rule.door != Door::LogOut) {
            let path = example(rule.path);
            let may = match rule.access {
                Access::Public => true,
                Access::From(least) => role >= least,
                // Doors for machines open to nobody's session.
                Access::Machine(_) => {
                    assert_eq!(client.fetch(&path).status, 401, "{role}: {path}");
                    continue;
                }
            };
            let status = match (rule.door, rule.verb) {
                // It has no end.
                (Door::Live, _) => client.open("GET", &path, &[], "").0,
                (_, Verb::Read) => ask(&client, rule.verb, &path, rule.door == Door::Page).status,
                (_, Verb::Change) => client.call(&path, "a=1").status,
            };
            assert_eq!(!matches!(status, 401 | 403), may, "{role}: {:?} {path} is {status}", rule.verb);
            if !may {
                assert_eq!(status, 403, "{role}: {path}");
                let told = match rule.verb {
                    Verb::Read => client.get(&path),
                    Verb::Change => client.post(&path, "a=1"),
                };
                assert_eq!(told.status, 403, "{role}: {path} without a script");
                assert!(!told.body.contains("marta"), "{role}: {path} tells of people");
            }
        }
        assert_eq!(client.get("/").status, 200, "{role}");
        assert_eq!(client.post("/logout", "a=1").location(), "/login", "{role}");
    }
}

/// Holds every route against what a token opens: the doors of its scope, and nothing else.
fn opens_only(client: &Client, scope: Option<Scope>, who: &str) {
    for rule in TABLE.iter().filter(|rule| rule.access != Access::Public) {
        let path = example(rule.path);
        let status = match rule.verb {
            Verb::Read => client.open("GET", &path, &[("accept", "application/json")], "").0,
            Verb::Change => client.call(&path, "a=1").status,
        };
        match rule.access {
            Access::Machine(least) if Some(least) == scope => {
                assert!(matches!(status, 200 | 404), "{who}: {path} is {status}");
            }
            Access::Machine(_) => {
                assert_eq!(status, if scope.is_some() { 403 } else { 401 }, "{who}: {path}");
            }
            // A token is no session: a screen leads to the log-in.
            _ if rule.door == Door::Page => assert_eq!(status, 303, "{who}: {path}"),
            _ if rule.door == Door::LogOut => assert_eq!(status, 303, "{who}: {path}"),
            _ => assert_eq!(status, 401, "{who}: {path}"),
        }
    }
}

#[test]
fn every_route_answers_each_token_as_the_table_says() {
    let web = Web::start();
    let admin = web.administrator();
    for scope in Scope::ALL {
        let machine = web.machine(&admin, scope.word(), scope, 30);
        opens_only(&machine, Some(scope), scope.word());
        web.clock.tell(now().later_by(Duration::from_hours(30 * 24)));
        opens_only(&machine, None, "expired");
        web.clock.tell(now());
        let revoked = format!("name={scope}");
        assert_eq!(admin.call("/api/revoke-token", &revoked).status, 200);
        opens_only(&machine, None, "revoked");
    }
    let forged = |token: &str| web.stranger().with_token(token);
    opens_only(&forged(&format!("platen-{}", "a7".repeat(32))), None, "forged");
    opens_only(&forged("platen-"), None, "no token");
    // The token of a session is none of a machine, and the other way round.
    let session = admin.cookie.as_deref().unwrap().split_once('=').unwrap().1.to_owned();
    opens_only(&forged(&format!("platen-{session}")), None, "a session's token");
    let machine = web.machine(&admin, "erp", Scope::Read, 30).token.unwrap();
    let cookie = format!("__Host-platen={}", machine.strip_prefix("platen-").unwrap());
    let thief = web.stranger().with_cookie(cookie);
    assert_eq!(thief.fetch("/api/person").status, 401);
}

#[test]
fn whoever_is_signed_in_reaches_every_screen_and_function() {
    let web = Web::start();
    let admin = web.administrator();
    assert_eq!(admin.get("/").status, 200);
    assert_eq!(admin.get("/radios").status, 200);
    assert_eq!(admin.get("/no/such/page").status, 404);
    let person = admin.fetch("/api/person");
    assert_eq!(person.status, 200, "{person:?}");
    assert!(person.body.contains("marta"));
    assert_eq!(admin.fetch("/api/mold?id=7").status, 404);
    for page in ["/login", "/setup"] {
        assert_eq!(admin.get(page).location(), "/", "{page}");
    }
}

#[test]
fn a_change_asked_for_by_another_site_is_refused() {
    let web = Web::start();
    let admin = web.administrator();
    let here = format!("https://localhost:{}", web.https.port());
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://localhost")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", here.as_str())],
        &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
    ] {
        for path in ["/logout", "/login", "/api/discover"] {
            assert_eq!(admin.send("POST", path, headers, "a=1").status, 403, "{path} {headers:?}");
        }
    }
    assert_eq!(admin.get("/").status, 200);
    let own = [("sec-fetch-site", "same-origin"), ("origin", here.as_str())];
    assert_eq!(admin.send("POST", "/logout", &own, "a=1").location(), "/login");
}

#[test]
fn other_methods_are_refused() {
    let web = Web::start();
    let admin = web.administrator();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        assert_eq!(admin.send(method, "/", &[], "").status, 405, "{method}");
    }
    let head = admin.send("HEAD", "/", &[("accept", "text/html")], "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}
