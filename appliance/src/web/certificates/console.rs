//! What is asked about certificates from the box's own machine, and answered in lines for people.

use std::fmt::Write;

use dashboard::format::day;
use dashboard::port::{CertificateFacts, CertificateView};
use serde::{Deserialize, Serialize};

use super::{Certificates, Offer};
use crate::audit::By;
use crate::config::HostName;
use crate::telemetry::Chain;

/// A wish about certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// Tell about those there are; as one JSON object for programs.
    Show {
        /// For programs.
        json: bool,
    },
    /// Make a request for these names, for all the box has if there are none, and give it out.
    Request {
        /// Names and addresses.
        names: Vec<HostName>,
    },
    /// Take this certificate into use.
    Install(Offer),
    /// Go back to the box's own.
    Own {},
}

impl Certificates {
    /// Does it on behalf of whoever has the box's console; the answer, or why not.
    ///
    /// # Errors
    /// Whatever was asked for was not done, and why.
    pub fn answer(&self, wish: &Wish) -> Result<String, String> {
        let by = By::console();
        let done = match wish {
            Wish::Show { json: true } => {
                return serde_json::to_string(&self.view()).map_err(|error| error.to_string());
            }
            Wish::Show { json: false } => return Ok(text(&self.view())),
            Wish::Request { names } => self.request(&by, names),
            Wish::Install(offer) => self.install(&by, offer),
            Wish::Own {} => self.own(&by),
        };
        done.map_err(|refused| Chain(&refused).to_string())?;
        Ok(match wish {
            Wish::Request { .. } => self.waiting_request().unwrap_or_default().trim_end().to_owned(),
            _ => text(&self.view()),
        })
    }
}

fn text(view: &CertificateView) -> String {
    let mut text = String::new();
    let used = view.plant.as_ref().unwrap_or(&view.own);
    let mut line = |label: &str, words: &str| {
        // A text takes everything.
        let _ = writeln!(text, "{label:<12}{words}");
    };
    line(
        "in use",
        if view.plant.is_some() { "a certificate of the plant's" } else { "the box's own certificate" },
    );
    for (label, words) in facts(used) {
        line(label, &words);
    }
    if !view.uncovered.is_empty() {
        line("not for", &format!("{} (the box's own certificate is shown there)", view.uncovered.join(", ")));
    }
    line("authority", &format!("SHA-256 {}", view.authority));
    match &view.request {
        Some(request) => {
            line("request", &format!("made on {} for {}, waits", day(request.at), request.names.join(", ")))
        }
        None => line("request", "none waits"),
    }
    text.trim_end().to_owned()
}

fn facts(facts: &CertificateFacts) -> [(&'static str, String); 4] {
    [
        ("for", facts.names.join(", ")),
        ("signed by", facts.issuer.clone()),
        ("good", format!("from {} until {}", day(facts.from), day(facts.until))),
        ("SHA-256", facts.fingerprint.clone()),
    ]
}
