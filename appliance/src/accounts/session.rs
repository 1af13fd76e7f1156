//! How long someone stays signed in.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use domain::{Role, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::UserName;

/// A session ends this long after it began, however busy it is.
pub const LIFE: Duration = Duration::from_hours(8);

/// A clock may be set back by so much without ending sessions; by more, nobody can say how old they are.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// What a browser shows to be known again: 256 random bits. Neither shown nor written out; zeroed when dropped.
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// From 32 random bytes.
    #[must_use]
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        SessionToken(bytes)
    }

    /// From a cookie's text: 64 hexadecimal digits, anything else is no token.
    #[must_use]
    pub fn from_cookie(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(SessionToken(bytes))
    }

    /// The text for the cookie.
    #[must_use]
    pub fn to_cookie(&self) -> String {
        hex::encode(self.0)
    }

    /// What the box keeps of it. A random token needs no slow hash.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl Drop for SessionToken {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What the box keeps of a token: whoever reads the disk cannot sign in with it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// What a list of sessions calls it: enough to tell sessions apart, and of no other use.
    #[must_use]
    pub fn short(&self) -> String {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        hex::encode([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// Someone is signed in. Key: the token's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who.
    pub user: UserName,
    /// What they may do. Whoever gets another role has to sign in again.
    pub role: Role,
    /// Since when.
    pub opened: Timestamp,
    /// From where.
    pub from: Option<IpAddr>,
}

impl Session {
    /// When it ends at the latest.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        self.opened.later_by(LIFE)
    }

    /// Whether it still holds at `now`. A session from the future does not: its age is not known.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.ends() && now >= self.opened.earlier_by(CLOCK_SLACK)
    }

    /// Whether it has lain idle for `limit` at `now`, when it was last used at `used`.
    #[must_use]
    pub fn is_idle(&self, used: Timestamp, now: Timestamp, limit: Option<Duration>) -> bool {
        limit.is_some_and(|limit| now.since(used.max(self.opened)) >= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let opened = Timestamp::from_millis(1_000_000_000);
        Session { user: "marta".parse().unwrap(), role: Role::Viewer, opened, from: None }
    }

    #[test]
    fn a_session_ends_after_8_hours() {
        let session = session();
        assert!(session.holds(session.opened));
        assert!(session.holds(session.opened.later_by(Duration::from_millis(8 * 3_600_000 - 1))));
        assert!(!session.holds(session.opened.later_by(Duration::from_hours(8))));
    }

    #[test]
    fn a_clock_set_back_lengthens_no_session() {
        let session = session();
        assert!(session.holds(session.opened.earlier_by(Duration::from_secs(60))));
        assert!(!session.holds(session.opened.earlier_by(Duration::from_secs(61))));
    }

    #[test]
    fn a_session_that_lies_idle_ends_if_people_want_it_so() {
        let session = session();
        let at = |minutes: u64| session.opened.later_by(Duration::from_secs(60 * minutes));
        let limit = Some(Duration::from_secs(60 * 15));
        assert!(!session.is_idle(at(10), at(24), limit));
        assert!(session.is_idle(at(10), at(25), limit));
        assert!(
            session.is_idle(Timestamp::from_millis(0), at(15), limit),
            "never used counts from its begin"
        );
        assert!(!session.is_idle(at(0), at(400), None));
    }

    #[test]
    fn a_token_reads_back_from_its_cookie_and_nothing_else_does() {
        let token = SessionToken::from_random([0xA7; 32]);
        let back = SessionToken::from_cookie(&token.to_cookie()).unwrap();
        assert_eq!(back.hash(), token.hash());
        for odd in ["", "a7", &"g".repeat(64), &"a7".repeat(33)] {
            assert!(SessionToken::from_cookie(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn what_is_kept_is_not_the_token() {
        assert_ne!(SessionToken::from_random([1; 32]).hash().0, [1; 32]);
    }
}
