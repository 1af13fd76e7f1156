//! A value of the history table, whichever version it has: what a program before wrote is read as long as it lies
//! there, and becomes a chunk of today when something is added to it.

use domain::Cycle;

use super::block::Block;
use super::chunk::{Chunk, Summary};
use super::pack::{Packed, Place, pack};
use crate::store::error::Damage;
use crate::store::row;

/// A value, its head read.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// Version 1.
    Block(Block<'a>),
    /// Version 2.
    Chunk(Chunk<'a>),
}

impl<'a> Piece<'a> {
    /// Reads the head.
    pub(super) fn parse(first: u64, bytes: &'a [u8]) -> Result<Self, Damage> {
        match bytes {
            [row::VERSION, ..] => Block::parse(first, bytes).map(Piece::Block),
            _ => Chunk::parse(first, bytes).map(Piece::Chunk),
        }
    }

    /// The highest ordinal in it.
    pub(super) fn last_ordinal(&self) -> u64 {
        match self {
            Piece::Block(block) => block.last_ordinal(),
            Piece::Chunk(chunk) => chunk.summary().last_ordinal,
        }
    }

    /// How many cycles are in it.
    pub(super) fn count(&self) -> u64 {
        match self {
            Piece::Block(block) => u64::from(block.count()),
            Piece::Chunk(chunk) => chunk.summary().cycles,
        }
    }

    /// The ends of its cycles lie between these, ms since the Unix epoch.
    pub(super) fn span(&self) -> (i64, i64) {
        match self {
            Piece::Block(block) => block.span(),
            Piece::Chunk(chunk) => (chunk.summary().earliest, chunk.summary().latest),
        }
    }

    /// Its last cycle.
    pub(super) fn last(&self) -> Result<Option<Cycle>, Damage> {
        let mut cycles = Vec::new();
        self.range(super::ALWAYS, (self.last_ordinal(), u64::MAX), &mut cycles)?;
        Ok(cycles.pop())
    }

    /// Appends the cycles that ended and are numbered between these, all four included, in order of their ordinals.
    pub(super) fn range(
        &self,
        ended: (i64, i64),
        ordinals: (u64, u64),
        cycles: &mut Vec<Cycle>,
    ) -> Result<(), Damage> {
        match self {
            Piece::Block(block) => {
                for cycle in block.cycles() {
                    let cycle = cycle?;
                    let at = cycle.ended.as_millis();
                    if (ended.0..=ended.1).contains(&at) && (ordinals.0..=ordinals.1).contains(&cycle.ordinal)
                    {
                        cycles.push(cycle);
                    }
                }
                Ok(())
            }
            Piece::Chunk(chunk) => chunk.range(ended, ordinals, cycles),
        }
    }

    /// Whether its head says what its cycles say.
    pub(super) fn says(&self, cycles: &[Cycle]) -> bool {
        match self {
            Piece::Block(block) => {
                let ends = cycles.iter().map(|cycle| cycle.ended.as_millis());
                let span = ends.clone().min().zip(ends.max());
                usize::try_from(block.count()) == Ok(cycles.len())
                    && cycles.last().is_some_and(|last| last.ordinal == block.last_ordinal())
                    && span == Some(block.span())
            }
            Piece::Chunk(chunk) => *chunk.summary() == Summary::of(cycles),
        }
    }

    /// Adds cycles to the value that stands under a key.
    pub(super) fn pack(key: u64, bytes: &[u8], cycles: &[Cycle], place: Place) -> Result<Packed, Damage> {
        match Piece::parse(key, bytes)? {
            Piece::Chunk(_) => pack(&[(key, bytes)], cycles, place),
            Piece::Block(block) => {
                let mut all = block.cycles().collect::<Result<Vec<Cycle>, Damage>>()?;
                all.extend_from_slice(cycles);
                all.sort_by_key(|cycle| cycle.ordinal);
                all.dedup_by_key(|cycle| cycle.ordinal);
                let mut packed = pack(&[], &all, place)?;
                if packed.chunks.iter().all(|(first, _)| *first != key) {
                    packed.removed.push(key);
                }
                Ok(packed)
            }
        }
    }
}
