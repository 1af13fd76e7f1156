//! What screens are made of.

mod alarms;
mod chart;
mod head;
mod refusal;
mod state;
mod time;

pub use alarms::AlarmList;
pub use chart::CycleChartFigure;
pub use head::{Header, LiveMark, PageHead};
pub use refusal::{RefusalNote, sentence};
pub use state::{StateMark, state_class};
pub use time::RelativeTime;
