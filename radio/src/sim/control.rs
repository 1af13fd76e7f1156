//! The words to a running simulation: a JSON object a line, answered by one.

use serde::{Deserialize, Serialize};

use super::monitor::Now;
use super::plant::{Fault, Plant};
use super::press_module::Label;

/// A request: `{"do":"fault","kind":"unplug","stick":"a","for_s":5}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// Something is to go wrong.
    Fault(Fault),
    /// Faults by chance, so many a minute; 0 for none.
    Faults {
        /// How many a minute.
        per_minute: f64,
    },
    /// What really happened.
    Truth,
    /// How things stand.
    Status,
    /// Plant time stops: no mold closes, and the truth stands still.
    Pause,
    /// Plant time goes on.
    Resume,
    /// What is printed on the modules.
    Labels,
    /// The USB monitor is wired to a module.
    Plug {
        /// By its press's name or its own: `PRESS-01`, `PRESS-01 B`.
        #[serde(alias = "module")]
        press: String,
    },
    /// The end.
    Quit,
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// Always true.
    pub ok: bool,
    /// Since the start, ms.
    pub real_ms: u64,
    /// No mold closes.
    pub paused: bool,
    /// Cycles of all molds so far.
    pub cycles: u64,
    /// Cycles that no box has kept.
    pub unacknowledged: u64,
    /// Whether there is none such.
    pub drained: bool,
    /// Faults so far.
    pub faults: u64,
    /// Every stick.
    pub sticks: Vec<StickStanding>,
}

/// How a stick stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StickStanding {
    /// Its letter.
    pub stick: String,
    /// Its address.
    pub eui64: String,
    /// Whether it is plugged in.
    pub plugged: bool,
    /// Its network's id, once formed.
    pub pan: Option<String>,
    /// Modules in its network.
    pub joined: usize,
    /// Modules in all.
    pub modules: usize,
}

#[derive(Serialize)]
struct ModuleLabel {
    module: String,
    eui64: String,
    stick: String,
    link_key: Option<String>,
    install_code: Option<String>,
}

#[derive(Serialize)]
struct Done {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What is said back, and whether the simulation goes on.
pub struct Answer {
    /// A line without its end.
    pub line: String,
    /// That was the last one.
    pub quit: bool,
}

/// Carries out a line.
#[must_use]
pub fn obey(line: &str, plant: &mut Plant, now: Now) -> Answer {
    let request = match serde_json::from_str::<Request>(line) {
        Ok(request) => request,
        Err(error) => return Answer { line: failed(&error.to_string()), quit: false },
    };
    let quit = request == Request::Quit;
    let line = match request {
        Request::Fault(fault) => match plant.fault(&fault, now) {
            Ok(()) => done(),
            Err(error) => failed(&error.to_string()),
        },
        Request::Faults { per_minute } => {
            plant.set_fault_rate(per_minute);
            done()
        }
        Request::Truth | Request::Quit => json(&plant.truth(now)),
        Request::Status => json(&standing(plant, now)),
        Request::Pause | Request::Resume => {
            plant.pause(request == Request::Pause, now);
            done()
        }
        Request::Labels => json(&labels(plant)),
        Request::Plug { press } => match plant.plug_in_usb(&press, now) {
            Ok(()) => done(),
            Err(error) => failed(&error.to_string()),
        },
    };
    Answer { line, quit }
}

fn done() -> String {
    json(&Done { ok: true, error: None })
}

fn failed(error: &str) -> String {
    json(&Done { ok: false, error: Some(error.to_owned()) })
}

fn json(value: &impl Serialize) -> String {
    // Nothing said here has keys that are no text, which is all that could fail.
    serde_json::to_string(value).unwrap_or_else(|_| String::from("{\"ok\":false}"))
}

/// How things stand.
#[must_use]
pub fn standing(plant: &Plant, now: Now) -> Standing {
    let sticks = plant.pans().iter().map(|pan| StickStanding {
        stick: pan.letter().to_owned(),
        eui64: pan.stick().spec().eui64.to_string(),
        plugged: pan.stick().is_powered(),
        pan: pan.stick().formed().map(|formed| format!("{:016X}", formed.pan)),
        joined: pan.modules().iter().filter(|module| module.is_joined()).count(),
        modules: pan.modules().len(),
    });
    let unacknowledged = plant.unacknowledged();
    Standing {
        ok: true,
        real_ms: now.real_ms,
        paused: plant.is_paused(),
        cycles: plant.cycles(),
        unacknowledged,
        drained: unacknowledged == 0,
        faults: plant.faults(),
        sticks: sticks.collect(),
    }
}

fn labels(plant: &Plant) -> Vec<ModuleLabel> {
    let of = |pan: &super::pan::Pan| -> Vec<ModuleLabel> {
        let label = |module: &super::press_module::PressModule| {
            let (link_key, install_code) = match module.label() {
                Some(Label::LinkKey(key)) => (Some(hex::encode_upper(key)), None),
                Some(Label::InstallCode(code)) => (None, Some(hex::encode_upper(code))),
                None => (None, None),
            };
            let (stick, eui64) = (pan.letter().to_owned(), module.eui64().to_string());
            ModuleLabel { module: module.name(), eui64, stick, link_key, install_code }
        };
        pan.modules().iter().map(label).collect()
    };
    plant.pans().iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::plant::PlantSpec;

    fn plant() -> Plant {
        Plant::new(PlantSpec { presses: 2, molds: 2, sticks: 1, history_days: 0.01, ..PlantSpec::default() })
    }

    fn say(plant: &mut Plant, line: &str) -> serde_json::Value {
        let now = plant.now(1_000);
        serde_json::from_str(&obey(line, plant, now).line).unwrap()
    }

    #[test]
    fn every_request_is_answered_by_one_line_of_json() {
        let mut plant = plant();
        for line in [
            r#"{"do":"truth"}"#,
            r#"{"do":"status"}"#,
            r#"{"do":"pause"}"#,
            r#"{"do":"resume"}"#,
            r#"{"do":"labels"}"#,
            r#"{"do":"faults","per_minute":0}"#,
            r#"{"do":"fault","kind":"unplug","stick":"a","for_s":5}"#,
            r#"{"do":"fault","kind":"drop","odds":0.5}"#,
            r#"{"do":"fault","kind":"silence","module":"PRESS-02"}"#,
            r#"{"do":"fault","kind":"counter_reset","mold":"M-1001"}"#,
        ] {
            let answer = say(&mut plant, line);
            assert_ne!(answer["ok"], serde_json::Value::Bool(false), "{line}: {answer}");
        }
    }

    #[test]
    fn what_does_not_exist_or_makes_no_sense_is_told() {
        let mut plant = plant();
        for line in [
            "rubbish",
            r#"{"do":"dance"}"#,
            r#"{"do":"fault","kind":"unplug","stick":"z"}"#,
            r#"{"do":"fault","kind":"counter_reset","mold":"M-9"}"#,
            r#"{"do":"fault","kind":"silence","module":"PRESS-99"}"#,
            r#"{"do":"plug","press":"PRESS-01"}"#,
        ] {
            assert_eq!(say(&mut plant, line)["ok"], serde_json::Value::Bool(false), "{line}");
        }
    }

    #[test]
    fn a_pause_makes_the_truth_stand_still() {
        let mut plant = plant();
        say(&mut plant, r#"{"do":"pause"}"#);
        let then = plant.now(1_000);
        plant.advance(then);
        let before = plant.truth(then);
        let later = plant.now(10_000_000);
        plant.advance(later);
        assert_eq!(plant.truth(later), before);
    }
}
