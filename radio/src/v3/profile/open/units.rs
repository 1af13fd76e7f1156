//! Who a monitor is on the wire.

use domain::MonitorSerial;

/// A V3 monitor's number; people read it as `V3-00012345`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(pub u32);

impl Serial {
    /// As people read it.
    #[must_use]
    pub fn monitor(self) -> MonitorSerial {
        MonitorSerial::v3(self.0)
    }

    /// `None` for a monitor that does not speak this protocol.
    #[must_use]
    pub fn of(monitor: &MonitorSerial) -> Option<Self> {
        monitor.v3_number().map(Serial)
    }
}
