//! Paths of BlueZ's objects: `/org/bluez/hci0/dev_54_48_E6_8F_80_A5/service0010/char0011`.

use crate::v4::Address;

/// What stands in front of every adapter's name.
const ROOT: &str = "/org/bluez/";

/// What an object is, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// An adapter.
    Adapter(&'a str),
    /// A device of an adapter.
    Device(&'a str, Address),
}

/// What stands at the path, if it is an adapter or a device. BlueZ has more below devices.
pub(super) fn place(path: &str) -> Option<Place<'_>> {
    let rest = path.strip_prefix(ROOT)?;
    match rest.split_once('/') {
        None if rest.is_empty() => None,
        None => Some(Place::Adapter(path)),
        Some((adapter, last)) => {
            let device = last.strip_prefix("dev_").filter(|it| !it.contains('/'))?;
            let address = device.replace('_', ":").parse().ok()?;
            Some(Place::Device(&path[..ROOT.len() + adapter.len()], address))
        }
    }
}

/// The path of a device on the adapter at this path.
pub(super) fn device(adapter: &str, monitor: Address) -> String {
    format!("{adapter}/dev_{}", monitor.to_string().replace(':', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_it_is() {
        let monitor: Address = "54:48:E6:8F:80:A5".parse().unwrap();
        let path = device("/org/bluez/hci0", monitor);
        assert_eq!(path, "/org/bluez/hci0/dev_54_48_E6_8F_80_A5");
        assert_eq!(place(&path), Some(Place::Device("/org/bluez/hci0", monitor)));
        assert_eq!(place("/org/bluez/hci0"), Some(Place::Adapter("/org/bluez/hci0")));
        for other in
            ["/", "/org/bluez", "/org/bluez/", "/org/bluez/hci0/dev_54", &format!("{path}/service0010")]
        {
            assert_eq!(place(other), None, "{other}");
        }
    }
}
