use std::collections::BTreeSet;
use std::time::Duration;

use appliance::web::access::{Access, TABLE};
use domain::{Role, Scope};
use serde_json::Value;

use crate::client::Client;
use crate::export::fill;
use crate::fixture::{Web, now};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

fn trail(admin: &Client) -> Vec<String> {
    let view = json(&admin.fetch("/api/trail").body);
    let line = |entry: &Value| {
        let fields = ["who", "from", "what", "subject", "before", "after"];
        fields.map(|field| entry[field].as_str().unwrap_or_default()).join("|")
    };
    view["entries"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_token_is_shown_once_and_what_becomes_of_it_is_written_down() {
    let web = Web::start();
    let admin = web.administrator();
    let machine = web.machine(&admin, "erp", Scope::Read, 30);
    let token = machine.token.clone().unwrap();
    assert!(!admin.get("/machines").body.contains(&token), "shown again");
    assert_eq!(machine.fetch("/api/v1/molds").status, 200);
    assert_eq!(machine.fetch("/api/v1/alarms").status, 200);
    assert_eq!(admin.call("/api/revoke-token", "name=erp").status, 200);
    assert_eq!(machine.fetch("/api/v1/molds").status, 401);
    assert_eq!(admin.call("/api/revoke-token", "name=erp").status, 422);
    let trail = trail(&admin);
    let of_tokens: Vec<&str> =
        trail.iter().map(String::as_str).filter(|line| line.contains("-token|")).collect();
    let ends = jiff_day(30);
    assert_eq!(of_tokens.len(), 3, "{trail:?}");
    assert_eq!(of_tokens[0], "marta|127.0.0.1|revoke-token|erp|scope read|");
    assert_eq!(of_tokens[1], "erp|127.0.0.1, by token|use-token|||read", "once, however often it is used");
    assert!(of_tokens[2].starts_with(&format!("marta|127.0.0.1|make-token|erp||scope read, until {ends}")));
    assert!(trail.iter().all(|line| !line.contains(&token)));
}

/// The day so many days from now, UTC.
fn jiff_day(days: u64) -> String {
    let then = now().later_by(Duration::from_secs(days * 86_400)).as_millis();
    appliance::exchange::instant_text(domain::Timestamp::from_millis(then))[..10].to_owned()
}

#[test]
fn the_page_of_machines_tells_what_is_over_and_when_it_was_used() {
    let web = Web::start();
    let admin = web.administrator();
    web.machine(&admin, "old", Scope::Read, 1);
    let used = web.machine(&admin, "used", Scope::Wall, 30);
    web.clock.tell(now().later_by(Duration::from_hours(25)));
    let admin = web.logged_in("marta", "correct+horse+1");
    assert_eq!(used.fetch("/wall/floor").status, 200);
    let view = json(&admin.fetch("/api/machines").body);
    let machine = |name: &str| {
        let found = view["machines"].as_array().unwrap().iter().find(|machine| machine["name"] == name);
        found.unwrap().clone()
    };
    assert_eq!((machine("old")["over"].clone(), machine("old")["used"].clone()), (true.into(), Value::Null));
    assert_eq!(machine("used")["over"], false);
    assert_ne!(machine("used")["used"], Value::Null);
    let page = admin.get("/machines").body;
    assert!(page.contains("Not good any more since") && page.contains("No machine") == false);
}

#[test]
fn only_an_administrator_makes_tokens_and_none_is_good_for_ever() {
    let web = Web::start();
    let admin = web.administrator();
    let eve = web.joined(&admin, "eve", Role::ToolingManager);
    assert_eq!(eve.call("/api/make-token", "name=x&scope=read&days=30").status, 403);
    for form in [
        "name=x&scope=read&days=0",
        "name=x&scope=read&days=1096",
        "name=%3Cb%3E&scope=read&days=30",
        "name=&scope=read&days=30",
    ] {
        assert_eq!(admin.call("/api/make-token", form).status, 422, "{form}");
    }
    assert_ne!(admin.call("/api/make-token", "name=x&scope=write&days=30").status, 200);
    assert_eq!(admin.call("/api/make-token", "name=x&scope=read&days=1095").status, 200);
    assert_eq!(admin.call("/api/make-token", "name=x&scope=wall&days=30").status, 422, "the name is taken");
}

#[test]
fn a_token_outlives_a_restart_and_a_revoked_one_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start_in(folder.path(), now(), &[]);
    let admin = web.administrator();
    let kept = web.machine(&admin, "kept", Scope::Read, 30).token;
    let gone = web.machine(&admin, "gone", Scope::Read, 30).token;
    assert_eq!(admin.call("/api/revoke-token", "name=gone").status, 200);
    drop(web);
    let web = Web::start_in(folder.path(), now(), &[]);
    let read =
        |token: Option<String>| web.stranger().with_token(token.unwrap()).fetch("/api/v1/molds").status;
    assert_eq!((read(kept), read(gone)), (200, 401));
}

#[test]
fn a_program_reads_a_molds_rows_as_they_are_exported() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let web = Web::start_in(folder.path(), now(), &[]);
    let admin = web.administrator();
    let machine = web.machine(&admin, "erp", Scope::Read, 30);
    let mold = "/api/v1/molds/%3DM%2F1%20%22%C3%A4%22";
    let all = machine.fetch(&format!("{mold}/cycles"));
    assert_eq!((all.status, all.header("content-type")), (200, Some("application/x-ndjson")));
    assert_eq!(all.body.lines().count(), 25_000);
    let last = json(all.body.lines().last().unwrap());
    assert_eq!((&last["ordinal"], &last["counter"]), (&25_000.into(), &25_100.into()));
    let some =
        machine.fetch(&format!("{mold}/cycles?from=2023-11-14T22:13:30Z&to=2023-11-14T22:13:32Z&format=csv"));
    assert_eq!(some.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(some.body.lines().count(), 3, "a head and two rows: {}", some.body);
    for rows in ["days", "ledger"] {
        assert_eq!(machine.fetch(&format!("{mold}/{rows}")).status, 200, "{rows}");
    }
    for (path, status) in [
        (format!("{mold}/users"), 404),
        ("/api/v1/molds/M-9/cycles".to_owned(), 404),
        (format!("{mold}/cycles?from=yesterday"), 422),
        (format!("{mold}/cycles?format=xlsx"), 422),
        (format!("{mold}/cycles?mold=all"), 422),
        (format!("{mold}/cycles?from=2026-01-01&from=2026-01-02"), 422),
    ] {
        assert_eq!(machine.fetch(&path).status, status, "{path}");
    }
    assert_eq!(machine.send("HEAD", &format!("{mold}/cycles"), &[], "").body, "");
}

#[test]
fn the_document_names_every_door_for_readers_and_no_other() {
    let web = Web::start();
    let document = json(&web.stranger().fetch("/api/v1/openapi.json").body);
    let told: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let doors: BTreeSet<&str> = TABLE
        .iter()
        .filter(|rule| rule.access == Access::Machine(Scope::Read) || rule.path.starts_with("/api/v1/"))
        .map(|rule| rule.path)
        .collect();
    assert_eq!(told, doors);
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
        assert_eq!(in_path, path.matches('{').count(), "{path}");
    }
}

/// Whether an answer has exactly what its schema says: every property, and each of one of its types.
pub fn fits(document: &Value, schema: &Value, answer: &Value, place: &str) {
    if let Some(named) = schema["$ref"].as_str() {
        let named = document.pointer(named.strip_prefix('#').unwrap()).unwrap();
        return fits(document, named, answer, place);
    }
    let of = match answer {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = &schema["type"];
    let known = kinds == of || kinds.as_array().is_some_and(|kinds| kinds.contains(&of.into()));
    assert!(known, "{place} is a {of}, not {kinds}");
    match answer {
        Value::Array(items) => items.iter().for_each(|item| fits(document, &schema["items"], item, place)),
        Value::Object(fields) => {
            let told: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
            assert_eq!(fields.keys().collect::<BTreeSet<_>>(), told, "{place}");
            for (name, value) in fields {
                fits(document, &schema["properties"][name], value, &format!("{place}.{name}"));
            }
        }
        _ => {}
    }
}

#[test]
fn what_is_answered_is_what_the_document_says() {
    let web = Web::start();
    let admin = web.administrator();
    let machine = web.machine(&admin, "erp", Scope::Read, 30);
    let document = json(&machine.fetch("/api/v1/openapi.json").body);
    for path in ["/api/v1/molds", "/api/v1/alarms"] {
        let pointer =
            format!("/paths/{}/get/responses/200/content/application~1json/schema", path.replace('/', "~1"));
        let answer = json(&machine.fetch(path).body);
        fits(&document, document.pointer(&pointer).unwrap(), &answer, path);
    }
}
