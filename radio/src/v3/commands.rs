//! The AT commands of the three families, as data.
//!
//! Sources, by page of the user guide: D3 = XBee 3 Zigbee 90001539, S2C = XBee S2C ZigBee 90002002,
//! 900 = XBee-PRO 900HP/XSC 90002173, SX = XBee SX 868 90001538. Values are binary and big-endian, not text.

use Value::{Bytes, Nothing, Number, Text};

use super::frame::AtName;

/// What a command's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A number of at most so many bytes; sticks answer with fewer where the number is small.
    Number(usize),
    /// Text of at most so many bytes.
    Text(usize),
    /// Bytes whose layout is the command's own, at most so many.
    Bytes(usize),
    /// None.
    Nothing,
}

impl Value {
    /// The most bytes a value has.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Number(size) | Text(size) | Bytes(size) => size,
            Nothing => 0,
        }
    }
}

/// What can be done with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only asked.
    Read,
    /// Asked and set.
    ReadWrite,
    /// Set and never told again: a secret.
    WriteOnly,
    /// Carried out.
    Execute,
}

/// Which families know a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Families {
    /// ZigBee.
    pub zigbee: bool,
    /// DigiMesh and 900HP.
    pub digimesh: bool,
}

const BOTH: Families = Families { zigbee: true, digimesh: true };
const ZB: Families = Families { zigbee: true, digimesh: false };
const DM: Families = Families { zigbee: false, digimesh: true };

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// Its two letters.
    pub name: AtName,
    /// What it is about.
    pub text: &'static str,
    /// Type and size of its value.
    pub value: Value,
    /// What can be done with it.
    pub access: Access,
    /// The value's unit or coding.
    pub unit: &'static str,
    /// Who knows it.
    pub families: Families,
    /// Where it is described.
    pub source: &'static str,
}

macro_rules! table {
    ($($name:ident = $letters:literal, $text:literal, $value:expr, $access:ident, $unit:literal, $families:ident, $source:literal;)+) => {
        $(#[doc = $text] pub const $name: AtName = AtName::of($letters);)+

        /// Every command.
        pub const TABLE: &[Command] = &[$(Command {
            name: $name,
            text: $text,
            value: $value,
            access: Access::$access,
            unit: $unit,
            families: $families,
            source: $source,
        }),+];
    };
}

table! {
    ID = "ID", "Network id: extended PAN id of ZigBee, network id of DigiMesh.", Number(8), ReadWrite, "id", BOTH, "D3 networking; 900 p. 78";
    OP = "OP", "Operating extended PAN id.", Number(8), Read, "id", ZB, "D3 networking";
    OI = "OI", "Operating 16-bit PAN id.", Number(2), Read, "id", ZB, "D3 networking";
    CH = "CH", "Operating channel.", Number(1), Read, "channel 0B-1A", ZB, "D3 networking";
    SC = "SC", "Channels to scan.", Number(2), ReadWrite, "mask, bit n = channel 11 + n", ZB, "D3 networking";
    SD = "SD", "Time spent on each channel scanned.", Number(1), ReadWrite, "exponent 0-7", ZB, "D3 networking";
    ZS = "ZS", "ZigBee stack profile; the same in the whole network.", Number(1), ReadWrite, "0-2, 2 = PRO", ZB, "D3 networking";
    CE = "CE", "Role: coordinator on ZigBee, routing on DigiMesh.", Number(1), ReadWrite, "code", BOTH, "D3 networking; 900 p. 78";
    NJ = "NJ", "How long new devices may join.", Number(1), ReadWrite, "s, FF = always, 0 = never", ZB, "D3 networking";
    NW = "NW", "Network watchdog time-out.", Number(2), ReadWrite, "min", ZB, "D3 networking";
    JV = "JV", "Verify the coordinator when joining.", Number(1), ReadWrite, "0 or 1", ZB, "D3 networking";
    JN = "JN", "Tell when joined.", Number(1), ReadWrite, "0 or 1", ZB, "D3 networking";
    DJ = "DJ", "Never join.", Number(1), ReadWrite, "0 or 1", ZB, "D3 networking";
    II = "II", "Initial 16-bit PAN id.", Number(2), ReadWrite, "id", ZB, "D3 networking";
    NC = "NC", "Children the stick has room for.", Number(1), Read, "count", ZB, "D3 networking";
    MY = "MY", "Its own 16-bit address.", Number(2), Read, "address", ZB, "D3 addressing";
    MP = "MP", "Its parent's 16-bit address.", Number(2), Read, "address", ZB, "D3 addressing";
    SH = "SH", "Upper half of its own address.", Number(4), Read, "address", BOTH, "D3 addressing; 900 p. 78";
    SL = "SL", "Lower half of its own address.", Number(4), Read, "address", BOTH, "D3 addressing; 900 p. 78";
    NI = "NI", "Name.", Text(20), ReadWrite, "text", BOTH, "D3 addressing; 900 p. 78";
    NT = "NT", "How long node discovery waits.", Number(2), ReadWrite, "100 ms", BOTH, "D3 addressing; 900 p. 78";
    NO = "NO", "What node discovery appends.", Number(1), ReadWrite, "bits", BOTH, "D3 addressing; 900 p. 78";
    ND = "ND", "Node discovery: a broadcast, many answers, an empty one at the end.", Bytes(255), Execute, "nodes", BOTH, "D3 addressing; 900 p. 78";
    DN = "DN", "Finds a node by its name.", Text(20), Execute, "text", BOTH, "D3 addressing; 900 p. 78";
    N_ = "N?", "How long node discovery really takes.", Number(4), Read, "ms", BOTH, "900 p. 78";
    NP = "NP", "Most payload bytes of a packet.", Number(2), Read, "bytes", BOTH, "D3 addressing; 900 p. 78";
    AR = "AR", "Between announcements as the network's collector.", Number(1), ReadWrite, "10 s, 00 = once, FF = off", ZB, "D3 addressing; S2C p. 92";
    DO = "DO", "Device options; bit 6 = routes kept by the stick.", Number(1), ReadWrite, "bits", ZB, "S2C p. 171";
    TP = "TP", "Temperature of the stick.", Number(2), Read, "degree Celsius, two's complement", BOTH, "SX p. 182";
    EE = "EE", "Encryption.", Number(1), ReadWrite, "0 or 1", BOTH, "D3 security; 900 p. 78";
    EO = "EO", "Encryption options; bit 1 = trust centre.", Number(1), ReadWrite, "bits", ZB, "D3 security p. 127";
    NK = "NK", "Network key; 0 lets the coordinator choose one.", Bytes(16), WriteOnly, "AES-128 key", ZB, "D3 security p. 127";
    KY = "KY", "Link key of ZigBee, the shared key of DigiMesh.", Bytes(16), WriteOnly, "AES-128 key", BOTH, "D3 security p. 127; 900 p. 78";
    KT = "KT", "How long a registered key stays.", Number(2), ReadWrite, "s, 1E-FFFF", ZB, "D3 security";
    AP = "AP", "Framing of the serial port.", Number(1), ReadWrite, "0 transparent, 1 API, 2 API with escapes", BOTH, "D3 serial; 900 p. 78";
    AO = "AO", "Which frames received data comes in.", Number(1), ReadWrite, "0 = 90, 1 = 91, 3 = 91 and ZDO", BOTH, "D3 serial; 900 p. 78";
    BD = "BD", "Baud rate.", Number(4), ReadWrite, "code 0-8 or literal", BOTH, "D3 serial; 900 p. 78";
    D6 = "D6", "RTS flow control.", Number(1), ReadWrite, "1 = on", BOTH, "D3 serial; 900 p. 78";
    D7 = "D7", "CTS flow control.", Number(1), ReadWrite, "1 = on", BOTH, "D3 serial; 900 p. 78";
    SM = "SM", "Sleep mode.", Number(1), ReadWrite, "code", BOTH, "D3 sleep; 900 p. 78";
    SP = "SP", "Sleep period; on a coordinator, how long a parent keeps messages.", Number(2), ReadWrite, "10 ms", BOTH, "D3 sleep; 900 p. 78";
    SN = "SN", "Sleep periods without a poll until a child is given up.", Number(2), ReadWrite, "count", BOTH, "D3 sleep; 900 p. 78";
    SO = "SO", "Sleep options.", Number(1), ReadWrite, "bits", BOTH, "D3 sleep; 900 p. 78";
    PO = "PO", "Poll rate of an end device.", Number(2), ReadWrite, "10 ms", ZB, "D3 sleep";
    VR = "VR", "Firmware.", Number(4), Read, "version", BOTH, "D3 diagnostics; 900 p. 78";
    HV = "HV", "Hardware.", Number(2), Read, "version, high byte = kind", BOTH, "D3 diagnostics; 900 p. 78";
    DD = "DD", "Device type.", Number(4), ReadWrite, "code", BOTH, "D3 diagnostics; 900 p. 78";
    AI = "AI", "How it stands to its network.", Number(1), Read, "code", ZB, "D3 diagnostics";
    DB = "DB", "Signal strength of the last packet.", Number(1), Read, "-dBm", BOTH, "D3 diagnostics; 900 p. 78";
    ED = "ED", "Energy on each channel.", Bytes(64), Execute, "-dBm each", BOTH, "D3 diagnostics; 900 p. 78";
    AS = "AS", "Scans for networks.", Bytes(64), Execute, "beacons", ZB, "D3 diagnostics";
    PL = "PL", "Transmit power.", Number(1), ReadWrite, "code 0-4", BOTH, "D3 RF; 900 p. 78";
    PM = "PM", "Power mode.", Number(1), ReadWrite, "0 or 1", ZB, "D3 RF";
    SUPPLY = "%V", "Supply voltage.", Number(2), Read, "mV", BOTH, "D3 diagnostics; 900 p. 78";
    AC = "AC", "Applies what was queued.", Nothing, Execute, "", BOTH, "D3 execution; 900 p. 78";
    WR = "WR", "Writes the settings to flash.", Nothing, Execute, "", BOTH, "D3 execution; 900 p. 78";
    FR = "FR", "Resets the stick.", Nothing, Execute, "", BOTH, "D3 execution; 900 p. 78";
    RE = "RE", "Restores the factory's settings.", Nothing, Execute, "", BOTH, "D3 execution; 900 p. 78";
    NR = "NR", "Leaves the network; 1 = all of it.", Number(1), Execute, "0 or 1", ZB, "D3 execution";
    CB = "CB", "Presses the commissioning button.", Number(1), Execute, "1, 2 or 4 times", BOTH, "D3 execution; 900 p. 78";
    CM = "CM", "Channels to hop on; the same in the whole network.", Number(8), ReadWrite, "mask", DM, "900 p. 78";
    MF = "MF", "Fewest channels allowed.", Number(1), Read, "count", DM, "900 p. 78";
    HP = "HP", "Preamble; other networks in range have another one.", Number(1), ReadWrite, "0-7, SX 0-9", DM, "900 p. 78; SX p. 68";
    MT = "MT", "Repetitions of a broadcast.", Number(1), ReadWrite, "count", DM, "900 p. 78";
    RR = "RR", "Repetitions of a unicast.", Number(1), ReadWrite, "count", DM, "900 p. 78";
    BR = "BR", "Data rate in the air; 0 = no DigiMesh.", Number(1), ReadWrite, "code", DM, "900 p. 78";
    NH = "NH", "Most hops.", Number(1), ReadWrite, "count", DM, "900 p. 78";
    BH = "BH", "Most hops of a broadcast.", Number(1), ReadWrite, "count, 0 = NH", DM, "900 p. 78";
    NN = "NN", "Delay slots.", Number(1), ReadWrite, "count", DM, "900 p. 78";
    TO = "TO", "Transmit options where a frame has none.", Number(1), ReadWrite, "bits", DM, "900 p. 78";
}

/// The row of a command.
#[must_use]
pub fn find(name: AtName) -> Option<&'static Command> {
    TABLE.iter().find(|command| command.name == name)
}

/// Whether a command's value is a key or admits a device: it is shown, logged and recorded nowhere. Besides the
/// write-only ones of the table these are the install code (I?) and the passwords of Bluetooth and secure sessions
/// (`$` or `*` and a letter). Sticks take small letters for large ones.
#[must_use]
pub fn is_secret(name: AtName) -> bool {
    let name = AtName(name.0.map(|letter| letter.to_ascii_uppercase()));
    matches!(name.0, [b'*' | b'$', _] | [b'I', b'?'])
        || find(name).is_some_and(|command| command.access == Access::WriteOnly)
}

/// The baud rate that a value of BD stands for.
#[must_use]
pub fn baud_of(code: u32) -> u32 {
    match code {
        0 => 1_200,
        1 => 2_400,
        2 => 4_800,
        3 => 9_600,
        4 => 19_200,
        5 => 38_400,
        6 => 57_600,
        7 => 115_200,
        8 => 230_400,
        literal => literal,
    }
}

/// The value of BD for a baud rate; rates without a code are sent literally.
#[must_use]
pub fn code_of_baud(baud: u32) -> u32 {
    (0..=8).find(|code| baud_of(*code) == baud).unwrap_or(baud)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_is_complete_and_stands_once() {
        let mut seen = HashSet::new();
        for row in TABLE {
            assert!(seen.insert(row.name), "{} stands twice", row.name);
            assert_ne!(row.name, AtName(*b"??"));
            assert!(
                row.name.0.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"?%".contains(b))
            );
            assert!(row.text.ends_with('.') && !row.source.is_empty(), "{}", row.name);
            assert!(row.families.zigbee || row.families.digimesh, "{}", row.name);
            let has_value = row.value.size() > 0;
            assert!(
                has_value || row.access == Access::Execute,
                "{} has no value and is not carried out",
                row.name
            );
            assert_eq!(has_value, !row.unit.is_empty(), "{}", row.name);
            if let Number(size) = row.value {
                assert!(matches!(size, 1 | 2 | 4 | 8), "{}", row.name);
            }
            assert_eq!(find(row.name), Some(row));
        }
    }

    #[test]
    fn keys_are_secret_and_nothing_else_of_the_table_is() {
        let secret: Vec<_> = TABLE.iter().filter(|row| is_secret(row.name)).map(|row| row.name).collect();
        assert_eq!(secret, [NK, KY]);
        for name in ["I?", "i?", "*S", "$s", "ky", "Nk"] {
            assert!(is_secret(AtName::of(name)), "{name}");
        }
    }

    #[test]
    fn a_baud_rate_and_its_code_are_one() {
        for baud in [1_200, 9_600, 115_200, 230_400, 460_800, 921_600] {
            assert_eq!(baud_of(code_of_baud(baud)), baud);
        }
        assert_eq!(code_of_baud(115_200), 7);
    }
}
