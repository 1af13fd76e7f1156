use domain::{CycleTime, Eui64, Initialisation, MonitorSerial, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Analog, Contact, Counted, Level, SwitchConfigError, SwitchModule, SwitchProfile};
use crate::event::{CyclesHeard, Heard, StatusHeard};
use crate::v3::frame::IoSample;
use crate::v3::profile::{Payload, PayloadKind, PayloadProfile, ProfileError, Registry};

const MODULE: Eui64 = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 0x40, 0x52, 0x2B, 0xAA]);
const START: u64 = 1_800_000_000_000;

fn module() -> SwitchModule {
    SwitchModule {
        module: MODULE,
        contact: Contact {
            pin: 3,
            closed: Level::Low,
            sampling_ms: 500,
            may_miss: 3,
            debounce_ms: 40,
            shortest_cycle_ms: 1_000,
        },
        temperature: Some(Analog { pin: 2, celsius_per_step: 0.1, celsius_at_zero: -50.0 }),
        mold: None,
    }
}

/// DIO3 and DIO4, AD0 and AD2. DIO4 is the reverse, so that a wrong pin counts something else.
fn sample(closed: bool, step: Option<u16>) -> IoSample {
    IoSample {
        source: MODULE,
        short: 0x1234,
        options: 1,
        sets: 1,
        digital_mask: 0b1_1000,
        analog_mask: if step.is_some() { 0b101 } else { 0 },
        digital: Some(if closed { 0b1_0000 } else { 0b0_1000 }),
        analog: step.map_or(Vec::new(), |step| vec![7, step]),
    }
}

/// A plant with one contact and a clock that a test moves.
struct Contacts {
    profile: SwitchProfile,
    now: u64,
    heard: Vec<Heard>,
}

impl Contacts {
    fn new(counted: &[Counted]) -> Self {
        let profile = SwitchProfile::new(vec![module()], counted, 77).unwrap();
        Contacts { profile, now: START, heard: Vec::new() }
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now as i64)
    }

    fn sampled(&mut self, sample: &IoSample) {
        let payload = Payload { source: MODULE, kind: PayloadKind::IoSample(sample) };
        let heard = self.profile.read(&payload, self.time()).unwrap().unwrap();
        self.heard.extend(heard);
    }

    fn level(&mut self, closed: bool) {
        self.sampled(&sample(closed, None));
    }

    /// Time passes while nothing is heard.
    fn silence(&mut self, millis: u64) {
        let until = self.now + millis;
        while self.now < until {
            self.now = (self.now + 10).min(until);
            let time = self.time();
            self.heard.extend(self.profile.tick(time));
        }
    }

    /// The contact stays so, sampled each half second and at the change.
    fn stay(&mut self, closed: bool, millis: u64) {
        for _ in 0..millis / 500 {
            self.level(closed);
            self.silence(500);
        }
        if !millis.is_multiple_of(500) {
            self.level(closed);
            self.silence(millis % 500);
        }
    }

    /// Open for so long, then closed for so long.
    fn cycle(&mut self, open: u64, closed: u64) {
        self.stay(false, open);
        self.stay(true, closed);
    }

    fn cycles(&self) -> Vec<CyclesHeard> {
        let cycles =
            |heard: &Heard| if let Heard::Cycles(cycles) = heard { Some(cycles.clone()) } else { None };
        self.heard.iter().filter_map(cycles).collect()
    }

    fn statuses(&self) -> Vec<StatusHeard> {
        let status =
            |heard: &Heard| if let Heard::Status(status) = heard { Some(status.clone()) } else { None };
        self.heard.iter().filter_map(status).collect()
    }

    fn count(&self) -> u64 {
        self.profile.watches[&MODULE].count
    }
}

#[test]
fn closings_are_cycles_with_their_times() {
    let mut contacts = Contacts::new(&[]);
    contacts.stay(true, 2_000);
    for _ in 0..3 {
        contacts.cycle(3_000, 11_500);
    }
    let cycles = contacts.cycles();
    assert_eq!(cycles.iter().map(|heard| heard.count).collect::<Vec<_>>(), [1, 2, 3]);
    let all: Vec<_> = cycles.iter().flat_map(|heard| &heard.cycles).collect();
    assert!(all[0].first, "nobody knows when the mold closed before");
    assert_eq!(all[1].cycle_time, CycleTime::from_millis(14_500));
    assert!(!all[1].first && !all[2].first);
    assert_eq!(cycles[0].serial, MonitorSerial::switch(MODULE));
    assert_eq!(cycles[0].serial.as_str(), "SW-0013A20040522BAA");
}

#[test]
fn a_contact_that_is_closed_when_first_heard_is_no_cycle() {
    let mut contacts = Contacts::new(&[]);
    contacts.stay(true, 60_000);
    assert!(contacts.cycles().is_empty());
}

#[test]
fn a_bounce_is_no_cycle() {
    let mut contacts = Contacts::new(&[]);
    contacts.stay(false, 2_000);
    for closed in [true, false, true, false, true] {
        contacts.level(closed);
        contacts.silence(10);
    }
    contacts.stay(true, 500);
    assert_eq!(contacts.count(), 1);
    // Long enough open to be believed, too soon after the closing to be a cycle.
    contacts.level(false);
    contacts.silence(100);
    contacts.stay(true, 2_000);
    assert_eq!(contacts.count(), 1, "closings nearer than the shortest cycle are one");
    contacts.cycle(2_000, 2_000);
    assert_eq!(contacts.cycles()[1].cycles[0].cycle_time, CycleTime::from_millis(4_610));
}

#[test]
fn a_glitch_on_an_open_contact_is_no_cycle() {
    let mut contacts = Contacts::new(&[]);
    contacts.stay(false, 2_000);
    contacts.level(true);
    contacts.silence(20);
    contacts.stay(false, 5_000);
    assert_eq!(contacts.count(), 0);
}

#[test]
fn duplicated_samples_change_nothing() {
    let (mut once, mut twice) = (Contacts::new(&[]), Contacts::new(&[]));
    for _ in 0..5 {
        for (closed, millis) in [(false, 3_000), (true, 9_000)] {
            once.stay(closed, millis);
            for _ in 0..millis / 500 {
                twice.level(closed);
                twice.level(closed);
                twice.silence(250);
                twice.level(closed);
                twice.silence(250);
            }
        }
    }
    assert_eq!(once.cycles(), twice.cycles());
}

#[test]
fn after_a_gap_only_what_certainly_happened_is_counted_and_its_time_is_unknown() {
    for (before, after, certain) in [(false, true, 1), (false, false, 0), (true, true, 0), (true, false, 0)] {
        let mut contacts = Contacts::new(&[]);
        contacts.cycle(3_000, 9_000);
        if !before {
            contacts.stay(false, 3_000);
        }
        let (count, told) = (contacts.count(), contacts.cycles().len());
        // Fifty cycles that nobody hears of.
        contacts.silence(600_000);
        contacts.stay(after, 3_000);
        assert_eq!(contacts.count(), count + certain, "{before} {after}");
        assert_eq!(contacts.cycles().len(), told, "a cycle without a time is not told as one");
        let status = contacts.statuses().pop().unwrap();
        assert_eq!(status.count, Some(count + certain));
        contacts.stay(!after, 4_000);
        contacts.stay(after, 4_000);
        contacts.stay(!after, 4_000);
        let next = contacts.cycles()[told].clone();
        assert!(next.cycles[0].first, "the time since the closing before is not known");
    }
}

#[test]
fn missing_samples_within_bounds_are_no_gap() {
    let mut contacts = Contacts::new(&[]);
    contacts.cycle(3_000, 9_000);
    contacts.stay(false, 3_000);
    contacts.silence(1_400);
    contacts.stay(true, 3_000);
    let last = contacts.cycles().pop().unwrap();
    assert!(!last.cycles[0].first);
    assert_eq!(last.cycles[0].cycle_time, CycleTime::from_millis(13_400));
}

#[test]
fn a_clock_set_back_or_forward_loses_no_cycle_and_makes_up_no_time() {
    for step in [-3_600_000i64, 3_600_000] {
        let mut contacts = Contacts::new(&[]);
        contacts.cycle(3_000, 9_000);
        contacts.stay(false, 3_000);
        contacts.now = contacts.now.saturating_add_signed(step);
        contacts.stay(true, 9_000);
        assert_eq!(contacts.count(), 2);
        contacts.cycle(3_000, 9_000);
        contacts.cycle(3_000, 9_000);
        let times: Vec<_> = contacts.cycles().iter().map(|heard| heard.cycles[0]).collect();
        assert_eq!(times.iter().map(|cycle| cycle.first).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(times[2].cycle_time, CycleTime::from_millis(12_000));
        assert_eq!(contacts.count(), 4);
    }
}

#[test]
fn a_clock_set_back_does_not_make_the_next_closing_a_bounce() {
    let mut contacts = Contacts::new(&[]);
    contacts.cycle(3_000, 3_000);
    contacts.now -= 3_600_000;
    contacts.stay(true, 3_000);
    contacts.cycle(3_000, 3_000);
    assert_eq!(contacts.count(), 2);
}

#[test]
fn a_box_that_starts_again_goes_on_counting_and_resets_nothing() {
    let mut contacts = Contacts::new(&[Counted { module: MODULE, era: 5, count: 1_234 }]);
    contacts.stay(true, 2_000);
    let Some(Heard::Tethered(tethered)) = contacts.heard.first() else { panic!("tethered first") };
    assert_eq!((tethered.era, tethered.count), (Some(5), 1_234));
    contacts.cycle(3_000, 9_000);
    let cycles = contacts.cycles();
    assert_eq!((cycles[0].era, cycles[0].count), (Some(5), 1_235));
    assert_eq!(Contacts::new(&[]).profile.watches[&MODULE].era, 77, "never counted: a new era");
}

#[test]
fn a_tether_comes_first_and_once_with_the_configured_mold() {
    let mold = Initialisation {
        mold: "M-7".parse().unwrap(),
        description: String::new(),
        approved: None,
        design_life: None,
        baseline: 0,
        on: Timestamp::from_millis(0),
    };
    let modules = vec![SwitchModule { mold: Some(mold.clone()), ..module() }];
    let mut contacts = Contacts::new(&[]);
    contacts.profile = SwitchProfile::new(modules, &[], 1).unwrap();
    contacts.stay(true, 10_000);
    let tethers: Vec<_> = contacts
        .heard
        .iter()
        .filter_map(|heard| if let Heard::Tethered(tethered) = heard { Some(tethered) } else { None })
        .collect();
    assert!(matches!(contacts.heard.first(), Some(Heard::Tethered(_))));
    assert_eq!(tethers.len(), 1);
    assert_eq!(tethers[0].initialisation, Some(mold));
}

#[test]
fn the_temperature_is_scaled_and_forgotten_when_it_is_old() {
    let mut contacts = Contacts::new(&[]);
    contacts.sampled(&sample(false, Some(650)));
    contacts.silence(500);
    contacts.level(true);
    contacts.silence(100);
    let cycle = contacts.cycles()[0].cycles[0];
    assert_eq!(cycle.temperature.map(|temperature| temperature.as_milli_celsius()), Some(15_000));
    contacts.cycle(3_000, 3_000);
    contacts.stay(false, 3_000);
    assert_eq!(contacts.cycles()[1].cycles[0].temperature, None);
    contacts.sampled(&sample(false, Some(u16::MAX)));
    contacts.stay(true, 2_000);
    assert_eq!(contacts.cycles()[2].cycles[0].temperature, None, "a broken sensor is no temperature");
}

#[test]
fn an_open_contact_is_heard_of_now_and_then_not_at_every_sample() {
    let mut contacts = Contacts::new(&[]);
    contacts.stay(false, 300_000);
    assert_eq!(contacts.statuses().len(), 10);
}

#[test]
fn a_module_that_is_no_contact_is_left_to_other_profiles_and_kept_raw() {
    let profile = SwitchProfile::new(vec![module()], &[], 1).unwrap();
    let mut registry = Registry::new(vec![Box::new(profile)]);
    let sample = IoSample { source: Eui64::BROADCAST, ..sample(true, Some(0x0102)) };
    let payload = Payload { source: sample.source, kind: PayloadKind::IoSample(&sample) };
    let read = registry.read(&payload, Timestamp::from_millis(0));
    assert!(read.heard.is_empty());
    assert!(read.raw.read_as.is_err());
    assert_eq!(read.raw.payload, [1, 0, 0x18, 5, 0, 0x10, 0, 7, 1, 2]);
}

#[test]
fn a_sample_without_the_contact_is_an_error_that_names_the_input() {
    let mut contacts = Contacts::new(&[]);
    let sample = IoSample { digital_mask: 0b1_0000, ..sample(true, None) };
    let payload = Payload { source: MODULE, kind: PayloadKind::IoSample(&sample) };
    let read = contacts.profile.read(&payload, contacts.time());
    assert!(matches!(read, Some(Err(ProfileError::NoInput { input })) if input == "DIO3"));
}

#[test]
fn what_cannot_be_wired_is_refused_with_the_module_named() {
    let refused = |change: fn(&mut SwitchModule)| {
        let mut changed = module();
        change(&mut changed);
        SwitchProfile::new(vec![changed], &[], 1).err()
    };
    assert_eq!(refused(|module| module.contact.pin = 13), Some(SwitchConfigError::Digital(MODULE, 13)));
    assert_eq!(refused(|module| module.contact.sampling_ms = 0), Some(SwitchConfigError::Sampling(MODULE)));
    assert_eq!(refused(|module| module.contact.debounce_ms = 500), Some(SwitchConfigError::Debounce(MODULE)));
    assert_eq!(
        refused(|module| module.temperature =
            Some(Analog { pin: 4, celsius_per_step: 1.0, celsius_at_zero: 0.0 })),
        Some(SwitchConfigError::Analog(MODULE, 4))
    );
    assert_eq!(
        refused(|module| module.temperature =
            Some(Analog { pin: 0, celsius_per_step: f64::NAN, celsius_at_zero: 0.0 })),
        Some(SwitchConfigError::Scale(MODULE))
    );
    let twice = SwitchProfile::new(vec![module(), module()], &[], 1).err();
    assert_eq!(twice, Some(SwitchConfigError::Twice(MODULE)));
}

proptest! {
    /// Whatever is sampled whenever, the count is never more than the times the level went from open to closed, and
    /// every cycle told is one count more than before.
    #[test]
    fn nothing_is_invented(steps in vec((any::<bool>(), 0u64..6_000, -2_000i64..2_000), 0..80)) {
        let mut contacts = Contacts::new(&[]);
        let (mut last, mut closings) = (true, 0u64);
        for (closed, wait, step) in steps {
            contacts.level(closed);
            closings += u64::from(closed && !last);
            last = closed;
            contacts.silence(wait);
            if step > 1_900 {
                contacts.now = contacts.now.saturating_add_signed(-step);
            }
        }
        prop_assert!(contacts.count() <= closings);
        let mut count = 0;
        for heard in &contacts.heard {
            match heard {
                Heard::Cycles(cycles) => {
                    prop_assert_eq!(cycles.cycles.len(), 1);
                    prop_assert_eq!(cycles.count, count + 1);
                    count = cycles.count;
                }
                Heard::Status(status) => {
                    prop_assert!(status.count.unwrap() - count <= 1);
                    count = status.count.unwrap();
                }
                _ => {}
            }
        }
    }

    #[test]
    fn no_sample_at_all_makes_it_panic(
        masks: (u16, u8),
        digital: Option<u16>,
        analog in vec(any::<u16>(), 0..6),
        pins: (u8, u8),
        scale: f64,
        times in vec(any::<i64>(), 1..5),
    ) {
        let mut module = module();
        module.contact.pin = pins.0 % 13;
        module.temperature = Some(Analog { pin: pins.1 % 4, celsius_per_step: scale, celsius_at_zero: scale });
        let Ok(mut profile) = SwitchProfile::new(vec![module], &[], 1) else { return Ok(()) };
        let sample = IoSample { digital_mask: masks.0, analog_mask: masks.1, digital, analog, ..sample(true, None) };
        for time in times {
            let payload = Payload { source: MODULE, kind: PayloadKind::IoSample(&sample) };
            let _ = profile.read(&payload, Timestamp::from_millis(time));
            profile.tick(Timestamp::from_millis(time.wrapping_add(50)));
        }
    }
}
