//! Verifies an ID token, or says why it is invalid.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use domain::sign_in::Identity;
use openidconnect::core::{
    CoreGenderClaim, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, ClientId, IdToken, IssuerUrl, JsonWebKey, Nonce,
    SignatureVerificationError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::person::Person;

/// Google's older spelling of its issuer, which its documentation still allows. It is not a URL, so the crate can't
/// parse it.
const BARE_ISSUER: &str = "accounts.google.com";
const ISSUER: &str = "https://accounts.google.com";
/// How far Google's clock may be ahead of ours.
const CLOCKS_DIFFER: Duration = Duration::minutes(5);
/// The longest subject that OpenID Connect allows.
const SUBJECT: usize = 255;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// The token names a key that is unknown.
    UnknownKey,
    Because(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey => f.write_str("it is signed with a key that Google does not publish"),
            Self::Because(why) => f.write_str(why),
        }
    }
}

/// The additional claim that only Google sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Hosted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hd: Option<String>,
}

impl AdditionalClaims for Hosted {}

type Token = IdToken<Hosted, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

pub(super) fn read(
    text: &str,
    issuer: &str,
    client_id: &str,
    keys: &CoreJsonWebKeySet,
    nonce: &Nonce,
) -> Result<Person, Refused> {
    let because = |why: &dyn fmt::Display| Refused::Because(why.to_string());
    let issuer_url = IssuerUrl::new(issuer.to_owned()).map_err(|error| because(&error))?;
    // A verifier with the client's secret would also accept it as a signing key, but Google signs only with its own
    // keys.
    let verifier =
        CoreIdTokenVerifier::new_public_client(ClientId::new(client_id.to_owned()), issuer_url, keys.clone())
            .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256])
            .set_issue_time_verifier_fn(|issued| is_past(issued, Utc::now()));
    let respelt = match issuer {
        ISSUER => respelt(text, keys)?,
        _ => None,
    };
    let (token, verifier) = match &respelt {
        Some(respelt) => (respelt.parse::<Token>(), verifier.insecure_disable_signature_check()),
        None => (text.parse::<Token>(), verifier),
    };
    let token = token.map_err(|_| Refused::Because("it is no ID token".to_owned()))?;
    let claims = token.claims(&verifier, nonce).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            Refused::UnknownKey
        }
        error => because(&error),
    })?;
    // The token must have been requested by this client, whoever else may use it.
    if claims
        .authorized_party()
        .is_some_and(|party| party.as_str() != client_id)
    {
        return Err(Refused::Because("another client asked for it".to_owned()));
    }
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.len() > SUBJECT || !subject.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Refused::Because(
            "its subject is none that OpenID Connect allows".to_owned(),
        ));
    }
    let identity = Identity {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
    };
    let name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str());
    Ok(Person::new(
        identity,
        claims.email().map(|email| email.as_str()),
        claims.email_verified() == Some(true),
        claims.additional_claims().hd.clone(),
        name,
    ))
}

fn is_past(issued: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), String> {
    if issued <= now + CLOCKS_DIFFER {
        Ok(())
    } else {
        Err("it was issued in the future".to_owned())
    }
}

/// Verifies a token with the bare issuer and returns it with the usual spelling; its other claims still have to be
/// checked. Returns `None` for all other tokens.
fn respelt(text: &str, keys: &CoreJsonWebKeySet) -> Result<Option<String>, Refused> {
    let because = |why: &str| Refused::Because(why.to_owned());
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err(because("it has not three parts"));
    };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| because("it is not base64url"));
    let json =
        |part: &str| serde_json::from_slice::<Value>(&decoded(part)?).map_err(|_| because("a part of it is not JSON"));
    let mut claims = json(payload)?;
    if claims["iss"] != BARE_ISSUER {
        return Ok(None);
    }
    let said = json(header)?;
    if said["alg"] != "RS256" {
        return Err(because("it is not signed with RS256"));
    }
    let named = |kid: &str| said["kid"] == kid;
    let key = keys
        .keys()
        .iter()
        .find(|key| key.key_id().is_some_and(|kid| named(kid.as_str())))
        .ok_or(Refused::UnknownKey)?;
    let signed = format!("{header}.{payload}");
    key.verify_signature(
        &CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        signed.as_bytes(),
        &decoded(signature)?,
    )
    .map_err(|error| because(&error.to_string()))?;
    claims["iss"] = ISSUER.into();
    Ok(Some(format!(
        "{header}.{}.{signature}",
        URL_SAFE_NO_PAD.encode(claims.to_string())
    )))
}
