//! API tokens. What a token is stands among the members of its organisation, where an admin finds it; what a program brings
//! is known by its hash, and points there.
//!
//! A live token's name is held by an item of its own, so that of two with one name at once one wins.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::ids::OrgId;
use domain::role::Role;
use domain::step_error::StepError;
use domain::token::{TokenId, TokenName, TokenRef, may_own};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::{Kind, Seen, hash, random_token};
use crate::audit::AuditEntry;
use crate::aws_error::{aws_error, stored_shape};
use crate::members::{Changed, Member, TABLE, Written};
use crate::{Store, number, text};

const PAGE: i32 = 100;
/// How long the day of the last use is known after a token's end.
const SEEN_AFTER_END: Duration = Duration::days(400);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub org: OrgId,
    pub id: TokenId,
    pub name: TokenName,
    pub role: Role,
    /// Id of the member as whom it counts.
    pub owner: String,
    pub created_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
    /// Of the secret.
    secret_hash: String,
}

/// What a program's secret points to.
#[derive(Debug, Serialize, Deserialize)]
struct Pointer {
    org: OrgId,
    token: TokenId,
    owner: String,
}

/// A token that is to be made.
#[derive(Debug)]
pub struct NewToken<'a> {
    pub owner: &'a Member,
    pub name: TokenName,
    pub role: Role,
    pub days: u16,
}

pub enum Created {
    /// With the secret, which nothing can show again.
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

    /// For people: names are an organisation's own.
    pub fn shown(&self) -> String {
        format!("{} ({})", self.name, self.org)
    }

    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.ends_at
    }
}

impl Store {
    /// Whether the owner may have a token with the role is for the caller to check: it counts at each use too.
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
        // It points nowhere until the token is there.
        let pointer = Pointer {
            org: token.org.clone(),
            token: token.id.clone(),
            owner: token.owner.clone(),
        };
        let key = Kind::Token.key(&token.secret_hash);
        self.put_access(key.clone(), &pointer, token.ends_at).await?;
        let told = format!(
            "{}, {}, of {}, until {}",
            token.name,
            token.role.as_str(),
            new.owner.email,
            token.ends_at.date_naive()
        );
        let entry = AuditEntry::now(by, "token.created", &token.reference().to_string()).changed(None, Some(told));
        let writes = vec![
            self.token_put(&token)?,
            self.hold_name(&token, now)?,
            self.audit_put(&token.org, &entry)?,
        ];
        match self.written("creating a token", writes).await? {
            Written::Done => Ok(Created::Done(Box::new(token), secret)),
            Written::Unmet(_) => {
                self.delete_access(key).await?;
                Ok(Created::NameTaken)
            }
        }
    }

    /// The token that a program brings, with its owner. None for one that is nobody's, revoked, past its end, of a member who
    /// is gone, or of one who may not have its role any more.
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
        // A day's first use is written down.
        if seen.is_none_or(|seen| seen.seen_at.date_naive() < now.date_naive()) {
            let until = token.ends_at + SEEN_AFTER_END;
            self.put_access(Kind::Seen.key(&hash), &Seen { seen_at: now }, until)
                .await?;
        }
        Ok(Some((token, owner)))
    }

    pub async fn token(&self, org: &OrgId, id: &TokenId) -> Result<Option<ApiToken>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(org.as_str()))
            .key("member", text(token_key(id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading a token", &error))?;
        answer.item.map(from_item).transpose()
    }

    /// One page, newest first, after the token named: revoked and ended ones too. With where the next page begins, if there
    /// is one.
    pub async fn tokens(
        &self,
        org: &OrgId,
        after: Option<&TokenId>,
    ) -> Result<(Vec<ApiToken>, Option<TokenId>), StepError> {
        let start = after.map(|id| {
            HashMap::from([
                ("org".to_owned(), text(org.as_str())),
                ("member".to_owned(), text(token_key(id))),
            ])
        });
        let answer = self
            .db
            .query()
            .table_name(self.table(TABLE))
            .key_condition_expression("org = :o AND begins_with(#member, :t)")
            .expression_attribute_names("#member", "member")
            .expression_attribute_values(":o", text(org.as_str()))
            .expression_attribute_values(":t", text(TOKEN_KEYS))
            .set_exclusive_start_key(start)
            .scan_index_forward(false)
            .limit(PAGE)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("listing the tokens", &error))?;
        let more = answer.last_evaluated_key.is_some();
        let tokens: Result<Vec<_>, _> = answer.items.unwrap_or_default().into_iter().map(from_item).collect();
        let tokens = tokens?;
        let next = tokens.last().filter(|_| more).map(|token| token.id.clone());
        Ok((tokens, next))
    }

    /// The live one of this name.
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

    /// The token that has the name, or had it until its end.
    async fn name_holder(&self, org: &OrgId, name: &TokenName) -> Result<Option<TokenId>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(org.as_str()))
            .key("member", text(name_key(name)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("looking for a token", &error))?;
        let holder = answer.item.and_then(|mut item| item.remove("holder"));
        Ok(holder.and_then(|holder| TokenId::parse(holder.as_s().ok()?).ok()))
    }

    /// The day on which it was used last.
    pub async fn token_last_used(&self, token: &ApiToken) -> Result<Option<NaiveDate>, StepError> {
        let seen = self.access::<Seen>(Kind::Seen.key(&token.secret_hash)).await?;
        Ok(seen.map(|seen| seen.seen_at.date_naive()))
    }

    /// From the next call on nobody gets in with it.
    pub async fn revoke_token(&self, token: &ApiToken, by: &str) -> Result<Changed, StepError> {
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(token.org.as_str()))
            .key("member", text(token_key(&token.id)))
            .update_expression("SET revoked_at = :now")
            .condition_expression("attribute_exists(org) AND attribute_not_exists(revoked_at)")
            .expression_attribute_values(":now", text(Utc::now().to_rfc3339()))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let told = format!("{}, {}", token.name, token.role.as_str());
        let entry = AuditEntry::now(by, "token.revoked", &token.reference().to_string()).changed(Some(told), None);
        let mut writes = vec![
            TransactWriteItem::builder().update(update).build(),
            self.audit_put(&token.org, &entry)?,
        ];
        // One that has ended may have left its name to another one.
        if self.name_holder(&token.org, &token.name).await?.as_ref() == Some(&token.id) {
            writes.push(self.free_name(token)?);
        }
        match self.written("revoking a token", writes).await? {
            Written::Done => {
                self.delete_access(Kind::Token.key(&token.secret_hash)).await?;
                Ok(Changed::Done)
            }
            Written::Unmet(_) => Ok(Changed::Overtaken),
        }
    }

    fn token_put(&self, token: &ApiToken) -> Result<TransactWriteItem, StepError> {
        let fields: Item = serde_dynamo::to_item(token).map_err(|_| stored_shape(TABLE))?;
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("member", text(token_key(&token.id)))
            .condition_expression("attribute_not_exists(org)")
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn free_name(&self, token: &ApiToken) -> Result<TransactWriteItem, StepError> {
        let delete = Delete::builder()
            .table_name(self.table(TABLE))
            .key("org", text(token.org.as_str()))
            .key("member", text(name_key(&token.name)))
            .condition_expression("holder = :me")
            .expression_attribute_values(":me", text(token.id.as_str()))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Of a token that has ended the name is free.
    fn hold_name(&self, token: &ApiToken, now: DateTime<Utc>) -> Result<TransactWriteItem, StepError> {
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .item("org", text(token.org.as_str()))
            .item("member", text(name_key(&token.name)))
            .item("holder", text(token.id.as_str()))
            .item("until", number(token.ends_at.timestamp()))
            .condition_expression("attribute_not_exists(holder) OR #until <= :now")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", number(now.timestamp()))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

type Item = HashMap<String, AttributeValue>;

/// No member's id begins so.
const TOKEN_KEYS: &str = "token#";

fn token_key(id: &TokenId) -> String {
    format!("{TOKEN_KEYS}{id}")
}

fn name_key(name: &TokenName) -> String {
    format!("name#{name}")
}

fn from_item(item: Item) -> Result<ApiToken, StepError> {
    serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE))
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
    fn a_token_is_good_until_its_end_or_until_it_is_revoked() {
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
    fn a_token_has_no_more_rights_than_its_owner_has_now() {
        let now = token(Role::Basic).created_at;
        let good = |owner_role, role| is_good(&token(role), &owner(owner_role), "hash", now);
        assert!(good(Role::Admin, Role::Admin) && good(Role::Admin, Role::Basic));
        assert!(good(Role::Technician, Role::Technician));
        // Whoever was lowered takes their tokens along.
        assert!(!good(Role::Technician, Role::Admin) && !good(Role::Basic, Role::Technician));
        assert!(!good(Role::Technician, Role::Basic));
        let other = Member {
            id: "m2".to_owned(),
            ..owner(Role::Admin)
        };
        assert!(!is_good(&token(Role::Basic), &other, "hash", now));
    }

    #[test]
    fn keys_are_nobodys_id() {
        let member = Member::new(&OrgId::parse("acme").unwrap(), "a@a.example", "A", Role::Basic);
        let keys = [
            token_key(&TokenId::generate()),
            name_key(&TokenName::parse("m0").unwrap()),
        ];
        assert!(member.id.starts_with('m') && keys.iter().all(|key| !key.starts_with('m')));
    }
}
