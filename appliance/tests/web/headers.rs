use crate::fixture::Web;

/// The nonce that a policy names.
fn nonce(policy: &str) -> &str {
    policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0
}

#[test]
fn every_answer_carries_the_policy_and_its_companions() {
    let web = Web::start();
    let client = web.stranger();
    for path in ["/", "/setup", "/health", "/ca.pem", "/assets/nothing.js", "/api/floor", "/live"] {
        let answer = client.fetch(path);
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{path}: no policy"));
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert!(!policy.contains("http:") && !policy.contains("https:") && !policy.contains('*'), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert!(answer.header("permissions-policy").is_some(), "{path}");
    }
    assert!(client.send("BREW", "/", &[], "").header("content-security-policy").is_some());
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
