//! Sign-in with Google: OpenID Connect's code flow with PKCE, state and nonce.

mod documents;
mod person;
mod token;

use chrono::{DateTime, Duration, Utc};
use domain::ids::OrgId;
use domain::sign_in::Reason;
use domain::step_error::StepError;
use openidconnect::core::{CoreClient, CoreProviderMetadata, CoreResponseType};
use openidconnect::{
    AuthenticationFlow, ClientId, CsrfToken, DiscoveryError, IssuerUrl, Nonce, PkceCodeChallenge, RedirectUrl, Scope,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use web::Base;

use crate::cookie::SignInCookie;
use documents::Documents;
pub(crate) use person::Person;

/// The path to which Google sends people back; it must be registered at Google in the same spelling.
const CALLBACK: &str = "/sign-in/google/callback";
/// How many minutes a person may spend at Google.
const MINUTES: i64 = 10;

pub(crate) struct Google {
    /// The issuer exactly as in discovery.
    issuer: String,
    client_id: String,
    redirect: String,
    documents: Documents,
}

/// The state of a sign-in, which only this browser can return.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Flow {
    pub(crate) state: String,
    nonce: String,
    verifier: String,
    /// The organisation that the person named, if any.
    pub(crate) org: Option<OrgId>,
    /// The member to connect, proved by a one-time link.
    pub(crate) connect: Option<(OrgId, String)>,
    pub(crate) until: DateTime<Utc>,
}

impl Flow {
    /// Whether Google's response belongs to this flow.
    pub(crate) fn expects(&self, state: Option<&str>, now: DateTime<Utc>) -> bool {
        state == Some(self.state.as_str()) && now < self.until
    }
}

/// The cookie that carries a flow.
pub(crate) const ERRAND: SignInCookie = SignInCookie {
    name: "__Host-gangway_google",
    seconds: MINUTES * 60,
};

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Google {
    /// `local_origins` are exempt from the check of addresses, on the local engine.
    pub(crate) fn new(issuer: &str, client_id: &str, base: &Base, local_origins: String) -> Result<Self, StepError> {
        outbound::given_address("Google", issuer, &local_origins)?;
        Ok(Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            redirect: base.absolute(CALLBACK),
            documents: Documents::new(local_origins),
        })
    }

    /// The origin to which a form that begins here redirects, for the page's policy.
    pub(crate) fn origin(&self) -> String {
        Url::parse(&self.issuer).map_or_else(|_| String::new(), |issuer| issuer.origin().ascii_serialization())
    }

    /// The address to which the browser is sent, and the flow that it has to return.
    pub(crate) async fn begin(
        &self,
        org: Option<OrgId>,
        connect: Option<(OrgId, String)>,
        now: DateTime<Utc>,
    ) -> Result<(Url, Flow), StepError> {
        let redirect = RedirectUrl::new(self.redirect.clone()).map_err(|_| wrong("GOOGLE's redirect address"))?;
        let client =
            CoreClient::from_provider_metadata(self.provider().await?, ClientId::new(self.client_id.clone()), None)
                .set_redirect_uri(redirect);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .add_extra_param("prompt", "select_account")
            .set_pkce_challenge(challenge)
            .url();
        let flow = Flow {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            org,
            connect,
            until: now + Duration::minutes(MINUTES),
        };
        Ok((url, flow))
    }

    /// The person who returned with this code. The outer error is a failure, the inner one a refusal.
    pub(crate) async fn finish(
        &self,
        flow: &Flow,
        code: &str,
        client_secret: &SecretString,
    ) -> Result<Result<Person, Reason>, StepError> {
        match self.exchange(flow, code, client_secret).await? {
            Some(id_token) => self.verify(&id_token, flow).await,
            None => Ok(Err(Reason::InvalidToken)),
        }
    }

    /// The ID token, or `None` if Google refuses the code or the flow's verifier.
    async fn exchange(
        &self,
        flow: &Flow,
        code: &str,
        client_secret: &SecretString,
    ) -> Result<Option<String>, StepError> {
        const OPERATION: &str = "exchange a code";
        let provider = self.provider().await?;
        let address = provider
            .token_endpoint()
            .ok_or_else(|| wrong("Google's token endpoint"))?;
        let address = self.documents.allowed(address.url())?;
        let request = outbound::http_client().post(address).form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", &self.client_id),
            ("client_secret", client_secret.expose_secret()),
            ("redirect_uri", &self.redirect),
            ("code_verifier", &flow.verifier),
        ]);
        let reply = outbound::send("Google", OPERATION, request).await?;
        if reply.status() == 400 {
            let error = reply.error_body::<Refusal>().map(|refusal| refusal.error);
            if error.as_deref() == Some("invalid_grant") {
                return Ok(None);
            }
            return Err(reply.refused(error.as_deref()));
        }
        Ok(Some(reply.json::<Tokens>()?.id_token))
    }

    async fn verify(&self, id_token: &str, flow: &Flow) -> Result<Result<Person, Reason>, StepError> {
        let nonce = Nonce::new(flow.nonce.clone());
        let provider = self.provider().await?;
        let mut read = token::read(id_token, &self.issuer, &self.client_id, provider.jwks(), &nonce);
        if read == Err(token::Refused::UnknownKey) {
            // Google may have changed its keys since they were read, so they are read once more.
            self.documents.forget(provider.jwks_uri().as_str()).await;
            let provider = self.provider().await?;
            read = token::read(id_token, &self.issuer, &self.client_id, provider.jwks(), &nonce);
        }
        Ok(read.map_err(|refused| {
            tracing::warn!(why = %refused, "an ID token is refused");
            Reason::InvalidToken
        }))
    }

    /// Google's discovery document, with its keys.
    async fn provider(&self) -> Result<CoreProviderMetadata, StepError> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|_| wrong("GOOGLE_ISSUER"))?;
        CoreProviderMetadata::discover_async(issuer, &self.documents)
            .await
            .map_err(|error| match error {
                DiscoveryError::Request(error) => error,
                _ => StepError::Transient("Google's description of itself is not as OpenID Connect has it".to_owned()),
            })
    }
}

fn wrong(what: &str) -> StepError {
    StepError::Permanent(format!("{what} is not an address"))
}

#[cfg(test)]
mod tests;
