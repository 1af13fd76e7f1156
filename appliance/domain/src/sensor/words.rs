//! Sensors and their rules in words: on screens, on the console and in the audit trail.

use std::fmt;

use super::{Axis, Channel, Contact, CycleRule, Edge, Measure, Said, SensorRule, ShockRule};
use crate::CounterWidth;

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Measure::Count { count, width: CounterWidth::Bits(bits) } => {
                write!(f, "count {count} ({bits} bit)")
            }
            Measure::Count { count, width: CounterWidth::Unknown } => write!(f, "count {count}"),
            Measure::Contact(Contact::Open) => f.write_str("open"),
            Measure::Contact(Contact::Closed) => f.write_str("closed"),
            Measure::Temperature(temperature) => write!(f, "{:.1} °C", temperature.as_celsius()),
            Measure::Battery(percent) => write!(f, "battery {} %", percent.get()),
            Measure::BatteryMillivolts(millivolts) => {
                write!(f, "battery {:.2} V", f64::from(*millivolts) / 1000.0)
            }
            Measure::BatteryLow(true) => f.write_str("battery low"),
            Measure::BatteryLow(false) => f.write_str("battery in order"),
            Measure::Vibration(true) => f.write_str("vibrates"),
            Measure::Vibration(false) => f.write_str("does not vibrate"),
            Measure::Moving(true) => f.write_str("is moved"),
            Measure::Moving(false) => f.write_str("is not moved"),
            Measure::Movements(count) => write!(f, "movements {count}"),
            Measure::Acceleration { axis, milli_g } => {
                let axis = match axis {
                    Axis::X => " x",
                    Axis::Y => " y",
                    Axis::Z => " z",
                    Axis::Unknown => "",
                };
                write!(f, "acceleration{axis} {milli_g} mg")
            }
            Measure::Other(name) => f.write_str(name),
        }
    }
}

impl Channel {
    /// What BTHome calls a contact of that number.
    #[must_use]
    pub const fn contact_name(self) -> &'static str {
        match self.object {
            0x1A => "door",
            0x1B => "garage door",
            0x2D => "window",
            _ => "contact",
        }
    }

    /// Which of several alike in an advert it is, from 1.
    #[must_use]
    pub const fn place(self) -> u8 {
        self.place
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.what, Measure::Contact(_)) {
            write!(f, "{} ", self.channel.contact_name())?;
        }
        self.what.fmt(f)?;
        if self.channel.place > 1 { write!(f, " (no. {})", self.channel.place) } else { Ok(()) }
    }
}

impl fmt::Display for CycleRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CycleRule::None => f.write_str("no cycles"),
            CycleRule::Contact { channel, edge, least_apart_ms } => {
                let edge = match edge {
                    Edge::Closes => "closes",
                    Edge::Opens => "opens",
                };
                let apart = f64::from(*least_apart_ms) / 1000.0;
                write!(
                    f,
                    "a cycle each time the {} ({channel}) {edge}, {apart} s apart at least",
                    channel.contact_name()
                )
            }
            CycleRule::Count { channel } => write!(f, "a cycle for each step of count {channel}"),
            CycleRule::Movements => f.write_str("a cycle for each movement"),
        }
    }
}

impl fmt::Display for ShockRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShockRule::Acceleration { milli_g } => write!(f, "shock from {milli_g} mg"),
            ShockRule::Movement => f.write_str("shock at each movement or vibration"),
        }
    }
}

impl fmt::Display for SensorRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cycles.fmt(f)?;
        if let Some(channel) = self.temperature {
            // Ruuvi's only one has no number.
            match channel.object {
                0 => f.write_str("; its temperature")?,
                _ => write!(f, "; temperature {channel}")?,
            }
        }
        if let Some(shock) = self.shock {
            write!(f, "; {shock}")?;
        }
        match self.silent_after_min {
            Some(minutes) => write!(f, "; alarm after {minutes} min of silence"),
            None => f.write_str("; no alarm when silent"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Temperature;

    #[test]
    fn what_a_sensor_says_and_what_is_made_of_it_is_told_in_words() {
        let said = |object, place, what| Said { channel: Channel::new(object, place), what }.to_string();
        assert_eq!(said(0x2D, 1, Measure::Contact(Contact::Open)), "window open");
        assert_eq!(
            said(0x3D, 1, Measure::Count { count: 7, width: CounterWidth::Bits(16) }),
            "count 7 (16 bit)"
        );
        let warm = Measure::Temperature(Temperature::from_milli_celsius(61_240));
        assert_eq!(said(2, 2, warm), "61.2 °C (no. 2)");
        let rule = SensorRule {
            cycles: CycleRule::Contact {
                channel: Channel::new(0x1A, 1),
                edge: Edge::Closes,
                least_apart_ms: 1_500,
            },
            temperature: Some(Channel::ONLY),
            shock: Some(ShockRule::Acceleration { milli_g: 2_000 }),
            silent_after_min: None,
        };
        assert_eq!(
            rule.to_string(),
            "a cycle each time the door (1A) closes, 1.5 s apart at least; its temperature; shock from 2000 mg; no alarm when silent"
        );
    }
}
