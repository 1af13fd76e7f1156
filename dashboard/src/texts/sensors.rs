//! What people are told of sensors.

use domain::{Channel, Contact, CounterWidth, Measure, Said, Temperature, Unread};

/// What a channel is, in a few words; none of what is no channel to choose.
#[must_use]
pub fn channel_words(said: &Said) -> Option<String> {
    let name = match &said.what {
        Measure::Count { width: CounterWidth::Bits(bits), .. } => format!("its count ({bits} bit)"),
        Measure::Count { width: CounterWidth::Unknown, .. } => "its count".to_owned(),
        Measure::Contact(_) => format!("the {}", said.channel.contact_name()),
        Measure::Temperature(_) => "its temperature".to_owned(),
        Measure::Movements(_) => "its movements".to_owned(),
        _ => return None,
    };
    Some(match said.channel.place() {
        1 => name,
        place => format!("{name}, no. {place}"),
    })
}

/// What BTHome's sensors say of molds: to choose from while an encrypted one cannot be read.
#[must_use]
pub fn all_channels() -> Vec<Said> {
    let count = |object, bits| (object, Measure::Count { count: 0, width: CounterWidth::Bits(bits) });
    let contact = |object| (object, Measure::Contact(Contact::Closed));
    let warm = |object| (object, Measure::Temperature(Temperature::from_milli_celsius(0)));
    let all = [
        count(0x09, 8),
        count(0x3D, 16),
        count(0x3E, 32),
        contact(0x11),
        contact(0x1A),
        contact(0x1B),
        contact(0x2D),
        warm(0x02),
        warm(0x45),
    ];
    all.into_iter().map(|(object, what)| Said { channel: Channel::new(object, 1), what }).collect()
}

/// What can be a cycle of a sensor that says this: the form's value and words.
#[must_use]
pub fn cycle_choices(said: &[Said]) -> Vec<(String, String)> {
    let choice = |said: &Said| {
        let Said { channel, what } = said;
        let words = channel_words(said)?;
        Some(match what {
            Measure::Count { .. } => (format!("count:{channel}"), format!("each step of {words}")),
            Measure::Contact(_) => (format!("contact:{channel}"), format!("{words} opens and closes")),
            Measure::Movements(_) => ("movements".to_owned(), "each movement it counts".to_owned()),
            _ => return None,
        })
    };
    said.iter().filter_map(choice).collect()
}

/// Which of its temperatures can be the mold's.
#[must_use]
pub fn temperature_choices(said: &[Said]) -> Vec<(Channel, String)> {
    let temperatures = said.iter().filter(|said| matches!(said.what, Measure::Temperature(_)));
    temperatures.filter_map(|said| Some((said.channel, channel_words(said)?))).collect()
}

/// What to do about an advert that was not read.
#[must_use]
pub const fn unread_advice(why: Unread) -> &'static str {
    match why {
        Unread::NoKey => "encrypted: use it with its bind key, as its app shows it",
        Unread::WrongKey => "not read: the bind key does not open it, or somebody sends in its name",
        Unread::NotSealed => "not read: it came in clear and is to be encrypted; anybody could send this",
        Unread::OldCounter => {
            "not read: its counter went back. Old adverts are sent again, or its battery was changed: then save it again"
        }
        Unread::Damaged => "not read: damaged, or of a version that is not known here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_cycle_is_offered_as_one() {
        let said = |object, what| Said { channel: Channel::new(object, 1), what };
        let all = [
            said(0x2D, Measure::Contact(Contact::Open)),
            said(0x3D, Measure::Count { count: 7, width: CounterWidth::Bits(16) }),
            said(0x02, Measure::Temperature(Temperature::from_milli_celsius(20_000))),
            said(0x2C, Measure::Vibration(true)),
        ];
        let values: Vec<String> = cycle_choices(&all).into_iter().map(|(value, _)| value).collect();
        assert_eq!(values, ["contact:2D", "count:3D"]);
        assert_eq!(temperature_choices(&all), [(Channel::new(2, 1), "its temperature".to_owned())]);
    }
}
