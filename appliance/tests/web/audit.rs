use domain::Role;

use crate::client::Client;
use crate::fixture::Web;

/// The trail as its page tells it, newest first: who, and what.
fn told(admin: &Client) -> Vec<(String, String)> {
    let view: serde_json::Value = serde_json::from_str(&admin.fetch("/api/trail").body).unwrap();
    let text = |entry: &serde_json::Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    let line = |entry: &serde_json::Value| {
        let parts = ["what", "subject", "before", "after"].map(|field| text(entry, field));
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        (text(entry, "who"), parts.join(" | "))
    };
    view["entries"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn what_people_do_is_written_down_with_who_and_from_where_and_reading_it_is_too() {
    let web = Web::start();
    let admin = web.administrator();
    let code = web.invited(&admin, "eve", Role::Viewer);
    web.stranger().post("/accept", "code=2222-2222&password=correct+horse+2");
    let eve = web.taken_up(&code, "correct+horse+2");
    web.stranger().post("/login", "name=eve&password=correct+horse+9");
    web.stranger().post("/login", "name=my+password+1&password=eve");
    assert_eq!(eve.get("/export/counts.csv?mold=all").status, 200);
    admin.call("/api/set-role", "name=eve&role=technician");
    eve.post("/logout", "a=1");
    admin.call("/api/let-in", "name=eve&allowed=false");
    admin.post("/profile/password", "current=correct+horse+1&password=correct+horse+5");
    let told = told(&admin);
    let expected = [
        ("marta", "read-trail | the newest"),
        ("marta", "change-password | marta"),
        ("marta", "disable | eve"),
        ("marta", "change-role | eve | viewer | technician"),
        ("eve", "export | counts.csv | mold=all"),
        ("", "sign-in-failed | a name that nobody has"),
        ("", "sign-in-failed | eve"),
        ("eve", "sign-in"),
        ("eve", "join | eve | viewer"),
        ("", "code-failed | invitation"),
        ("marta", "invite | eve | viewer, eve@plant.example"),
        ("marta", "sign-in"),
        ("marta", "set-up | marta | administrator"),
    ];
    let expected: Vec<_> = expected.iter().map(|(who, what)| (who.to_string(), what.to_string())).collect();
    assert_eq!(told, expected);
    let page = admin.get("/audit").body;
    assert!(page.contains("from 127.0.0.1") && page.contains("Gave eve another role."), "{page}");
    for secret in ["correct horse", "correct+horse", "my password", code.as_str()] {
        assert!(!page.contains(secret), "{secret}");
    }
}

#[test]
fn a_failed_sign_in_tells_how_long_the_guesser_waits() {
    let web = Web::start();
    let admin = web.administrator();
    for _ in 0..7 {
        web.stranger().post("/login", "name=marta&password=correct+horse+9");
    }
    let told = told(&admin);
    let failed: Vec<&str> = told
        .iter()
        .map(|(_, what)| what.as_str())
        .filter(|what| what.starts_with("sign-in-failed"))
        .collect();
    let plain = "sign-in-failed | marta";
    assert_eq!(failed, ["sign-in-failed | marta | has to wait 30 s", plain, plain, plain, plain]);
}
