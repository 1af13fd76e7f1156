//! V4 monitors in simulated air: bonding, taking turns, mishaps, and a box that keeps what it hears.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

mod hall;
mod laws;
mod mishaps;
mod repeaters;
