//! The box's door for its own machine: a Unix socket in the data directory, for programs of the same user and root.
//!
//! One request, a line of JSON (`{"export":{…}}`, `{"check":{}}`, `{"storage":{"form":"text"}}`,
//! `{"health":{}}`, `{"enrol":{"serial":"V4-00012345","passkey":"123456"}}`,
//! `{"sensor":{"list":{}}}`), then the answer until the end of
//! the stream. The last line is the answer's status, `{"done":{"lines":3,"clean":true}}` or `{"failed":"why"}`; an
//! answer without one was cut short. An answer that is not made of lines (Parquet, a backup) comes in pieces instead: a line
//! with a number of bytes, then so many bytes; `0` ends them, and the status counts pieces.

mod answer;
mod ask;
mod pieces;
mod request;
mod serve;
mod socket;
mod storage;
#[cfg(test)]
mod tests;

pub use answer::{Answer, answer};
pub use ask::{Ask, ask, is_running};
pub use request::{Backup, Deed, Everything, Form, Request, ResetAdministrator, SensorDeed, Storage};
pub use serve::{Door, Plant, Serve, serve};

/// The socket in the data directory.
pub const SOCKET: &str = "control.sock";
