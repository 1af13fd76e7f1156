//! Laws of the store.

mod backends;
mod damage;
mod disk;
mod format;
mod laws;
mod plant;
mod power;
