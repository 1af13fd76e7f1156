//! What the box does about its storage, once an hour: it measures the room, retires what is older than people want it
//! kept, drops raw payloads when little room is left, and tells when the disk will be full.
//!
//! The rules are pure and told the day; [`run`](run()) drives them.

mod almanac;
mod forecast;
mod rules;
mod run;

pub use almanac::{BELIEVED_AFTER, MOST_DAYS, believed, remember};
pub use forecast::{FEWEST_DAYS, Forecast, Outlook, date, forecast, outlook};
pub use rules::{Plan, SOON_DAYS, floor, is_soon, plan};
pub use run::run;
