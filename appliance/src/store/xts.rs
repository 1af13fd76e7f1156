//! AES-256-XTS over sectors of 4,096 bytes (IEEE 1619): the key, and bytes to cipher and back. No I/O.
//!
//! The mode is written here and not taken from a crate because the crates go block by block: over many blocks at once
//! the same processor is three times as fast. The tests hold it against the standard's own vectors and against
//! another hand's XTS.
//!
//! One thing is ours: a block of zeros on the disk reads as zeros. Where a file was made longer nothing was ever
//! written, and no block that was written comes out as zeros but by a chance of one in 2^128.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes256, Aes256Enc, Block};
use secrecy::{ExposeSecret, SecretBox};

/// The cipher's own unit: whoever writes less than that must know the rest of it.
pub(super) const BLOCK: usize = 16;
/// Blocks of a sector; each sector has a tweak of its own.
const BLOCKS: usize = SECTOR / BLOCK;
const SECTOR: usize = 4096;
/// A bit for each block of a sector.
type Marks = [u64; BLOCKS / 64];

/// The key of the store's file: 64 random bytes, half for the data and half for the tweaks. It is never printed nor
/// written, and wiped from memory when dropped.
pub struct SectorKey(SecretBox<[u8; 64]>);

impl SectorKey {
    /// From the bytes that the `keys` file holds.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        SectorKey(SecretBox::new(Box::new(bytes)))
    }

    /// A key of its own for the same cipher.
    pub(super) fn duplicate(&self) -> Self {
        SectorKey::from_bytes(*self.expose())
    }

    /// The bytes, for who wraps them.
    pub(crate) fn expose(&self) -> &[u8; 64] {
        self.0.expose_secret()
    }
}

/// The cipher under one key. Blocks are numbered through the whole file.
pub(super) struct Sectors {
    data: Aes256,
    tweak: Aes256Enc,
}

impl std::fmt::Debug for Sectors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sectors")
    }
}

impl Sectors {
    /// The cipher under a key.
    pub(super) fn new(key: &SectorKey) -> Self {
        let (data, tweak) = key.expose().split_at(32);
        let half = |bytes: &[u8]| {
            let mut half = zeroize::Zeroizing::new([0; 32]);
            half.copy_from_slice(bytes);
            half
        };
        Sectors { data: Aes256::new((&*half(data)).into()), tweak: Aes256Enc::new((&*half(tweak)).into()) }
    }

    /// Plain bytes to cipher, in place; whole blocks, the first of which has this number in the file.
    pub(super) fn encrypt(&self, first: u64, bytes: &mut [u8]) {
        self.each_sector(first, bytes, |blocks, tweaks| {
            mix(blocks, tweaks);
            self.data.encrypt_blocks(blocks);
            mix(blocks, tweaks);
        });
    }

    /// Cipher to plain bytes, in place; whole blocks, the first of which has this number in the file.
    pub(super) fn decrypt(&self, first: u64, bytes: &mut [u8]) {
        self.each_sector(first, bytes, |blocks, tweaks| {
            let void = void(blocks);
            mix(blocks, tweaks);
            self.data.decrypt_blocks(blocks);
            mix(blocks, tweaks);
            if void != Marks::default() {
                let marked = |n: usize| void.get(n / 64).is_some_and(|marks| marks >> (n % 64) & 1 == 1);
                for (_, block) in blocks.iter_mut().enumerate().filter(|(n, _)| marked(*n)) {
                    block.fill(0);
                }
            }
        });
    }

    fn each_sector(&self, first: u64, bytes: &mut [u8], work: impl Fn(&mut [Block], &[u128])) {
        let mut tweaks = [0; BLOCKS];
        let (mut left, _) = Block::slice_as_chunks_mut(bytes);
        let mut at = first;
        while !left.is_empty() {
            let begin = usize::try_from(at % BLOCKS as u64).unwrap_or(0);
            let count = (BLOCKS - begin).min(left.len());
            let (now, later) = std::mem::take(&mut left).split_at_mut(count);
            if let Some(tweaks) = tweaks.get_mut(..begin + count) {
                self.tweaks(at / BLOCKS as u64, tweaks);
                work(now, tweaks.get(begin..).unwrap_or_default());
            }
            at = at.saturating_add(count as u64);
            left = later;
        }
    }

    /// Those of a sector's first blocks: the sector's number under the second key, doubled in GF(2^128) from block to
    /// block.
    fn tweaks(&self, sector: u64, tweaks: &mut [u128]) {
        let mut first = Block::from(u128::from(sector).to_le_bytes());
        self.tweak.encrypt_block(&mut first);
        let mut tweak = u128::from_le_bytes(first.into());
        for place in tweaks {
            *place = tweak;
            let carried = if tweak >> 127 == 1 { 0x87 } else { 0 };
            tweak = (tweak << 1) ^ carried;
        }
    }
}

fn mix(blocks: &mut [Block], tweaks: &[u128]) {
    for (block, tweak) in blocks.iter_mut().zip(tweaks) {
        *block = (u128::from_le_bytes((*block).into()) ^ tweak).to_le_bytes().into();
    }
}

/// Marks the blocks that were never written.
fn void(blocks: &[Block]) -> Marks {
    let mut marks = Marks::default();
    for (marks, blocks) in marks.iter_mut().zip(blocks.chunks(64)) {
        for (n, block) in blocks.iter().enumerate() {
            *marks |= u64::from(u128::from_le_bytes((*block).into()) == 0) << n;
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use xts_mode::{Xts128, get_tweak_default};

    /// IEEE 1619-2007, annex B, vector 10: XTS-AES-256, data unit 255, the bytes 0 to 255 twice.
    #[test]
    fn the_cipher_is_the_one_of_the_standard() {
        let key = "27182818284590452353602874713526624977572470936999595749669676273141592653589793238462643383279502884197169399375105820974944592";
        let sectors = Sectors::new(&SectorKey::from_bytes(hex::decode(key).unwrap().try_into().unwrap()));
        let plain: Vec<u8> = (0..=255).chain(0..=255).collect();
        let mut bytes = plain.clone();
        sectors.encrypt(255 * BLOCKS as u64, &mut bytes);
        assert!(hex::encode(&bytes).starts_with(
            "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b5d31e276f8fe4a8d66b317f9ac683f44"
        ));
        assert!(hex::encode(&bytes).ends_with("824bb5e54c4f36ffda9fcea70b9c6e693e148c151"));
        sectors.decrypt(255 * BLOCKS as u64, &mut bytes);
        assert_eq!(bytes, plain);
    }

    proptest! {
        #[test]
        fn another_hands_xts_makes_the_same(key in prop::array::uniform32(any::<u8>()), sector in 0..u64::from(u32::MAX), begin in 0..BLOCKS, count in 1..(2 * BLOCKS), seed in any::<u8>()) {
            let mut whole = [0; 64];
            whole[..32].copy_from_slice(&key);
            whole[32..].copy_from_slice(&key.map(|byte| byte ^ 0xA5));
            let sectors = Sectors::new(&SectorKey::from_bytes(whole));
            let cipher = |part: &[u8]| Aes256::new_from_slice(part).unwrap();
            let theirs = Xts128::<Aes256>::new(cipher(&whole[..32]), cipher(&whole[32..]));

            let plain: Vec<u8> = (0..3 * SECTOR).map(|n| (n % 251) as u8 ^ seed).collect();
            let mut expected = plain.clone();
            theirs.encrypt_area(&mut expected, SECTOR, u128::from(sector), get_tweak_default);
            let place = begin * BLOCK..(begin + count) * BLOCK;
            let mut part = plain[place.clone()].to_vec();
            let first = sector * BLOCKS as u64 + begin as u64;
            sectors.encrypt(first, &mut part);
            prop_assert!(part == expected[place.clone()]);
            sectors.decrypt(first, &mut part);
            prop_assert!(part == plain[place]);
        }
    }

    #[test]
    fn what_was_never_written_reads_as_zeros_whatever_lies_beside_it() {
        let sectors = Sectors::new(&SectorKey::from_bytes([9; 64]));
        let mut bytes = vec![7; 2 * SECTOR];
        sectors.encrypt(0, &mut bytes);
        for n in [0, 1, 63, 64, 200, 255, 256, 511] {
            bytes[n * BLOCK..(n + 1) * BLOCK].fill(0);
        }
        sectors.decrypt(0, &mut bytes);
        for (n, block) in bytes.chunks(BLOCK).enumerate() {
            let expected = if [0, 1, 63, 64, 200, 255, 256, 511].contains(&n) { 0 } else { 7 };
            assert!(block.iter().all(|byte| *byte == expected), "{n}");
        }
    }

    #[test]
    fn zeros_that_were_written_do_not_lie_there_as_zeros() {
        let sectors = Sectors::new(&SectorKey::from_bytes([9; 64]));
        let mut bytes = vec![0; SECTOR];
        sectors.encrypt(5, &mut bytes);
        assert!(bytes.chunks(BLOCK).all(|block| block != [0; BLOCK]));
        sectors.decrypt(5, &mut bytes);
        assert!(bytes.iter().all(|byte| *byte == 0));
    }

    /// `cargo test --release the_speed_of_the_cipher -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement"]
    fn the_speed_of_the_cipher() {
        let sectors = Sectors::new(&SectorKey::from_bytes([9; 64]));
        let mut bytes = vec![7; 256 << 20];
        for (what, work) in
            [("encrypt", Sectors::encrypt as fn(&Sectors, u64, &mut [u8])), ("decrypt", Sectors::decrypt)]
        {
            let begun = std::time::Instant::now();
            for (n, sector) in bytes.chunks_mut(SECTOR).enumerate() {
                work(&sectors, (n * BLOCKS) as u64, sector);
            }
            let speed = 0.268_435_456 / begun.elapsed().as_secs_f64();
            println!("{what}: {speed:.2} GB/s, by hardware: {}", aes::hardware_accelerated());
        }
    }
}
