//! The real program over real sockets: what it does with clients that mean no good, and that it calls nobody.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

mod alone;
mod certificate;
mod fixture;
mod greedy;
mod outbound;
mod tls;

#[path = "../web/client.rs"]
#[allow(dead_code, reason = "other tests ask for more")]
mod client;
#[path = "../running/mod.rs"]
#[allow(dead_code, reason = "other tests ask for more")]
mod running;
