use domain::MoldState;

use crate::format;
use crate::port::MoldTile;

/// The last cycle beside the approved one: `+1.2 s`; nothing where the last one is too old to say how the mold runs.
#[must_use]
pub fn pace(tile: &MoldTile) -> Option<String> {
    let runs = matches!(tile.state, MoldState::Cycling | MoldState::Slow);
    let (last, approved) = tile.last_cycle.zip(tile.approved).filter(|_| runs)?;
    Some(format!("{} s", format::difference(last, approved)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{CycleTime, MoldId};

    #[test]
    fn only_a_mold_that_runs_is_fast_or_slow() {
        let tile = |state| MoldTile {
            id: MoldId(1),
            name: "M-1".parse().unwrap(),
            description: String::new(),
            press: None,
            state,
            state_since: None,
            last_cycle: Some(CycleTime::from_millis(21_200)),
            approved: Some(CycleTime::from_millis(20_000)),
            count: 9,
            last_ended: None,
            last_heard: None,
            alarms: 0,
            worst: None,
        };
        assert_eq!(pace(&tile(MoldState::Cycling)).as_deref(), Some("+1.2 s"));
        assert_eq!(pace(&tile(MoldState::Slow)).as_deref(), Some("+1.2 s"));
        assert_eq!(pace(&tile(MoldState::Stopped)), None);
        assert_eq!(pace(&tile(MoldState::NoSignal)), None);
    }
}
