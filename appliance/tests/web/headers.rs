use appliance::web::access::{Door, TABLE, Verb};

use crate::client::Answer;
use crate::fixture::Web;

/// The nonce that a policy names.
fn nonce(policy: &str) -> &str {
    policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0
}

/// What every answer says of itself, word for word.
const SAID: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=()",
    ),
];
/// What no answer says: what it is made with, and that anybody else may read it.
const UNSAID: [&str; 4] =
    ["server", "x-powered-by", "access-control-allow-origin", "strict-transport-security"];
/// The policy, but for its nonce.
const POLICY: [&str; 10] = [
    "default-src 'none'",
    "script-src 'nonce-…' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
];

fn holds(what: &str, answer: &Answer) {
    for (name, value) in SAID {
        assert_eq!(answer.header(name), Some(value), "{what}");
    }
    for name in UNSAID {
        assert_eq!(answer.header(name), None, "{what}");
    }
    let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{what}: no policy"));
    let policy = policy.replace(nonce(policy), "…");
    assert_eq!(policy.split("; ").collect::<Vec<_>>(), POLICY, "{what}");
    let kept = answer.header("cache-control").unwrap_or_default();
    assert!(kept == "no-store" || what.contains("/assets/"), "{what} is kept: {kept}");
}

#[test]
fn every_answer_carries_the_policy_and_its_companions() {
    let web = Web::start();
    let (admin, stranger) = (web.administrator(), web.stranger());
    for (who, client) in [("stranger", &stranger), ("administrator", &admin)] {
        for rule in TABLE.iter().filter(|rule| !matches!(rule.door, Door::LogOut)) {
            let path =
                rule.path.replace("{file:.*}", "app.js").replace("{id}", "7").replace("{rows}", "x.csv");
            let answer = match (rule.door, rule.verb) {
                // It has no end.
                (Door::Live, _) => client.send("HEAD", &path, &[], ""),
                (_, Verb::Read) => client.fetch(&path),
                (_, Verb::Change) => client.call(&path, "a=1"),
            };
            holds(&format!("{who}: {:?} {path}", rule.verb), &answer);
        }
        for (method, path) in [("GET", "/nothing"), ("BREW", "/"), ("OPTIONS", "/"), ("GET", "/trust?a=%00")]
        {
            holds(&format!("{who}: {method} {path}"), &client.send(method, path, &[], ""));
        }
        // By another site.
        holds(who, &client.send("POST", "/login", &[("origin", "https://evil.example")], "a=1"));
    }
}

#[test]
fn a_nonce_serves_one_answer_and_stands_at_its_scripts() {
    let web = Web::start();
    let client = web.stranger();
    let (one, two) = (client.get("/setup"), client.get("/setup"));
    assert_eq!(one.status, 200, "{one:?}");
    let first = nonce(one.header("content-security-policy").unwrap());
    assert_ne!(first, nonce(two.header("content-security-policy").unwrap()));
    let scripts: Vec<&str> =
        one.body.split("<script").skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
    for script in scripts {
        assert!(script.contains(&format!("nonce=\"{first}\"")), "{script}");
    }
    assert!(!one.body.contains(" style=\""), "the policy forbids styles in attributes");
    assert!(!one.body.contains(" onclick="), "the policy forbids scripts in attributes");
}

#[test]
fn pages_are_not_kept_by_browsers() {
    let web = Web::start();
    let answer = web.administrator().get("/");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
}

#[test]
fn files_of_the_site_are_kept_for_good_and_come_compressed() {
    let web = Web::start();
    let client = web.stranger();
    let page = client.get("/setup").body;
    // A program built without the site has none to look at; its pages say so by naming no file.
    for path in page.split('"').filter(|part| part.starts_with("/assets/")) {
        let plain = client.send("GET", path, &[("accept-encoding", "identity")], "");
        assert_eq!(plain.status, 200, "{path}");
        assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"), "{path}");
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        let (_, headers, _) = client.open("GET", path, &[("accept-encoding", "br")], "");
        if path.ends_with(".wasm") {
            assert!(headers.contains(&("content-encoding".to_owned(), "br".to_owned())), "{headers:?}");
            assert!(
                headers.contains(&("content-type".to_owned(), "application/wasm".to_owned())),
                "{headers:?}"
            );
        }
    }
    for hidden in
        ["/assets/manifest.json", "/assets/nothing.js", "/assets/../Cargo.toml", "/assets/%2e%2e/Cargo.toml"]
    {
        assert_ne!(client.fetch(hidden).status, 200, "{hidden}");
    }
}
