//! The box watches itself: what it measures of itself, for programs that watch many machines; what of its own machine is
//! abnormal, as alarms; and the bundle for whoever helps.

mod bundle;
mod exposition;
mod machine;
mod measures;
mod rules;
mod run;

pub use bundle::{Bundle, MakeBundle, Part};
pub use exposition::exposition;
pub use machine::{Memory, memory};
pub use measures::{Entries, Measures};
pub use rules::{Clocks, low_memory};
pub use run::run;
