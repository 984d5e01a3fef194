//! The master key: 32 bytes under which the signing keys lie encrypted, in a file of mode 0600 or handed in.

use actas_domain::ports::Entropy;
use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

const LENGTH: usize = 32;
/// More than any spelling of a key takes; a longer file is not one.
const FILE_MAX_BYTES: u64 = 256;

/// 256 bits. `Debug` does not show them and their memory is wiped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; LENGTH]>);

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey(…)")
    }
}

/// Why there is no master key. Each message is one line with the next step, and never the key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("the master key file {} does not exist", .0.display())]
    Missing(PathBuf),
    #[error("the master key file {}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "the master key file {} can be read by others (mode {mode:04o}): chmod 600 {}",
        .path.display(), .path.display()
    )]
    OpenToOthers { path: PathBuf, mode: u32 },
    #[error(
        "{origin} is not a master key: it must be 32 bytes in base64 or hexadecimal \
         (make one with `openssl rand -base64 32`)"
    )]
    Malformed { origin: String },
}

impl MasterKey {
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads base64 (padded, or URL-safe without padding) or hexadecimal. `origin` says in an error where the text
    /// came from.
    ///
    /// # Errors
    /// [`MasterKeyError::Malformed`] for anything but 32 bytes.
    pub fn parse(text: &str, origin: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        let malformed = || MasterKeyError::Malformed { origin: origin.to_owned() };
        let bytes = Zeroizing::new(if text.len() == 2 * LENGTH {
            hexadecimal(text).ok_or_else(malformed)?
        } else {
            let decoded = STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text));
            decoded.map_err(|_| malformed())?
        });
        let bytes: [u8; LENGTH] = bytes.as_slice().try_into().map_err(|_| malformed())?;
        Ok(Self::from_bytes(bytes))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`MasterKeyError::Missing`]; [`MasterKeyError::OpenToOthers`] when group or others have any right to it.
    pub fn read_file(path: &Path) -> Result<Self, MasterKeyError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => MasterKeyError::Missing(path.to_owned()),
            _ => MasterKeyError::Io { path: path.to_owned(), source },
        };
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::OpenToOthers { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(String::new());
        let origin = format!("the content of {}", path.display());
        match file.take(FILE_MAX_BYTES).read_to_string(&mut text) {
            Ok(_) => Self::parse(&text, &origin),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(MasterKeyError::Malformed { origin })
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Makes a new key and its file, of mode 0600, durable before this returns. A file that exists is never touched.
    ///
    /// # Errors
    /// [`MasterKeyError::Io`], also when the file exists.
    pub fn create_file(path: &Path, entropy: &dyn Entropy) -> Result<Self, MasterKeyError> {
        let failed = |source: io::Error| MasterKeyError::Io { path: path.to_owned(), source };
        let mut bytes = Zeroizing::new([0_u8; LENGTH]);
        entropy.fill(bytes.as_mut_slice());
        let text = Zeroizing::new(format!("{}\n", STANDARD.encode(bytes.as_slice())));
        // Written whole under another name first: whoever is killed in between leaves no half key behind.
        let unfinished = path.with_extension("unfinished");
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        // Unlike a rename, a link never takes the place of a file that exists.
        let linked = fs::hard_link(&unfinished, path);
        fs::remove_file(&unfinished).and(linked).map_err(failed)?;
        // Without this a power loss could take the file and leave the data that only it opens.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(Self(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;
    use std::{fs, os::unix::fs::PermissionsExt as _};

    #[test]
    fn base64_and_hexadecimal_name_the_same_key() {
        let bytes = [0xFB; 32];
        for text in [
            STANDARD.encode(bytes),
            URL_SAFE_NO_PAD.encode(bytes),
            "fb".repeat(32),
            "FB".repeat(32),
            format!("  {}\n", STANDARD.encode(bytes)),
        ] {
            assert_eq!(MasterKey::parse(&text, "test").unwrap().bytes(), &bytes, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_shown() {
        let zz = "zz".repeat(32);
        for text in
            ["", "hunter2", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33]), &"ab".repeat(31), &zz]
        {
            let error = MasterKey::parse(text, "ACTAS_MASTER_KEY").unwrap_err().to_string();
            assert!(error.starts_with("ACTAS_MASTER_KEY is not a master key"), "{error}");
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_made_file_is_private_and_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert!(matches!(MasterKey::read_file(&path), Err(MasterKeyError::Missing(_))));
        let made = MasterKey::create_file(&path, &SystemEntropy).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(MasterKey::read_file(&path).unwrap().bytes(), made.bytes());
        assert!(matches!(MasterKey::create_file(&path, &SystemEntropy), Err(MasterKeyError::Io { .. })));
        assert_eq!(MasterKey::read_file(&path).unwrap().bytes(), made.bytes(), "never overwritten");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::create_file(&path, &SystemEntropy).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = MasterKey::read_file(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600") && error.contains(&format!("{mode:04o}")), "{error}");
        }
    }

    #[test]
    fn a_file_with_other_content_is_refused_whatever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        for content in [&b""[..], b"\xFF\xFE", &[b'a'; 100_000], b"aGVsbG8="] {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(MasterKey::read_file(&path), Err(MasterKeyError::Malformed { .. })));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", MasterKey::from_bytes([7; 32])), "MasterKey(…)");
    }
}
