//! Who may use Gangway for an organisation: tokens, members, sign-in links.

use chrono::Duration;
use domain::contact::EmailAddress;
use domain::ids::OrgId;
use domain::role::Role;
use secrecy::ExposeSecret;
use store::Store;
use store::access::ApiToken;
use store::audit::AuditEntry;
use store::members::{Added, Changed, Member};
use url::Url;

use crate::{Failure, OPERATOR, existing};

/// Prints the token alone, so that a script can take it.
pub(crate) async fn create_token(store: &Store, org: OrgId, name: String, role: Role) -> Result<(), Failure> {
    existing(store, &org).await?;
    let token = ApiToken { org, name, role };
    let entry = AuditEntry::now(OPERATOR, "token.created", &token.name).changed(None, Some(role.as_str().to_owned()));
    store.audit(&token.org, &entry).await?;
    println!("{}", store.issue_token(&token).await?.expose_secret());
    Ok(())
}

/// All tokens of that name: names need not differ.
pub(crate) async fn revoke_token(store: &Store, org: &OrgId, name: &str) -> Result<(), Failure> {
    existing(store, org).await?;
    let mut found = store.api_tokens(org).await?;
    found.retain(|(_, token)| token.name == name);
    if found.is_empty() {
        return Err(Failure(format!(
            "{org} has no token named {name}: `operator token list {org}` prints what it has"
        )));
    }
    for (key, token) in &found {
        let entry = AuditEntry::now(OPERATOR, "token.revoked", name);
        let entry = entry.changed(Some(token.role.as_str().to_owned()), None);
        store.audit(org, &entry).await?;
        store.revoke_token(key).await?;
        println!("token {name} of {org} ({}) revoked", token.role.as_str());
    }
    Ok(())
}

/// Names and roles; the tokens themselves are kept nowhere.
pub(crate) async fn list_tokens(store: &Store, org: &OrgId) -> Result<(), Failure> {
    existing(store, org).await?;
    let mut tokens: Vec<_> = store
        .api_tokens(org)
        .await?
        .into_iter()
        .map(|(_, token)| token)
        .collect();
    tokens.sort_by(|a, b| a.name.cmp(&b.name));
    for token in tokens {
        println!("{} ({})", token.name, token.role.as_str());
    }
    Ok(())
}

pub(crate) async fn add_member(
    store: &Store,
    org: OrgId,
    email: &EmailAddress,
    name: String,
    role: Role,
) -> Result<(), Failure> {
    existing(store, &org).await?;
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 256 || name.chars().any(char::is_control) {
        return Err("--name must be one line of 1 to 256 characters".to_owned().into());
    }
    let member = Member::new(&org, email.as_str(), &name, role);
    let (member, verb) = match store.add_member(&member, OPERATOR).await? {
        Added::Added => (member, "added"),
        Added::AlreadyMember(known) => match store.change_member(&known, &name, role, OPERATOR, None).await? {
            Changed::Done => (*known, "updated"),
            Changed::Overtaken => return Err("somebody else changes this member just now".to_owned().into()),
        },
    };
    println!("member {} of {} {verb}", member.id, member.org);
    Ok(())
}

/// Prints the link alone.
pub(crate) async fn sign_in_link(
    store: &Store,
    org: &OrgId,
    email: &EmailAddress,
    hours: u16,
    base_url: &Url,
) -> Result<(), Failure> {
    existing(store, org).await?;
    if !matches!(base_url.scheme(), "https" | "http") {
        return Err("--base-url must be an https address".to_owned().into());
    }
    let member = store.member_by_email(org, email.as_str()).await?.ok_or_else(|| {
        Failure(format!(
            "{org} has no member with this address: add one with `operator member add {org} --email ...`"
        ))
    })?;
    store
        .audit(org, &AuditEntry::now(OPERATOR, "sign_in.link_issued", &member.id))
        .await?;
    let token = store
        .issue_sign_in(org, &member.id, Duration::hours(i64::from(hours)))
        .await?;
    println!(
        "{}/sign-in?t={}",
        base_url.as_str().trim_end_matches('/'),
        token.expose_secret()
    );
    Ok(())
}
