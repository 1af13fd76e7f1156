//! Every screen as the box renders it, with a plant that never was.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{App, test, web};
use dashboard::api::{
    BackUp, CloseJoin, EndSessions, GiveCode, Invite, LetIn, OpenJoin, ReadFloor, SetRole, UseSensor,
    Withdraw,
};
use dashboard::app::{SiteManifest, shell};
use dashboard::port::Refusal;
use domain::{Role, Timestamp};
use leptos::server_fn::ServerFn;
use leptos_router::Method;
use made_up::MadeUp;

mod made_up;

const ADDRESSES: [&str; 21] = [
    "/",
    "/molds/3",
    "/molds/7?range=90d",
    "/molds/99",
    "/radios",
    "/storage",
    "/people",
    "/machines",
    "/wall",
    "/wall/open?error=token",
    "/audit",
    "/audit?before=40",
    "/profile",
    "/accept",
    "/settings",
    "/settings/certificate?done=installed",
    "/trust",
    "/login?error=wrong",
    "/login/code?error=factor",
    "/setup",
    "/nothing",
];

fn noon() -> Timestamp {
    Timestamp::from_millis(1_795_528_984_123)
}

fn site() -> SiteManifest {
    SiteManifest {
        js: Some("app.0011.js".to_owned()),
        wasm: Some("app_bg.2233.wasm".to_owned()),
        css: Some("style.4455.css".to_owned()),
        assets: BTreeMap::from([("icon.svg".to_owned(), "icon.6677.svg".to_owned())]),
    }
}

/// Status and text of a page.
async fn get(address: &str, plant: Option<MadeUp>, manifest: SiteManifest) -> (StatusCode, String) {
    let plant = plant.map(Arc::new);
    let context = move || {
        if let Some(plant) = &plant {
            plant.provide();
        }
    };
    let page =
        leptos_actix::render_app_async_with_context(context.clone(), move || shell(&manifest), Method::Get);
    let app = App::new()
        .route("/api/{name}", leptos_actix::handle_server_fns_with_context(context))
        .route("/{path:.*}", page);
    // Tells Leptos which runtime it is in, as the box's own server does.
    let _ = leptos_actix::generate_route_list(|| shell(&SiteManifest::default()));
    let app = test::init_service(app.default_service(web::to(actix_web::HttpResponse::NotFound))).await;
    let answer = test::call_service(&app, test::TestRequest::get().uri(address).to_request()).await;
    let status = answer.status();
    (status, String::from_utf8(test::read_body(answer).await.to_vec()).unwrap())
}

async fn page(address: &str) -> String {
    get(address, Some(MadeUp::new(noon)), site()).await.1
}

#[actix_web::test]
async fn every_state_on_the_floor_is_told_by_its_word() {
    let floor = page("/").await;
    for word in [
        "cycling",
        "slow",
        "stopped",
        "no signal",
        "asleep",
        "in maintenance",
        "not initialised",
        "in storage",
        "in transit",
    ] {
        assert!(floor.contains(&format!(">{word}<")), "{word}");
    }
    assert_eq!(floor.matches("data-mold=").count(), 40);
    assert!(floor.contains("data-mold=\"M-1003\""), "the first mold by its number");
    assert!(floor.contains("Not heard for 25 minutes"), "an alarm in words");
    assert!(floor.contains("Robin Weaver"), "who is signed in");
}

#[actix_web::test]
async fn the_line_of_alarms_is_there_with_and_without_any() {
    let floor = page("/").await;
    assert!(
        floor.contains("3 alarms. Major, tool-room: Another stick than before"),
        "told to whoever listens"
    );
    assert_eq!(floor.matches("class=\"alarm-line").count(), 1);
    let (_, calm) = get("/", Some(MadeUp::empty(noon)), site()).await;
    assert_eq!(calm.matches("class=\"alarm-line").count(), 1);
    assert!(calm.contains("No alarms"));
}

#[actix_web::test]
async fn a_tile_is_as_alarmed_as_its_gravest_alarm() {
    let floor = page("/").await;
    assert_eq!(floor.matches("tile-alarm tone-caution").count(), 2, "a minor one and a warning");
    assert!(!floor.contains("tile-alarm tone-bad"));
}

#[actix_web::test]
async fn a_mold_that_stands_still_is_neither_fast_nor_slow() {
    assert!(page("/molds/12").await.contains("Difference</dt><dd>–</dd>"));
    assert!(!page("/molds/3").await.contains("Difference</dt><dd>–</dd>"));
}

#[actix_web::test]
async fn every_page_has_one_title() {
    for address in ADDRESSES {
        assert_eq!(page(address).await.matches("<h1").count(), 1, "{address}");
    }
}

#[actix_web::test]
async fn a_plant_without_molds_is_told_what_to_do() {
    let (_, floor) = get("/", Some(MadeUp::empty(noon)), site()).await;
    assert!(floor.contains("No molds yet") && floor.contains("Initialise the monitor"));
    let (_, radios) = get("/radios", Some(MadeUp::empty(noon)), site()).await;
    assert!(radios.contains("No radios configured"));
}

#[actix_web::test]
async fn a_mold_explains_its_count_and_its_chart_in_words() {
    let mold = page("/molds/3").await;
    assert!(mold.contains("Counter went back from 121,000 to 3: a reset, waiting for confirmation."));
    assert!(mold.contains("Counter went back from 98,211 to 2: a reset, confirmed."));
    assert_eq!(mold.matches("Confirm the reset").count(), 1);
    assert!(mold.contains("in the last 8 h: mean"), "the chart's summary");
    assert!(mold.contains("Longest, s"), "the chart's table");
    assert!(page("/molds/7?range=90d").await.contains("in the last 90 d: mean"));
}

#[actix_web::test]
async fn radios_tell_condition_join_window_and_signal() {
    let radios = page("/radios").await;
    for text in
        ["hall-a", "another stick", "Accept stick 0013A20041F00002", "Closed to new modules", " dBm, "]
    {
        assert!(radios.contains(text), "{text}");
    }
}

#[actix_web::test]
async fn sensors_tell_what_they_say_what_they_are_used_for_and_what_clear_adverts_are_worth() {
    let radios = page("/radios").await;
    for text in [
        "BTHome, encrypted",
        "Ruuvi, in clear",
        "door closed",
        "count 40112 (16 bit)",
        "a cycle each time the door (1A) closes",
        "Not read: its counter went back",
        "Encrypted: use it with its bind key",
        "anybody near could send adverts in its name",
        "Stop using",
        "each movement it counts",
    ] {
        assert!(radios.contains(text), "{text}");
    }
    assert_eq!(radios.matches("data-sensor=").count(), 5);
    assert_eq!(radios.matches(UseSensor::PATH).count(), 5, "a form for each");
}

#[actix_web::test]
async fn storage_tells_the_room_what_is_kept_and_the_backups() {
    let storage = page("/storage").await;
    for text in [
        "1.2 GiB",
        "21.0 GiB of 29.0 GiB",
        "15.0 MiB a day",
        "if it goes on like this; told from 60 days",
        "10 years; 640,113,402 now",
        "1,203,400 cycles; the count and the sums of days stay",
        "90 days, and 100,000 at most",
        "the file /media/key/platen.key",
        "/mnt/backups",
        "2026-11-24 02:03:04 UTC",
        "12 h ago",
        "passed: opened, restored and checked",
        "2026-11-25 02:03:04 UTC",
        "9 files: the newest of 7 days, 2 weeks, 1 month",
    ] {
        assert!(storage.contains(text), "{text}");
    }
    assert!(!storage.contains("tone-bad") && !storage.contains("tone-caution"), "all of it is in order");
}

#[actix_web::test]
async fn a_box_without_backups_is_told_how_it_gets_them() {
    let (_, storage) = get("/storage", Some(MadeUp::empty(noon)), site()).await;
    for text in ["not set up", "tone-caution", "[backup]", "docs/backup.md", "too early to tell: 1 of 3 days"]
    {
        assert!(storage.contains(text), "{text}");
    }
    assert!(!storage.contains(BackUp::PATH), "nothing to press where there is nowhere to go");
}

#[actix_web::test]
async fn people_are_told_with_their_roles_and_what_can_be_changed() {
    let people = page("/people").await;
    for text in [
        "Robin Weaver",
        "robin@plant.example",
        "signed in with 2 browsers",
        "Not let in since",
        "Codes that wait",
        "invited as viewer",
        "2345-6789-ABCD-EFGH",
        Invite::PATH,
        SetRole::PATH,
        LetIn::PATH,
        GiveCode::PATH,
        EndSessions::PATH,
        Withdraw::PATH,
    ] {
        assert!(people.contains(text), "{text}");
    }
}

#[actix_web::test]
async fn the_trail_is_told_in_sentences_and_unknown_words_as_they_are() {
    let audit = page("/audit").await;
    for text in
        ["Gave Noor another role.", "viewer", "192.0.2.7", "Calibrate: hall-a.", "href=\"/audit?before=41\""]
    {
        assert!(audit.contains(text), "{text}");
    }
    assert!(page("/audit?before=41").await.contains(">Newest<"));
}

#[actix_web::test]
async fn nobody_sees_what_their_role_does_not_allow() {
    let of = |role, address| get(address, Some(MadeUp::new(noon).role(role)), site());
    let confirm = "Confirm the reset";
    assert!(!of(Role::Viewer, "/molds/3").await.1.contains(confirm));
    assert!(of(Role::Technician, "/molds/3").await.1.contains(confirm));
    assert!(!of(Role::ToolingManager, "/storage").await.1.contains(BackUp::PATH));
    for address in ["/people", "/audit"] {
        let (status, text) = of(Role::ToolingManager, address).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{address}");
        assert!(text.contains("Not for your role") && !text.contains("Noor"), "{address}");
        assert!(!text.contains("href=\"/people\"") && !text.contains("href=\"/audit\""), "{address}");
    }
    let (status, profile) = of(Role::Viewer, "/profile").await;
    assert_eq!(status, StatusCode::OK);
    assert!(profile.contains("This browser") && profile.contains("action=\"/profile/password\""));
}

#[actix_web::test]
async fn what_is_not_there_is_not_found() {
    for address in ["/molds/99", "/molds/x", "/nothing"] {
        let (status, text) = get(address, Some(MadeUp::new(noon)), site()).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{address}");
        assert!(text.contains("There is no such page"), "{address}");
    }
}

#[actix_web::test]
async fn without_a_session_no_page_tells_anything() {
    for address in ["/", "/molds/3", "/radios", "/storage", "/people", "/audit", "/profile"] {
        let (status, text) = get(address, None, site()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{address}");
        assert!(!text.contains("M-10") && text.contains("href=\"/login\""), "{address}");
    }
    let (status, body) = get(ReadFloor::PATH, None, site()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(serde_json::from_str::<Refusal>(&body).unwrap(), Refusal::NotSignedIn);
}

#[actix_web::test]
async fn forms_work_without_a_script() {
    let login = page("/login?error=wrong").await;
    assert!(login.contains("Name or password is wrong."));
    assert!(login.contains("method=\"post\"") && login.contains("action=\"/login\""));
    let setup = page("/setup").await;
    for text in ["action=\"/setup\"", "name=\"code\"", "name=\"password\"", "10 to 128 characters"] {
        assert!(setup.contains(text), "{text}");
    }
    let accept = page("/accept?error=invitation").await;
    assert!(accept.contains("action=\"/accept\"") && accept.contains("This code is not good"));
    let radios = page("/radios").await;
    assert!(radios.contains(OpenJoin::PATH) && radios.contains(CloseJoin::PATH));
    assert!(page("/storage").await.contains(BackUp::PATH));
}

#[actix_web::test]
async fn no_page_has_inline_style_or_needs_another_host() {
    for address in ADDRESSES {
        // The box's own address, in words beside its code.
        let text = page(address).await.replace("https://platen.plant.example/trust", "");
        assert!(!text.contains("style="), "{address}");
        assert!(!text.contains("<style"), "{address}");
        for scheme in ["http:", "https:", "\"//"] {
            assert!(!text.contains(scheme), "{address} has {scheme}");
        }
        for event in ["onclick=", "onload=", "onsubmit=", "javascript:"] {
            assert!(!text.contains(event), "{address} has {event}");
        }
    }
}

#[actix_web::test]
async fn every_script_carries_the_nonce() {
    for address in ADDRESSES {
        let text = page(address).await;
        let scripts: Vec<&str> =
            text.split("<script").skip(1).filter_map(|rest| rest.split('>').next()).collect();
        assert!(!scripts.is_empty(), "{address}");
        assert!(scripts.iter().all(|script| script.contains("nonce=\"")), "{address}: {scripts:?}");
    }
}

#[actix_web::test]
async fn the_head_names_what_the_bundler_made() {
    let text = page("/").await;
    for name in ["app.0011.js", "app_bg.2233.wasm", "style.4455.css", "icon.6677.svg"] {
        assert!(text.contains(&format!("/assets/{name}")), "{name}");
    }
    assert!(text.contains("<title>Floor · Platen</title>"));
}

#[actix_web::test]
async fn without_a_built_site_the_page_is_still_readable() {
    let (status, text) = get("/", Some(MadeUp::new(noon)), SiteManifest::default()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!text.contains("/assets/") && text.contains("M-1003"));
}

#[actix_web::test]
async fn a_page_is_whole_without_any_script() {
    // A screen that came in pieces would leave a placeholder for a script to fill.
    for address in ADDRESSES {
        let text = page(address).await;
        assert!(!text.contains("Loading the"), "{address}");
        assert!(!text.contains("<template"), "{address}");
    }
}
