//! Machines that never were.

use std::time::Duration;

use dashboard::port::{Answer, IssuedToken, MachineView, Machines, MachinesView, Refusal};
use domain::{Scope, Timestamp};

/// At that instant.
pub struct MadeUpMachines(pub Timestamp);

impl MadeUpMachines {
    fn machine(&self, name: &str, scope: Scope, days: u64, used: Option<u64>) -> MachineView {
        let made = self.0.earlier_by(Duration::from_secs(40 * 86_400));
        let ends = made.later_by(Duration::from_secs(days * 86_400));
        let used = used.map(|ago| self.0.earlier_by(Duration::from_secs(ago)));
        MachineView { name: name.to_owned(), scope, made, ends, over: ends <= self.0, used }
    }
}

impl Machines for MadeUpMachines {
    fn machines(&self) -> Result<MachinesView, Refusal> {
        let machines = vec![
            self.machine("Planning in the office", Scope::Read, 365, Some(12)),
            self.machine("Trial of the spring", Scope::Read, 30, Some(2_000_000)),
            self.machine("Wall of hall 2", Scope::Wall, 1_095, None),
        ];
        let issued = IssuedToken {
            name: "Wall of hall 2".to_owned(),
            scope: Scope::Wall,
            token: format!("platen-{}", "0123456789abcdef".repeat(4)),
            ends: self.0.later_by(Duration::from_secs(1_095 * 86_400)),
        };
        Ok(MachinesView { now: self.0, machines, issued: Some(issued) })
    }

    fn make_token(&self, _: String, _: Scope, _: u16) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn revoke_token(&self, _: String) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
