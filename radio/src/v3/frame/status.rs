//! Status codes, each with what it means and with the unknown ones kept as they came (law 13).
//! Sources: digi-xbee 1.5.0 `models/status.py`, Digi XBee 3 Zigbee user guide, 900HP guide 90002173.

use std::fmt;

macro_rules! status_codes {
    ($(#[$doc:meta])* $name:ident {
        $($variant:ident = $code:literal: $text:literal,)+
        $(.. $range:ident = $codes:pat => $range_text:literal)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $text] $variant,)+
            $(#[doc = $range_text] $range(u8),)?
            /// A code nobody here knows.
            Unknown(u8),
        }

        impl $name {
            /// Every known code, for tables and tests.
            pub const KNOWN: &'static [(u8, $name)] = &[$(($code, $name::$variant)),+];

            /// The code on the wire.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self {
                    $($name::$variant => $code,)+
                    $($name::$range(code) => code,)?
                    $name::Unknown(code) => code,
                }
            }
        }

        impl From<u8> for $name {
            fn from(code: u8) -> Self {
                match code {
                    $($code => $name::$variant,)+
                    $(code @ $codes => $name::$range(code),)?
                    code => $name::Unknown(code),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $($name::$variant => f.write_str($text),)+
                    $($name::$range(_) => f.write_str($range_text),)?
                    $name::Unknown(code) => write!(f, "unknown code {code:02X}"),
                }
            }
        }
    };
}

status_codes! {
    /// How an AT command ended (88, 97).
    AtStatus {
        Ok = 0x00: "OK",
        Error = 0x01: "error",
        InvalidCommand = 0x02: "invalid command",
        InvalidParameter = 0x03: "invalid parameter",
        TxFailure = 0x04: "transmission failed",
        NoSecureSession = 0x0B: "no secure session",
        EncryptionError = 0x0C: "encryption error",
        TooLong = 0x0D: "command too long",
    }
}

status_codes! {
    /// How a stick is (8A, 98).
    ModemStatus {
        HardwareReset = 0x00: "hardware reset",
        WatchdogReset = 0x01: "watchdog reset",
        Joined = 0x02: "joined the network",
        Disassociated = 0x03: "left the network",
        SyncLost = 0x04: "synchronisation lost",
        Realigned = 0x05: "coordinator realigned",
        CoordinatorStarted = 0x06: "coordinator started",
        NetworkKeyUpdated = 0x07: "network key updated",
        NetworkWoke = 0x0B: "network woke",
        NetworkSlept = 0x0C: "network went to sleep",
        OverVoltage = 0x0D: "supply voltage too high",
        ConfigChangedWhileJoining = 0x11: "configuration changed while joining",
        SecureSessionEstablished = 0x3B: "secure session established",
        SecureSessionEnded = 0x3C: "secure session ended",
        SecureSessionFailed = 0x3D: "secure session authentication failed",
        PanIdConflict = 0x3E: "PAN id conflict",
        CoordinatorChangedPanId = 0x3F: "coordinator changed its PAN id",
        RouterPanIdChanged = 0x40: "router PAN id changed",
        NetworkWatchdog = 0x42: "network watchdog ran out",
        JoinWindowOpened = 0x43: "join window opened",
        JoinWindowClosed = 0x44: "join window closed",
        KeyChangeInitiated = 0x45: "network key change begun",
        .. StackError = 0x80..=0xFF => "stack error"
    }
}

status_codes! {
    /// What became of a transmission (89, 8B).
    DeliveryStatus {
        Success = 0x00: "delivered",
        NoMacAck = 0x01: "no acknowledgement from the next radio",
        CcaFailure = 0x02: "the air was never free",
        Purged = 0x03: "purged before it was sent",
        PhysicalError = 0x04: "physical error on the interface",
        InvalidEndpoint = 0x15: "invalid destination endpoint",
        NoBuffers = 0x18: "no buffers",
        NetworkAckFailure = 0x21: "no acknowledgement from the destination",
        NotJoined = 0x22: "not joined to a network",
        SelfAddressed = 0x23: "addressed to itself",
        AddressNotFound = 0x24: "address not found",
        RouteNotFound = 0x25: "route not found",
        BroadcastNotRelayed = 0x26: "broadcast not heard from a neighbour",
        InvalidBinding = 0x2B: "invalid binding table index",
        NoResources = 0x2C: "no free resources",
        BroadcastWithAps = 0x2D: "broadcast with APS was sent without",
        ApsWithoutEncryption = 0x2E: "APS asked for without encryption",
        InternalResources = 0x31: "internal resources",
        NoResourcesLater = 0x32: "no resources",
        NoSecureSession = 0x34: "no secure session",
        EncryptionFailure = 0x35: "encryption failed",
        PayloadTooLarge = 0x74: "payload too large",
        IndirectUnrequested = 0x75: "indirect message never asked for",
        ClientSocketCreation = 0x76: "client socket could not be made",
        KeyNotAuthorised = 0xBB: "key not authorised",
    }
}

status_codes! {
    /// What it took to find the way to a radio (8B).
    DiscoveryStatus {
        NoOverhead = 0x00: "no discovery",
        Address = 0x01: "address discovery",
        Route = 0x02: "route discovery",
        AddressAndRoute = 0x03: "address and route discovery",
        ExtendedTimeout = 0x40: "extended time-out discovery",
    }
}

status_codes! {
    /// How a stick stands to its network (AI).
    AssociationStatus {
        Joined = 0x00: "formed or joined",
        NoPans = 0x21: "no networks found",
        NoPanWithId = 0x22: "no network with the id",
        JoinWindowExpired = 0x23: "joining not allowed",
        NoJoinableBeacons = 0x24: "no joinable beacons",
        UnexpectedState = 0x25: "unexpected state",
        JoinFailed = 0x27: "join failed",
        StartFailed = 0x2A: "coordinator start failed",
        CheckingForCoordinator = 0x2B: "checking for a coordinator",
        LeaveFailed = 0x2C: "leaving failed",
        SecureJoinAttached = 0x40: "secure join: attached",
        SecureJoinLinkKeyOk = 0x41: "secure join: link key accepted",
        SecureJoinLinkKeyFailed = 0x44: "secure join: link key failed",
        NoResponse = 0xAB: "no response from the joining target",
        UnsecuredKey = 0xAC: "secure join: key received unsecured",
        NoKey = 0xAD: "secure join: network key not received",
        BadKey = 0xAF: "secure join: wrong preconfigured link key",
        Scanning = 0xFF: "scanning",
    }
}

status_codes! {
    /// How a registration ended (A4).
    RegisterStatus {
        Success = 0x00: "registered",
        KeyTooLong = 0x01: "key too long",
        NotInTable = 0xB1: "device not in the key table",
        KeyInvalid = 0xB2: "key invalid",
        BadAddress = 0xB3: "bad address",
        TableFull = 0xB4: "key table full",
        NotFound = 0xFF: "device not found",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_and_an_unknown_one_stays_visible() {
        for code in 0..=u8::MAX {
            assert_eq!(AtStatus::from(code).code(), code);
            assert_eq!(ModemStatus::from(code).code(), code);
            assert_eq!(DeliveryStatus::from(code).code(), code);
            assert_eq!(DiscoveryStatus::from(code).code(), code);
            assert_eq!(AssociationStatus::from(code).code(), code);
            assert_eq!(RegisterStatus::from(code).code(), code);
        }
        assert_eq!(DeliveryStatus::from(0xEE), DeliveryStatus::Unknown(0xEE));
        assert_eq!(DiscoveryStatus::from(0x09).to_string(), "unknown code 09");
    }

    #[test]
    fn every_modem_status_from_80_on_is_a_stack_error_and_keeps_its_code() {
        for code in 0x80..=u8::MAX {
            assert_eq!(ModemStatus::from(code), ModemStatus::StackError(code));
            assert_eq!(ModemStatus::from(code).to_string(), "stack error");
        }
        assert_eq!(ModemStatus::from(0x7F), ModemStatus::Unknown(0x7F));
    }
}
