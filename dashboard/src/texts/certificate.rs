//! What is said about certificates.

use std::time::Duration;

use super::Tone;
use crate::format;
use crate::port::CertificateView;

/// Said so long before the end.
const WARN: Duration = Duration::from_hours(24 * 30);

/// How the certificate in use stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateStands {
    /// The box's own.
    Own,
    /// The plant's, and far from its end.
    Plants,
    /// The plant's, which ends before long: so many days are left.
    Ending(u64),
    /// The plant's, which has ended.
    Ended,
}

impl CertificateStands {
    /// By the box's clock.
    #[must_use]
    pub fn of(view: &CertificateView) -> Self {
        let Some(plant) = &view.plant else { return CertificateStands::Own };
        let left = plant.until.since(view.now);
        let warn = WARN.min(plant.until.since(plant.from) / 3);
        match () {
            () if left.is_zero() => CertificateStands::Ended,
            () if left <= warn => CertificateStands::Ending(left.as_secs() / 86_400),
            () => CertificateStands::Plants,
        }
    }

    /// How grave it looks.
    #[must_use]
    pub const fn tone(&self) -> Tone {
        match self {
            CertificateStands::Own | CertificateStands::Plants => Tone::Normal,
            CertificateStands::Ending(_) => Tone::Caution,
            CertificateStands::Ended => Tone::Bad,
        }
    }

    /// In a sentence or two.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            CertificateStands::Own => {
                "The box's own certificate. It needs no care, and devices show a warning until they \
                 have the box's authority installed."
                    .to_owned()
            }
            CertificateStands::Plants => {
                "A certificate of the plant's own. Bring the next one before it ends; an alarm tells in time."
                    .to_owned()
            }
            CertificateStands::Ending(days) => format!(
                "A certificate of the plant's own that ends soon: {} left. Make a request and bring the next one.",
                format::counted(*days, "day is", "days are")
            ),
            CertificateStands::Ended => {
                "The plant's certificate has ended: browsers let nobody past their warning. Bring \
                 the next one, or go back to the box's own."
                    .to_owned()
            }
        }
    }
}

/// How each system is told to trust an authority.
pub const TRUST_STEPS: [(&str, &[&str]); 6] = [
    (
        "Windows (Edge, Chrome)",
        &[
            "Open platen-ca.crt from your downloads and choose “Install Certificate…”.",
            "Choose “Current User”, or “Local Machine” for everybody at this computer.",
            "Choose “Place all certificates in the following store”, “Browse…”, “Trusted Root Certification Authorities”.",
            "Finish, confirm the question, and start the browser again.",
        ],
    ),
    (
        "Android",
        &[
            "Open Settings and search for “CA certificate”; it is under Security, Encryption and credentials, Install a \
             certificate.",
            "Choose “Install anyway” and the file platen-ca.crt from your downloads. The device asks for its screen lock.",
            "Chrome takes it at once. Firefox: Settings, About Firefox, touch the logo five times, then Secret Settings, \
             “Use third party CA certificates”.",
        ],
    ),
    (
        "iPhone and iPad",
        &[
            "Download the .crt with Safari and choose “Allow”.",
            "Open Settings: “Profile Downloaded” stands near the top. Install it.",
            "Then Settings, General, About, Certificate Trust Settings: switch “Platen box authority” on. Without this last \
             step the warning stays.",
        ],
    ),
    (
        "Mac (Safari, Chrome)",
        &[
            "Open platen-ca.crt; Keychain Access asks where to put it: choose “System”, or “login” for yourself alone.",
            "Find “Platen box authority”, open it, and under Trust choose “Always Trust” for SSL.",
        ],
    ),
    (
        "Firefox on any computer",
        &[
            "Settings, Privacy & Security, Certificates, “View Certificates…”, Authorities, “Import…”: choose platen-ca.pem.",
            "Tick “Trust this CA to identify websites”, and nothing else.",
        ],
    ),
    (
        "Linux (Debian, Ubuntu; Chromium)",
        &[
            "sudo cp platen-ca.pem /usr/local/share/ca-certificates/platen-ca.crt && sudo update-ca-certificates",
            "Chromium and Chrome have a list of their own: chrome://certificate-manager, Local certificates, Custom, Trusted \
             Certificates, Import.",
        ],
    ),
];
