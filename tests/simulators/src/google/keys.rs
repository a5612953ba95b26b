//! The provider's keys. They are made when they are first needed, because that takes a moment.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rsa::{
    RsaPrivateKey,
    pkcs1v15::SigningKey,
    pkcs8::{EncodePublicKey, LineEnding},
    rand_core::OsRng,
    sha2::Sha256,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
};
use serde_json::{Value, json};

const BITS: usize = 2048;

/// The last key signs.
#[derive(Default)]
pub(super) struct Keys(Vec<Key>);

pub(super) struct Key {
    pub(super) kid: String,
    private: RsaPrivateKey,
}

impl Key {
    /// A provider without randomness cannot continue.
    #[expect(
        clippy::expect_used,
        reason = "the operating system's generator fails nowhere that tests run"
    )]
    pub(super) fn new() -> Self {
        Self {
            kid: crate::world::secret(),
            private: RsaPrivateKey::new(&mut OsRng, BITS).expect("a key"),
        }
    }

    pub(super) fn new_if(wanted: bool) -> Option<Self> {
        wanted.then(Self::new)
    }

    pub(super) fn sign(&self, text: &str) -> Vec<u8> {
        SigningKey::<Sha256>::new(self.private.clone())
            .sign(text.as_bytes())
            .to_vec()
    }

    /// The public key in PEM, as anybody can derive it from the published one.
    pub(super) fn public_pem(&self) -> String {
        let key = self.private.to_public_key();
        key.to_public_key_pem(LineEnding::LF).unwrap_or_default()
    }
}

impl Keys {
    pub(super) fn current(&mut self) -> &Key {
        if self.0.is_empty() {
            self.rotate();
        }
        &self.0[self.0.len() - 1]
    }

    /// Signs with a new key from now on. Tokens of older keys still verify.
    pub(super) fn rotate(&mut self) {
        self.0.push(Key::new());
    }

    pub(super) fn published(&mut self) -> Value {
        self.current();
        let number = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
        let keys = self.0.iter().map(|key| {
            json!({
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.kid,
                "n": number(key.private.n()), "e": number(key.private.e()),
            })
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }
}
