//! Enrolling a Bluetooth monitor: the window that a person opens, and how it ended for who waits for that.

use std::time::Duration;

use dashboard::port::{EnrolWish, Refusal};
use domain::{CycleTime, Initialisation, LinkName, MoldName, Standing, Timestamp};
use radio::bluetooth::{Enrolment, Passkey};
use radio::command::Ask;

use super::{Desk, failed};

/// For so long a monitor may be bonded.
const WINDOW: Duration = Duration::from_secs(180);
/// So often it is looked how far it is.
const LOOK: Duration = Duration::from_millis(200);

impl Desk {
    /// What the radio is to be asked.
    pub(super) fn enrolment(&self, wish: EnrolWish) -> Result<Enrolment, Refusal> {
        let now = self.clock.now();
        Ok(Enrolment {
            serial: wish.serial,
            passkey: wish.passkey.as_ref().map(Passkey::from),
            window: WINDOW,
            record: wish.mold.map(|mold| self.record(mold, wish.approved, now)).transpose()?,
        })
    }

    /// Enrols a monitor for whoever is at the box's console, and answers how that ended.
    ///
    /// # Errors
    /// Why it is not enrolled, for people.
    pub async fn enrol_from_console(self, wish: EnrolWish) -> Result<String, String> {
        let serial = wish.serial.clone();
        let enrolment = self.enrolment(wish).map_err(|refusal| refusal.to_string())?;
        let asked = self.ingest.command(LinkName::bluetooth(), Ask::Enrol(enrolment));
        asked.await.map_err(|why| why.to_string())?;
        loop {
            tokio::time::sleep(LOOK).await;
            let radios = self.live.radios(self.clock.now());
            let bluetooth = radios.bluetooth.ok_or("the box does not listen to Bluetooth")?;
            // The window opens by the picture's next turn.
            let Some(on) = bluetooth.monitors.into_iter().find(|on| on.serial == serial) else { continue };
            match (on.standing, on.refused, on.strength) {
                (Standing::Enrolling, ..) => {}
                (_, Some(why), _) => return Err(format!("{serial} is not enrolled: {why}")),
                (Standing::Draining | Standing::Live, None, Some(strength)) => {
                    return Ok(format!("{serial} is enrolled, bonded {strength}"));
                }
                _ => {}
            }
        }
    }

    /// What is recorded in a monitor that is to count for a mold: what the box knows of the mold, if it knows it.
    fn record(
        &self,
        mold: MoldName,
        approved: Option<CycleTime>,
        on: Timestamp,
    ) -> Result<Initialisation, Refusal> {
        let known = self.store.molds().map_err(failed)?.into_iter().find(|known| known.name == mold);
        let description = known.as_ref().map_or_else(String::new, |known| known.description.clone());
        let approved = approved.or_else(|| known.as_ref()?.approved);
        let (design_life, baseline) = known.map_or((None, 0), |known| (known.design_life, known.baseline));
        Ok(Initialisation { mold, description, approved, design_life, baseline, on })
    }
}
