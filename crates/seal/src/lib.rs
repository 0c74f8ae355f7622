//! Encryption: copies to packages, masters to the program key.
//!
//! Everything is synchronous and in memory; the only randomness is the operating system's.
//! Two kinds of sealing, for two kinds of readers:
//!
//! - **age files** (<https://age-encryption.org/v1>), which stock `age` opens:
//!   a seat's package ([`pack`], a tar inside), what the program keeps of a case ([`seal_to_program`]),
//!   what it keeps of a seat, which may read it too ([`Sealer`]),
//!   what a partner and the program write to each other ([`seal_letter`]),
//!   and the file of the program key itself ([`ProgramKey::lock`], under a passphrase).
//! - **vault records** ([`VaultKey`], XChaCha20-Poly1305): small records of which thousands are opened at once,
//!   such as the index in which a trace looks for its case.
//!
//! Sealing needs only public recipients, so neither the press nor the portal ever asks for a passphrase.
//! An age file is confidential and tamper-evident to its reader, but it does not say who wrote it:
//! whoever holds a package's recipient can write another one.
//! What the program gave is therefore a fact of the transparency log, never of this encryption.

mod age_file;
mod archive;
mod identity;
mod letter;
mod package;
mod padding;
mod program_key;
mod recipient;
mod sealer;
mod stream;
mod unpack;
mod vault;

pub use age_file::AGE_HEADER_BYTES_MAX;
pub use archive::{
    ArchiveError, ENTRIES_MAX, FileEntry, NAME_BYTES_MAX, NameError, PACKAGE_BYTES_MAX, check_name,
    tar_of,
};
pub use identity::{
    IDENTITIES_MAX, IDENTITY_FILE_BYTES_MAX, Identities, IdentityError, generate_identity,
};
pub use letter::{LETTER_BYTES_MAX, LETTER_READERS_MAX, seal_letter};
pub use package::{
    OpenError, PACKAGE_BYTES_MIN, PackError, open_package, pack, packed_size, size_class,
};
pub use program_key::{
    LOCKED_BYTES_MAX, ProgramKey, ProgramRecipient, SEALED_BYTES_MAX, SealError, UnlockError,
    WORK_FACTOR_LOG2, WORK_FACTOR_LOG2_MAX, seal_to_program,
};
pub use recipient::{RECIPIENT_BYTES_MAX, Recipient, RecipientError};
pub use sealer::Sealer;
pub use stream::SealedWriter;
pub use unpack::{WriteError, write_into};
pub use vault::{CONTEXT_BYTES_MAX, RECORD_BYTES_MAX, VaultError, VaultKey};
