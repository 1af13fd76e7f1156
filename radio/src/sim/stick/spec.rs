//! What a stick is made with.

use domain::Eui64;

use crate::event::Family;

/// What a stick is, as it leaves the factory or the bench.
#[derive(Clone)]
pub struct StickSpec {
    /// Its family, by hardware and firmware.
    pub family: Family,
    /// Its address (SH, SL).
    pub eui64: Eui64,
    /// HV.
    pub hardware: u16,
    /// VR.
    pub firmware: u16,
    /// NI.
    pub name: String,
    /// AP as written in flash: 0, 1 or 2.
    pub api: u8,
    /// BD as written in flash: a code of 0 to 8, or a rate.
    pub baud: u32,
    /// The network it was commissioned with; `None` for a new stick, which forms an open one of its own.
    pub network: Option<Commissioned>,
    /// How long it waits after the last change of the network's settings before it forms anew, ms (5,000 in reality).
    pub forming_ms: u64,
}

/// A secured network that was set up before the story begins.
#[derive(Clone)]
pub struct Commissioned {
    /// Its id.
    pub pan: u64,
    /// Its link key.
    pub link_key: [u8; 16],
}

impl StickSpec {
    /// A ZigBee coordinator: XBee 3, firmware 100D.
    #[must_use]
    pub fn zigbee(eui64: Eui64, name: &str) -> Self {
        let name = name.to_owned();
        StickSpec {
            family: Family::Zigbee,
            eui64,
            hardware: 0x4100,
            firmware: 0x100D,
            name,
            api: 1,
            baud: 7,
            network: None,
            forming_ms: 5_000,
        }
    }

    /// A 900HP with DigiMesh firmware.
    #[must_use]
    pub fn digimesh(eui64: Eui64, name: &str) -> Self {
        StickSpec {
            family: Family::DigiMesh,
            hardware: 0x2300,
            firmware: 0x8075,
            ..StickSpec::zigbee(eui64, name)
        }
    }

    /// An XSC: bytes in, bytes out.
    #[must_use]
    pub fn transparent(eui64: Eui64, name: &str) -> Self {
        StickSpec {
            family: Family::Transparent,
            hardware: 0x1C00,
            firmware: 0x2008,
            api: 0,
            ..StickSpec::zigbee(eui64, name)
        }
    }
}
