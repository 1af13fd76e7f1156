//! Machines that come in by tokens.

use std::fmt;

use domain::{Scope, Timestamp};
use serde::{Deserialize, Serialize};

/// One of the machines that are let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineView {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Since when its token is there.
    pub made: Timestamp,
    /// Until when it is good.
    pub ends: Timestamp,
    /// It is not good any more.
    pub over: bool,
    /// When it was last used.
    pub used: Option<Timestamp>,
}

/// A token, for the one time that it is shown. Its text is not in what `Debug` writes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedToken {
    /// For which machine.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// The token.
    pub token: String,
    /// Until when it is good.
    pub ends: Timestamp,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every machine that is let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachinesView {
    /// The box's clock when this was made.
    pub now: Timestamp,
    /// By name.
    pub machines: Vec<MachineView>,
    /// The token that was made just now; in the first view after that and in no other.
    pub issued: Option<IssuedToken>,
}
