//! One file a screen.

mod floor;
mod login;
mod mold;
mod not_found;
mod radios;
mod setup;
mod storage;

pub use floor::FloorPage;
pub use login::{LoginPage, Typed};
pub use mold::MoldPage;
pub use not_found::NotFoundPage;
pub use radios::RadiosPage;
pub use setup::SetupPage;
pub use storage::StoragePage;
