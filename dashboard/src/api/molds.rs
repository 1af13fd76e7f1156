//! The floor and its molds.

use std::time::Duration;

#[cfg(feature = "ssr")]
use domain::Thresholds;
use domain::{MoldId, TypedLimit};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::server::{looked_up, technician, told, viewer};
use crate::port::{CycleChart, FloorView, MoldView, Person, Refusal};

/// A stretch of time that ends now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChartRange {
    /// One hour.
    Hour,
    /// A shift.
    #[default]
    Shift,
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// Ninety days.
    Quarter,
}

impl ChartRange {
    /// From the shortest to the longest.
    pub const ALL: [ChartRange; 5] =
        [ChartRange::Hour, ChartRange::Shift, ChartRange::Day, ChartRange::Week, ChartRange::Quarter];

    /// Most points a chart of any range has.
    pub const POINTS: usize = 480;

    /// As it stands in the page's address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            ChartRange::Hour => "1h",
            ChartRange::Shift => "8h",
            ChartRange::Day => "24h",
            ChartRange::Week => "7d",
            ChartRange::Quarter => "90d",
        }
    }

    /// As people read it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            ChartRange::Hour => "1 h",
            ChartRange::Shift => "8 h",
            ChartRange::Day => "24 h",
            ChartRange::Week => "7 d",
            ChartRange::Quarter => "90 d",
        }
    }

    /// From the page's address; anything else is the usual one.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|range| range.word() == word).unwrap_or_default()
    }

    /// How long it is.
    #[must_use]
    pub const fn length(self) -> Duration {
        Duration::from_secs(match self {
            ChartRange::Hour => 3600,
            ChartRange::Shift => 8 * 3600,
            ChartRange::Day => 24 * 3600,
            ChartRange::Week => 7 * 24 * 3600,
            ChartRange::Quarter => 90 * 24 * 3600,
        })
    }
}

/// Who is signed in, if anybody.
#[server(name = ReadPerson, prefix = "/api", endpoint = "person", input = GetUrl)]
pub async fn read_person() -> Result<Option<Person>, Refusal> {
    Ok(viewer().ok().map(|plant| plant.person().clone()))
}

/// Every mold.
#[server(name = ReadFloor, prefix = "/api", endpoint = "floor", input = GetUrl)]
pub async fn read_floor() -> Result<FloorView, Refusal> {
    told(viewer().and_then(|plant| plant.floor()))
}

/// One mold.
#[server(name = ReadMold, prefix = "/api", endpoint = "mold", input = GetUrl)]
pub async fn read_mold(
    /// Which.
    id: MoldId,
) -> Result<MoldView, Refusal> {
    let plant = told(viewer())?;
    told(looked_up(move || plant.mold(id)).await)
}

/// A mold's cycle times over the stretch that ends now.
#[server(name = ReadCycles, prefix = "/api", endpoint = "cycles", input = GetUrl)]
pub async fn read_cycles(
    /// Which mold.
    id: MoldId,
    /// How far back.
    range: ChartRange,
) -> Result<CycleChart, Refusal> {
    let plant = told(viewer())?;
    let chart = move || {
        let now = plant.now();
        plant.cycles(id, now.earlier_by(range.length()), now, ChartRange::POINTS)
    };
    told(looked_up(chart).await)
}

/// Confirms that a monitor's counter was reset, as the ledger's entry `number` says.
#[server(name = ConfirmReset, prefix = "/api", endpoint = "confirm-reset")]
pub async fn confirm_reset(
    /// Which mold.
    id: MoldId,
    /// Which entry of its ledger.
    number: u64,
) -> Result<(), Refusal> {
    let plant = told(technician())?;
    let answer = plant.confirm_reset(id, number).await;
    told(answer)
}

/// Has the monitor on a mold watch these limits by itself, and no others.
#[server(name = SetLimits, prefix = "/api", endpoint = "set-limits")]
pub async fn set_limits(
    /// Which mold.
    id: MoldId,
    /// In the order of [`Thresholds::KINDS`].
    limits: Vec<TypedLimit>,
) -> Result<(), Refusal> {
    let limits = told(Thresholds::parse(&limits).map_err(|error| Refusal::Invalid(error.to_string())))?;
    let plant = told(technician())?;
    let answer = plant.set_limits(id, limits).await;
    told(answer)
}
