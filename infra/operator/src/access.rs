//! Access to Gangway for an organisation: tokens, members, sign-in links.

use chrono::{Duration, Utc};
use domain::contact::EmailAddress;
use domain::ids::OrgId;
use domain::role::Role;
use domain::token::{TokenName, may_own};
use secrecy::ExposeSecret;
use store::Store;
use store::audit::AuditEntry;
use store::members::{Added, Changed, Member};
use store::tokens::{ApiToken, Created, NewToken};
use url::Url;

use crate::{Failure, OPERATOR, existing};

/// Prints only the token, so that a script can read it.
pub(crate) async fn create_token(
    store: &Store,
    org: &OrgId,
    name: TokenName,
    role: Role,
    owner: &EmailAddress,
    days: u16,
) -> Result<(), Failure> {
    existing(store, org).await?;
    let owner = known_member(store, org, owner).await?;
    if !may_own(owner.role, role) {
        return Err(Failure(format!(
            "{} has the role {}: a token of theirs can have no other one",
            owner.email,
            owner.role.as_str()
        )));
    }
    let new = NewToken {
        owner: &owner,
        name,
        role,
        days,
    };
    match store.create_token(&new, OPERATOR).await? {
        Created::Done(_, secret) => println!("{}", secret.expose_secret()),
        Created::NameTaken => {
            return Err(Failure(format!(
                "{org} has a token named {}: revoke it first, or choose another name",
                new.name
            )));
        }
    }
    Ok(())
}

pub(crate) async fn revoke_token(store: &Store, org: &OrgId, name: &TokenName) -> Result<(), Failure> {
    existing(store, org).await?;
    let Some(token) = store.token_by_name(org, name, Utc::now()).await? else {
        return Err(Failure(format!(
            "{org} has no token named {name}: `operator token list {org}` prints what it has"
        )));
    };
    match store.revoke_token(&token, OPERATOR).await? {
        Changed::Done => println!("token {name} of {org} ({}) revoked", token.role.as_str()),
        Changed::Overtaken => println!("token {name} of {org} was revoked just now"),
    }
    Ok(())
}

/// Lists tokens, newest first. The tokens themselves are stored nowhere.
pub(crate) async fn list_tokens(store: &Store, org: &OrgId) -> Result<(), Failure> {
    existing(store, org).await?;
    let mut after = None;
    loop {
        let (tokens, next) = store.tokens(org, after.as_ref()).await?;
        for token in tokens {
            println!("{}", line(store, &token).await?);
        }
        after = next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn line(store: &Store, token: &ApiToken) -> Result<String, Failure> {
    let owner = store.member(&token.org, &token.owner).await?;
    let used = store.token_last_used(token).await?;
    let state = match &owner {
        _ if token.revoked_at.is_some() => "revoked",
        _ if !token.is_live(Utc::now()) => "ended",
        Some(owner) if may_own(owner.role, token.role) => "live",
        _ => "refused: its owner has no right to it any more",
    };
    Ok(format!(
        "{} ({}) of {}, until {}, last used {}: {state}",
        token.name,
        token.role.as_str(),
        owner.map_or_else(|| "nobody".to_owned(), |owner| owner.email),
        token.ends_at.date_naive(),
        used.map_or_else(|| "never".to_owned(), |day| day.to_string()),
    ))
}

async fn known_member(store: &Store, org: &OrgId, email: &EmailAddress) -> Result<Member, Failure> {
    store.member_by_email(org, email.as_str()).await?.ok_or_else(|| {
        Failure(format!(
            "{org} has no member with this address: add one with `operator member add {org} --email ...`"
        ))
    })
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

/// Prints only the link. Earlier links of the member become invalid.
pub(crate) async fn sign_in_link(
    store: &Store,
    org: &OrgId,
    email: &EmailAddress,
    hours: u16,
    base_url: &Url,
) -> Result<(), Failure> {
    existing(store, org).await?;
    let member = known_member(store, org, email).await?;
    store
        .audit(org, &AuditEntry::now(OPERATOR, "sign_in.link_issued", &member.id))
        .await?;
    let token = store.issue_sign_in(&member, Duration::hours(i64::from(hours))).await?;
    println!(
        "{}/sign-in?t={}",
        base_url.as_str().trim_end_matches('/'),
        token.expose_secret()
    );
    Ok(())
}
