//! What is kept, the room that it takes, and its backups.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::server::{looked_up, plant, told, viewer};
use crate::port::{Refusal, StorageView};

/// What is kept, the room that it takes, and its backups.
#[server(name = ReadStorage, prefix = "/api", endpoint = "storage", input = GetUrl)]
pub async fn read_storage() -> Result<StorageView, Refusal> {
    let plant = told(viewer())?;
    told(looked_up(move || plant.storage()).await)
}

/// Has a backup made now.
#[server(name = BackUp, prefix = "/api", endpoint = "back-up")]
pub async fn back_up() -> Result<(), Refusal> {
    let plant = told(plant())?;
    let answer = plant.back_up().await;
    told(answer)
}
