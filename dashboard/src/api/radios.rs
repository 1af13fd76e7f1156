//! The sticks and what people do with them.

#[cfg(feature = "ssr")]
use domain::{CycleTime, LabelError, MoldName, MonitorLabel, Passkey};
use domain::{Eui64, JoinCode, LinkName, MonitorSerial, Timestamp};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::server::{plant, technician, told, viewer};
#[cfg(feature = "ssr")]
use crate::port::EnrolWish;
use crate::port::{RadiosView, Refusal};

/// Every stick.
#[server(name = ReadRadios, prefix = "/api", endpoint = "radios", input = GetUrl)]
pub async fn read_radios() -> Result<RadiosView, Refusal> {
    told(viewer().and_then(|plant| plant.radios()))
}

/// Lets new modules join for so long; answers until when.
#[server(name = OpenJoin, prefix = "/api", endpoint = "open-join")]
pub async fn open_join(
    /// Which stick.
    link: LinkName,
    /// For how long.
    seconds: u32,
) -> Result<Timestamp, Refusal> {
    let plant = told(plant())?;
    let answer = plant.open_join(link, std::time::Duration::from_secs(seconds.into())).await;
    told(answer)
}

/// Lets nobody join any more.
#[server(name = CloseJoin, prefix = "/api", endpoint = "close-join")]
pub async fn close_join(
    /// Which stick.
    link: LinkName,
) -> Result<(), Refusal> {
    let plant = told(plant())?;
    let answer = plant.close_join(link).await;
    told(answer)
}

/// Asks the modules of a network to say who they are; answers how many did.
#[server(name = Discover, prefix = "/api", endpoint = "discover")]
pub async fn discover(
    /// Which stick.
    link: LinkName,
) -> Result<u32, Refusal> {
    let plant = told(plant())?;
    let answer = plant.discover(link).await;
    told(answer)
}

/// Accepts the stick that is there now in place of the former one.
#[server(name = Adopt, prefix = "/api", endpoint = "adopt")]
pub async fn adopt(
    /// Which place.
    link: LinkName,
    /// The stick that is there now.
    eui64: Eui64,
) -> Result<(), Refusal> {
    let plant = told(plant())?;
    let answer = plant.adopt(link, eui64).await;
    told(answer)
}

/// Admits a module by what is printed on it, whether the network is open or not.
#[server(name = Register, prefix = "/api", endpoint = "register")]
pub async fn register(
    /// Which stick.
    link: LinkName,
    /// The module's address.
    module: Eui64,
    /// Its link key or install code.
    code: JoinCode,
) -> Result<(), Refusal> {
    let plant = told(plant())?;
    let answer = plant.register(link, module, code).await;
    told(answer)
}

/// Forms a secured network on a stick.
#[server(name = Form, prefix = "/api", endpoint = "form")]
pub async fn form(
    /// Which stick.
    link: LinkName,
    /// The network's id; the stick chooses when it is left out or empty.
    #[server(default)]
    pan: String,
    /// Every joined module is lost, and the person knows.
    #[server(default)]
    reform: bool,
) -> Result<(), Refusal> {
    let pan = match pan.trim() {
        "" => None,
        text => {
            Some(told(text.parse::<domain::PanId>().map_err(|error| Refusal::Invalid(error.to_string())))?)
        }
    };
    let plant = told(plant())?;
    let answer = plant.form(link, pan, reform).await;
    told(answer)
}

/// Has a monitor blink, so that a person finds it.
#[server(name = Identify, prefix = "/api", endpoint = "identify")]
pub async fn identify(
    /// The stick that hears it.
    link: LinkName,
    /// The module it is on; none for a monitor that is its own radio.
    #[server(default)]
    module: Option<Eui64>,
    /// Which monitor.
    serial: MonitorSerial,
) -> Result<(), Refusal> {
    let plant = told(technician())?;
    let answer = plant.identify(link, module, serial).await;
    told(answer)
}

/// Opens an enrolment window for a Bluetooth monitor; answers until when.
#[server(name = Enrol, prefix = "/api", endpoint = "enrol")]
pub async fn enrol(
    /// The serial on its label.
    serial: String,
    /// The passkey on its label.
    #[server(default)]
    passkey: String,
    /// The person knows that it bonds without one.
    #[server(default)]
    without: bool,
    /// The mold's number; empty: it stays with what it was initialised for.
    #[server(default)]
    mold: String,
    /// The mold's validated cycle time in seconds, as in 24.5; empty where the box knows the mold.
    #[server(default)]
    approved: String,
) -> Result<Timestamp, Refusal> {
    let wish = told(wish(&serial, &passkey, without, &mold, &approved))?;
    let answer = if wish.passkey.is_some() {
        told(technician())?.enrol(wish).await
    } else {
        // For whoever may: a technician holds nothing that could.
        told(plant())?.enrol_without_passkey(wish).await
    };
    told(answer)
}

/// Closes a monitor's enrolment window.
#[server(name = CloseEnrolment, prefix = "/api", endpoint = "close-enrolment")]
pub async fn close_enrolment(
    /// Which monitor.
    serial: MonitorSerial,
) -> Result<(), Refusal> {
    let plant = told(technician())?;
    let answer = plant.close_enrolment(serial).await;
    told(answer)
}

/// What was typed, as what is wanted. Both are on the label, and people leave leading zeros out.
#[cfg(feature = "ssr")]
fn wish(
    serial: &str,
    passkey: &str,
    without: bool,
    mold: &str,
    approved: &str,
) -> Result<EnrolWish, Refusal> {
    let invalid = |why: String| Refusal::Invalid(why);
    let label: MonitorLabel = serial.parse().map_err(|error: LabelError| invalid(error.to_string()))?;
    let passkey = match (passkey.trim(), label.passkey, without) {
        ("", None, true) => None,
        // A hand scanner types the whole label into the first field.
        ("", Some(scanned), _) => Some(scanned),
        (text, ..) => Some(text.parse::<Passkey>().map_err(|error| invalid(error.to_string()))?),
    };
    let mold = match mold.trim() {
        "" => None,
        text => Some(text.parse::<MoldName>().map_err(|error| invalid(error.to_string()))?),
    };
    let approved = match approved.trim() {
        "" => None,
        text => Some(
            seconds(text)
                .ok_or_else(|| invalid("a cycle time is given in seconds, as in 24.5".to_owned()))?,
        ),
    };
    Ok(EnrolWish { serial: label.serial, passkey, mold, approved })
}

/// Seconds with at most three places, as a cycle time: point and comma both divide.
#[cfg(feature = "ssr")]
pub(super) fn seconds(text: &str) -> Option<CycleTime> {
    let seconds: f64 = text.replace(',', ".").parse().ok()?;
    let millis = (seconds * 1000.0).round();
    let fits = millis >= 1.0 && millis <= f64::from(u32::MAX);
    fits.then(|| CycleTime::from_millis(millis as u32))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_read_as_people_type_it() {
        let wish = wish("v4-12345", " 012345 ", false, "M-7", "24,5").unwrap();
        assert_eq!(wish.serial, MonitorSerial::v4(12_345));
        assert_eq!(wish.passkey.map(|passkey| passkey.expose()), Some(12_345));
        assert_eq!(
            (wish.mold.unwrap().as_str(), wish.approved),
            ("M-7", Some(CycleTime::from_millis(24_500)))
        );
    }

    #[test]
    fn what_a_hand_scanner_types_into_the_first_field_is_the_whole_label() {
        let scanned = wish("V4-00012345 736251", "", false, "", "").unwrap();
        assert_eq!(scanned.passkey.map(|passkey| passkey.expose()), Some(736_251));
    }

    #[test]
    fn without_a_passkey_only_who_says_so_bonds() {
        assert!(wish("12345", "", true, "", "").unwrap().passkey.is_none());
        for (serial, passkey, without, approved) in [
            ("12345", "", false, ""),
            ("12345", "12", true, ""),
            ("V3-00000001", "123456", false, ""),
            ("12345", "123456", false, "soon"),
            ("12345", "123456", false, "-1"),
        ] {
            let refused = wish(serial, passkey, without, "", approved);
            assert!(matches!(refused, Err(Refusal::Invalid(_))), "{serial} {passkey} {approved}");
        }
    }
}
