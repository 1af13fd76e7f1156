use proptest::prelude::*;

use super::samples::{lived, odd, regular};
use super::*;

fn any_history() -> impl Strategy<Value = Vec<Cycle>> {
    prop_oneof![odd(), lived()]
}

fn read(first_ordinal: u64, bytes: &[u8]) -> Result<Vec<Cycle>, Damage> {
    Chunk::parse(first_ordinal, bytes)?.cycles()
}

fn sealed(first_ordinal: u64, mut bytes: Vec<u8>) -> Vec<u8> {
    prove(first_ordinal, &mut bytes);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_cycle_reads_back_as_it_was_written(cycles in any_history()) {
        let bytes = encode(&cycles).unwrap();
        prop_assert_eq!(read(cycles[0].ordinal, &bytes).unwrap(), cycles);
    }

    #[test]
    fn a_chunk_says_what_its_cycles_come_to(cycles in any_history()) {
        let bytes = encode(&cycles).unwrap();
        let chunk = Chunk::parse(cycles[0].ordinal, &bytes).unwrap();
        prop_assert_eq!(chunk.summary(), &Summary::of(&cycles));
    }

    #[test]
    fn a_range_is_what_lies_in_it(
        cycles in any_history(),
        ends in any::<[prop::sample::Index; 4]>(),
        beyond in any::<[bool; 4]>(),
    ) {
        let at = |which: usize| cycles[ends[which].index(cycles.len())];
        let ended = (
            if beyond[0] { i64::MIN } else { at(0).ended.as_millis() },
            if beyond[1] { i64::MAX } else { at(1).ended.as_millis() },
        );
        let ordinals =
            (if beyond[2] { 0 } else { at(2).ordinal }, if beyond[3] { u64::MAX } else { at(3).ordinal });
        let bytes = encode(&cycles).unwrap();
        let mut found = vec![cycles[0]];
        Chunk::parse(cycles[0].ordinal, &bytes).unwrap().range(ended, ordinals, &mut found).unwrap();
        let wanted = cycles.iter().filter(|cycle| {
            (ended.0..=ended.1).contains(&cycle.ended.as_millis())
                && (ordinals.0..=ordinals.1).contains(&cycle.ordinal)
        });
        prop_assert_eq!(&found[..1], &cycles[..1]);
        prop_assert_eq!(&found[1..], wanted.copied().collect::<Vec<_>>());
    }

    #[test]
    fn a_flipped_bit_is_damage_and_never_another_cycle(cycles in odd(), at: prop::sample::Index, bit in 0..8u8) {
        let mut bytes = encode(&cycles).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Chunk::parse(cycles[0].ordinal, &bytes).is_err());
    }

    #[test]
    fn a_chunk_cut_short_or_grown_is_damage(cycles in odd(), at: prop::sample::Index) {
        let mut bytes = encode(&cycles).unwrap();
        prop_assert!(Chunk::parse(cycles[0].ordinal, &bytes[..at.index(bytes.len())]).is_err());
        bytes.push(0);
        prop_assert!(Chunk::parse(cycles[0].ordinal, &bytes).is_err());
    }

    #[test]
    fn a_chunk_under_another_key_is_damage(cycles in odd(), other: u64) {
        prop_assume!(other != cycles[0].ordinal);
        prop_assert!(Chunk::parse(other, &encode(&cycles).unwrap()).is_err());
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(first: u64, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(first, &bytes).is_err());
        let _ = read(first, &sealed(first, [&[VERSION, 0, 0, 0, 0, 4, 1], bytes.as_slice()].concat()));
    }

    #[test]
    fn bytes_that_a_forged_checksum_covers_make_no_panic(
        cycles in any_history(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let first = cycles[0].ordinal;
        let mut bytes = encode(&cycles).unwrap();
        for (at, byte) in changes {
            let at = HEAD + at.index(bytes.len() - HEAD);
            bytes[at] = byte;
        }
        if let Ok(cycles) = read(first, &sealed(first, bytes)) {
            prop_assert!(cycles.len() <= MOST);
        }
    }
}

#[test]
fn every_bit_of_a_chunk_is_guarded() {
    let cycles = regular(7, 300);
    let mut bytes = encode(&cycles).unwrap();
    for at in 0..bytes.len() * 8 {
        bytes[at / 8] ^= 1 << (at % 8);
        assert!(Chunk::parse(cycles[0].ordinal, &bytes).is_err(), "bit {at}");
        bytes[at / 8] ^= 1 << (at % 8);
    }
    assert_eq!(read(cycles[0].ordinal, &bytes).unwrap(), cycles);
}

#[test]
fn a_pause_of_years_and_a_clock_set_back_keep_every_end() {
    let mut cycles = regular(1, 6);
    let ends = [i64::MIN, i64::MAX, 0, i64::MIN, 1_700_000_000_000, 1_600_000_000_000];
    for (cycle, end) in cycles.iter_mut().zip(ends) {
        cycle.ended = Timestamp::from_millis(end);
    }
    for from in 0..cycles.len() {
        let bytes = encode(&cycles[from..]).unwrap();
        assert_eq!(read(cycles[from].ordinal, &bytes).unwrap(), cycles[from..]);
    }
}

#[test]
fn the_cycles_of_a_plant_take_no_more_than_1_53_bytes_each() {
    let (mut count, mut length) = (0, 0);
    for mold in 0..10 {
        let cycles = regular(mold, 10_400);
        count += cycles.len();
        length += encode(&cycles).unwrap().len();
    }
    let each = length as f64 / count as f64;
    assert!(each <= 1.53, "{each} bytes a cycle");
}

#[test]
fn what_is_always_the_same_takes_no_room() {
    let mut cycles = regular(1, MOST);
    for (after, cycle) in cycles.iter_mut().enumerate() {
        cycle.ended = Timestamp::from_millis(1_700_000_000_000 + 20_000 * after as i64);
        cycle.cycle_time = CycleTime::from_millis(20_000);
        cycle.temperature = None;
        cycle.flags = CycleFlags::default();
    }
    let bytes = encode(&cycles).unwrap();
    assert!(bytes.len() < 250, "{} bytes", bytes.len());
    assert_eq!(read(cycles[0].ordinal, &bytes).unwrap(), cycles);
}

#[test]
fn what_is_no_chunk_is_not_packed() {
    let cycles = regular(1, MOST + 1);
    assert!(encode(&[]).is_err());
    assert!(encode(&cycles).is_err());
    assert!(encode(&[cycles[1], cycles[0]]).is_err());
    assert!(encode(&[cycles[0], cycles[0]]).is_err());
}

#[test]
fn a_value_of_an_earlier_or_later_version_is_told_as_such() {
    for version in [1, 3] {
        let told = Chunk::parse(1, &[version, 0, 0, 0]).unwrap_err();
        assert_eq!(told, Damage::Version { found: version, known: VERSION });
    }
}

#[test]
fn the_longest_value_fills_one_page_of_the_database_and_one_byte_more_takes_two() {
    const TABLE: redb::TableDefinition<(u32, u64), &[u8]> = redb::TableDefinition::new("history");
    let pages = |length: usize| {
        let memory = redb::backends::InMemoryBackend::new();
        let store = redb::Builder::new().create_with_backend(memory).unwrap();
        let write = store.begin_write().unwrap();
        let value = vec![1u8; length];
        let stats = {
            use redb::ReadableTableMetadata;
            let mut table = write.open_table(TABLE).unwrap();
            for key in 0..50 {
                table.insert((1, key), value.as_slice()).unwrap();
            }
            table.stats().unwrap()
        };
        let bytes = stats.stored_bytes() + stats.metadata_bytes() + stats.fragmented_bytes();
        assert_eq!(stats.leaf_pages(), 50);
        bytes / 50 / 16_384
    };
    assert_eq!(pages(BUDGET), 1);
    assert_eq!(pages(BUDGET + 1), 2);
}
