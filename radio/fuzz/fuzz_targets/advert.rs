//! Any bytes as adverts: no panic, whatever is parsed is written as it was, what is ours is written in one way, and
//! the wrong key opens nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use radio::v4::Key;
use radio::v4::advert::{Advert, LEGACY, Opener, Ours, Repeated, Repeater, Window};

fuzz_target!(|bytes: &[u8]| {
    let Ok(advert) = Advert::parse(bytes) else { return };
    assert_eq!(advert.encode().as_deref(), Ok(bytes));
    let Some(Ok(ours)) = Ours::find(&advert) else { return };
    let written = ours.encode().expect("what was read is short enough to write");
    assert!(written.len() <= LEGACY);
    let again = Advert::parse(&written).expect("what was written is an advert");
    assert_eq!(Ours::find(&again), Some(Ok(ours)));
    assert!(advert.structures.contains(again.structures.last().expect("it has a piece of ours")));
    let sealed = match ours {
        Ours::Waiting(_) => return,
        Ours::Sealed(sealed) => sealed,
        Ours::Repeated(repeated) => repeated.sealed,
    };
    let mut opener = Opener::new(Key::new([7; 16]), sealed.id, Window::default());
    if opener.open(&sealed).is_err() {
        assert_eq!(opener.window(), Window::default());
    }
    let passed_on = Repeated::first(sealed, -70, Repeater(1)).onward().expect("the second repeater");
    let bytes = Ours::Repeated(passed_on).encode().expect("it fits");
    let heard = Advert::parse(&bytes).expect("it is an advert");
    assert_eq!(Ours::find(&heard), Some(Ok(Ours::Repeated(passed_on))));
});
