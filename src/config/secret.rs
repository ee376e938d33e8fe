//! Words that open doors, and how to keep them from being shown.

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// A secret. Shows as `[secret]`; [`Secret::reveal`] is the only way to its words.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A signing secret that cannot be used. Does not hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// After `whsec_` stands something that is not base64.
    #[error("a signing secret is `whsec_` and base64")]
    NotBase64,
    /// It is too short to protect anything.
    #[error("a signing secret holds at least 24 bytes")]
    TooShort,
}

/// Standard base64, padded or not: senders' libraries differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const PREFIX: &str = "whsec_";

/// Bytes of a signing secret, at the least (Standard Webhooks 1.0.0 asks for 24 to 64).
const SHORTEST: usize = 24;

impl Secret {
    /// The words themselves.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The key behind a Standard Webhooks secret, with or without `whsec_`.
    pub fn signing_key(&self) -> Result<Vec<u8>, BadSecret> {
        let text = self.0.trim();
        let key = BASE64
            .decode(text.strip_prefix(PREFIX).unwrap_or(text))
            .map_err(|_| BadSecret::NotBase64)?;
        if key.len() < SHORTEST {
            return Err(BadSecret::TooShort);
        }
        Ok(key)
    }

    /// A signing secret made of 32 bytes.
    fn of(key: [u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", BASE64.encode(key)))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The signing secret in `folder`/`default`, made on first use: 32 random bytes, mode 0600, whole or not at all,
/// and one only however many ask at once. Says whether it is new.
pub fn first_secret(folder: &Path) -> io::Result<(Secret, bool)> {
    first(folder, "default", Secret::of, |secret| {
        secret
            .signing_key()
            .map(drop)
            .map_err(|bad| bad.to_string())
    })
}

/// What signs the cookies of chats, in `folder`/`chat`, made on first use as [`first_secret`] is. Says whether it is new.
pub fn first_chat_secret(folder: &Path) -> io::Result<(Secret, bool)> {
    first(folder, "chat", Secret::of, |secret| {
        secret
            .signing_key()
            .map(drop)
            .map_err(|bad| bad.to_string())
    })
}

/// The bearer token in `folder`/`admin`, made on first use as [`first_secret`] is. Says whether it is new.
pub fn first_token(folder: &Path) -> io::Result<(Secret, bool)> {
    let make = |key: [u8; 32]| Secret(key.iter().map(|byte| format!("{byte:02x}")).collect());
    first(folder, super::FIRST_PERSON, make, |token| {
        super::source::check_tokens(std::slice::from_ref(token))
    })
}

fn first(
    folder: &Path,
    name: &str,
    make: impl FnOnce([u8; 32]) -> Secret,
    check: impl Fn(&Secret) -> Result<(), String>,
) -> io::Result<(Secret, bool)> {
    let path = folder.join(name);
    if let Some(secret) = kept(&path, &check)? {
        return Ok((secret, false));
    }
    make_folder(folder)?;
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let mut tag = [0; 8];
    getrandom::fill(&mut tag).map_err(io::Error::other)?;
    let secret = make(key);
    let draft = folder.join(format!(".{name}.{:016x}", u64::from_ne_bytes(tag)));
    let linked = write_whole(&draft, &secret).and_then(|()| fs::hard_link(&draft, &path));
    fs::remove_file(&draft).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    match linked {
        Ok(()) => {
            fs::File::open(folder)?.sync_all()?;
            Ok((secret, true))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => kept(&path, &check)?
            .map(|secret| (secret, false))
            .ok_or_else(|| io::Error::other("the secret was taken away while it was read")),
        Err(error) => Err(error),
    }
}

fn kept(path: &Path, check: impl Fn(&Secret) -> Result<(), String>) -> io::Result<Option<Secret>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let secret = Secret::from(text.trim());
    check(&secret).map_err(|bad| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "{}: {bad}; put it right, or remove the file to get a new one",
                path.display()
            ),
        )
    })?;
    Ok(Some(secret))
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn write_whole(path: &Path, secret: &Secret) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(secret.reveal().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_first_secret_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("data/secrets");
        let (secret, new) = first_secret(&inner).unwrap();
        assert!(new);
        assert_eq!(secret.signing_key().unwrap().len(), 32);
        assert_eq!(first_secret(&inner).unwrap(), (secret, false));
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 1, "no draft is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(inner.join("default"))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
            let mode = fs::metadata(&inner).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    }

    #[test]
    fn the_first_token_is_made_once_and_long() {
        let folder = tempfile::tempdir().unwrap();
        let (token, new) = first_token(folder.path()).unwrap();
        assert!(new && token.reveal().len() == 64);
        assert_eq!(first_token(folder.path()).unwrap(), (token, false));
    }

    #[test]
    fn many_at_once_get_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let made: Vec<_> = std::thread::scope(|scope| {
            let hands: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| first_secret(folder.path()).unwrap()))
                .collect();
            hands.into_iter().map(|hand| hand.join().unwrap()).collect()
        });
        assert_eq!(made.iter().filter(|(_, new)| *new).count(), 1);
        assert!(made.iter().all(|(secret, _)| *secret == made[0].0));
    }

    #[test]
    fn a_broken_file_is_said_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("default"), "whsec_c2hvcnQ=\n").unwrap();
        let error = first_secret(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("24 bytes") && !error.contains("c2hvcnQ"),
            "{error}"
        );
    }

    #[test]
    fn a_secret_reads_padded_or_not_and_never_shows() {
        let padded = Secret::from("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let bare = Secret::from("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        assert_eq!(padded.signing_key(), bare.signing_key());
        assert_eq!(format!("{padded} {padded:?}"), "[secret] [secret]");
        assert_eq!(
            Secret::from("whsec_ä").signing_key(),
            Err(BadSecret::NotBase64)
        );
    }
}
