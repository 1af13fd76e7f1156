//! Any bytes as a value of the history table.

use domain::{Cycle, Timestamp};

use super::ALWAYS;
use super::chunk::{Chunk, MOST, Summary, encode, prove};
use super::days;
use super::pack::Place;
use super::piece::Piece;
use crate::store::row;

/// So many cycles are packed anew with one more; that costs more than reading them.
const PACKED: usize = 2_048;

/// Eight bytes are the ordinal in the key. The rest is a chunk's value, as it is and with its checksum made right.
pub fn chunk(input: &[u8]) {
    let Some((first, value)) = input.split_first_chunk() else { return };
    let first = u64::from_le_bytes(*first);
    read(first, value);
    let mut value = value.to_vec();
    prove(first, &mut value);
    read(first, &value);
}

/// Eight bytes are the ordinal in the key. The rest is what follows the version of a block.
pub fn block(input: &[u8]) {
    let Some((first, value)) = input.split_first_chunk() else { return };
    read(u64::from_le_bytes(*first), &[&[row::VERSION], value].concat());
}

/// A value of days, of some span.
pub(in crate::store) fn days(value: &[u8]) {
    days::again(20_000 / 32, value);
}

fn read(first: u64, value: &[u8]) {
    let Ok(piece) = Piece::parse(first, value) else { return };
    let _ = (piece.last_ordinal(), piece.count(), piece.span(), piece.last());
    let mut cycles = Vec::new();
    let whole = piece.range(ALWAYS, (0, u64::MAX), &mut cycles).is_ok();
    assert!(cycles.len() <= value.len().max(MOST), "more cycles than their bytes can hold");
    let _ = piece.says(&cycles);
    if !whole {
        assert!(cycles.is_empty() || matches!(piece, Piece::Block(_)), "a damaged chunk gave cycles");
        return;
    }
    let rises = cycles.is_sorted_by(|a, b| a.ordinal < b.ordinal);
    if rises && !cycles.is_empty() && cycles.len() <= MOST {
        reads_back(&cycles);
    }
    if cycles.len() <= PACKED {
        grows(first, value, rises.then_some(&cycles));
    }
}

fn reads_back(cycles: &[Cycle]) {
    let (Some(first), Ok(value)) = (cycles.first(), encode(cycles)) else {
        unreachable!("cycles in order pack")
    };
    let Ok(chunk) = Chunk::parse(first.ordinal, &value) else { unreachable!("what was packed is read") };
    assert_eq!(*chunk.summary(), Summary::of(cycles));
    let mut back = Vec::new();
    assert!(chunk.range(ALWAYS, (0, u64::MAX), &mut back).is_ok());
    assert_eq!(back, cycles);
}

/// Adds one more cycle, as packing does. Of those that were there in order none goes.
fn grows(first: u64, value: &[u8], there: Option<&Vec<Cycle>>) {
    let last = there.and_then(|there| there.last()).copied();
    let Some(ordinal) = last.map_or(first, |last| last.ordinal).checked_add(1) else { return };
    let more = Cycle {
        ordinal,
        ended: Timestamp::from_millis(1_700_000_000_000),
        cycle_time: domain::CycleTime::from_millis(20_000),
        temperature: None,
        source: domain::TimeSource::Device,
        flags: domain::CycleFlags::default(),
    };
    let packed = Piece::pack(first, value, &[more], Place::Last);
    let Some(there) = there else { return };
    let Ok(packed) = packed else { unreachable!("cycles in order take one more") };
    let mut back = Vec::new();
    for (key, value) in &packed.chunks {
        let Ok(chunk) = Chunk::parse(*key, value) else { unreachable!("what was packed is read") };
        assert!(chunk.range(ALWAYS, (0, u64::MAX), &mut back).is_ok());
    }
    assert_eq!(back.pop(), Some(more));
    assert_eq!(&back, there);
}

#[cfg(test)]
pub(in crate::store) mod seeds {
    use super::super::block::tests::written;
    use super::super::chunk::samples::regular;
    use super::*;

    pub fn chunks() -> Vec<Vec<u8>> {
        let whole = |cycles: Vec<Cycle>| {
            let key = cycles[0].ordinal.to_le_bytes();
            [&key, encode(&cycles).unwrap().as_slice()].concat()
        };
        let mut odd = regular(3, 200);
        for (place, cycle) in odd.iter_mut().enumerate() {
            cycle.ordinal += if place > 100 { 7 } else { 0 };
            cycle.temperature = cycle.temperature.filter(|_| place % 3 == 0);
            cycle.ended = Timestamp::from_millis(cycle.ended.as_millis() * if place == 50 { -3 } else { 1 });
        }
        let mut alike = regular(4, 40);
        alike.iter_mut().for_each(|cycle| cycle.cycle_time = domain::CycleTime::from_millis(9_000));
        vec![whole(regular(1, 1)), whole(regular(2, 300)), whole(regular(5, 2_100)), whole(odd), whole(alike)]
    }

    pub fn blocks() -> Vec<Vec<u8>> {
        let whole = |cycles: &[Cycle]| {
            let (first, value) = written(cycles);
            [&first.to_le_bytes(), &value[1..]].concat()
        };
        vec![whole(&regular(1, 1)), whole(&regular(2, 100))]
    }
}
