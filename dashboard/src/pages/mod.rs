//! One file a screen.

mod accept;
mod audit;
mod floor;
mod login;
mod login_code;
mod machines;
mod mold;
mod new_password;
mod not_found;
mod people;
mod profile;
mod radios;
mod settings;
mod setup;
mod storage;
mod trust;
mod wall;

pub use accept::AcceptPage;
pub use audit::AuditPage;
pub use floor::FloorPage;
pub use login::{LoginPage, Typed};
pub use login_code::LoginCodePage;
pub use machines::MachinesPage;
pub use mold::MoldPage;
pub use not_found::NotFoundPage;
pub use people::PeoplePage;
pub use profile::ProfilePage;
pub use radios::RadiosPage;
pub use settings::{CertificatePage, SettingsPage};
pub use setup::SetupPage;
pub use storage::StoragePage;
pub use trust::TrustPage;
pub use wall::{WallFormPage, WallPage};
