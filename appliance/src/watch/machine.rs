//! Memory, as the kernel tells it.

use std::fs;

/// Memory, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Held by this program.
    pub resident: u64,
    /// That the machine can still give out.
    pub available: u64,
    /// Of the machine.
    pub total: u64,
}

/// Asks the kernel; `None` where it does not tell.
#[must_use]
pub fn memory() -> Option<Memory> {
    let of_machine = fs::read_to_string("/proc/meminfo").ok()?;
    let of_program = fs::read_to_string("/proc/self/status").ok()?;
    Some(Memory {
        resident: bytes(&of_program, "VmRSS:")?,
        available: bytes(&of_machine, "MemAvailable:")?,
        total: bytes(&of_machine, "MemTotal:")?,
    })
}

/// `VmRSS:     12345 kB`, of which a kB is 1,024 bytes.
fn bytes(text: &str, field: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(field))?;
    let number: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read_and_others_are_nothing() {
        let text = "MemTotal:       16303428 kB\nMemAvailable:    9876543 kB\n";
        assert_eq!(bytes(text, "MemAvailable:"), Some(9_876_543 * 1_024));
        assert_eq!(bytes(text, "MemFree:"), None);
        assert_eq!(bytes("VmRSS: many kB\n", "VmRSS:"), None);
        assert_eq!(bytes("VmRSS: 18446744073709551615 kB\n", "VmRSS:"), None);
    }

    #[test]
    fn this_machine_tells_its_memory() {
        let memory = memory().unwrap();
        assert!(memory.resident > 0 && memory.available <= memory.total, "{memory:?}");
    }
}
