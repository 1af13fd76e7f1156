//! What bluetoothd says when something was not done, in our words.
//!
//! BlueZ names the error of a call and adds a text; btleplug hands the text alone on. So both are read, the name first.

use crate::v4::air::Failure;

/// The failure that an error of D-Bus is.
pub(super) fn of(error: &zbus::Error) -> Failure {
    match error {
        zbus::Error::MethodError(name, text, _) => named(name.as_str(), text.as_deref().unwrap_or_default()),
        // The bus is gone, or what came over it is not what was asked for.
        other => Failure::Other(other.to_string()),
    }
}

/// By name and text.
fn named(name: &str, text: &str) -> Failure {
    let short = name.strip_prefix("org.bluez.Error.").or(name.strip_prefix("org.freedesktop.DBus.Error."));
    match short.unwrap_or(name) {
        "InProgress" => Failure::Busy,
        "AuthenticationFailed" | "AuthenticationRejected" => Failure::Refused,
        "AuthenticationCanceled" => Failure::Aborted,
        "AuthenticationTimeout" | "NoReply" | "TimedOut" | "Timeout" => Failure::TimedOut,
        "ConnectionAttemptFailed"
        | "DoesNotExist"
        | "UnknownObject"
        | "UnknownMethod"
        | "UnknownInterface"
        | "ServiceUnknown"
        | "NameHasNoOwner"
        | "Disconnected"
        | "NotConnected"
        | "NotReady"
        | "NotAvailable" => Failure::Vanished,
        _ => said(text),
    }
}

/// By the text alone. Those of connections are BlueZ's `src/error.h`, of GATT its `src/gatt-client.c`.
pub(super) fn said(text: &str) -> Failure {
    let lower = text.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if let Some(code) = att(&lower) {
        Failure::Att(code)
    } else if has(&["abort-by-local", "connection-canceled"]) {
        Failure::Aborted
    } else if has(&["in progress", "connection-busy", "concurrent-connection"]) {
        Failure::Busy
    } else if has(&["not paired", "not authorized", "authentication failed", "refused"]) {
        Failure::Refused
    } else if has(&["timeout", "timed out", "did not receive a reply"]) {
        Failure::TimedOut
    } else if has(&[
        "not connected",
        "not found",
        "doesn't exist",
        "does not exist",
        "not available",
        "not ready",
    ]) {
        Failure::Vanished
    } else {
        Failure::Other(text.to_owned())
    }
}

/// The code in "Operation failed with ATT error: 0x81 (...)".
fn att(text: &str) -> Option<u8> {
    let (_, after) = text.split_once("att error: 0x")?;
    u8::from_str_radix(after.get(..2)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bluez_says_is_told_apart() {
        let failed = "org.bluez.Error.Failed";
        for (name, text, means) in [
            ("org.bluez.Error.InProgress", "Operation already in progress", Failure::Busy),
            (failed, "br-connection-busy", Failure::Busy),
            (failed, "le-connection-abort-by-local", Failure::Aborted),
            (failed, "br-connection-canceled", Failure::Aborted),
            ("org.bluez.Error.AuthenticationFailed", "Authentication Failed", Failure::Refused),
            ("org.bluez.Error.NotPermitted", "Not paired", Failure::Refused),
            ("org.bluez.Error.AuthenticationTimeout", "Authentication Timeout", Failure::TimedOut),
            ("org.freedesktop.DBus.Error.NoReply", "", Failure::TimedOut),
            (failed, "le-connection-timeout", Failure::TimedOut),
            ("org.freedesktop.DBus.Error.UnknownObject", "Method \"Connect\" ...", Failure::Vanished),
            ("org.freedesktop.DBus.Error.ServiceUnknown", "", Failure::Vanished),
            (failed, "Not connected", Failure::Vanished),
            (failed, "Operation failed with ATT error: 0x83", Failure::Att(0x83)),
            (failed, "Operation failed with ATT error: 0x0e (Unlikely error)", Failure::Att(0x0E)),
            (failed, "something new", Failure::Other("something new".to_owned())),
        ] {
            assert_eq!(named(name, text), means, "{name}: {text}");
        }
        assert_eq!(said("Device not found"), Failure::Vanished, "btleplug's own words");
    }
}
