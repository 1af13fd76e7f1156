//! From an open stream to sealed bytes and back: zstd, then age.

use std::io::{self, BufReader, Read, Write};

use age::stream::{StreamReader, StreamWriter};
use secrecy::{ExposeSecret, SecretString};

use super::keys::Recipient;
use crate::store::Restore;

/// zstd's own usual level: higher ones gain little on columns that are packed already.
const LEVEL: i32 = 3;
/// Memory of 1 GiB; a file that asks for more was not made here.
const MOST_WORK: u8 = 20;
/// Memory of 256 MiB, about a second: what age itself takes on a machine of today.
const WORK: u8 = 18;

/// For whom a backup is sealed.
pub enum Seal {
    /// For those who have the identity of one of these.
    Recipients(Vec<Recipient>),
    /// For those who know it.
    Passphrase(SecretString),
}

/// What opens a backup.
pub enum Keys {
    /// The private halves of recipients.
    Identities(Vec<age::x25519::Identity>),
    /// A passphrase.
    Passphrase(SecretString),
}

/// Why nothing can be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealFor {
    /// The recipients do not go together, or there are none.
    #[error("seal the backup for its recipients")]
    Recipients(#[source] age::EncryptError),
    /// Nobody takes the bytes.
    #[error("write the backup")]
    Write(#[source] io::Error),
}

/// Why a backup does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenSealed {
    /// It is something else.
    #[error("this is no backup: it is not sealed with age")]
    Foreign,
    /// It was sealed for others.
    #[error("the backup does not open with this key: it was sealed for others")]
    WrongKey,
    /// Another passphrase.
    #[error(
        "the backup does not open with this passphrase: it is another one, or the backup was sealed for recipients"
    )]
    WrongPassphrase,
    /// It was sealed with a passphrase.
    #[error("the backup was sealed with a passphrase, not for a recipient")]
    WantsPassphrase,
    /// It asks for more work than is taken on.
    #[error("the backup asks for more work to try a passphrase than this program takes on")]
    TooMuchWork,
    /// The begin is damaged.
    #[error("the begin of the backup is damaged or cut short")]
    Damaged,
    /// The bytes cannot be read.
    #[error("read the backup")]
    Read(#[source] io::Error),
}

/// Compresses and seals.
pub(super) struct Sealer<W: Write> {
    to: zstd::Encoder<'static, StreamWriter<W>>,
}

impl<W: Write> Sealer<W> {
    pub(super) fn new(seal: &Seal, to: W) -> Result<Self, SealFor> {
        Sealer::with_work(seal, to, WORK)
    }

    /// `work` is for a passphrase: two to its power.
    pub(super) fn with_work(seal: &Seal, to: W, work: u8) -> Result<Self, SealFor> {
        let encryptor = match seal {
            Seal::Recipients(recipients) => {
                age::Encryptor::with_recipients(recipients.iter().map(|one| &one.0 as &dyn age::Recipient))
            }
            Seal::Passphrase(passphrase) => {
                let mut recipient = age::scrypt::Recipient::new(passphrase.expose_secret().to_owned().into());
                recipient.set_work_factor(work);
                age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            }
        };
        let sealed = encryptor.map_err(SealFor::Recipients)?.wrap_output(to).map_err(SealFor::Write)?;
        let to = zstd::Encoder::new(sealed, LEVEL).map_err(SealFor::Write)?;
        Ok(Sealer { to })
    }

    /// Without this the file is none: it lacks its end.
    pub(super) fn finish(self) -> io::Result<W> {
        self.to.finish()?.finish()
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        // Flushing would cut the compressed stream into pieces; what counts is the end.
        Ok(())
    }
}

/// Opens and unpacks.
pub(super) struct Opener<R: Read> {
    from: zstd::Decoder<'static, BufReader<StreamReader<BufReader<R>>>>,
}

impl<R: Read> Opener<R> {
    pub(super) fn new(keys: &Keys, from: R) -> Result<Self, OpenSealed> {
        let decryptor =
            age::Decryptor::new_buffered(BufReader::with_capacity(64 << 10, from)).map_err(begin)?;
        let opened = match keys {
            Keys::Identities(_) if decryptor.is_scrypt() => return Err(OpenSealed::WantsPassphrase),
            Keys::Identities(identities) => {
                decryptor.decrypt(identities.iter().map(|one| one as &dyn age::Identity))
            }
            Keys::Passphrase(passphrase) => {
                let mut identity = age::scrypt::Identity::new(passphrase.expose_secret().to_owned().into());
                identity.set_max_work_factor(MOST_WORK);
                decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity))
            }
        };
        let opened = opened.map_err(|error| match (error, keys) {
            (age::DecryptError::NoMatchingKeys, Keys::Identities(_)) => OpenSealed::WrongKey,
            (
                age::DecryptError::NoMatchingKeys
                | age::DecryptError::DecryptionFailed
                | age::DecryptError::KeyDecryptionFailed,
                Keys::Passphrase(_),
            ) => OpenSealed::WrongPassphrase,
            (age::DecryptError::ExcessiveWork { .. }, _) => OpenSealed::TooMuchWork,
            (error, _) => begin(error),
        })?;
        let from = zstd::Decoder::new(opened).map_err(OpenSealed::Read)?;
        Ok(Opener { from })
    }
}

fn begin(error: age::DecryptError) -> OpenSealed {
    match error {
        age::DecryptError::UnknownFormat => OpenSealed::Foreign,
        // The parser of the begin tells everything that is no age file as bytes that make no sense.
        age::DecryptError::InvalidHeader => OpenSealed::Foreign,
        age::DecryptError::Io(error) if is_of_the_disk(&error) => OpenSealed::Read(error),
        _ => OpenSealed::Damaged,
    }
}

/// Whether the machine said so, and not the bytes.
fn is_of_the_disk(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.from.read(bytes)
    }
}

/// What lies under an error of reading an opened backup.
pub(super) fn damage(error: Restore) -> Restore {
    match error {
        Restore::Read(error) if !is_of_the_disk(&error) => {
            Restore::Damaged(format!("a piece of it was altered or is missing ({error})"))
        }
        other => other,
    }
}
