//! What the rules need of cryptography and of the system: the clock, entropy, the vault of signing keys and
//! kept answers, and the password hasher. Each is an adapter of a port in `actas_domain::ports`.

mod answers;
mod clock;
mod digest;
mod entropy;
mod master_key;
mod passwords;
mod sealing;
mod vault;

pub use clock::SystemClock;
pub use entropy::SystemEntropy;
pub use master_key::{MasterKey, MasterKeyError};
pub use passwords::Argon2Passwords;
pub use vault::MasterKeyVault;
