//! Why a certificate that a person brings is not taken, in words for that person.

use dashboard::format::day;
use domain::Timestamp;

/// The longest file that is looked at, in bytes.
pub const LONGEST: usize = 96 * 1024;

/// Why a certificate that a person brings is not taken. What is in use stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// No certificate is so large.
    #[error("the file is larger than any certificate: {} KiB are the most", LONGEST / 1024)]
    TooLarge,
    /// Neither PEM nor DER nor PKCS #12.
    #[error(
        "there is no certificate in it; expected is a PEM file, a DER file or a PKCS #12 file (.pfx, .p12)"
    )]
    Nothing,
    /// That one makes no sense.
    #[error("certificate {0} in it is damaged")]
    Damaged(usize),
    /// More than any chain has.
    #[error(
        "there are more than {0} certificates in it; expected is the box's own and those of its authorities"
    )]
    TooMany(usize),
    /// The passphrase is wrong, or the file is damaged.
    #[error("the passphrase does not open this PKCS #12 file")]
    Passphrase,
    /// A way of sealing PKCS #12 that is not known.
    #[error(
        "this PKCS #12 file is damaged or sealed in a way that is not known; export it with AES-256 and SHA-256"
    )]
    Sealed,
    /// Only certificates.
    #[error(
        "there is no private key with a certificate in this PKCS #12 file; export it with its private key"
    )]
    NoKeyInside,
    /// A PEM file with a key under a passphrase.
    #[error(
        "the private key in it is under a passphrase; make a PKCS #12 file of key and certificates, and upload that"
    )]
    KeySealed,
    /// A kind of key that TLS here does not use.
    #[error(
        "its private key cannot be used; expected is RSA of 2048 to 8192 bits, or ECDSA on P-256 or P-384"
    )]
    KeyUnusable,
    /// There is nothing to hold it against.
    #[error(
        "there is no private key for it: make a request on the box and have that signed, or bring the key in a \
         PKCS #12 file"
    )]
    NoKey,
    /// It fits to none of the keys there are.
    #[error(
        "{0} is for another key than the box's: it was not made from the request that waits here, or a later request \
         took its place"
    )]
    OtherKey(String),
    /// An authority's.
    #[error("{0} is the certificate of an authority, not of a server; the box's own comes first in the file")]
    Authority(String),
    /// Made for something else.
    #[error("{0} is not made for web servers: its extended key usage does not have server authentication")]
    NotForServers(String),
    /// Nobody trusts it.
    #[error("{0} signed itself: no browser trusts it more than the box's own")]
    SelfSigned(String),
    /// Its time has not come.
    #[error("{who} is not valid before {}, and the box's clock says {}", day(*from), day(*now))]
    NotYet {
        /// Which.
        who: String,
        /// From when it is.
        from: Timestamp,
        /// The box's clock.
        now: Timestamp,
    },
    /// Its time is over.
    #[error("{who} ended on {}, and the box's clock says {}", day(*until), day(*now))]
    Over {
        /// Which.
        who: String,
        /// Until when it was.
        until: Timestamp,
        /// The box's clock.
        now: Timestamp,
    },
    /// Not each signed by the next one.
    #[error(
        "the certificates are not in order: {below} was signed by {issuer}, and the next one in the file is {above}"
    )]
    Order {
        /// The lower one.
        below: String,
        /// Who it says that signed it.
        issuer: String,
        /// The one after it.
        above: String,
    },
    /// It says that the next one signed it, and that is not so.
    #[error(
        "{below} was not signed by the {above} in the file: one of the two is another edition or was altered"
    )]
    Signature {
        /// The lower one.
        below: String,
        /// The one after it.
        above: String,
    },
    /// The next one may not sign.
    #[error("{0} is no authority and cannot have signed the one before it")]
    NoAuthority(String),
    /// Signed or keyed in a way that browsers refuse.
    #[error("{0} is signed with SHA-1 or MD5, or has a key below 2048 bits: browsers refuse it")]
    Weak(String),
    /// No name at all.
    #[error("{0} has no subject alternative name; browsers look at nothing else")]
    NoNames(String),
    /// For somebody else.
    #[error(
        "it is for {has}, and the box is known as {wants}; if the box is reached by such a name, add it to web.names in \
         the configuration or make a request for it"
    )]
    Names {
        /// What is in it.
        has: String,
        /// What the box is called.
        wants: String,
    },
}
