//! Command mode: silence, `+++`, silence, and then AT commands as text.

use crate::v3::frame::AtName;

/// What the bytes of a host mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// Payload, or API frames.
    Data(Vec<u8>),
    /// Command mode was entered, to be answered `OK`.
    Entered,
    /// Commands of one line.
    Line(Vec<TextCommand>),
    /// A line that is no command, to be answered `ERROR`.
    Nonsense,
}

/// `ATNI PRESS` or `ATBD7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextCommand {
    pub name: AtName,
    /// As it was typed, without the blanks around.
    pub parameter: Vec<u8>,
}

/// Tells command mode from everything else.
#[derive(Debug)]
pub(super) struct CommandMode {
    active: bool,
    last_byte_at: Option<u64>,
    /// The escape sequence stands alone so far; silence since then makes it one.
    escape: usize,
    line: Vec<u8>,
}

/// The settings it goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub character: u8,
    pub guard_ms: u64,
    pub timeout_ms: u64,
}

const LONGEST_LINE: usize = 256;

impl CommandMode {
    pub fn new() -> Self {
        CommandMode { active: false, last_byte_at: None, escape: 0, line: Vec::new() }
    }

    pub fn is_active(&self) -> bool {
        self.active
    }

    pub fn leave(&mut self) {
        self.active = false;
        self.escape = 0;
        self.line.clear();
    }

    pub fn next_at(&self, settings: Settings) -> Option<u64> {
        let last = self.last_byte_at?;
        if self.active {
            Some(last.saturating_add(settings.timeout_ms))
        } else {
            (self.escape == 3).then_some(last.saturating_add(settings.guard_ms))
        }
    }

    /// The end of the guard time, or of command mode when nobody types.
    pub fn advance(&mut self, settings: Settings, now_ms: u64) -> Option<Said> {
        if self.next_at(settings).is_none_or(|at| at > now_ms) {
            return None;
        }
        if self.active {
            self.leave();
            return None;
        }
        self.escape = 0;
        self.active = true;
        self.last_byte_at = Some(now_ms);
        Some(Said::Entered)
    }

    pub fn receive(&mut self, bytes: &[u8], settings: Settings, now_ms: u64) -> Vec<Said> {
        let quiet = self.last_byte_at.is_none_or(|at| now_ms.saturating_sub(at) >= settings.guard_ms);
        self.last_byte_at = Some(now_ms);
        if self.active {
            return self.type_in(bytes);
        }
        let all_escape = bytes.iter().all(|byte| *byte == settings.character);
        if all_escape && self.escape + bytes.len() <= 3 && (quiet || self.escape > 0) {
            self.escape += bytes.len();
            return Vec::new();
        }
        let mut data = vec![settings.character; self.escape];
        self.escape = 0;
        data.extend_from_slice(bytes);
        vec![Said::Data(data)]
    }

    fn type_in(&mut self, bytes: &[u8]) -> Vec<Said> {
        let mut said = Vec::new();
        for byte in bytes {
            match byte {
                b'\r' => said.push(commands(&std::mem::take(&mut self.line))),
                b'\n' => {}
                _ if self.line.len() < LONGEST_LINE => self.line.push(*byte),
                _ => {}
            }
        }
        said
    }
}

/// `ATBD7,WR,CN`: only the first has its `AT`.
fn commands(line: &[u8]) -> Said {
    let Some((head, rest)) = line.split_at_checked(2) else { return Said::Nonsense };
    if !head.eq_ignore_ascii_case(b"AT") {
        return Said::Nonsense;
    }
    if rest.is_empty() {
        return Said::Line(Vec::new());
    }
    let command = |text: &[u8]| {
        let (name, parameter) = text.trim_ascii().split_first_chunk::<2>()?;
        Some(TextCommand {
            name: AtName(name.map(|byte| byte.to_ascii_uppercase())),
            parameter: parameter.trim_ascii().to_vec(),
        })
    };
    match rest.split(|byte| *byte == b',').map(command).collect::<Option<Vec<_>>>() {
        Some(commands) => Said::Line(commands),
        None => Said::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings { character: b'+', guard_ms: 1_000, timeout_ms: 10_000 };

    fn entered() -> CommandMode {
        let mut mode = CommandMode::new();
        assert_eq!(mode.receive(b"+++", SETTINGS, 5_000), vec![]);
        assert_eq!(mode.advance(SETTINGS, 6_000), Some(Said::Entered));
        mode
    }

    #[test]
    fn three_plus_signs_between_silences_enter_and_nothing_else_does() {
        entered();
        let mut mode = CommandMode::new();
        mode.receive(b"x", SETTINGS, 4_500);
        assert_eq!(mode.receive(b"+++", SETTINGS, 5_000), vec![Said::Data(b"+++".to_vec())]);
        let mut mode = CommandMode::new();
        assert_eq!(mode.receive(b"++", SETTINGS, 5_000), vec![]);
        assert_eq!(mode.receive(b"+", SETTINGS, 5_010), vec![]);
        assert_eq!(mode.receive(b"!", SETTINGS, 5_020), vec![Said::Data(b"+++!".to_vec())]);
        assert_eq!(mode.advance(SETTINGS, 9_000), None);
    }

    #[test]
    fn several_commands_stand_on_one_line_and_nonsense_is_told() {
        let mut mode = entered();
        let said = mode.receive(b"ATBD 7,wr,CN\rhello\rAT\r", SETTINGS, 6_100);
        let command =
            |name, parameter: &[u8]| TextCommand { name: AtName::of(name), parameter: parameter.to_vec() };
        assert_eq!(
            said,
            vec![
                Said::Line(vec![command("BD", b"7"), command("WR", b""), command("CN", b"")]),
                Said::Nonsense,
                Said::Line(vec![]),
            ]
        );
    }

    #[test]
    fn nobody_typing_ends_it() {
        let mut mode = entered();
        assert_eq!(mode.advance(SETTINGS, 15_999), None);
        assert!(mode.is_active());
        assert_eq!(mode.advance(SETTINGS, 16_000), None);
        assert!(!mode.is_active());
    }
}
