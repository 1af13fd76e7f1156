//! The browser's half: server-sent events, their loss and their resumption.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use domain::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::js_sys::Date;
use web_sys::{Event, EventSource, MessageEvent};

use super::{Condition, Live, WALL, is_wall, leave_for_login};
use crate::api::{read_person, read_wall};
use crate::port::{LiveChange, LiveUpdate, Refusal};

/// The box says something every few seconds; after so long without a word the line is dead, whatever the browser
/// believes.
const SILENCE_MS: f64 = 20_000.0;
/// Updates kept for a screen whose view was on its way while they came.
const REPLAY: usize = 256;
/// Seconds before the next attempts to reconnect; the last one for all after it.
const BACK_OFF: [u64; 4] = [1, 2, 5, 10];

/// What the stream remembers.
#[derive(Default, Clone)]
pub struct Stream(Rc<RefCell<Inner>>);

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

type Handler = Rc<dyn Fn(&LiveChange, Timestamp)>;

struct Follower {
    number: u64,
    after: u64,
    on: Handler,
}

#[derive(Default)]
struct Inner {
    source: Option<Source>,
    followers: Vec<Follower>,
    next_number: u64,
    replay: VecDeque<LiveUpdate>,
    /// Everything after this place is in `replay`.
    complete_after: u64,
    last: u64,
    last_said: Timestamp,
    last_word_ms: f64,
    /// The box's clock less this browser's.
    ahead_ms: i64,
    attempts: usize,
    ticking: bool,
}

/// An open event source with what it calls.
struct Source {
    source: EventSource,
    _opened: Closure<dyn FnMut(Event)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _failed: Closure<dyn FnMut(Event)>,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onmessage(None);
        self.source.set_onerror(None);
        self.source.close();
    }
}

pub(super) fn follow(
    live: Live,
    after: u64,
    shown: Timestamp,
    on: impl Fn(&LiveChange, Timestamp) + Send + Sync + 'static,
) {
    let on: Handler = Rc::new(on);
    let stream = live.stream.get_value();
    let (number, missed, opened) = {
        let mut inner = stream.0.borrow_mut();
        inner.next_number += 1;
        let number = inner.next_number;
        inner.followers.push(Follower { number, after, on: Rc::clone(&on) });
        let opened = inner.source.is_some() && inner.complete_after <= after;
        let missed: Vec<LiveUpdate> = if opened {
            inner.replay.iter().filter(|update| update.cursor > after).cloned().collect()
        } else {
            Vec::new()
        };
        (number, missed, opened)
    };
    for update in missed {
        on(&update.change, update.now);
    }
    if !opened {
        set_clock(live, shown);
        let mut inner = stream.0.borrow_mut();
        inner.replay.clear();
        inner.complete_after = after;
        inner.last = after;
        drop(inner);
        open(live);
        tick(live);
    }
    on_cleanup(move || {
        live.stream.try_with_value(|stream| {
            stream.0.borrow_mut().followers.retain(|follower| follower.number != number);
        });
    });
}

/// Opens the stream where it broke off.
fn open(live: Live) {
    let stream = live.stream.get_value();
    let last = stream.0.borrow().last;
    let below = if is_wall() { WALL } else { "" };
    let Ok(source) = EventSource::new(&format!("{below}/live?after={last}")) else {
        lost(live);
        return;
    };
    let opened = Closure::new(move |_: Event| {
        live.stream.get_value().0.borrow_mut().last_word_ms = Date::now();
    });
    let message = Closure::new(move |event: MessageEvent| {
        if let Some(update) = event.data().as_string().and_then(|text| serde_json::from_str(&text).ok()) {
            heard(live, update);
        }
    });
    let failed = Closure::new(move |_: Event| lost(live));
    source.set_onopen(Some(opened.as_ref().unchecked_ref()));
    source.set_onmessage(Some(message.as_ref().unchecked_ref()));
    source.set_onerror(Some(failed.as_ref().unchecked_ref()));
    let mut inner = stream.0.borrow_mut();
    inner.last_word_ms = Date::now();
    inner.source = Some(Source { source, _opened: opened, _message: message, _failed: failed });
}

fn heard(live: Live, update: LiveUpdate) {
    set_clock(live, update.now);
    let stream = live.stream.get_value();
    let handlers: Vec<Handler> = {
        let mut inner = stream.0.borrow_mut();
        inner.last_word_ms = Date::now();
        inner.attempts = 0;
        inner.last = update.cursor;
        if update.change == LiveChange::Restart {
            inner.replay.clear();
            inner.complete_after = update.cursor;
            // Views of the time before count their places differently; each is loaded anew and follows anew.
            inner.followers.clear();
        } else if update.change != LiveChange::Heartbeat {
            inner.replay.push_back(update.clone());
            if inner.replay.len() > REPLAY {
                inner.complete_after = inner.replay.pop_front().map_or(0, |oldest| oldest.cursor);
            }
        }
        let followers = inner.followers.iter().filter(|follower| update.cursor > follower.after);
        followers.map(|follower| Rc::clone(&follower.on)).collect()
    };
    if live.condition.get_untracked() != Condition::Live {
        live.condition.set(Condition::Live);
    }
    if update.change == LiveChange::Restart {
        live.epoch.update(|epoch| *epoch += 1);
    }
    for on in handlers {
        on(&update.change, update.now);
    }
}

/// Says so, and tries again after a while, on and on.
fn lost(live: Live) {
    let stream = live.stream.get_value();
    let (refused, wait, since) = {
        let mut inner = stream.0.borrow_mut();
        // Closing what is broken keeps the browser from reconnecting at the old place beside us.
        let refused = match &inner.source {
            Some(source) => source.source.ready_state() == EventSource::CLOSED,
            None => false,
        };
        if let Some(source) = &inner.source {
            source.source.close();
        }
        let wait = BACK_OFF.get(inner.attempts).or(BACK_OFF.last()).copied().unwrap_or(10);
        inner.attempts += 1;
        inner.last_word_ms = f64::INFINITY;
        (refused, wait, inner.last_said)
    };
    if !matches!(live.condition.get_untracked(), Condition::Lost { .. }) {
        live.condition.set(Condition::Lost { since });
    }
    if refused {
        spawn_local(async move {
            let is_over = if is_wall() {
                matches!(read_wall().await, Err(Refusal::NotSignedIn))
            } else {
                matches!(read_person().await, Ok(None) | Err(Refusal::NotSignedIn))
            };
            if is_over {
                leave_for_login();
            }
        });
    }
    set_timeout(move || open(live), Duration::from_secs(wait));
}

fn set_clock(live: Live, now: Timestamp) {
    let stream = live.stream.get_value();
    {
        let mut inner = stream.0.borrow_mut();
        inner.last_said = now;
        inner.ahead_ms = now.as_millis().saturating_sub(Date::now() as i64);
    }
    live.now.set(Some(now));
}

/// Moves the clock on between the box's words, and notices when they stay away.
fn tick(live: Live) {
    let stream = live.stream.get_value();
    {
        let mut inner = stream.0.borrow_mut();
        if inner.ticking {
            return;
        }
        inner.ticking = true;
    }
    set_interval(
        move || {
            let (now, silent) = {
                let inner = stream.0.borrow();
                let here = Date::now();
                let now = Timestamp::from_millis((here as i64).saturating_add(inner.ahead_ms));
                (now, here - inner.last_word_ms > SILENCE_MS)
            };
            live.now.set(Some(now));
            if silent {
                lost(live);
            }
        },
        Duration::from_secs(1),
    );
}
