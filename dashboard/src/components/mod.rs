//! What screens are made of.

mod alarms;
mod chart;
mod fingerprint;
mod head;
mod pace;
mod refusal;
mod role;
mod state;
mod time;

pub use alarms::{AlarmBar, SeverityMark};
pub use chart::CycleChartFigure;
pub use fingerprint::Fingerprint;
pub use head::{Header, LostBanner, PageHead};
pub use pace::pace;
pub use refusal::{RefusalNote, sentence};
pub use role::{ForRole, PersonResource};
pub use state::{StateMark, state_class};
pub use time::{Lasting, Moment, RelativeTime};
