//! The one live stream of a page shell: what the box says, told to whoever follows it.
//!
//! On the box itself nothing flows: a rendered page is a picture of one moment and says so.

mod later;
#[cfg(feature = "hydrate")]
mod stream;

use domain::Timestamp;
use leptos::prelude::*;

use crate::port::LiveChange;

pub use later::Later;

/// How the stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Not opened yet: what is shown is the picture that the page came with.
    Starting,
    /// What is shown is what is.
    Live,
    /// Broken; tried again and again.
    Lost {
        /// The box's clock when its last word came.
        since: Timestamp,
    },
}

/// The stream and the box's clock, for every screen.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    condition: RwSignal<Condition>,
    now: RwSignal<Option<Timestamp>>,
    epoch: RwSignal<u32>,
    #[cfg(feature = "hydrate")]
    stream: StoredValue<stream::Stream, LocalStorage>,
}

impl Live {
    /// Puts it into Leptos' context.
    #[must_use]
    pub fn provide() -> Self {
        let live = Live {
            condition: RwSignal::new(Condition::Starting),
            now: RwSignal::new(None),
            epoch: RwSignal::new(0),
            #[cfg(feature = "hydrate")]
            stream: StoredValue::new_local(stream::Stream::default()),
        };
        provide_context(live);
        live
    }

    /// From Leptos' context; outside a page shell one of its own, on which nothing comes.
    #[must_use]
    pub fn from_context() -> Self {
        use_context().unwrap_or_else(Self::provide)
    }

    /// How the stream stands.
    #[must_use]
    pub fn condition(self) -> Condition {
        self.condition.get()
    }

    /// Since when the stream is broken, if it is.
    #[must_use]
    pub fn lost_since(self) -> Option<Timestamp> {
        match self.condition() {
            Condition::Lost { since } => Some(since),
            Condition::Starting | Condition::Live => None,
        }
    }

    /// The box's clock, ticking; on the box and in the browser's first rendering it is `shown`, the instant of the
    /// view that is shown, so that both render the same.
    #[must_use]
    pub fn clock(self, shown: Timestamp) -> Signal<Timestamp> {
        Signal::derive(move || self.now.get().unwrap_or(shown))
    }

    /// Grows when everything must be loaded anew.
    #[must_use]
    pub fn epoch(self) -> u32 {
        self.epoch.get()
    }

    /// Tells `on` every change after `cursor`, the place of the view that is shown, which was made at `shown`.
    ///
    /// Ends with the component that called.
    pub fn follow(
        self,
        cursor: u64,
        shown: Timestamp,
        on: impl Fn(&LiveChange, Timestamp) + Send + Sync + Clone + 'static,
    ) {
        #[cfg(feature = "hydrate")]
        Effect::new(move |_| stream::follow(self, cursor, shown, on.clone()));
        #[cfg(not(feature = "hydrate"))]
        let _ = (self, cursor, shown, on);
    }
}

/// Where the floor hangs on a wall: its page has a stream and a way in of its own, below this address.
#[cfg(feature = "hydrate")]
const WALL: &str = "/wall";

#[cfg(feature = "hydrate")]
fn is_wall() -> bool {
    window().location().pathname().is_ok_and(|path| path == WALL)
}

/// Leaves for the log-in page; the box's session is over. A wall is loaded anew: the box says where to go from there.
pub fn leave_for_login() {
    #[cfg(feature = "hydrate")]
    {
        let location = window().location();
        if is_wall() {
            let _ = location.assign(WALL);
            return;
        }
        // Already there: asking again would load the page for ever.
        if location.pathname().is_ok_and(|path| path != "/login") {
            let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
            let next = web_sys::js_sys::encode_uri_component(&here);
            let _ = location.assign(&format!("/login?error=expired&next={next}"));
        }
    }
}
