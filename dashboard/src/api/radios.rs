//! The sticks and what people do with them.

use domain::{Eui64, LinkName, Timestamp};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::server::{plant, told};
use crate::port::{RadiosView, Refusal};

/// Longest time for which new modules may be let in at one go.
#[cfg(feature = "ssr")]
const LONGEST_JOIN_SECONDS: u32 = 3600;

/// Every stick.
#[server(name = ReadRadios, prefix = "/api", endpoint = "radios", input = GetUrl)]
pub async fn read_radios() -> Result<RadiosView, Refusal> {
    told(plant().and_then(|plant| plant.radios()))
}

/// Lets new modules join for so long; answers until when.
#[server(name = OpenJoin, prefix = "/api", endpoint = "open-join")]
pub async fn open_join(
    /// Which stick.
    link: LinkName,
    /// For how long.
    seconds: u32,
) -> Result<Timestamp, Refusal> {
    if !(1..=LONGEST_JOIN_SECONDS).contains(&seconds) {
        return told(Err(Refusal::Invalid(format!(
            "the network can be open for 1 to {LONGEST_JOIN_SECONDS} seconds, not {seconds}"
        ))));
    }
    let plant = told(plant())?;
    let answer = plant.open_join(link, std::time::Duration::from_secs(seconds.into())).await;
    told(answer)
}

/// Lets nobody join any more.
#[server(name = CloseJoin, prefix = "/api", endpoint = "close-join")]
pub async fn close_join(
    /// Which stick.
    link: LinkName,
) -> Result<(), Refusal> {
    let plant = told(plant())?;
    let answer = plant.close_join(link).await;
    told(answer)
}

/// Asks the modules of a network to say who they are; answers how many did.
#[server(name = Discover, prefix = "/api", endpoint = "discover")]
pub async fn discover(
    /// Which stick.
    link: LinkName,
) -> Result<u32, Refusal> {
    let plant = told(plant())?;
    let answer = plant.discover(link).await;
    told(answer)
}

/// Accepts the stick that is there now in place of the former one.
#[server(name = Adopt, prefix = "/api", endpoint = "adopt")]
pub async fn adopt(
    /// Which place.
    link: LinkName,
    /// The stick that is there now.
    eui64: Eui64,
) -> Result<(), Refusal> {
    let plant = told(plant())?;
    let answer = plant.adopt(link, eui64).await;
    told(answer)
}
