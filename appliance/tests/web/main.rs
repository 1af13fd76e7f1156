//! The web server from outside: who gets in, for how long, and what every answer says.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

mod audit;
mod certificate;
mod client;
mod doors;
mod export;
mod factor;
mod fixture;
mod forms;
mod headers;
mod live;
mod lockout;
mod machines;
mod people;
mod secrets;
mod sessions;
mod sign_in;
mod transport;
mod wall;
mod watch;
