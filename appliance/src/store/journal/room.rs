//! Room in memory that begins where a block does, as a disk wants it that takes bytes from where they lie.

use super::record::BLOCK;

/// Room that is used again and again.
#[derive(Debug, Default)]
pub(super) struct Room(Vec<u8>);

impl Room {
    /// So many bytes of it, with whatever is left in them.
    pub(super) fn take(&mut self, length: usize) -> &mut [u8] {
        let needed = length.saturating_add(BLOCK);
        if self.0.len() < needed {
            self.0 = vec![0; needed];
        }
        // Where no place is told the bytes are good for all that does not ask for one.
        let from = self.0.as_ptr().align_offset(BLOCK).min(BLOCK);
        self.0.get_mut(from..from.saturating_add(length)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_taken_before_room_is_as_long_as_asked_and_begins_a_block() {
        let mut room = Room::default();
        for length in [BLOCK, 0, 3 * BLOCK, 1, BLOCK] {
            let bytes = room.take(length);
            assert_eq!((bytes.len(), bytes.as_ptr().align_offset(BLOCK)), (length, 0));
            bytes.fill(7);
        }
    }
}
