//! The box's door for its own machine: a Unix socket in the data directory, for programs of the same user and root.
//!
//! One request, a line of JSON (`{"export":{…}}`, `{"check":{}}`, `{"health":{}}`), then the answer until the end of
//! the stream. The last line is the answer's status, `{"done":{"lines":3,"clean":true}}` or `{"failed":"why"}`; an
//! answer without one was cut short. A backup (`{"backup":{"at":…}}`) is bytes and no lines: it comes in chunks, each a
//! byte 1, its length in 32 bits, little end first, and its bytes; then the status.

mod answer;
mod ask;
mod chunks;
mod export;
mod request;
mod serve;
mod socket;
#[cfg(test)]
mod tests;

pub use answer::{Answer, answer};
pub use ask::{Ask, ask, ask_backup, is_running};
pub use request::{Backup, Everything, Export, Format, Request, Subject};
pub use serve::{Serve, serve};

/// The socket in the data directory.
pub const SOCKET: &str = "control.sock";
