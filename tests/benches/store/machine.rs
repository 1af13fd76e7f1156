//! What the machine is, how busy it is, and what processes and folders take of it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Memory of some processes, bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// Held now; of pages shared by several of them, each one's share.
    pub now: u64,
    /// The most that each ever held, added up.
    pub most: u64,
}

fn field(text: &str, label: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(label))?.split_whitespace().next()?.parse().ok()
}

/// Memory of processes; one that is gone holds none.
#[must_use]
pub fn memory(pids: &[u32]) -> Memory {
    let mut sum = Memory::default();
    for pid in pids {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let shared = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let resident = field(&status, "VmRSS:").unwrap_or(0);
        let now = if pids.len() > 1 { field(&shared, "Pss:").unwrap_or(resident) } else { resident };
        sum.now += now * 1024;
        sum.most += field(&status, "VmHWM:").unwrap_or(0) * 1024;
    }
    sum
}

/// Bytes that processes have caused to be written to disks.
#[must_use]
pub fn written(pids: &[u32]) -> u64 {
    let text = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    pids.iter().filter_map(|pid| field(&text(pid), "write_bytes:")).sum()
}

/// A process and everything that it started.
#[must_use]
pub fn family(pid: u32) -> Vec<u32> {
    let mut pids = vec![pid];
    let mut at = 0;
    while let Some(parent) = pids.get(at).copied() {
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
        pids.extend(
            children.unwrap_or_default().split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()),
        );
        at += 1;
    }
    pids
}

/// Bytes written to the device that a folder lies on, by everyone on the machine; 0 where the system does not tell.
#[must_use]
pub fn device_written(folder: &Path) -> u64 {
    let Ok(device) = fs::metadata(folder).map(|found| found.dev()) else { return 0 };
    let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
    let stat = fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/stat")).unwrap_or_default();
    stat.split_whitespace().nth(6).and_then(|sectors| sectors.parse::<u64>().ok()).unwrap_or(0) * 512
}

/// What a folder takes on its disk, bytes.
///
/// # Errors
/// It cannot be looked through.
pub fn size(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("look through {}", folder.display()))? {
        let entry = entry?;
        // A server may remove a file while it is looked at.
        let Ok(found) = entry.metadata() else { continue };
        sum += if found.is_dir() { size(&entry.path()).unwrap_or(0) } else { found.blocks() * 512 };
    }
    Ok(sum)
}

/// Takes a folder's files out of the page cache, so that the next look at them goes to the disk.
///
/// # Errors
/// A file cannot be read.
pub fn evict(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            evict(&path)?;
        } else if path.is_file() {
            let file = fs::File::open(&path)?;
            file.sync_all()?;
            let all = nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED;
            nix::fcntl::posix_fadvise(&file, 0, 0, all).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// How busy the machine is: load of the last minute, and the share of the last 10 s in which someone waited for a
/// processor or for a disk, per cent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Busy {
    /// Load of the last minute.
    pub load: f64,
    /// Waiting for a processor.
    pub cpu: f64,
    /// Waiting for a disk.
    pub disk: f64,
}

/// How busy it is now.
#[must_use]
pub fn busy() -> Busy {
    let pressure = |what: &str| {
        let text = fs::read_to_string(format!("/proc/pressure/{what}")).unwrap_or_default();
        let (_, rest) = text.split_once("avg10=")?;
        rest.split_whitespace().next()?.parse().ok()
    };
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    Busy {
        load: load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0),
        cpu: pressure("cpu").unwrap_or(0.0),
        disk: pressure("io").unwrap_or(0.0),
    }
}

/// The machine in a line: processors, memory, kernel, file system.
#[must_use]
pub fn description(folder: &Path) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    let count = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = field(&memory, "MemTotal:").unwrap_or(0) as f64 / f64::from(1 << 20);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{count} x {}, {memory:.0} GiB, Linux {}, {}",
        model.trim_start_matches([' ', '\t', ':']),
        kernel.trim(),
        file_system(folder).unwrap_or_default()
    )
}

/// Type and device of the file system that holds a folder.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (device, place, kind) = (words.next()?, words.next()?, words.next()?);
        folder.starts_with(place).then(|| (place.len(), format!("{kind} on {device}")))
    });
    mounts.max().map(|(_, told)| told)
}
