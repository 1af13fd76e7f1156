//! Sensors that anyone can buy, and what people use them for.

use domain::BluetoothAddress;
#[cfg(feature = "ssr")]
use domain::{BindKey, Channel, CycleRule, Edge, MoldName, SensorRule, ShockRule};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::radios::seconds;
#[cfg(feature = "ssr")]
use super::server::{plant, told};
use crate::port::Refusal;
#[cfg(feature = "ssr")]
use crate::port::SensorWish;

/// Has a sensor count for a mold, or by another rule.
#[allow(clippy::too_many_arguments, reason = "a form has as many fields as it has")]
#[server(name = UseSensor, prefix = "/api", endpoint = "use-sensor")]
pub async fn use_sensor(
    /// Which.
    address: BluetoothAddress,
    /// The mold's number.
    mold: String,
    /// What the mold makes; empty where the box knows it.
    #[server(default)]
    description: String,
    /// Its validated cycle time in seconds; empty where the box knows it.
    #[server(default)]
    approved: String,
    /// Cycles it is built for; empty where the box knows it.
    #[server(default)]
    design_life: String,
    /// `none`, `movements`, `contact:1A` or `count:3D`.
    cycles: String,
    /// For a contact: a cycle is when it `opens`; else when it closes.
    #[server(default)]
    edge: String,
    /// For a contact: the least time between cycles, seconds.
    #[server(default)]
    apart: String,
    /// The channel of the mold's temperature; empty: none.
    #[server(default)]
    temperature: String,
    /// `acceleration`, `movement` or nothing.
    #[server(default)]
    shock: String,
    /// The acceleration that is a shock, mg.
    #[server(default)]
    shock_mg: String,
    /// Minutes of silence that are an alarm; empty: none.
    #[server(default)]
    silent_min: String,
    /// The bind key, 32 hexadecimal digits; empty: it is open, or the key that the box has stays.
    #[server(default)]
    key: String,
) -> Result<(), Refusal> {
    let plant = told(plant())?;
    let typed = Typed {
        address,
        mold,
        description,
        approved,
        design_life,
        cycles,
        edge,
        apart,
        temperature,
        shock,
        shock_mg,
        silent_min,
        key,
    };
    let wish = told(typed.wish())?;
    let answer = plant.use_sensor(wish).await;
    told(answer)
}

/// Has it count for no mold any more.
#[server(name = ForgetSensor, prefix = "/api", endpoint = "forget-sensor")]
pub async fn forget_sensor(
    /// Which.
    address: BluetoothAddress,
) -> Result<(), Refusal> {
    let plant = told(plant())?;
    let answer = plant.forget_sensor(address).await;
    told(answer)
}

/// A form as it was typed.
#[cfg(feature = "ssr")]
struct Typed {
    address: BluetoothAddress,
    mold: String,
    description: String,
    approved: String,
    design_life: String,
    cycles: String,
    edge: String,
    apart: String,
    temperature: String,
    shock: String,
    shock_mg: String,
    silent_min: String,
    key: String,
}

#[cfg(feature = "ssr")]
impl Typed {
    fn wish(&self) -> Result<SensorWish, Refusal> {
        let mold: MoldName = self.mold.trim().parse().map_err(invalid)?;
        let time = |text: &str| seconds(text).ok_or("a cycle time is given in seconds, as in 24.5");
        let whole = |text: &str| text.parse::<u64>().map_err(|_| "cycles are a whole number");
        let rule = SensorRule {
            cycles: self.cycles()?,
            temperature: given(&self.temperature, str::parse::<Channel>)?,
            shock: match self.shock.trim() {
                "acceleration" => Some(ShockRule::Acceleration {
                    milli_g: number(&self.shock_mg, "a shock is given in mg")?,
                }),
                "movement" => Some(ShockRule::Movement),
                _ => None,
            },
            silent_after_min: given(&self.silent_min, |text| number(text, "silence is given in minutes"))?,
        };
        Ok(SensorWish {
            address: self.address,
            mold,
            description: self.description.trim().to_owned(),
            approved: given(&self.approved, time)?,
            design_life: given(&self.design_life, whole)?,
            rule: rule.check().map_err(invalid)?,
            key: given(&self.key, str::parse::<BindKey>)?,
        })
    }

    fn cycles(&self) -> Result<CycleRule, Refusal> {
        let channel = |text: &str| text.parse::<Channel>().map_err(invalid);
        Ok(match self.cycles.trim().split_once(':') {
            None if self.cycles.trim() == "movements" => CycleRule::Movements,
            Some(("count", of)) => CycleRule::Count { channel: channel(of)? },
            Some(("contact", of)) => {
                let apart = seconds(self.apart.trim());
                let apart = apart.ok_or("the least time between cycles is given in seconds, as in 1.5");
                CycleRule::Contact {
                    channel: channel(of)?,
                    edge: if self.edge == "opens" { Edge::Opens } else { Edge::Closes },
                    least_apart_ms: apart.map_err(invalid)?.as_millis(),
                }
            }
            _ => CycleRule::None,
        })
    }
}

/// What was typed, if anything was.
#[cfg(feature = "ssr")]
fn given<T, E: ToString>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<Option<T>, Refusal> {
    match text.trim() {
        "" => Ok(None),
        text => parse(text).map(Some).map_err(invalid),
    }
}

#[cfg(feature = "ssr")]
fn number(text: &str, why: &'static str) -> Result<u32, Refusal> {
    text.trim().parse().map_err(|_| invalid(why))
}

#[cfg(feature = "ssr")]
fn invalid(why: impl ToString) -> Refusal {
    Refusal::Invalid(why.to_string())
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn typed() -> Typed {
        let text = |text: &str| text.to_owned();
        Typed {
            address: "54:48:E6:8F:80:A5".parse().unwrap(),
            mold: text(" M-7 "),
            description: text("lid"),
            approved: text("24,5"),
            design_life: text("500000"),
            cycles: text("contact:1A"),
            edge: text("opens"),
            apart: text("1.5"),
            temperature: text("02.2"),
            shock: text("acceleration"),
            shock_mg: text("2000"),
            silent_min: text("60"),
            key: text(""),
        }
    }

    #[test]
    fn a_form_is_read_as_people_type_it() {
        let wish = typed().wish().unwrap();
        assert_eq!((wish.mold.as_str(), wish.design_life, wish.key), ("M-7", Some(500_000), None));
        let channel = Channel::new(0x1A, 1);
        let contact = CycleRule::Contact { channel, edge: Edge::Opens, least_apart_ms: 1_500 };
        assert_eq!((wish.rule.cycles, wish.rule.temperature), (contact, Some(Channel::new(2, 2))));
        assert_eq!(wish.rule.shock, Some(ShockRule::Acceleration { milli_g: 2_000 }));
        let counted = Typed { cycles: "count:3D".to_owned(), apart: String::new(), ..typed() };
        assert_eq!(counted.wish().unwrap().rule.cycles, CycleRule::Count { channel: Channel::new(0x3D, 1) });
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_never_left_out() {
        let text = |text: &str| text.to_owned();
        let wrong = [
            Typed { mold: text(""), ..typed() },
            Typed { approved: text("soon"), ..typed() },
            Typed { design_life: text("-1"), ..typed() },
            Typed { cycles: text("contact:"), ..typed() },
            Typed { apart: text(""), ..typed() },
            Typed { apart: text("0.01"), ..typed() },
            Typed { temperature: text("warm"), ..typed() },
            Typed { shock_mg: text("1000"), ..typed() },
            Typed { silent_min: text("0"), ..typed() },
            Typed { key: text("1234"), ..typed() },
            Typed { cycles: text("none"), temperature: text(""), shock: text(""), ..typed() },
        ];
        for (number, typed) in wrong.into_iter().enumerate() {
            assert!(matches!(typed.wish(), Err(Refusal::Invalid(_))), "{number}");
        }
    }
}
