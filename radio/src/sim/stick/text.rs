//! AT commands as text, in command mode.

use super::Stick;
use super::command_mode::TextCommand;
use super::registers::number;
use crate::v3::frame::{AtName, AtStatus};

impl Stick {
    pub(super) fn obey_text(&mut self, commands: Vec<TextCommand>) {
        if commands.is_empty() {
            return self.say(b"OK\r");
        }
        for command in commands {
            match self.obey_typed(&command) {
                Ok(answer) => {
                    self.say(&answer);
                    self.say(b"\r");
                }
                Err(_) => self.say(b"ERROR\r"),
            }
            if command.name == AtName::of("CN") {
                self.command_mode.leave();
                self.apply_typed();
            }
        }
    }

    fn obey_typed(&mut self, command: &TextCommand) -> Result<Vec<u8>, AtStatus> {
        let TextCommand { name, parameter } = command;
        let ok = || Ok(b"OK".to_vec());
        match &name.0 {
            b"CN" => return ok(),
            b"AC" => {
                self.apply_typed();
                return ok();
            }
            b"WR" => {
                // What was typed before is meant to be written, though it takes effect later.
                let mut flash = self.active.clone();
                for (name, parameter) in &self.typed {
                    flash.write(*name, parameter)?;
                }
                self.flash = flash;
                return ok();
            }
            b"FR" => {
                self.restart();
                return ok();
            }
            b"RE" | b"NR" => {
                self.perform(*name, &from_hex(parameter).unwrap_or_default())?;
                return ok();
            }
            // These answer with lists, which only frames carry here.
            b"ND" | b"DN" | b"ED" | b"CB" => return Err(AtStatus::InvalidCommand),
            _ => {}
        }
        let text = name.0 == *b"NI";
        if parameter.is_empty() {
            let value = self.typed.iter().rev().find(|(typed, _)| typed == name);
            let value = match value {
                Some((_, value)) => value.clone(),
                None => self.read(*name)?,
            };
            return Ok(if text { value } else { to_hex(&value) });
        }
        let value =
            if text { parameter.clone() } else { from_hex(parameter).ok_or(AtStatus::InvalidParameter)? };
        if !self.is_settable(*name) {
            return Err(AtStatus::InvalidParameter);
        }
        self.active.clone().write(*name, &value)?;
        self.typed.push((*name, value));
        ok()
    }
}

/// `7` or `1F4`, at most 32 digits.
fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    if digits.len() > 32 {
        return None;
    }
    let even = if digits.len() % 2 == 1 { [b"0", digits].concat() } else { digits.to_vec() };
    hex::decode(even).ok()
}

/// Without leading zeros, as an XBee prints numbers.
fn to_hex(value: &[u8]) -> Vec<u8> {
    match number(value) {
        Some(number) => format!("{number:X}").into_bytes(),
        None => hex::encode_upper(value).into_bytes(),
    }
}
