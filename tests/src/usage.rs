//! What a process uses, as the system tells.

use std::time::Duration;

use anyhow::{Context, Result};

/// What a process has used so far.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Time on the processors.
    pub cpu: Duration,
    /// Memory it holds now, bytes.
    pub resident: u64,
    /// The most it ever held, bytes.
    pub peak: u64,
}

/// Reads it from the system.
pub fn usage(pid: u32) -> Result<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("read the process's times")?;
    // The name in parentheses may hold anything.
    let (_, rest) = stat.rsplit_once(')').context("the process's times")?;
    let ticks = |field: usize| -> Result<u64> {
        Ok(rest.split_whitespace().nth(field).context("the process's times")?.parse()?)
    };
    let second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK)?.context("ticks a second")?;
    let cpu = Duration::from_secs_f64((ticks(11)? + ticks(12)?) as f64 / second as f64);
    let status =
        std::fs::read_to_string(format!("/proc/{pid}/status")).context("read the process's memory")?;
    let bytes = |label: &str| -> Result<u64> {
        let line =
            status.lines().find_map(|line| line.strip_prefix(label)).context("the process's memory")?;
        Ok(line.split_whitespace().next().context("the process's memory")?.parse::<u64>()? * 1024)
    };
    Ok(Usage { cpu, resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
}
