//! Sensors that anyone can buy, counted by the rule that a person chose.

use domain::{
    AlertKind, Axis, BluetoothAddress, Channel, Contact, CounterWidth, CycleRule, Edge, EntryKind, Measure,
    MonitorSerial, Percent, Said, SensorFormat, SensorRule, ShockRule, Temperature, TimeSource, Unread,
};
use proptest::prelude::*;
use radio::event::{Heard, SensorHeard};

use super::plant::{Box as Plant, Device};
use crate::ingest::{SensorRefused, SensorUse};
use crate::plant::AlarmKey;

const ADDRESS: BluetoothAddress = BluetoothAddress::from_be_bytes([0xC4, 0x5E, 0, 0, 0, 1]);
const COUNT: Channel = Channel::new(0x3D, 1);
const DOOR: Channel = Channel::new(0x1A, 1);

fn serial() -> MonitorSerial {
    MonitorSerial::sensor(ADDRESS)
}

fn rule(cycles: CycleRule) -> SensorRule {
    SensorRule { cycles, temperature: Some(Channel::new(2, 1)), shock: None, silent_after_min: Some(60) }
}

const STEPS: CycleRule = CycleRule::Count { channel: COUNT };
const CLOSES: CycleRule = CycleRule::Contact { channel: DOOR, edge: Edge::Closes, least_apart_ms: 2_000 };

fn wish(mold: &str, rule: SensorRule) -> SensorUse {
    SensorUse {
        address: ADDRESS,
        mold: mold.parse().unwrap(),
        description: "lid".to_owned(),
        approved: None,
        design_life: None,
        rule,
        sealed: false,
    }
}

fn used(rule: SensorRule) -> Plant {
    let mut plant = Plant::new();
    plant.ingest.use_sensor(wish("M-1", rule), plant.now).unwrap();
    plant
}

fn says(plant: &mut Plant, said: Vec<(Channel, Measure)>) {
    let said = said.into_iter().map(|(channel, what)| Said { channel, what }).collect();
    plant.hear(Heard::Sensor(SensorHeard {
        address: ADDRESS,
        rssi_dbm: -60,
        format: SensorFormat::Bthome,
        sealed: false,
        triggered: false,
        counter: None,
        said: Ok(said),
    }));
}

fn counts(plant: &mut Plant, count: u64) {
    says(plant, vec![(COUNT, Measure::Count { count, width: CounterWidth::Bits(16) })]);
}

fn door(plant: &mut Plant, contact: Contact) {
    says(plant, vec![(DOOR, Measure::Contact(contact))]);
}

fn moved(plant: &mut Plant, count: u8) {
    says(plant, vec![(Channel::ONLY, Measure::Movements(count))]);
}

fn counted(plant: &mut Plant) -> i64 {
    plant.pass(10);
    plant.commit();
    plant.disk.counted("M-1")
}

#[test]
fn each_step_is_a_cycle_and_what_no_advert_told_of_is_a_gap() {
    let mut plant = used(rule(STEPS));
    counts(&mut plant, 700);
    assert_eq!(counted(&mut plant), 0, "what it counted before is nobody's");
    for count in [701, 701, 702, 702, 705] {
        plant.pass(20);
        counts(&mut plant, count);
    }
    assert_eq!((counted(&mut plant), plant.disk.unknown("M-1")), (5, 2));
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 2), ("gap", 2), ("delta", 1)]);
    let times: Vec<_> =
        plant.disk.history("M-1").iter().map(|cycle| (cycle.cycle_time.as_millis(), cycle.source)).collect();
    let received = TimeSource::Received;
    // Before the first and after the gap nobody knows how long it took.
    assert_eq!(times, [(0, received), (40_000, received), (0, received)]);
    assert!(plant.asked.is_empty() && plant.times.is_empty(), "it is asked for nothing");
}

#[test]
fn what_was_counted_while_the_box_was_off_is_counted_without_times() {
    let mut plant = used(rule(STEPS));
    counts(&mut plant, 65_530);
    plant.pass(5);
    counts(&mut plant, 65_531);
    plant.commit();
    plant.crash();
    counts(&mut plant, 4);
    assert_eq!((counted(&mut plant), plant.disk.unknown("M-1")), (10, 9));
    assert!(plant.disk.kinds("M-1").contains(&EntryKind::Rollover), "past its top");
    plant.crash();
    counts(&mut plant, 4);
    assert_eq!(counted(&mut plant), 10);
}

#[test]
fn a_sensor_that_began_anew_is_a_reset_that_a_person_confirms() {
    let mut plant = used(rule(STEPS));
    for count in [30_000, 30_001, 2, 2, 3, 4] {
        plant.pass(20);
        counts(&mut plant, count);
    }
    assert_eq!(counted(&mut plant), 1 + 4);
    let id = plant.disk.id("M-1");
    let waits = |plant: &Plant| {
        plant
            .disk
            .standing()
            .iter()
            .any(|alarm| matches!(alarm.key, AlarmKey::ResetUnconfirmed(mold, _) if mold == id))
    };
    assert!(waits(&plant), "{:?}", plant.disk.standing());
}

#[test]
fn a_single_odd_reading_counts_nothing() {
    let mut plant = used(rule(STEPS));
    for count in [500, 501, 40_000, 502, 3, 503] {
        plant.pass(20);
        counts(&mut plant, count);
    }
    assert_eq!(counted(&mut plant), 3);
}

#[test]
fn a_contact_is_a_cycle_when_it_closes_and_not_when_it_bounces() {
    let mut plant = used(rule(CLOSES));
    door(&mut plant, Contact::Closed);
    for _ in 0..3 {
        plant.pass(15);
        door(&mut plant, Contact::Open);
        door(&mut plant, Contact::Open);
        plant.pass(5);
        for contact in [Contact::Closed, Contact::Closed, Contact::Open, Contact::Closed] {
            door(&mut plant, contact);
        }
    }
    assert_eq!(counted(&mut plant), 3);
    let times: Vec<u32> =
        plant.disk.history("M-1").iter().map(|cycle| cycle.cycle_time.as_millis()).collect();
    assert_eq!(times, [0, 20_000, 20_000]);
}

#[test]
fn a_contact_that_closed_while_the_box_was_off_closed_once_nobody_knows_when() {
    let mut plant = used(rule(CLOSES));
    door(&mut plant, Contact::Closed);
    plant.pass(10);
    door(&mut plant, Contact::Open);
    plant.commit();
    plant.crash();
    door(&mut plant, Contact::Closed);
    // Killed before anything else is heard: what was counted and what was heard last are in one commit.
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (1, 1));
    plant.crash();
    door(&mut plant, Contact::Closed);
    assert_eq!(counted(&mut plant), 1);
}

#[test]
fn movements_go_past_their_top_and_one_that_goes_back_counts_nothing() {
    let mut plant = used(rule(CycleRule::Movements));
    for count in [252, 253, 254, 0, 1] {
        plant.pass(20);
        moved(&mut plant, count);
    }
    assert_eq!(counted(&mut plant), 4);
    moved(&mut plant, 100);
    assert_eq!(counted(&mut plant), 103);
    moved(&mut plant, 7);
    moved(&mut plant, 8);
    assert_eq!(counted(&mut plant), 104);
    assert!(plant.disk.kinds("M-1").contains(&EntryKind::Reset));
}

#[test]
fn a_sensor_takes_a_mold_over_from_its_monitor_and_the_count_goes_on() {
    let mut plant = Plant::new();
    let mut device = Device::new("V3-00000001", "M-1");
    plant.tether(&device);
    device.make(3);
    plant.cycles(device.newest(3));
    plant.ingest.use_sensor(wish("M-1", rule(STEPS)), plant.now).unwrap();
    for count in [9_000, 9_001, 9_002] {
        plant.pass(20);
        counts(&mut plant, count);
    }
    assert_eq!(counted(&mut plant), 5);
    let swap = EntryKind::Swap { before: "V3-00000001".parse().ok() };
    assert!(plant.disk.kinds("M-1").contains(&swap), "{:?}", plant.disk.kinds("M-1"));
}

#[test]
fn a_sensor_that_is_not_used_any_more_counts_nothing_and_may_be_used_again() {
    let mut plant = used(rule(STEPS));
    counts(&mut plant, 10);
    counts(&mut plant, 12);
    plant.ingest.forget_sensor(ADDRESS, plant.now).unwrap();
    assert_eq!(plant.ingest.forget_sensor(ADDRESS, plant.now), Err(SensorRefused::NotUsed));
    counts(&mut plant, 20);
    assert_eq!(counted(&mut plant), 2);
    plant.crash();
    counts(&mut plant, 21);
    assert_eq!(counted(&mut plant), 2);
    plant.ingest.use_sensor(wish("M-1", rule(STEPS)), plant.now).unwrap();
    counts(&mut plant, 30);
    counts(&mut plant, 31);
    assert_eq!(counted(&mut plant), 3);
}

#[test]
fn another_rule_for_the_same_counter_loses_nothing_and_another_counter_begins_anew() {
    let mut plant = used(rule(STEPS));
    counts(&mut plant, 10);
    let quiet = SensorRule { silent_after_min: None, ..rule(STEPS) };
    plant.ingest.use_sensor(wish("M-1", quiet), plant.now).unwrap();
    counts(&mut plant, 11);
    assert_eq!(counted(&mut plant), 1);
    plant.ingest.use_sensor(wish("M-1", rule(CLOSES)), plant.now).unwrap();
    for contact in [Contact::Open, Contact::Closed] {
        door(&mut plant, contact);
        counts(&mut plant, 99);
    }
    assert_eq!(counted(&mut plant), 2);
    plant.ingest.use_sensor(wish("M-2", rule(STEPS)), plant.now).unwrap();
    counts(&mut plant, 100);
    counts(&mut plant, 102);
    assert_eq!((counted(&mut plant), plant.disk.counted("M-2")), (2, 2));
}

#[test]
fn a_thermometer_beside_a_monitor_takes_nothing_from_it() {
    let mut plant = Plant::new();
    let mut device = Device::new("V3-00000001", "M-1");
    plant.tether(&device);
    plant.ingest.use_sensor(wish("M-1", rule(CycleRule::None)), plant.now).unwrap();
    let warm = Temperature::from_milli_celsius(61_000);
    says(
        &mut plant,
        vec![
            (Channel::new(2, 1), Measure::Temperature(warm)),
            (COUNT, Measure::Count { count: 5, width: CounterWidth::Bits(16) }),
        ],
    );
    device.make(2);
    plant.cycles(device.newest(2));
    assert_eq!(counted(&mut plant), 2);
    let news = plant.ingest.news();
    let mold = news.molds.iter().find(|mold| mold.name.as_str() == "M-1").unwrap();
    assert_eq!(mold.temperature, Some(warm));
    assert!(!plant.disk.kinds("M-1").iter().any(|kind| matches!(kind, EntryKind::Swap { .. })));
}

fn stands(plant: &Plant, key: &AlarmKey) -> bool {
    plant.disk.standing().iter().any(|alarm| alarm.key == *key)
}

#[test]
fn shocks_batteries_and_silence_are_alarms_until_they_are_over() {
    let shock = Some(ShockRule::Acceleration { milli_g: 2_000 });
    let mut plant = used(SensorRule { shock, ..rule(STEPS) });
    let force = |milli_g| (Channel::ONLY, Measure::Acceleration { axis: Axis::Z, milli_g });
    let battery = |percent| (Channel::new(1, 1), Measure::Battery(Percent::new(percent).unwrap()));
    let key = AlarmKey::Alert(serial(), AlertKind::Shock);
    says(&mut plant, vec![force(1_040), battery(12)]);
    plant.commit();
    assert!(!stands(&plant, &key) && !stands(&plant, &AlarmKey::SensorBattery(serial())));
    says(&mut plant, vec![force(-2_310), battery(9)]);
    plant.commit();
    assert!(stands(&plant, &key) && stands(&plant, &AlarmKey::SensorBattery(serial())));
    plant.pass(61);
    says(&mut plant, vec![force(1_040), battery(12)]);
    plant.commit();
    assert!(
        !stands(&plant, &key) && stands(&plant, &AlarmKey::SensorBattery(serial())),
        "between low and good"
    );
    says(&mut plant, vec![battery(95)]);
    plant.pass(3_590);
    plant.commit();
    assert!(plant.disk.standing().is_empty(), "{:?}", plant.disk.standing());
    plant.pass(20);
    plant.commit();
    assert!(stands(&plant, &AlarmKey::SensorSilent(serial())));
    says(&mut plant, vec![battery(95)]);
    plant.commit();
    assert!(plant.disk.standing().is_empty());
}

#[test]
fn what_is_not_read_or_not_sealed_as_it_should_be_counts_nothing() {
    let mut plant = Plant::new();
    plant.ingest.use_sensor(SensorUse { sealed: true, ..wish("M-1", rule(STEPS)) }, plant.now).unwrap();
    let heard = |sealed, counter, said| SensorHeard {
        address: ADDRESS,
        rssi_dbm: -60,
        format: SensorFormat::Bthome,
        sealed,
        triggered: false,
        counter,
        said,
    };
    let count = |count| {
        Ok(vec![Said { channel: COUNT, what: Measure::Count { count, width: CounterWidth::Bits(16) } }])
    };
    plant.hear(Heard::Sensor(heard(true, Some(7), count(10))));
    plant.hear(Heard::Sensor(heard(false, None, count(15))));
    plant.hear(Heard::Sensor(heard(true, None, Err(Unread::WrongKey))));
    plant.hear(Heard::Sensor(heard(true, Some(8), count(11))));
    assert_eq!(counted(&mut plant), 1);
    assert_eq!(plant.disk.snapshot.sensors[0].counter, Some(8), "it is not believed again after a restart");
}

proptest! {
    #[test]
    fn a_counters_cycles_are_all_counted_whatever_adverts_are_lost_or_doubled_and_whenever_the_box_dies(
        steps in prop::collection::vec((0u64..4, 0u8..4, any::<bool>()), 1..60)
    ) {
        let mut plant = used(rule(STEPS));
        let mut own = 65_400u64;
        counts(&mut plant, own);
        plant.commit();
        for (cycles, heard, dies) in steps {
            own += cycles;
            plant.pass(7);
            for _ in 0..heard {
                counts(&mut plant, own % 65_536);
            }
            if dies {
                // With or without what was heard last on its disk.
                if cycles % 2 == 0 {
                    plant.commit();
                }
                plant.crash();
            }
        }
        counts(&mut plant, own % 65_536);
        prop_assert_eq!(counted(&mut plant), i64::try_from(own - 65_400).unwrap());
    }

    #[test]
    fn a_contacts_closings_that_are_heard_are_all_counted_whenever_the_box_dies(
        steps in prop::collection::vec((any::<bool>(), any::<bool>()), 1..60)
    ) {
        let mut plant = used(rule(CLOSES));
        door(&mut plant, Contact::Closed);
        plant.commit();
        let mut closings = 0;
        for (twice, dies) in steps {
            for contact in [Contact::Open, Contact::Closed] {
                plant.pass(3);
                door(&mut plant, contact);
                if twice {
                    door(&mut plant, contact);
                }
                plant.commit();
                if dies {
                    plant.crash();
                }
            }
            closings += 1;
        }
        prop_assert_eq!(counted(&mut plant), closings);
    }
}
