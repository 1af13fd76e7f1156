//! What a running box tells of itself: its measures, and the bundle for whoever helps.

use super::Desk;
use crate::telemetry::Chain;
use crate::watch::{Bundle, MakeBundle, Measures, exposition, memory};

impl Desk {
    /// What the box measures of itself, but for who comes in. Blocks.
    #[must_use]
    pub fn measures(&self) -> Measures {
        let now = self.clock.now();
        let floor = self.live.floor(now);
        Measures {
            uptime: self.started.elapsed(),
            molds: floor.molds,
            links: self.live.radios(now).links,
            alarms: floor.alarms,
            kept: self.store.kept().inspect_err(|error| untold("cycles are not counted", error)).ok(),
            room: self.store.room().inspect_err(|error| untold("the disk is not measured", error)).ok(),
            commits: self.store.commits(),
            memory: memory(),
            ..Measures::default()
        }
    }

    /// The bundle for whoever helps. Blocks.
    ///
    /// # Errors
    /// It cannot be packed.
    pub fn support_bundle(&self) -> Result<Vec<u8>, MakeBundle> {
        let now = self.clock.now();
        let mut bundle = Bundle::of_store(&self.store, now);
        bundle.add("configuration.txt", self.configuration.to_string());
        let radios = serde_json::to_string_pretty(&self.live.radios(now));
        bundle.add("radios.json", radios.unwrap_or_else(|error| format!("not told: {error}\n")));
        bundle.add("metrics.txt", exposition(&self.measures()));
        bundle.add_log();
        bundle.pack()
    }
}

fn untold(what: &str, why: &(dyn std::error::Error + 'static)) {
    tracing::warn!(why = %Chain(why), "{what}");
}
