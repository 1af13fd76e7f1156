//! Machines in the hands of an administrator.

use std::sync::{Arc, PoisonError};

use dashboard::port::{Answer, IssuedToken, MachineView, Machines as Port, MachinesView, Refusal};
use domain::Scope;

use super::draw;
use crate::accounts::{LONGEST_DAYS, Machine, MachineName};
use crate::web::people::{Caller, People, Refused, failed};

/// More tokens than administrators can have made and not looked at.
const ISSUED: usize = 64;

/// For one administrator, in one session.
pub(in crate::web) struct MachineDesk {
    pub(in crate::web) people: Arc<People>,
    pub(in crate::web) caller: Caller,
}

impl MachineDesk {
    fn view(&self) -> MachinesView {
        let now = self.people.now();
        let view = |machine: Machine| MachineView {
            name: machine.name.to_string(),
            scope: machine.scope,
            made: machine.made,
            ends: machine.ends,
            over: !machine.holds(now),
            used: machine.used,
        };
        let machines = self.people.machines().list().into_iter().map(view).collect();
        let mut issued = self.people.issued_tokens().lock().unwrap_or_else(PoisonError::into_inner);
        MachinesView { now, machines, issued: issued.remove(&self.caller.token) }
    }

    async fn made(&self, name: &str, scope: Scope, days: u16) -> Result<(), Refused> {
        let name: MachineName = name.trim().parse().map_err(Refused::Machine)?;
        if !(1..=LONGEST_DAYS).contains(&days) {
            return Err(Refused::Days);
        }
        let token = draw().map_err(failed)?;
        let machine = Machine::new(name, scope, days, self.people.now());
        let issued = IssuedToken {
            name: machine.name.to_string(),
            scope,
            token: token.for_machines(),
            ends: machine.ends,
        };
        let hash = token.hash();
        self.people.change(self.caller.by(), move |known| known.admit_machine(hash, machine)).await?;
        let mut waiting = self.people.issued_tokens().lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= ISSUED {
            waiting.clear();
        }
        waiting.insert(self.caller.token, issued);
        Ok(())
    }

    async fn revoked(&self, name: &str) -> Result<(), Refused> {
        let name: MachineName = name.trim().parse().map_err(Refused::Machine)?;
        self.people.change(self.caller.by(), move |known| known.dismiss_machine(&name)).await?;
        Ok(())
    }
}

impl Port for MachineDesk {
    fn machines(&self) -> Result<MachinesView, Refusal> {
        Ok(self.view())
    }

    fn make_token(&self, name: String, scope: Scope, days: u16) -> Answer<'_, ()> {
        Box::pin(async move { self.made(&name, scope, days).await.map_err(|refused| refused.refusal()) })
    }

    fn revoke_token(&self, name: String) -> Answer<'_, ()> {
        Box::pin(async move { self.revoked(&name).await.map_err(|refused| refused.refusal()) })
    }
}
