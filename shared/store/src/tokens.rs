//! API tokens. A token is stored among the members of its organisation, where an admin finds it. A second item, found
//! by the hash of the program's secret, points to it.
//!
//! A further item reserves the name of a live token, so that of two tokens created at once with the same name only one
//! succeeds.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::ids::OrgId;
use domain::role::Role;
use domain::step_error::StepError;
use domain::token::{TokenId, TokenName, TokenRef, may_own};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::{Kind, Seen, hash, random_token};
use crate::audit::AuditEntry;
use crate::aws_error::aws_error;
use crate::members::{Changed, Member, TABLE, member_key};
use crate::read::{decode_all, encode};
use crate::write::{Conditional, delete, put, update};
use crate::{Store, number, text};

const PAGE: i32 = 100;
/// How long the day of the last use is kept after a token's end.
const SEEN_AFTER_END: Duration = Duration::days(400);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub org: OrgId,
    pub id: TokenId,
    pub name: TokenName,
    pub role: Role,
    /// The id of the member on whose behalf the token acts.
    pub owner: String,
    pub created_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
    /// The hash of the token's secret.
    secret_hash: String,
}

/// Points from the hash of a secret to its token.
#[derive(Debug, Serialize, Deserialize)]
struct Pointer {
    org: OrgId,
    token: TokenId,
    owner: String,
}

/// The properties of a token to create.
#[derive(Debug)]
pub struct NewToken<'a> {
    pub owner: &'a Member,
    pub name: TokenName,
    pub role: Role,
    pub days: u16,
}

/// The item that reserves a name.
#[derive(Deserialize)]
struct Name {
    /// The token that has the name, or had it until it ended.
    holder: TokenId,
}

/// Another token has the name, or the token changed after it was read.
#[derive(Clone, Copy)]
struct Conflict;

pub enum Created {
    /// The token and its secret, which cannot be read again.
    Done(Box<ApiToken>, SecretString),
    /// A live token of the organisation has the name.
    NameTaken,
}

impl ApiToken {
    pub fn reference(&self) -> TokenRef {
        TokenRef {
            org: self.org.clone(),
            id: self.id.clone(),
        }
    }

    /// The token's name for people, with its organisation, because names are unique only within one.
    pub fn shown(&self) -> String {
        format!("{} ({})", self.name, self.org)
    }

    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.ends_at
    }
}

impl Store {
    /// Creates a token. The caller checks whether the owner may have a token with the role, as at each use.
    pub async fn create_token(&self, new: &NewToken<'_>, by: &str) -> Result<Created, StepError> {
        let secret = random_token();
        let now = Utc::now();
        let token = ApiToken {
            org: new.owner.org.clone(),
            id: TokenId::generate(),
            name: new.name.clone(),
            role: new.role,
            owner: new.owner.id.clone(),
            created_at: now,
            ends_at: now + Duration::days(new.days.into()),
            revoked_at: None,
            secret_hash: hash(&secret),
        };
        // The pointer leads nowhere until the token exists.
        let pointer = Pointer {
            org: token.org.clone(),
            token: token.id.clone(),
            owner: token.owner.clone(),
        };
        let key = Kind::Token.key(&token.secret_hash);
        self.put_access(key.clone(), &pointer, token.ends_at).await?;
        let shown = format!(
            "{}, {}, of {}, until {}",
            token.name,
            token.role.as_str(),
            new.owner.email,
            token.ends_at.date_naive()
        );
        let entry = AuditEntry::now(by, "token.created", &token.reference().to_string()).changed(None, Some(shown));
        let mut tx = self.tx("creating a token");
        tx.add(token_put(&token)?.or(Conflict))
            .add(hold_name(&token, now).or(Conflict));
        tx.audit(&token.org, &entry)?;
        if !tx.commit().await?.is_done() {
            self.delete_access(key).await?;
            return Ok(Created::NameTaken);
        }
        Ok(Created::Done(Box::new(token), secret))
    }

    /// The token with this secret, and its owner. Returns `None` if there is no such token, if it was revoked or has
    /// expired, or if its owner is gone or may no longer have the token's role.
    pub async fn api_token(
        &self,
        secret: &SecretString,
        now: DateTime<Utc>,
    ) -> Result<Option<(ApiToken, Member)>, StepError> {
        let hash = hash(secret);
        let Some(pointer) = self.access::<Pointer>(Kind::Token.key(&hash)).await? else {
            return Ok(None);
        };
        let token = self.token(&pointer.org, &pointer.token);
        let owner = self.member(&pointer.org, &pointer.owner);
        let seen = self.access::<Seen>(Kind::Seen.key(&hash));
        let (token, owner, seen) = tokio::try_join!(token, owner, seen)?;
        let Some((token, owner)) = token
            .zip(owner)
            .filter(|(token, owner)| is_good(token, owner, &hash, now))
        else {
            return Ok(None);
        };
        // Only the first use of a day is recorded.
        if seen.is_none_or(|seen| seen.seen_at.date_naive() < now.date_naive()) {
            let until = token.ends_at + SEEN_AFTER_END;
            self.put_access(Kind::Seen.key(&hash), &Seen { seen_at: now }, until)
                .await?;
        }
        Ok(Some((token, owner)))
    }

    pub async fn token(&self, org: &OrgId, id: &TokenId) -> Result<Option<ApiToken>, StepError> {
        self.read("reading a token", TABLE, member_key(org, &token_key(id)))
            .await
    }

    /// One page of tokens, newest first, starting after the id `after` and including revoked and expired ones. Also
    /// returns the id after which the next page starts, if there is one.
    pub async fn tokens(
        &self,
        org: &OrgId,
        after: Option<&TokenId>,
    ) -> Result<(Vec<ApiToken>, Option<TokenId>), StepError> {
        let answer = self
            .query(TABLE)
            .key_condition_expression("org = :o AND begins_with(#member, :t)")
            .expression_attribute_names("#member", "member")
            .expression_attribute_values(":o", text(org.as_str()))
            .expression_attribute_values(":t", text(TOKEN_KEYS))
            .set_exclusive_start_key(after.map(|id| member_key(org, &token_key(id))))
            .scan_index_forward(false)
            .limit(PAGE)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("listing the tokens", &error))?;
        let more = answer.last_evaluated_key.is_some();
        let tokens: Vec<ApiToken> = decode_all(TABLE, answer.items.unwrap_or_default())?;
        let next = tokens.last().filter(|_| more).map(|token| token.id.clone());
        Ok((tokens, next))
    }

    /// The live token with this name.
    pub async fn token_by_name(
        &self,
        org: &OrgId,
        name: &TokenName,
        now: DateTime<Utc>,
    ) -> Result<Option<ApiToken>, StepError> {
        let token = match self.name_holder(org, name).await? {
            Some(id) => self.token(org, &id).await?,
            None => None,
        };
        Ok(token.filter(|token| token.is_live(now)))
    }

    /// The token that has the name, or had it until it ended.
    async fn name_holder(&self, org: &OrgId, name: &TokenName) -> Result<Option<TokenId>, StepError> {
        let key = member_key(org, &name_key(name));
        let name: Option<Name> = self.read("looking for a token", TABLE, key).await?;
        Ok(name.map(|name| name.holder))
    }

    /// The day on which the token was last used.
    pub async fn token_last_used(&self, token: &ApiToken) -> Result<Option<NaiveDate>, StepError> {
        let seen = self.access::<Seen>(Kind::Seen.key(&token.secret_hash)).await?;
        Ok(seen.map(|seen| seen.seen_at.date_naive()))
    }

    /// Revokes the token; the next call with it is refused.
    pub async fn revoke_token(&self, token: &ApiToken, by: &str) -> Result<Changed, StepError> {
        let revoked = update(
            TABLE,
            member_key(&token.org, &token_key(&token.id)),
            "SET revoked_at = :now",
        )
        .value(":now", text(Utc::now().to_rfc3339()))
        .when("attribute_exists(org) AND attribute_not_exists(revoked_at)");
        let shown = format!("{}, {}", token.name, token.role.as_str());
        let entry = AuditEntry::now(by, "token.revoked", &token.reference().to_string()).changed(Some(shown), None);
        let mut tx = self.tx("revoking a token");
        tx.add(revoked.or(Conflict)).audit(&token.org, &entry)?;
        // An expired token may have passed its name on to another one.
        if self.name_holder(&token.org, &token.name).await?.as_ref() == Some(&token.id) {
            tx.add(free_name(token).or(Conflict));
        }
        if !tx.commit().await?.is_done() {
            return Ok(Changed::Overtaken);
        }
        self.delete_access(Kind::Token.key(&token.secret_hash)).await?;
        Ok(Changed::Done)
    }
}

fn token_put(token: &ApiToken) -> Result<Conditional, StepError> {
    let new = put(TABLE, encode(TABLE, token)?).with("member", text(token_key(&token.id)));
    Ok(new.unless_exists("org"))
}

fn free_name(token: &ApiToken) -> Conditional {
    let name = delete(TABLE, member_key(&token.org, &name_key(&token.name)));
    name.value(":me", text(token.id.as_str())).when("holder = :me")
}

/// Reserves the name for the token, unless another live token has it.
fn hold_name(token: &ApiToken, now: DateTime<Utc>) -> Conditional {
    put(TABLE, member_key(&token.org, &name_key(&token.name)))
        .with("holder", text(token.id.as_str()))
        .with("until", number(token.ends_at.timestamp()))
        .name("#until", "until")
        .value(":now", number(now.timestamp()))
        .when("attribute_not_exists(holder) OR #until <= :now")
}

/// The prefix of token keys, which no member's id has.
const TOKEN_KEYS: &str = "token#";

fn token_key(id: &TokenId) -> String {
    format!("{TOKEN_KEYS}{id}")
}

fn name_key(name: &TokenName) -> String {
    format!("name#{name}")
}

fn is_good(token: &ApiToken, owner: &Member, hash: &str, now: DateTime<Utc>) -> bool {
    token.secret_hash == hash
        && token.is_live(now)
        && token.org == owner.org
        && token.owner == owner.id
        && may_own(owner.role, token.role)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(role: Role) -> Member {
        Member {
            id: "m1".to_owned(),
            ..Member::new(&OrgId::parse("acme").unwrap(), "a@acme.example", "Ann", role)
        }
    }

    fn token(role: Role) -> ApiToken {
        let created_at: DateTime<Utc> = "2026-11-28T07:00:00Z".parse().unwrap();
        ApiToken {
            org: OrgId::parse("acme").unwrap(),
            id: TokenId::generate(),
            name: TokenName::parse("ci").unwrap(),
            role,
            owner: "m1".to_owned(),
            created_at,
            ends_at: created_at + Duration::days(90),
            revoked_at: None,
            secret_hash: "hash".to_owned(),
        }
    }

    #[test]
    fn token_is_valid_until_it_expires_or_is_revoked() {
        let mut token = token(Role::Basic);
        let admin = owner(Role::Admin);
        let last = token.ends_at - Duration::seconds(1);
        assert!(is_good(&token, &admin, "hash", last));
        assert!(!is_good(&token, &admin, "hash", token.ends_at));
        assert!(!is_good(&token, &admin, "another", last));
        token.revoked_at = Some(token.created_at);
        assert!(!is_good(&token, &admin, "hash", last));
    }

    #[test]
    fn token_needs_the_current_role_of_its_owner() {
        let now = token(Role::Basic).created_at;
        let good = |owner_role, role| is_good(&token(role), &owner(owner_role), "hash", now);
        assert!(good(Role::Admin, Role::Admin) && good(Role::Admin, Role::Basic));
        assert!(good(Role::Technician, Role::Technician));
        // A member who was demoted cannot use their old tokens.
        assert!(!good(Role::Technician, Role::Admin) && !good(Role::Basic, Role::Technician));
        assert!(!good(Role::Technician, Role::Basic));
        let other = Member {
            id: "m2".to_owned(),
            ..owner(Role::Admin)
        };
        assert!(!is_good(&token(Role::Basic), &other, "hash", now));
    }

    #[test]
    fn token_keys_are_not_ids_of_members() {
        let member = Member::new(&OrgId::parse("acme").unwrap(), "a@a.example", "A", Role::Basic);
        let keys = [
            token_key(&TokenId::generate()),
            name_key(&TokenName::parse("m0").unwrap()),
        ];
        assert!(member.id.starts_with('m') && keys.iter().all(|key| !key.starts_with('m')));
    }
}
