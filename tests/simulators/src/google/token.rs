//! ID tokens: right ones, and wrong ones if a test orders them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::{
    CLIENT_ID, Person,
    keys::{Key, Keys},
};

/// How a person's next token differs from a right one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// Claims that replace the usual ones; null removes one.
    #[serde(default)]
    pub(super) claims: Map<String, Value>,
    #[serde(default)]
    pub(super) signed: Signed,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Signed {
    #[default]
    Rightly,
    /// With `alg: none` and no signature.
    Not,
    /// With HS256 and the text of the public key as the secret, which is called key confusion.
    WithPublicKey,
    /// With HS256 and the client's secret. OpenID Connect would allow it, and Google never does it.
    WithClientSecret,
    /// With another key, under the id of the right one.
    ByStranger,
    /// With a key that is not published.
    ByUnknownKey,
    /// With a key that is published from now on.
    ByNewKey,
    /// With the right signature for other claims.
    Altered,
}

pub(super) fn write(keys: &mut Keys, issuer: &str, person: &Person, nonce: Option<&str>, order: &Order) -> String {
    let now = Utc::now().timestamp();
    let mut claims = json!({
        "iss": issuer, "aud": CLIENT_ID, "azp": CLIENT_ID, "sub": person.sub, "iat": now, "exp": now + 3600,
        "email": person.email, "email_verified": person.email_verified, "name": person.name,
    });
    if let Some(claims) = claims.as_object_mut() {
        claims.extend(nonce.map(|nonce| ("nonce".to_owned(), nonce.into())));
        claims.extend(person.hd.as_ref().map(|hd| ("hd".to_owned(), hd.as_str().into())));
        for (name, value) in &order.claims {
            claims.insert(name.clone(), value.clone());
        }
        claims.retain(|_, value| !value.is_null());
    }
    if order.signed == Signed::ByNewKey {
        keys.rotate();
    }
    let key = keys.current();
    let algorithm = match order.signed {
        Signed::Not => "none",
        Signed::WithPublicKey | Signed::WithClientSecret => "HS256",
        _ => "RS256",
    };
    let stranger = Key::new_if(matches!(order.signed, Signed::ByStranger | Signed::ByUnknownKey));
    let kid = match (&stranger, order.signed) {
        (Some(stranger), Signed::ByUnknownKey) => &stranger.kid,
        _ => &key.kid,
    };
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encode(&json!({"alg": algorithm, "kid": kid, "typ": "JWT"}));
    let text = format!("{header}.{}", encode(&claims));
    let signature = match order.signed {
        Signed::Not => Vec::new(),
        Signed::WithPublicKey => mac(key.public_pem().as_bytes(), &text),
        Signed::WithClientSecret => mac(super::CLIENT_SECRET.as_bytes(), &text),
        _ => stranger.as_ref().unwrap_or(key).sign(&text),
    };
    let text = if order.signed == Signed::Altered {
        claims["email_verified"] = true.into();
        claims["altered"] = true.into();
        format!("{header}.{}", encode(&claims))
    } else {
        text
    };
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC accepts keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
