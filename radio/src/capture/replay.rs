//! A recording played to whoever reads a link.

use std::io::{self, Read};
use std::num::NonZeroU32;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

use super::{Damage, Direction, Reader, Record};

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As it was; or so many times as fast.
    Times(NonZeroU32),
    /// As fast as the bytes are taken.
    AtOnce,
}

impl Pace {
    /// As it was.
    pub const REAL: Pace = Pace::Times(NonZeroU32::MIN);
}

/// Why a recording was not played to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Whoever listens does not take the bytes.
    #[error("play the capture")]
    Write(#[source] io::Error),
}

/// What was played.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Bytes.
    pub bytes: u64,
    /// Bytes the recording does not have, though the link had them.
    pub lost: u64,
    /// The recording could not be read from there on.
    pub damage: Option<Damage>,
}

/// Plays one direction of a recording; [`Direction::Heard`] plays the device.
pub async fn replay<R: Read, W: AsyncWrite + Unpin>(
    reader: Reader<R>,
    direction: Direction,
    pace: Pace,
    to: &mut W,
) -> Result<Replayed, ReplayError> {
    let start = Instant::now();
    let mut replayed = Replayed::default();
    for record in reader {
        match record {
            Ok(Record::Bytes { offset, direction: way, bytes }) if way == direction => {
                if let Pace::Times(times) = pace
                    && let Some(due) = start.checked_add(offset / times.get())
                {
                    sleep_until(due).await;
                }
                to.write_all(&bytes).await.map_err(ReplayError::Write)?;
                to.flush().await.map_err(ReplayError::Write)?;
                replayed.bytes += bytes.len() as u64;
            }
            Ok(Record::Bytes { .. }) => {}
            Ok(Record::Lost { bytes, .. }) => replayed.lost = replayed.lost.saturating_add(bytes),
            Err(damage) => replayed.damage = Some(damage),
        }
    }
    Ok(replayed)
}
