//! People, roles and what people did.

use domain::Role;

use crate::port::TrailEntry;

/// What a role may do, in a few words.
#[must_use]
pub const fn may_told(role: Role) -> &'static str {
    match role {
        Role::Viewer => "see everything about molds, radios and storage, and download rows",
        Role::Technician => "also confirm resets, and have a monitor blink",
        Role::ToolingManager => "the same as a technician",
        Role::Administrator => "everything: radios, sensors, backups, people, the audit trail",
    }
}

/// What somebody did, in a sentence without its subject. A word that this program does not know stays as it is.
#[must_use]
pub fn act_told(entry: &TrailEntry) -> String {
    let TrailEntry { what, subject, .. } = entry;
    match what.as_str() {
        "set-up" => format!("set the box up; {subject} is the first administrator"),
        "sign-in" => "signed in".to_owned(),
        "sign-in-failed" => format!("a sign-in failed: {subject}"),
        "code-failed" => format!("a wrong code was typed: {subject}"),
        "sign-out" => "signed out".to_owned(),
        "end-session" => format!("ended the session {subject}"),
        "end-sessions" => format!("ended every session of {subject}"),
        "change-password" => "chose another password".to_owned(),
        "change-password-failed" => "wanted another password and typed the present one wrong".to_owned(),
        "invite" => format!("invited {subject}"),
        "withdraw" => format!("took the code of {subject} back"),
        "give-code" => format!("made a code for a new password of {subject}"),
        "join" => "used an invitation".to_owned(),
        "renew" => "chose another password by a code".to_owned(),
        "change-role" => format!("gave {subject} another role"),
        "disable" => format!("let {subject} in no more"),
        "enable" => format!("let {subject} in again"),
        "export" => format!("downloaded {subject}"),
        "back-up" => "had a backup made".to_owned(),
        "import" => format!("took in {subject}"),
        "confirm-reset" => format!("confirmed a reset: {subject}"),
        "set-limits" => format!("set limits for the monitor: {subject}"),
        "radio" => format!("told the radio {subject} to do something"),
        "sensor" => format!("decided what sensor {subject} is used for"),
        "read-trail" => format!("read the audit trail: {subject}"),
        "reset-administrator" => format!("made {subject} an administrator, from the box's console"),
        "missed" => format!("{subject} entries found no room while the disk refused"),
        other if subject.is_empty() => other.to_owned(),
        other => format!("{other}: {subject}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    fn entry(what: &str, subject: &str) -> TrailEntry {
        TrailEntry {
            number: 0,
            at: Timestamp::from_millis(0),
            who: "marta".to_owned(),
            from: String::new(),
            what: what.to_owned(),
            subject: subject.to_owned(),
            before: None,
            after: None,
        }
    }

    #[test]
    fn an_unknown_act_stays_visible() {
        assert_eq!(act_told(&entry("calibrate", "hall-a")), "calibrate: hall-a");
        assert_eq!(act_told(&entry("calibrate", "")), "calibrate");
        assert_eq!(act_told(&entry("change-role", "eve")), "gave eve another role");
    }
}
