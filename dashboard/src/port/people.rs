//! Who may come in, who is signed in, and what was written down of what they did.

use std::fmt;

use domain::{Role, Timestamp};
use serde::{Deserialize, Serialize};

/// Who asks; comes with every change into the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Name as shown.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// One of those who may come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    /// The name they sign in with.
    pub name: String,
    /// Where they are written to.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Since when the box knows them.
    pub since: Timestamp,
    /// Since when they are not let in, if so.
    pub disabled: Option<Timestamp>,
    /// In so many browsers they are signed in.
    pub sessions: usize,
    /// They need a code beside their password.
    pub factor: bool,
}

/// Somebody who has a code and has not used it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeView {
    /// The name they are to sign in with.
    pub name: String,
    /// What they will be allowed to do.
    pub role: Role,
    /// Until when the code is good.
    pub ends: Timestamp,
    /// They are known already and are to choose another password.
    pub known: bool,
}

/// A code, for the one time that it is shown. Its text is not in what `Debug` writes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedCode {
    /// Whom it is for.
    pub name: String,
    /// In groups of four letters, as people copy it.
    pub code: String,
    /// Until when it is good.
    pub ends: Timestamp,
}

impl fmt::Debug for IssuedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedCode").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Everyone who may come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleView {
    /// The box's clock when this was made.
    pub now: Timestamp,
    /// By name.
    pub people: Vec<PersonView>,
    /// Codes that wait, by name.
    pub codes: Vec<CodeView>,
    /// The code that was made just now; in the first view after that and in no other.
    pub issued: Option<IssuedCode>,
    /// Administrators without a second factor may no more than viewers.
    pub administrators_need_factor: bool,
}

/// One browser in which somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// What it is called, to end it by.
    pub id: String,
    /// Since when.
    pub opened: Timestamp,
    /// When it was last used, as far as the box remembers.
    pub used: Option<Timestamp>,
    /// When it ends at the latest.
    pub ends: Timestamp,
    /// From which address it was begun.
    pub from: Option<String>,
    /// It is the one that asks.
    pub this: bool,
}

/// A picture of dark squares on light ground.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// So many squares on each side.
    pub width: usize,
    /// The dark ones, as the outline of an SVG path.
    pub path: String,
}

/// A second factor that is being set up. Neither secret nor picture is in what `Debug` writes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorSetUp {
    /// As people type it into an app.
    pub secret: String,
    /// As an app photographs it.
    pub picture: Picture,
}

impl fmt::Debug for FactorSetUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorSetUp(..)")
    }
}

/// Recovery codes, for the one time that they are shown. They are not in what `Debug` writes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodes(pub Vec<String>);

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodes(..)")
    }
}

/// A second factor that is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorView {
    /// Since when.
    pub since: Timestamp,
    /// So many recovery codes are left.
    pub recovery_left: usize,
}

/// What somebody is told of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileView {
    /// The box's clock when this was made.
    pub now: Timestamp,
    /// The name they sign in with.
    pub name: String,
    /// Where they are written to.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Where they are signed in, the newest first.
    pub sessions: Vec<SessionView>,
    /// Their second factor.
    pub factor: Option<FactorView>,
    /// The one that is being set up in this session.
    pub set_up: Option<FactorSetUp>,
    /// Recovery codes that were made just now; in the first view after that and in no other.
    pub recovery: Option<RecoveryCodes>,
    /// This session may less than their role for want of a second factor, or because it was begun before there was one.
    pub limited: bool,
}

/// An entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailEntry {
    /// Its number.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who was signed in; empty for nobody.
    pub who: String,
    /// An address, "console", or nothing.
    pub from: String,
    /// The word for what was done, as it is kept.
    pub what: String,
    /// To whom or what.
    pub subject: String,
    /// How it was before.
    pub before: Option<String>,
    /// How it was then.
    pub after: Option<String>,
}

/// A piece of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailView {
    /// The box's clock when this was made.
    pub now: Timestamp,
    /// Newest first.
    pub entries: Vec<TrailEntry>,
    /// The hash of the first of them, in hexadecimal digits: it stands for it and everything before.
    pub hash: String,
    /// Before which number there are more.
    pub earlier: Option<u64>,
    /// These are not the newest.
    pub later: bool,
}
