use domain::{Role, Scope};

use crate::fixture::Web;

#[test]
fn a_program_that_watches_reads_measures_by_its_token() {
    let web = Web::start();
    let admin = web.administrator();
    web.stranger().post("/login", "name=marta&password=wrong+horse+1");
    let machine = web.machine(&admin, "prometheus", Scope::Metrics, 30);
    let answer = machine.fetch("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in ["platen_sessions 1\n", "platen_guesses_wrong_total 1\n", "platen_build_info{version=\""] {
        assert!(answer.body.contains(line), "{line}: {}", answer.body);
    }
    assert!(!answer.body.contains("marta"), "nobody's name");
    assert_eq!(admin.fetch("/metrics").status, 401, "no session opens it");
    assert_eq!(machine.send("HEAD", "/metrics", &[], "").body, "");
}

#[test]
fn an_administrator_takes_the_bundle_for_whoever_helps() {
    let web = Web::start();
    let admin = web.administrator();
    let answer = admin.get("/support");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/zstd")));
    assert_eq!(answer.body, "a bundle");
    let eve = web.joined(&admin, "eve", Role::ToolingManager);
    assert_eq!(eve.get("/support").status, 403);
}
