//! The sticks and what people do with them.

use domain::{Eui64, JoinCode, LinkName, MonitorSerial, Timestamp};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::server::{plant, technician, told, viewer};
use crate::port::{RadiosView, Refusal};

/// Every stick.
#[server(name = ReadRadios, prefix = "/api", endpoint = "radios", input = GetUrl)]
pub async fn read_radios() -> Result<RadiosView, Refusal> {
    told(viewer().and_then(|plant| plant.radios()))
}

/// Lets new modules join for so long; answers until when.
#[server(name = OpenJoin, prefix = "/api", endpoint = "open-join")]
pub async fn open_join(
    /// Which stick.
    link: LinkName,
    /// For how long.
    seconds: u32,
) -> Result<Timestamp, Refusal> {
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

/// Admits a module by what is printed on it, whether the network is open or not.
#[server(name = Register, prefix = "/api", endpoint = "register")]
pub async fn register(
    /// Which stick.
    link: LinkName,
    /// The module's address.
    module: Eui64,
    /// Its link key or install code.
    code: JoinCode,
) -> Result<(), Refusal> {
    let plant = told(plant())?;
    let answer = plant.register(link, module, code).await;
    told(answer)
}

/// Forms a secured network on a stick.
#[server(name = Form, prefix = "/api", endpoint = "form")]
pub async fn form(
    /// Which stick.
    link: LinkName,
    /// The network's id; the stick chooses when it is left out or empty.
    #[server(default)]
    pan: String,
    /// Every joined module is lost, and the person knows.
    #[server(default)]
    reform: bool,
) -> Result<(), Refusal> {
    let pan = match pan.trim() {
        "" => None,
        text => {
            Some(told(text.parse::<domain::PanId>().map_err(|error| Refusal::Invalid(error.to_string())))?)
        }
    };
    let plant = told(plant())?;
    let answer = plant.form(link, pan, reform).await;
    told(answer)
}

/// Has a monitor blink, so that a person finds it.
#[server(name = Identify, prefix = "/api", endpoint = "identify")]
pub async fn identify(
    /// The stick that hears it.
    link: LinkName,
    /// The module it is on.
    module: Eui64,
    /// Which monitor.
    serial: MonitorSerial,
) -> Result<(), Refusal> {
    let plant = told(technician())?;
    let answer = plant.identify(link, module, serial).await;
    told(answer)
}
