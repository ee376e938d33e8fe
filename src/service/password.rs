//! Passwords: made into argon2id hashes and compared with them, away from the threads that serve requests.

use std::sync::{Arc, LazyLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

/// Memory in KiB and passes for one hash: 19 MiB and two passes, the least that OWASP's cheat sheet on storing
/// passwords gives for argon2id, cost 21 ms on the machines this is made for. This is about twice that.
const MEMORY: u32 = 32 * 1024;
const PASSES: u32 = 2;
/// So many are computed at once: what sign-ins cost in memory and time is bounded, whoever knocks.
const AT_ONCE: usize = 2;
/// So many wait for their turn; more are turned away.
const IN_LINE: usize = 32;

/// The least and the most characters of a password.
pub const LENGTH: std::ops::RangeInclusive<usize> = 10..=200;

/// Computes hashes. Clones share the line.
#[derive(Clone)]
pub(super) struct Hasher {
    places: Arc<Semaphore>,
    line: Arc<Semaphore>,
}

/// Too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crowded;

impl Default for Hasher {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            line: Arc::new(Semaphore::new(IN_LINE)),
        }
    }
}

/// The hash of nobody's password, so that an unknown name takes as long as a known one.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash("nobody's password", &[0; 16]).unwrap_or_default());

impl Hasher {
    /// The hash of a password, with a new salt; `None` without randomness.
    pub(super) async fn hash(&self, password: String) -> Result<Option<String>, Crowded> {
        self.run(move || {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).ok()?;
            hash(&password, &salt)
        })
        .await
    }

    /// Whether a password fits a hash; with no hash it fits nothing, and that takes as long.
    pub(super) async fn fits(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Crowded> {
        self.run(move || {
            let known = hash.as_deref().unwrap_or(&NOBODY);
            let fits = PasswordHash::new(known)
                .is_ok_and(|known| argon().verify_password(password.as_bytes(), &known).is_ok());
            fits && hash.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static + Default>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Crowded> {
        let _waiting = self.line.try_acquire().map_err(|_| Crowded)?;
        // Never closed.
        let _place = self.places.acquire().await.map_err(|_| Crowded)?;
        Ok(tokio::task::spawn_blocking(work).await.unwrap_or_default())
    }
}

fn argon() -> Argon2<'static> {
    let params = Params::new(MEMORY, PASSES, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str, salt: &[u8]) -> Option<String> {
    let hash: PasswordHash = argon()
        .hash_password_with_salt(password.as_bytes(), salt)
        .ok()?;
    Some(hash.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_nothing_else() {
        let hasher = Hasher::default();
        let hash = hasher
            .hash("晚上好晚上好晚上好晚上好".into())
            .await
            .unwrap()
            .unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=32768,t=2,p=1$"),
            "{hash}"
        );
        for (password, known, fits) in [
            ("晚上好晚上好晚上好晚上好", Some(hash.clone()), true),
            ("早上好早上好早上好早上好", Some(hash.clone()), false),
            ("nobody's password", None, false),
            ("", Some("nonsense".to_owned()), false),
        ] {
            assert_eq!(
                hasher.fits(password.into(), known).await,
                Ok(fits),
                "{password}"
            );
        }
    }
}
