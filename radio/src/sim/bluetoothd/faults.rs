//! What can be made to go wrong.

use std::time::Duration;

/// Counts go down by one each time; 0 is off.
#[derive(Debug, Default)]
pub struct Faults {
    /// Connect answers `org.bluez.Error.InProgress`.
    pub in_progress: u32,
    /// Connect answers `le-connection-abort-by-local`.
    pub abort_by_local: u32,
    /// The device's object goes away while Connect runs.
    pub vanish_at_connect: u32,
    /// The stored key is no authenticated one, whatever the agent answered.
    pub weak_key: bool,
    /// Methods of devices and characteristics answer that much later.
    pub slow: Option<Duration>,
}

impl Faults {
    /// Whether this one strikes now.
    pub fn strikes(count: &mut u32) -> bool {
        let strikes = *count > 0;
        *count = count.saturating_sub(1);
        strikes
    }
}
