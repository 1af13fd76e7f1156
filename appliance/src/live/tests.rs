//! What a browser can rely on.

use std::sync::Arc;
use std::time::Duration;

use dashboard::port::{LiveChange, Severity, StandingAlarm};
use domain::{CycleTime, MoldId, MoldState, StateFacts, Timestamp};
use futures::StreamExt;
use radio::event::{Heard, LinkState, RadioEvent};

use super::{Live, Resume};
use crate::ingest::{MoldNews, Moment, News};

const START: i64 = 1_764_000_000_000;

fn at(seconds: u64) -> Moment {
    let wall = Timestamp::from_millis(START).later_by(Duration::from_secs(seconds));
    Moment { wall, steady: Duration::from_secs(seconds) }
}

fn mold(count: u64, heard: Moment) -> News {
    let news = MoldNews {
        id: MoldId(1),
        name: "M-1".parse().unwrap(),
        description: String::new(),
        press: None,
        link: None,
        count,
        baseline: 0,
        counted: 0,
        times_unknown: 0,
        design_life: None,
        last_cycle: Some(CycleTime::from_millis(20_000)),
        temperature: None,
        facts: StateFacts {
            approved: Some(CycleTime::from_millis(20_000)),
            last_cycle: Some(CycleTime::from_millis(20_000)),
            last_ended: Some(heard.wall),
            last_heard: Some(heard.wall),
            asleep: false,
            untethered: false,
        },
        not_initialised: false,
        wished: None,
        watches: None,
    };
    News { molds: vec![news], ..News::default() }
}

fn live() -> Arc<Live> {
    Arc::new(Live::new(vec![("hall-a".parse().unwrap(), "/dev/x".to_owned())], true, at(0).wall))
}

#[test]
fn what_changes_by_time_alone_is_told_and_no_signal_is_never_stopped() {
    let live = live();
    live.learn(mold(1, at(0)), at(0).wall);
    let mut states = Vec::new();
    let mut cursor = live.floor(at(0).wall).cursor;
    for second in 0..400 {
        live.tick(at(second));
        let Resume::Updates(updates) = live.updates_after(cursor) else { panic!("a restart") };
        for update in updates {
            cursor = update.cursor;
            if let LiveChange::Molds(molds) = &update.change {
                states.extend(molds.iter().map(|mold| (second, mold.state)));
            }
        }
    }
    assert_eq!(states, [(0, MoldState::Cycling), (61, MoldState::Stopped), (201, MoldState::NoSignal)]);
    let floor = live.floor(at(400).wall);
    assert_eq!(floor.molds[0].state_since, Some(at(0).wall), "since it was last heard");
}

#[test]
fn a_browser_resumes_where_it_broke_off_or_is_told_to_begin_anew() {
    let live = live();
    let first = live.floor(at(0).wall).cursor;
    for second in 0..10 {
        live.learn(mold(second, at(second)), at(second).wall);
        live.tick(at(second));
    }
    let Resume::Updates(updates) = live.updates_after(first) else { panic!("a restart") };
    assert_eq!(updates.len(), 10);
    let Resume::Updates(rest) = live.updates_after(updates[6].cursor) else { panic!("a restart") };
    assert!(rest.iter().map(|update| update.cursor).eq(updates[7..].iter().map(|update| update.cursor)));
    for lost in [first - 1, first + 11, 0, u64::MAX] {
        assert!(matches!(live.updates_after(lost), Resume::Restart(_)), "{lost}");
    }
    for second in 10..5_000 {
        live.learn(mold(second, at(second)), at(second).wall);
        live.tick(at(second));
    }
    assert!(matches!(live.updates_after(first), Resume::Restart(_)));
}

#[tokio::test]
async fn a_slow_browser_begins_anew_and_slows_nobody() {
    let live = live();
    let mut slow = Box::pin(live.follow(None));
    live.tick(at(5));
    assert_eq!(slow.next().await.unwrap().change, LiveChange::Heartbeat);
    for second in 10..5_000 {
        live.learn(mold(second, at(second)), at(second).wall);
        live.tick(at(second));
    }
    let restart = slow.next().await.unwrap();
    assert_eq!(restart.change, LiveChange::Restart);
    assert_eq!(restart.cursor, live.floor(at(5_000).wall).cursor);
    live.learn(mold(7, at(5_001)), at(5_001).wall);
    let next = tokio::spawn(async move { slow.next().await });
    live.tick(at(5_001));
    let next = next.await.unwrap().unwrap();
    assert_eq!(next.cursor, restart.cursor + 1);
    assert!(matches!(&next.change, LiveChange::Molds(molds) if molds[0].count == 7));
}

#[test]
fn a_stick_that_is_gone_is_told_at_once() {
    let live = live();
    live.tick(at(1));
    let cursor = live.radios(at(1).wall).cursor;
    let what = Heard::Link(LinkState::Lost { reason: "unplugged".to_owned() });
    live.hear(&RadioEvent { link: "hall-a".parse().unwrap(), heard_at: at(1).wall, what });
    live.tick(at(1));
    let Resume::Updates(updates) = live.updates_after(cursor) else { panic!("a restart") };
    assert!(matches!(&updates[..], [update] if matches!(&update.change, LiveChange::Link(link)
        if link.detail.as_deref() == Some("unplugged"))));
}

#[test]
fn a_mold_shows_the_gravest_of_its_alarms() {
    let live = live();
    live.learn(mold(1, at(0)), at(0).wall);
    let alarm = |id, severity, mold| StandingAlarm {
        id,
        severity,
        subject: "M-1".to_owned(),
        mold: Some(MoldId(mold)),
        text: "the counter went back".to_owned(),
        since: at(0).wall,
    };
    let alarms =
        vec![alarm(1, Severity::Critical, 2), alarm(2, Severity::Minor, 1), alarm(3, Severity::Warning, 1)];
    live.learn(News { alarms: Some(alarms), ..News::default() }, at(1).wall);
    let tile = &live.floor(at(1).wall).molds[0];
    assert_eq!((tile.alarms, tile.worst), (2, Some(Severity::Minor)));
    live.learn(News { alarms: Some(Vec::new()), ..News::default() }, at(2).wall);
    let tile = &live.floor(at(2).wall).molds[0];
    assert_eq!((tile.alarms, tile.worst), (0, None));
}

fn lost(live: &Live, reason: &str, moment: Moment) {
    let what = Heard::Link(LinkState::Lost { reason: reason.to_owned() });
    live.hear(&RadioEvent { link: "hall-a".parse().unwrap(), heard_at: moment.wall, what });
    live.tick(moment);
}

#[test]
fn however_often_a_link_is_told_the_stream_keeps_its_last_word_only() {
    let live = live();
    let first = live.radios(at(0).wall).cursor;
    live.learn(mold(1, at(0)), at(0).wall);
    for second in 0..5_000 {
        lost(&live, &format!("reason {second}"), at(second));
    }
    let Resume::Updates(updates) = live.updates_after(first) else {
        panic!("a restart, and nothing was lost")
    };
    let reasons = updates.iter().filter_map(|update| match &update.change {
        LiveChange::Link(link) => link.detail.as_deref(),
        _ => None,
    });
    assert_eq!(reasons.collect::<Vec<_>>(), ["reason 4999"]);
    assert!(updates.len() < 10, "{}", updates.len());
}

#[tokio::test]
async fn a_follower_that_missed_a_links_word_gets_the_newest() {
    let live = live();
    let mut follower = Box::pin(live.follow(None));
    for second in 0..3 {
        lost(&live, &format!("reason {second}"), at(second));
    }
    let update = follower.next().await.unwrap();
    assert!(matches!(&update.change, LiveChange::Link(link) if link.detail.as_deref() == Some("reason 2")));
    assert_eq!(update.cursor, live.radios(at(3).wall).cursor);
}

#[tokio::test]
async fn an_update_is_written_once_for_all_browsers() {
    let live = live();
    let (mut one, mut other) = (Box::pin(live.follow(None)), Box::pin(live.follow(None)));
    lost(&live, "unplugged", at(1));
    let (one, other) = (one.next().await.unwrap(), other.next().await.unwrap());
    assert!(std::ptr::eq(one.json().unwrap(), other.json().unwrap()));
}

#[test]
fn whoever_looks_at_the_storage_hears_that_it_changed_and_hears_it_once() {
    let live = live();
    live.tick(at(1));
    let cursor = live.cursor();
    live.storage_changed();
    live.storage_changed();
    live.tick(at(1));
    live.tick(at(1));
    let Resume::Updates(updates) = live.updates_after(cursor) else { panic!("a restart") };
    assert!(matches!(&updates[..], [update] if update.change == LiveChange::Storage));
}
