//! Machines that come in by tokens, and the wall.

use domain::Scope;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::server::{machines, told, wall};
use crate::port::{FloorView, MachinesView, Refusal};

/// Every machine that is let in, and the token that was made just now.
#[server(name = ReadMachines, prefix = "/api", endpoint = "machines", input = GetUrl)]
pub async fn read_machines() -> Result<MachinesView, Refusal> {
    told(machines().and_then(|machines| machines.machines()))
}

/// Makes a token, which the next view shows.
#[server(name = MakeToken, prefix = "/api", endpoint = "make-token")]
pub async fn make_token(
    /// What people call the machine.
    name: String,
    /// What it may do.
    scope: Scope,
    /// For so many days the token is good.
    days: u16,
) -> Result<(), Refusal> {
    let machines = told(machines())?;
    let answer = machines.make_token(name, scope, days).await;
    told(answer)
}

/// Lets a machine in no more, at once.
#[server(name = RevokeToken, prefix = "/api", endpoint = "revoke-token")]
pub async fn revoke_token(
    /// Which.
    name: String,
) -> Result<(), Refusal> {
    let machines = told(machines())?;
    let answer = machines.revoke_token(name).await;
    told(answer)
}

/// Every mold, for a screen across the hall. Its address is below the wall's: the wall's cookie goes nowhere else.
#[server(name = ReadWall, prefix = "/wall", endpoint = "floor", input = GetUrl)]
pub async fn read_wall() -> Result<FloorView, Refusal> {
    told(wall().and_then(|wall| wall.floor()))
}
