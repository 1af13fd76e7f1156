//! What `/proc/self/mountinfo` says. Pure.

use std::path::{Path, PathBuf};

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// The device's numbers, as in `8:17`.
    device: String,
    /// The folder inside the file system that is mounted; `/` for all of it.
    root: String,
    /// Where.
    pub(super) at: PathBuf,
    /// What, as in `/dev/sdb1`.
    source: PathBuf,
}

/// Every mount; later ones lie above earlier ones.
pub(super) fn parse(mountinfo: &str) -> Vec<Mount> {
    mountinfo.lines().filter_map(mount).collect()
}

fn mount(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut fields = before.split(' ').skip(2);
    let (device, root, at) = (fields.next()?, fields.next()?, fields.next()?);
    let source = after.split(' ').nth(1)?;
    Some(Mount {
        device: device.to_owned(),
        root: plain(root),
        at: PathBuf::from(plain(at)),
        source: PathBuf::from(plain(source)),
    })
}

/// A blank is written `\040` there.
fn plain(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..3).filter(|_| *first == b'\\');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where a device is mounted, given its path and its numbers.
pub(super) fn of_device<'a>(mounts: &'a [Mount], path: &Path, numbers: &str) -> Option<&'a Path> {
    let is_it = |mount: &&Mount| mount.source == path || mount.device == numbers;
    let mut found = mounts.iter().filter(is_it).filter(|mount| mount.root == "/");
    found.next_back().map(|mount| mount.at.as_path())
}

/// Whether something is mounted at just this folder.
pub(super) fn is_mounted(mounts: &[Mount], folder: &Path) -> bool {
    mounts.iter().any(|mount| mount.at == folder)
}

/// A label as udev writes it in `/dev/disk/by-label`: what is neither a letter nor a digit nor one of a few signs
/// becomes `\x20` and the like.
pub(super) fn link_of(label: &str) -> String {
    let mut link = String::with_capacity(label.len());
    for c in label.chars() {
        if c.is_ascii_alphanumeric() || "#+-.:=@_".contains(c) || !c.is_ascii() {
            link.push(c);
        } else {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| link.push_str(&format!("\\x{byte:02x}")));
        }
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "\
22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
30 22 8:17 / /media/usb\\040disk rw,nosuid - vfat /dev/sdb1 rw,fmask=0022
31 22 0:45 / /mnt/share rw - cifs //server/backups rw
32 22 8:17 /sub /srv/bind rw - vfat /dev/sdb1 rw
garbage";

    #[test]
    fn a_device_is_found_where_it_is_mounted() {
        let mounts = parse(INFO);
        assert_eq!(mounts.len(), 4);
        let disk = Some(Path::new("/media/usb disk"));
        assert_eq!(of_device(&mounts, Path::new("/dev/sdb1"), "0:0"), disk);
        assert_eq!(of_device(&mounts, Path::new("/dev/mapper/x"), "8:17"), disk);
        assert_eq!(of_device(&mounts, Path::new("/dev/sdc1"), "8:33"), None);
    }

    #[test]
    fn a_share_that_is_gone_is_not_mounted() {
        let mounts = parse(INFO);
        assert!(is_mounted(&mounts, Path::new("/mnt/share")));
        assert!(!is_mounted(&mounts, Path::new("/mnt")));
        assert!(!is_mounted(&mounts, Path::new("/mnt/share/sub")));
    }

    #[test]
    fn a_label_is_found_as_udev_writes_it() {
        assert_eq!(link_of("PLATEN_1"), "PLATEN_1");
        assert_eq!(link_of("my disk/2"), "my\\x20disk\\x2f2");
    }
}
