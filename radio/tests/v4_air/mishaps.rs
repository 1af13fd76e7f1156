//! Whatever goes wrong in the air, nothing is lost, counted twice or forgotten too soon, and nobody is left out.

use proptest::prelude::*;
use radio::sim::air::Mishaps;
use radio::v4::conductor::Settings;
use radio::v4::open::Serial;

use super::hall::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_goes_wrong_all_that_was_made_is_kept_once(
        seed in any::<u64>(),
        monitors in 1..8u32,
        slots in 1..4usize,
        connect in 0.0..0.4f64,
        link in 0.0..0.05f64,
        unplug in 0.0..0.01f64,
    ) {
        let mut hall = Hall::new(seed, Settings::default(), Vec::new());
        hall.plug(0, slots);
        for number in 1..=monitors {
            hall.air.bring(monitor(number, Some(PASSKEY)), &[(adapter(0), -60)]);
        }
        for number in 1..=monitors {
            prop_assert!(hall.run_until(60, |hall| hall.state(number) == "seen"));
            hall.open_window(number, Some(PASSKEY), 120);
            prop_assert!(hall.run_until(120, |hall| hall.monitor(number).bond(&adapter(0)).is_some()));
            prop_assert!(hall.run_until(120, |hall| !["seen", "enrolling"].contains(&hall.state(number))));
        }
        hall.air.mishaps = Mishaps { connect, link, unplug, weak: 0.0 };
        for round in 0..40 {
            let now = hall.now;
            for number in 1..=monitors {
                (0..=round % 5).for_each(|_| hall.monitor(number).make_cycle(now, 412));
                if (round + number) % 11 == 0 {
                    hall.monitor(number).raise_alert(now);
                }
            }
            hall.run(15);
        }
        hall.air.mishaps = Mishaps::default();
        let done = hall.run_until(3_000, |hall| {
            hall.air.monitors().all(|monitor| monitor.waiting() == 0 && monitor.alerts().0 == monitor.alerts().1)
        });
        let states: Vec<_> = (1..=monitors).map(|number| hall.state(number)).collect();
        prop_assert!(done, "{:?}", states);
        for number in 1..=monitors {
            let (count, alerts) = (hall.monitor(number).count(), hall.monitor(number).alerts().0);
            prop_assert_eq!(hall.has[&Serial(number)], Has { count, alerts });
        }
    }
}
