//! Backups of the box: sealed files that a fresh box can be made from, made by hand or every night, each one tested.
//!
//! [`crate::store`] gives the box as one open stream. Here it is compressed and sealed for those who may open it
//! ([`Seal`]), written whole or not at all, opened again ([`Keys`]), restored and held against the store's laws. Which
//! day's files stay and when the next one is due are pure rules; a thin driver asks them.

mod driver;
mod file;
mod keys;
mod mounts;
mod names;
mod night;
mod place;
mod proof;
mod restore;
mod rotation;
mod schedule;
mod sealed;
mod standing;
mod status;
mod swap;
#[cfg(test)]
mod tests;
mod trouble;

pub use driver::{Driver, Nightly};
pub use file::{Made, MakeFile, make, stream};
pub use keys::{GetKeys, Recipient, identities, new_identity, passphrase, recipients};
pub use names::Series;
pub use place::{FindPlace, Place};
pub use proof::{Proof, Prove};
pub use restore::{RestoreBox, Restored, Target, restore, test};
pub use rotation::{Keep, Kept};
pub use sealed::{Keys, OpenSealed, Seal, SealFor};
pub use standing::{Backups, NotAsked, Seen, Standing};
pub use status::{Done, Failed, Status, Tested};
pub use swap::{FinishRestore, finish};
pub use trouble::Trouble;
