//! A node's answer to a discovery (88 with ND).

use domain::Eui64;

/// Who answered. The layout behind the name differs between families and firmware, so only what is certain is read:
/// digi-xbee 1.5.0 `devices.py`, Digi 90001539 "ND".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its address.
    pub eui64: Eui64,
    /// Its 16-bit address, FFFE where the family has none.
    pub short: u16,
    /// Its name (NI).
    pub name: String,
    /// Signal strength of the answer's last hop, where the stick is told to append it (NO).
    pub rssi_dbm: Option<i16>,
}

/// Parent, type, status, profile, manufacturer.
const FIXED: usize = 8;
/// Device type (DD).
const DEVICE_TYPE: usize = 4;

impl Node {
    /// Reads the value of an answer; `None` for the empty one at the end.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Node> {
        let (short, rest) = value.split_first_chunk()?;
        let (address, rest) = rest.split_first_chunk()?;
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let extra = rest.get(1 + FIXED..).unwrap_or_default();
        let rssi = match extra.len() {
            1 => extra.first(),
            length if length == DEVICE_TYPE + 1 => extra.last(),
            _ => None,
        };
        Some(Node {
            eui64: Eui64::from_be_bytes(*address),
            short: u16::from_be_bytes(*short),
            name: text(name),
            rssi_dbm: rssi.map(|dbm| -i16::from(*dbm)),
        })
    }
}

/// A name as people wrote it, without the blanks that stand for none.
pub(in crate::v3) fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).trim().chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_answer_as_in_the_vectors_is_read() {
        let node = Node::parse(&hex::decode("FFFE0013A20040D814A8346400").unwrap()).unwrap();
        assert_eq!(node.eui64.to_string(), "0013A20040D814A8");
        assert_eq!((node.short, node.name.as_str(), node.rssi_dbm), (0xFFFE, "4d", None));
    }

    #[test]
    fn a_full_answer_is_read_with_its_signal_strength() {
        let zigbee = "12340013A20040D814A85072657373203700FFFE0100C105101E000A00052B";
        let node = Node::parse(&hex::decode(zigbee).unwrap()).unwrap();
        assert_eq!((node.short, node.name.as_str(), node.rssi_dbm), (0x1234, "Press 7", Some(-43)));
    }

    #[test]
    fn the_empty_answer_is_no_node_and_a_cut_one_does_no_harm() {
        assert_eq!(Node::parse(&[]), None);
        assert_eq!(Node::parse(&[0xFF; 9]), None);
        assert!(Node::parse(&[0x20; 10]).is_some());
    }
}
