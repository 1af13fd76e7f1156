//! How often something secret may be guessed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// So many wrong guesses at one person's password are that person's mistakes.
pub const FREE: u32 = 5;
/// So many from one address are those of the people behind it: a hall may have one address for all its tablets.
pub const FREE_OF_ADDRESS: u32 = 20;
/// After them one has to wait, after each further one twice as long,
const PAUSE: Duration = Duration::from_secs(30);
/// and never longer: whoever guesses must not be able to keep the right person out for a day.
const LONGEST: Duration = Duration::from_hours(1);
/// What is so long ago is forgotten.
const FORGOTTEN: Duration = Duration::from_hours(24);

/// So many names, and addresses, are remembered. Whoever tries more of them loses more time than the forgotten one
/// gives back.
const MOST: usize = 1024;

/// Wrong guesses so far. A right one ends the counting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    wrong: u32,
    last: Timestamp,
}

impl Attempts {
    /// How long to wait before the next guess, when so many are free; `None`: go on.
    #[must_use]
    pub fn wait(&self, free: u32, now: Timestamp) -> Option<Duration> {
        let over = self.wrong.checked_sub(free)?;
        // A clock set back must not make the pause endless: only the console can set it.
        if now < self.last {
            return None;
        }
        let pause = PAUSE.saturating_mul(1 << over.min(16)).min(LONGEST);
        pause.checked_sub(now.since(self.last)).filter(|left| !left.is_zero())
    }

    /// Another wrong guess.
    pub fn failed(&mut self, now: Timestamp) {
        if self.is_forgotten(now) {
            self.wrong = 0;
        }
        self.wrong = self.wrong.saturating_add(1);
        self.last = now;
    }

    fn is_forgotten(&self, now: Timestamp) -> bool {
        now.since(self.last) >= FORGOTTEN
    }
}

/// What a store knows a name or an address by: neither is to be read from it, and a password that was typed into the
/// wrong field is not either.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GuesserKey(pub [u8; 32]);

impl GuesserKey {
    /// Of the name that guesses are made under, in the one way of writing it.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        GuesserKey(Sha256::new().chain_update(b"name\0").chain_update(name.as_bytes()).finalize().into())
    }

    /// Of the address that guesses come from. Whoever has an IPv6 address has all of its network.
    #[must_use]
    pub fn of_address(address: IpAddr) -> Self {
        let hash = Sha256::new().chain_update(b"address\0");
        let hash = match address.to_canonical() {
            IpAddr::V4(address) => hash.chain_update(address.octets()),
            IpAddr::V6(address) => hash.chain_update((address.to_bits() >> 64).to_be_bytes()),
        };
        GuesserKey(hash.finalize().into())
    }
}

/// Who guesses: under which name, from which address.
#[derive(Clone, Copy)]
pub struct Guesser {
    name: Option<GuesserKey>,
    address: Option<GuesserKey>,
}

impl Guesser {
    /// Guesses at a password under a name, whether anybody has that name or not.
    #[must_use]
    pub fn at_password(name: &str, address: Option<IpAddr>) -> Self {
        Guesser { name: Some(GuesserKey::of_name(name)), address: address.map(GuesserKey::of_address) }
    }

    /// Guesses at a code, which is nobody's yet.
    #[must_use]
    pub fn at_code(address: Option<IpAddr>) -> Self {
        Guesser { name: None, address: address.map(GuesserKey::of_address) }
    }

    fn keys(&self) -> impl Iterator<Item = (GuesserKey, u32)> {
        let name = self.name.map(|key| (key, FREE));
        name.into_iter().chain(self.address.map(|key| (key, FREE_OF_ADDRESS)))
    }
}

/// Wrong guesses by who made them.
#[derive(Clone, Default)]
pub struct Guesses(BTreeMap<GuesserKey, Attempts>);

impl Guesses {
    /// With what was counted before the box was started anew.
    #[must_use]
    pub fn new(before: Vec<(GuesserKey, Attempts)>) -> Self {
        Guesses(before.into_iter().collect())
    }

    /// Another guess. It counts as a wrong one until [`Guesses::right`] says otherwise: many at once are no way round
    /// the limit.
    ///
    /// # Errors
    /// How long to wait before the next one.
    pub fn begin(&mut self, who: &Guesser, now: Timestamp) -> Result<(), Duration> {
        let wait = who.keys().filter_map(|(key, free)| self.0.get(&key)?.wait(free, now)).max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        for (key, _) in who.keys() {
            self.make_room(&key);
            self.0.entry(key).or_default().failed(now);
        }
        Ok(())
    }

    /// The guess was right: the counting under that name ends. That from the address only takes this one back, or
    /// whoever has a password of their own could guess at others for ever.
    pub fn right(&mut self, who: &Guesser) {
        if let Some(name) = who.name {
            self.0.remove(&name);
        }
        if let Some(address) = who.address
            && let Some(attempts) = self.0.get_mut(&address)
        {
            attempts.wrong = attempts.wrong.saturating_sub(1);
            if attempts.wrong == 0 {
                self.0.remove(&address);
            }
        }
    }

    /// The password was right and a code is still to be typed: that from the address is taken back, that under the name
    /// stays until the code is right too, or whoever knows the password could guess at codes for ever.
    pub fn half_right(&mut self, who: &Guesser) {
        self.right(&Guesser { name: None, ..*who });
    }

    /// Somebody whom an administrator helped: the counting under their name ends.
    pub fn forgive(&mut self, name: &str) {
        self.0.remove(&GuesserKey::of_name(name));
    }

    /// How long this one waits now.
    #[must_use]
    pub fn wait(&self, who: &Guesser, now: Timestamp) -> Option<Duration> {
        who.keys().filter_map(|(key, free)| self.0.get(&key)?.wait(free, now)).max()
    }

    /// What is to be kept of this one, for the next start; nothing where nothing was counted.
    #[must_use]
    pub fn of(&self, who: &Guesser) -> Vec<(GuesserKey, Option<Attempts>)> {
        who.keys().map(|(key, _)| (key, self.0.get(&key).copied())).collect()
    }

    fn make_room(&mut self, key: &GuesserKey) {
        if self.0.len() < 2 * MOST || self.0.contains_key(key) {
            return;
        }
        let oldest = self.0.iter().min_by_key(|(_, attempts)| attempts.last).map(|(key, _)| *key);
        if let Some(oldest) = oldest {
            self.0.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn marta() -> Guesser {
        Guesser::at_password("marta", "192.0.2.7".parse().ok())
    }

    #[test]
    fn after_five_wrong_guesses_each_waits_twice_as_long_and_never_over_an_hour() {
        let mut attempts = Attempts::default();
        for second in 0..5 {
            assert_eq!(attempts.wait(FREE, at(second)), None);
            attempts.failed(at(second));
        }
        assert_eq!(attempts.wait(FREE, at(4)), Some(Duration::from_secs(30)));
        assert_eq!(attempts.wait(FREE, at(33)), Some(Duration::from_secs(1)));
        assert_eq!(attempts.wait(FREE, at(34)), None);
        let mut now = 34;
        for pause in [60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
            attempts.failed(at(now));
            assert_eq!(attempts.wait(FREE, at(now)), Some(Duration::from_secs(pause)));
            now += i64::try_from(pause).unwrap();
            assert_eq!(attempts.wait(FREE, at(now)), None);
        }
        assert_eq!(attempts.wait(FREE, at(0)), None, "a clock set back");
    }

    #[test]
    fn what_was_wrong_a_day_ago_is_forgotten() {
        let mut attempts = Attempts::default();
        (0..9).for_each(|second| attempts.failed(at(second)));
        attempts.failed(at(8 + 86_400));
        assert_eq!(attempts.wait(FREE, at(8 + 86_400)), None);
    }

    #[test]
    fn each_name_has_guesses_of_its_own_until_a_right_one() {
        let mut guesses = Guesses::default();
        for _ in 0..5 {
            assert_eq!(guesses.begin(&marta(), at(0)), Ok(()));
        }
        assert_eq!(guesses.begin(&marta(), at(0)), Err(Duration::from_secs(30)));
        let ada = Guesser::at_password("ada", "192.0.2.7".parse().ok());
        assert_eq!(guesses.begin(&ada, at(0)), Ok(()));
        guesses.right(&marta());
        assert_eq!(guesses.begin(&marta(), at(0)), Ok(()));
    }

    #[test]
    fn an_address_that_tries_many_names_waits_and_its_neighbours_do_not() {
        let mut guesses = Guesses::default();
        let from = |n: u32, address: &str| Guesser::at_password(&n.to_string(), address.parse().ok());
        for n in 0..20 {
            assert_eq!(guesses.begin(&from(n, "192.0.2.7"), at(0)), Ok(()));
        }
        assert_eq!(guesses.begin(&from(99, "192.0.2.7"), at(0)), Err(Duration::from_secs(30)));
        assert_eq!(
            guesses.begin(&Guesser::at_code("192.0.2.7".parse().ok()), at(0)),
            Err(Duration::from_secs(30))
        );
        assert_eq!(guesses.begin(&from(99, "192.0.2.8"), at(0)), Ok(()));
    }

    #[test]
    fn a_password_of_ones_own_gives_no_free_guesses_at_others() {
        let mut guesses = Guesses::default();
        let own = Guesser::at_password("eve", "192.0.2.7".parse().ok());
        let mut wrong = 0;
        while guesses
            .begin(&Guesser::at_password(&wrong.to_string(), "192.0.2.7".parse().ok()), at(0))
            .is_ok()
        {
            wrong += 1;
            if guesses.begin(&own, at(0)).is_ok() {
                guesses.right(&own);
            }
        }
        assert_eq!(wrong, 20);
    }

    #[test]
    fn whoever_knows_the_password_cannot_guess_at_codes_for_ever() {
        let mut guesses = Guesses::default();
        let mut codes = 0;
        while guesses.begin(&marta(), at(0)).is_ok() {
            guesses.half_right(&marta());
            if guesses.begin(&marta(), at(0)).is_err() {
                break;
            }
            codes += 1;
        }
        assert_eq!(codes, 2);
    }

    #[test]
    fn a_whole_ipv6_network_is_one_guesser_and_ipv4_is_the_same_in_either_form() {
        let key = |text: &str| GuesserKey::of_address(text.parse().unwrap());
        assert!(key("2001:db8::1") == key("2001:db8::ffff:1"));
        assert!(key("2001:db8::1") != key("2001:db8:0:1::1"));
        assert!(key("192.0.2.7") == key("::ffff:192.0.2.7"));
    }

    #[test]
    fn what_is_kept_goes_on_after_a_restart() {
        let mut guesses = Guesses::default();
        (0..5).for_each(|_| guesses.begin(&marta(), at(0)).unwrap());
        let kept = guesses.of(&marta()).into_iter().filter_map(|(key, kept)| Some((key, kept?))).collect();
        assert_eq!(Guesses::new(kept).begin(&marta(), at(1)), Err(Duration::from_secs(29)));
    }

    #[test]
    fn however_many_names_are_tried_memory_is_bounded() {
        let mut guesses = Guesses::default();
        for n in 0..5_000 {
            let guesser = Guesser::at_password(&n.to_string(), None);
            assert_eq!(guesses.begin(&guesser, Timestamp::from_millis(n)), Ok(()));
        }
        assert_eq!(guesses.0.len(), 2 * MOST);
        assert!(guesses.0.contains_key(&GuesserKey::of_name("4999")));
        assert!(!guesses.0.contains_key(&GuesserKey::of_name("0")));
    }
}
