//! An emulated XBee stick: bytes of the host in, bytes to the host out, and what it asks of the air. No I/O, no clock.

mod api;
mod command_mode;
mod network;
mod registers;
mod spec;
mod text;

use domain::Eui64;

pub(crate) use self::api::NodeInfo;
use self::command_mode::{CommandMode, Said, Settings};
pub(crate) use self::network::install_code;
use self::network::{Change, Network};
pub use self::network::{Credential, Formed, TRUST_TABLE};
use self::registers::Registers;
pub use self::spec::{Commissioned, StickSpec};
use super::dice::Dice;
use super::faults::{Line, Odds};
use crate::event::Family;
use crate::v3::frame::{self, ApiMode, AtName, Decoder, DeliveryStatus, Frame, ModemStatus, Piece};

/// What the host wants of other radios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Payload for a radio, for all, or for whoever listens on a transparent line.
    Send {
        /// Frame id; 0 wants no answer.
        id: u8,
        /// To whom.
        dest: Eui64,
        /// 16-bit address.
        short: u16,
        /// Payload.
        data: Vec<u8>,
    },
    /// An AT command for a radio.
    Remote(frame::RemoteAtCommand),
    /// Who is there?
    Discover {
        /// Frame id.
        id: u8,
        /// Only the radio of this name.
        name: Option<Vec<u8>>,
        /// How long the answers may take, ms.
        within_ms: u64,
    },
    /// Which address has the radio of this name?
    Resolve {
        /// Frame id.
        id: u8,
        /// Its name.
        name: Vec<u8>,
    },
    /// The network is no more: everybody is out of it.
    Dissolved,
}

/// Who sends a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// Its address.
    pub eui64: Eui64,
    /// Its 16-bit address.
    pub short: u16,
}

/// An emulated stick. Its flash and its network outlive a power cut, its registers only after WR.
pub struct Stick {
    spec: StickSpec,
    active: Registers,
    flash: Registers,
    queued: Vec<(AtName, Vec<u8>)>,
    /// Changes made in command mode, in effect when it ends.
    typed: Vec<(AtName, Vec<u8>)>,
    network: Network,
    command_mode: CommandMode,
    decoder: Decoder,
    powered: bool,
    out: Vec<u8>,
    asked: Vec<Asked>,
    /// When the last broadcasts were sent: eight at most are under way for eight seconds.
    broadcasts: Vec<u64>,
    line: Line,
    odds: Odds,
    host_baud: Option<u32>,
    mute_until: u64,
    now_ms: u64,
}

const COMMAND_FORMING: [&str; 8] = ["ID", "SC", "ZS", "EE", "NK", "KY", "EO", "CE"];

impl Stick {
    /// Without power; [`Stick::power_up`] starts it.
    #[must_use]
    pub fn new(spec: StickSpec, seed: u64) -> Self {
        let number = u64::from_be_bytes(spec.eui64.to_be_bytes());
        let mut flash = Registers::defaults(spec.family);
        flash.set_number("BD", u64::from(spec.baud));
        flash.set_number("AP", u64::from(spec.api));
        let mut network = Network::new(spec.forming_ms, Dice::new(seed, "network", number));
        if spec.family != Family::Transparent && !spec.name.is_empty() {
            // A name that is too long or not printable stays the default one.
            let _ = flash.write(AtName::of("NI"), spec.name.as_bytes());
        }
        if let Some(commissioned) = &spec.network {
            flash.set_number("ID", commissioned.pan);
            if spec.family != Family::Transparent {
                flash.set_number("EE", 1);
                let _ = flash.write(AtName::of("KY"), &commissioned.link_key);
            }
            if spec.family == Family::Zigbee {
                flash.set_number("EO", 2);
                flash.set_number("ZS", 2);
                flash.set_number("NJ", 0);
                network.form_at_once(&flash, spec.family);
            }
        }
        Stick {
            active: flash.clone(),
            flash,
            queued: Vec::new(),
            typed: Vec::new(),
            network,
            command_mode: CommandMode::new(),
            decoder: Decoder::new(ApiMode::Plain),
            powered: false,
            out: Vec::new(),
            asked: Vec::new(),
            broadcasts: Vec::new(),
            line: Line::new(Dice::new(seed, "line", number)),
            odds: Odds::default(),
            host_baud: None,
            mute_until: 0,
            now_ms: 0,
            spec,
        }
    }

    /// Plugged in, or restarted: the registers are those of the flash.
    pub fn power_up(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        self.powered = true;
        self.out.clear();
        self.restart();
    }

    /// Unplugged. What was on its way to the host is lost.
    pub fn power_down(&mut self) {
        self.powered = false;
        self.out.clear();
        self.asked.clear();
    }

    /// Whether it is plugged in.
    #[must_use]
    pub fn is_powered(&self) -> bool {
        self.powered
    }

    fn restart(&mut self) {
        self.active = self.flash.clone();
        self.queued.clear();
        self.typed.clear();
        self.command_mode = CommandMode::new();
        let formed = self.network.formed();
        self.network.power_up(&self.active, self.spec.family, self.now_ms);
        if formed.is_some() && self.network.formed().is_none() {
            self.asked.push(Asked::Dissolved);
        }
        self.new_mode();
        self.tell(ModemStatus::HardwareReset);
    }

    /// What it is.
    #[must_use]
    pub fn spec(&self) -> &StickSpec {
        &self.spec
    }

    /// The network it holds together at present.
    #[must_use]
    pub fn formed(&self) -> Option<Formed> {
        self.network.formed()
    }

    /// The network's link key, for whoever commissions modules at the bench.
    pub(crate) fn link_key(&self) -> [u8; 16] {
        *self.active.link_key()
    }

    /// Whether data on this network is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.active.number("EE") == 1
    }

    /// The rate of the host's port; `None` where nobody knows it. Another rate than BD garbles both ways.
    pub fn set_host_baud(&mut self, baud: Option<u32>) {
        self.host_baud = baud;
    }

    /// Damage on the line from now on.
    pub fn set_line_odds(&mut self, odds: Odds) {
        self.odds = odds;
    }

    /// So many bytes of noise to the host.
    pub fn make_noise(&mut self, bytes: usize) {
        if self.powered {
            self.line.noise(&mut self.out, bytes);
        }
    }

    /// Neither hears nor says anything to the host until then.
    pub fn fall_silent(&mut self, until_ms: u64) {
        self.mute_until = until_ms;
    }

    /// Bytes for the host; whoever writes them takes them from the front.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// How many bytes wait for the host.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.out.len()
    }

    /// What the host wants of other radios, since the last call.
    pub fn take_asked(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.asked)
    }

    /// Bytes from the host.
    pub fn receive(&mut self, bytes: &[u8], now_ms: u64) {
        self.now_ms = now_ms;
        if !self.powered || now_ms < self.mute_until {
            return;
        }
        let settings = self.settings();
        let said = if self.is_garbled() {
            let mut wrong = bytes.to_vec();
            self.line.garble(&mut wrong);
            self.command_mode.receive(&wrong, settings, now_ms)
        } else {
            self.command_mode.receive(bytes, settings, now_ms)
        };
        said.into_iter().for_each(|said| self.take(said));
    }

    /// Lets time pass.
    pub fn advance(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        if !self.powered {
            return;
        }
        let settings = self.settings();
        let was_active = self.command_mode.is_active();
        if let Some(said) = self.command_mode.advance(settings, now_ms) {
            self.take(said);
        }
        if was_active && !self.command_mode.is_active() {
            self.apply_typed();
        }
        for change in self.network.advance(&self.active, self.spec.family, now_ms) {
            match change {
                Change::Left => self.asked.push(Asked::Dissolved),
                Change::Tell(status) => self.tell(status),
            }
        }
    }

    /// When time will next bring something about.
    #[must_use]
    pub fn next_at(&self) -> Option<u64> {
        let network = self.network.next_at();
        [network, self.command_mode.next_at(self.settings())].into_iter().flatten().min()
    }

    fn settings(&self) -> Settings {
        Settings {
            character: self.active.number("CC") as u8,
            guard_ms: self.active.number("GT"),
            timeout_ms: self.active.number("CT").saturating_mul(100),
        }
    }

    fn take(&mut self, said: Said) {
        match said {
            Said::Data(bytes) => match self.mode() {
                Some(_) => {
                    for piece in self.decoder.push(&bytes) {
                        // A real stick drops damaged frames without a word.
                        if let Piece::Frame { frame, .. } = piece {
                            self.obey(frame);
                        }
                    }
                }
                None => {
                    let data = bytes;
                    self.asked.push(Asked::Send { id: 0, dest: self.destination(), short: 0xFFFE, data });
                }
            },
            Said::Entered => self.say(b"OK\r"),
            Said::Line(commands) => self.obey_text(commands),
            Said::Nonsense => self.say(b"ERROR\r"),
        }
    }

    fn destination(&self) -> Eui64 {
        let address = self.active.number("DH") << 32 | self.active.number("DL");
        if self.spec.family == Family::Transparent || address == 0 {
            return Eui64::BROADCAST;
        }
        Eui64::from_be_bytes(address.to_be_bytes())
    }

    /// How frames look at present; `None`: no frames.
    fn mode(&self) -> Option<ApiMode> {
        match self.active.number("AP") {
            1 => Some(ApiMode::Plain),
            2 => Some(ApiMode::Escaped),
            _ => None,
        }
    }

    fn new_mode(&mut self) {
        self.decoder = Decoder::new(self.mode().unwrap_or(ApiMode::Plain));
    }

    fn is_garbled(&self) -> bool {
        self.host_baud.is_some_and(|baud| baud != self.active.baud())
    }

    fn is_mute(&self) -> bool {
        !self.powered || self.now_ms < self.mute_until
    }

    /// A frame to the host, if it speaks in frames.
    fn send(&mut self, frame: &Frame) {
        let Some(mode) = self.mode().filter(|_| !self.is_mute()) else { return };
        let Ok(bytes) = frame::encode(frame, mode) else { return };
        let from = self.out.len();
        self.out.extend_from_slice(&bytes);
        self.line.pass(&mut self.out, from, &self.odds);
        self.garble_from(from);
    }

    /// Bytes to the host as they are.
    fn say(&mut self, bytes: &[u8]) {
        if self.is_mute() {
            return;
        }
        let from = self.out.len();
        self.out.extend_from_slice(bytes);
        self.garble_from(from);
    }

    fn garble_from(&mut self, from: usize) {
        if self.is_garbled()
            && let Some(bytes) = self.out.get_mut(from..)
        {
            self.line.garble(bytes);
        }
    }

    fn tell(&mut self, status: ModemStatus) {
        self.send(&Frame::ModemStatus(status));
    }

    /// Puts changes into effect, and forms anew where they ask for it.
    fn apply(&mut self, changes: Vec<(AtName, Vec<u8>)>) -> Result<(), frame::AtStatus> {
        let mut outcome = Ok(());
        for (name, parameter) in changes {
            let before = self.active.clone();
            if let Err(status) = self.active.write(name, &parameter) {
                outcome = Err(status);
                continue;
            }
            self.after_change(name, before == self.active);
        }
        outcome
    }

    fn after_change(&mut self, name: AtName, unchanged: bool) {
        if name == AtName::of("AP") {
            self.new_mode();
        }
        if self.spec.family != Family::Zigbee {
            return;
        }
        if name == AtName::of("NJ") {
            let opened = self.network.open(self.active.number("NJ"), self.now_ms);
            if let Some(status) = opened.filter(|_| self.network.formed().is_some()) {
                self.tell(status);
            }
        }
        let key = name == AtName::of("NK") || name == AtName::of("KY");
        if !COMMAND_FORMING.iter().any(|forming| AtName::of(forming) == name) || (unchanged && !key) {
            return;
        }
        let rolls = name == AtName::of("NK") && self.is_encrypted() && self.active.number("EO") & 2 != 0;
        // With a trust centre a new network key goes round without anybody leaving, unless a change that forms
        // anew is already under way.
        if rolls && self.network.formed().is_some() && self.network.next_restart().is_none() {
            self.tell(ModemStatus::NetworkKeyUpdated);
        } else {
            self.network.reform_later(self.now_ms);
        }
    }

    fn apply_typed(&mut self) {
        let typed = std::mem::take(&mut self.typed);
        // Each was checked when it was typed.
        let _ = self.apply(typed);
    }

    /// A device asks to be let in.
    pub(crate) fn admits(&self, device: Eui64, credential: &Credential) -> bool {
        self.powered && self.network.admits(device, credential, &self.active)
    }

    /// A device was let in.
    pub(crate) fn admitted(&mut self, device: Eui64) {
        self.network.admitted(device);
    }

    /// What became of a transmission.
    pub(crate) fn sent(&mut self, id: u8, short: u16, delivery: DeliveryStatus) {
        if id != 0 {
            let discovery = frame::DiscoveryStatus::NoOverhead;
            self.send(&Frame::TxStatus(frame::TxStatus { id, short, retries: 0, delivery, discovery }));
        }
    }
}

#[cfg(test)]
mod tests;
