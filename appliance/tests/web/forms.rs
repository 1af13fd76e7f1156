use crate::client::{Answer, Client};
use crate::fixture::{Web, cookie};

/// Sends a form as a browser without a script does, from a page of the box, and goes where the answer says.
fn submit(web: &Web, client: &Client, page: &str, path: &str, form: &str) -> Answer {
    let origin = format!("https://localhost:{}", web.https.port());
    let referer = format!("{origin}{page}");
    let headers = [("accept", "text/html"), ("origin", origin.as_str()), ("referer", referer.as_str())];
    let answer = client.send("POST", path, &headers, form);
    assert_eq!(answer.status, 302, "{answer:?}");
    let location = answer.location();
    let path = location.strip_prefix(&origin).unwrap_or_else(|| panic!("it leads to {location}"));
    client.get(path)
}

#[test]
fn a_refused_action_is_told_on_its_page_without_any_script() {
    let web = Web::start();
    let admin = web.administrator();
    for (path, form, sentence) in [
        ("/api/discover", "link=hall-a", "There is no radio here."),
        ("/api/register", "link=hall-a&module=x&code=1", "A 64-bit address is 16 hexadecimal digits"),
        ("/api/form", "link=hall-a&pan=xyz", "A PAN id is 1 to 16 hexadecimal digits"),
    ] {
        let page = submit(&web, &admin, "/radios", path, form);
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains(sentence), "{path}: {}", page.body);
    }
    // A script reads the refusal itself.
    let answer = admin.call("/api/discover", "link=hall-a");
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("there is no radio here"), "{answer:?}");
}

#[test]
fn what_was_typed_outlives_a_refusal_and_a_password_does_not() {
    let web = Web::start();
    let mut client = web.stranger();
    let form = "code=2222-2222-2222-2222&name=Marta+%22Koch&password=correct+horse+9";
    let refused = client.post("/setup", form);
    let set = refused.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-platen-form="), "{set}");
    for flag in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=60"] {
        assert!(set.split("; ").any(|part| part == flag), "{flag} is missing: {set}");
    }
    client.cookie = Some(cookie(set));
    let page = client.get(refused.location()).body;
    for text in [
        "value=\"2222-2222-2222-2222\"",
        "value=\"Marta &quot;Koch\"",
        "aria-invalid=\"true\"",
        "aria-describedby=\"form-error code-hint\"",
        "id=\"form-error\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(page.matches("aria-invalid").count(), 1, "only the field in error");
    assert!(!page.contains("correct horse") && !set.contains(&hex("correct horse")));

    web.administrator();
    let mut client = web.stranger();
    let refused = client.post("/login", "name=Marta&password=correct+horse+9");
    client.cookie = Some(cookie(refused.header("set-cookie").unwrap()));
    let page = client.get(refused.location()).body;
    assert!(page.contains("value=\"Marta\"") && !page.contains("correct horse"), "{page}");
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn whoever_signs_in_again_goes_on_where_they_were() {
    let web = Web::start();
    web.administrator();
    let client = web.stranger();
    let login = client.get("/molds/7?range=8h");
    assert_eq!(login.location(), "/login?next=/molds/7%3Frange%3D8h");
    let page = client.get(login.location()).body;
    assert!(page.contains("name=\"next\" value=\"/molds/7?range=8h\""), "{page}");
    let form = |password| format!("name=marta&password={password}&next=%2Fmolds%2F7%3Frange%3D8h");
    let wrong = client.post("/login", &form("correct+horse+2"));
    assert_eq!(wrong.location(), "/login?error=wrong&next=/molds/7%3Frange%3D8h");
    assert_eq!(client.post("/login", &form("correct+horse+1")).location(), "/molds/7?range=8h");
}

#[test]
fn nobody_is_sent_on_to_another_site() {
    let web = Web::start();
    let admin = web.administrator();
    for next in [
        "//evil.example/",
        "/%5Cevil.example",
        "%5C%5Cevil.example",
        "https%3A%2F%2Fevil.example%2F",
        "/%09/evil.example",
        "%20//evil.example",
        "/radios%0D%0Aset-cookie:a",
        "/api/floor",
    ] {
        let answer =
            web.stranger().post("/login", &format!("name=marta&password=correct+horse+1&next={next}"));
        assert_eq!(answer.location(), "/", "{next}");
        assert_eq!(admin.get(&format!("/login?next={next}")).location(), "/", "{next}");
    }
}

#[test]
fn a_person_who_is_refused_sees_a_page_with_a_way_back() {
    let web = Web::start();
    let client = web.stranger();
    let large = format!("code={}", "a".repeat(20_000));
    let foreign = [("accept", "text/html"), ("origin", "https://evil.example")];
    for (status, answer) in [
        (405, client.send("PUT", "/", &[("accept", "text/html")], "")),
        (403, client.send("POST", "/setup", &foreign, "a=1")),
        (413, client.post("/setup", &large)),
        (400, client.post("/setup", "nothing")),
    ] {
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{status}");
        assert!(
            answer.body.contains("<h1>") && answer.body.contains("href=\"/\""),
            "{status}: {}",
            answer.body
        );
        assert!(
            !answer.body.contains("<script") && !answer.body.contains("evil"),
            "{status}: {}",
            answer.body
        );
        assert!(answer.header("content-security-policy").is_some(), "{status}");
    }
    // A program needs no page.
    assert_eq!(client.call("/setup", "nothing").body, "");
    assert_eq!(client.send("PUT", "/", &[], "").body, "");
}
