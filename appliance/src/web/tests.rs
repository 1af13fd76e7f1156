//! The doors with a disk that refuses.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{App, test, web};
use dashboard::port::{Severity, StandingAlarm};
use domain::Timestamp;
use tokio_util::sync::CancellationToken;

use super::certificates::Certificates;
use super::people::People;
use super::{Context, guard, pages, server};
use crate::audit::Trail;
use crate::clock::{Clock, WallClock};
use crate::desk::{Desk, Keeping};
use crate::ingest::{Driver, News, RadioLinks, Settings};
use crate::live::Live;
use crate::store::tests::{Filling, filling};

const PASSWORD: &str = "correct horse 1";
const ALARM: &str = "The disk is full: free some room";

/// A box with one administrator, on whose disk an alarm stands.
async fn a_box() -> (Filling, web::Data<Context>) {
    let disk = filling();
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let live = Arc::new(Live::new(Vec::new(), false, clock.now()));
    let alarm = StandingAlarm {
        id: 1,
        severity: Severity::Critical,
        kind: "store-refuses".to_owned(),
        subject: "disk".to_owned(),
        mold: None,
        text: ALARM.to_owned(),
        since: Timestamp::from_millis(0),
    };
    let (store, settings) = (disk.store.clone(), Settings::default());
    let snapshot = store.snapshot().unwrap();
    let (_, ingest) = Driver::new(
        snapshot,
        store.clone(),
        Arc::clone(&live),
        Arc::clone(&clock),
        RadioLinks::default(),
        settings,
    );
    // After the driver, which begins with what the store says.
    live.learn(News { alarms: Some(vec![alarm]), ..News::default() }, clock.now());
    let trail = Arc::new(Trail::new(store.clone(), Arc::clone(&clock)));
    let (people, code) = People::new(store.clone(), Arc::clone(&trail), Arc::clone(&clock), None).unwrap();
    people.set_up(&code.unwrap().for_people(), "marta", "", PASSWORD.to_owned().into(), None).await.unwrap();
    let certificates =
        Certificates::open(store.clone(), Arc::clone(&trail), Arc::clone(&clock), Vec::new()).unwrap();
    let downloads = super::export::Downloads::new(store.clone());
    let keeping = Keeping::unsaid(clock.now());
    let desk = Desk::new(live, store, ingest, clock, trail, keeping);
    let context = Context {
        people: Arc::new(people),
        machines: {
            let desk = desk.clone();
            Arc::new(move |scope| desk.admit_machine(scope))
        },
        plant: Arc::new(move |person, from| desk.admit(person, from)),
        follow: Arc::new(|_| Box::pin(futures::stream::pending())),
        downloads,
        certificates: Arc::new(certificates),
        port: 443,
        shutdown: CancellationToken::new(),
    };
    (disk, web::Data::new(context))
}

/// The doors as the server has them, without TLS.
macro_rules! served {
    ($context:expr) => {{
        let _ = pages::addresses();
        let doors = App::new().configure(|config| server::doors(config, $context));
        test::init_service(doors.wrap(from_fn(guard::stand))).await
    }};
}

/// What a browser sends without a script.
fn sends(request: test::TestRequest, path: &str) -> test::TestRequest {
    request
        .uri(path)
        .insert_header((header::HOST, "localhost"))
        .insert_header((header::ORIGIN, "https://localhost"))
        .insert_header((header::ACCEPT, "text/html"))
}

macro_rules! ask {
    ($app:expr, $request:expr) => {
        test::call_service($app, $request.to_request()).await
    };
}

/// Signs in and gives the cookie.
macro_rules! signed_in {
    ($app:expr) => {{
        let form = vec![("name", "marta"), ("password", PASSWORD)];
        let answer = ask!($app, sends(test::TestRequest::post(), "/login").set_form(form));
        assert_eq!(answer.headers().get(header::LOCATION).unwrap(), "/");
        answer.response().cookies().find(|cookie| cookie.name() == "__Host-platen").unwrap().into_owned()
    }};
}

#[actix_web::test]
async fn with_a_full_disk_people_sign_in_and_see_the_alarm() {
    let (disk, context) = a_box().await;
    let app = served!(&context);
    disk.fill(true);
    let cookie = signed_in!(&app);
    let floor = ask!(&app, sends(test::TestRequest::get(), "/").cookie(cookie));
    assert_eq!(floor.status(), StatusCode::OK);
    let text = String::from_utf8(test::read_body(floor).await.to_vec()).unwrap();
    assert!(text.contains(ALARM), "{text}");
}

#[actix_web::test]
async fn with_a_full_disk_people_leave_for_good() {
    let (disk, context) = a_box().await;
    let app = served!(&context);
    let cookie = signed_in!(&app);
    disk.fill(true);
    let left = ask!(&app, sends(test::TestRequest::post(), "/logout").cookie(cookie.clone()));
    assert_eq!(left.headers().get(header::LOCATION).unwrap(), "/login");
    assert!(
        left.response().cookies().any(|cookie| cookie.name() == "__Host-platen" && cookie.value().is_empty())
    );
    let floor = ask!(&app, sends(test::TestRequest::get(), "/").cookie(cookie));
    assert_eq!(floor.headers().get(header::LOCATION).unwrap(), "/login");
}

#[actix_web::test]
async fn the_health_answer_tells_that_the_disk_refuses_and_nothing_else() {
    let (disk, context) = a_box().await;
    let app = served!(&context);
    for (full, word) in [(false, "up\n"), (true, "up, but the disk refuses\n"), (false, "up\n")] {
        disk.fill(full);
        // What a write finds out is known from then on.
        signed_in!(&app);
        let answer = ask!(&app, sends(test::TestRequest::get(), "/health"));
        assert_eq!(answer.status(), StatusCode::OK, "it serves");
        assert_eq!(test::read_body(answer).await, word);
    }
}
