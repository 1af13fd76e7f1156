use std::io::Read;
use std::time::Duration;

use crate::client::chunk;
use crate::fixture::{Web, now};

const STREAM: [(&str, &str); 1] = [("accept", "text/event-stream")];

/// Reads events until one holds `wanted`.
fn read_until(rest: &mut crate::client::Open, wanted: &str) -> String {
    let mut text = String::new();
    while !text.contains(wanted) {
        text.push_str(
            &String::from_utf8(chunk(rest).unwrap_or_else(|| panic!("ended at {text:?}"))).unwrap(),
        );
    }
    text
}

#[test]
fn a_stream_tells_what_changed_under_its_cursor() {
    let web = Web::start();
    let (status, headers, mut rest) = web.administrator().open("GET", "/live?after=41", &STREAM, "");
    assert_eq!(status, 200);
    assert!(headers.contains(&("content-type".to_owned(), "text/event-stream".to_owned())), "{headers:?}");
    let text = read_until(&mut rest, "\n\n");
    let text = if text.contains("data:") { text } else { text + &read_until(&mut rest, "Heartbeat") };
    assert!(text.contains("id: 42\ndata: {\"cursor\":42"), "{text}");
    assert_eq!(*web.followed.lock().unwrap(), [Some(41)]);
}

#[test]
fn a_browser_that_comes_back_goes_on_where_it_was() {
    let web = Web::start();
    let headers = [("accept", "text/event-stream"), ("last-event-id", "99")];
    let (_, _, mut rest) = web.administrator().open("GET", "/live?after=41", &headers, "");
    read_until(&mut rest, "id: 100\n");
    assert_eq!(*web.followed.lock().unwrap(), [Some(99)]);
}

#[test]
fn a_stream_ends_with_its_session() {
    let web = Web::start();
    let admin = web.administrator();
    let (_, _, mut rest) = admin.open("GET", "/live", &STREAM, "");
    read_until(&mut rest, "id: 1\n");
    web.clock.tell(now().later_by(Duration::from_hours(8)));
    while chunk(&mut rest).is_some() {}
    assert_eq!(admin.fetch("/live").status, 401);
}

#[test]
fn a_stream_ends_when_its_person_leaves() {
    let web = Web::start();
    let admin = web.administrator();
    let (_, _, mut rest) = admin.open("GET", "/live", &STREAM, "");
    read_until(&mut rest, "id: 1\n");
    assert_eq!(admin.post("/logout", "a=1").location(), "/login");
    while chunk(&mut rest).is_some() {}
}

#[test]
fn whoever_asks_for_the_streams_head_only_is_answered_at_once() {
    let web = Web::start();
    let (status, headers, mut rest) = web.administrator().open("HEAD", "/live", &STREAM, "");
    assert_eq!(status, 200);
    assert!(headers.contains(&("content-type".to_owned(), "text/event-stream".to_owned())), "{headers:?}");
    let mut body = Vec::new();
    let _ = rest.read_to_end(&mut body);
    assert!(body.is_empty());
    assert!(web.followed.lock().unwrap().is_empty(), "nothing was begun that nobody reads");
}

#[test]
fn a_place_that_makes_no_sense_leads_to_a_restart_and_not_to_a_gap() {
    let web = Web::start();
    let admin = web.administrator();
    for (path, id) in
        [("/live?after=41", "abc"), ("/live", "-1"), ("/live", "99999999999999999999"), ("/live?after=x", "")]
    {
        let mut headers = STREAM.to_vec();
        headers.extend((!id.is_empty()).then_some(("last-event-id", id)));
        let (status, _, mut rest) = admin.open("GET", path, &headers, "");
        assert_eq!(status, 200, "{path} {id}");
        read_until(&mut rest, "data:");
    }
    // A place that the plant's stream never has, see its own tests.
    assert_eq!(*web.followed.lock().unwrap(), [Some(u64::MAX); 4]);
}
