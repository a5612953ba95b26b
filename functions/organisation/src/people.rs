//! Resolves the audit's ids to names; the audit stores ids because names change.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::OrgId;
use domain::step_error::StepError;
use domain::token::TokenRef;
use store::audit::AuditEntry;
use web::{OrgScope, Web};

/// The names of ids for people: a member's address, or a token's `NAME (ORG)`. Members of a child see the parent's name
/// in place of its members and tokens.
pub(crate) struct People(BTreeMap<String, String>);

impl People {
    /// Members act in their own organisation and, if they belong to the parent, in this one.
    pub(crate) async fn of(web: &Web, scope: &OrgScope, entries: &[AuditEntry]) -> Result<Self, StepError> {
        let named = entries.iter().flat_map(|entry| [&entry.who, &entry.subject]);
        let ids: BTreeSet<&String> = named.collect();
        let reader = Some(&scope.caller.org);
        let names = ids.iter().map(|id| id.as_str());
        let hidden = web.parents_people(&scope.organisation, reader, names).await?;
        let mut people = BTreeMap::new();
        for id in ids {
            let name = match TokenRef::parse(id) {
                Some(token) => token_name(web, scope, &token).await?,
                None if is_member_id(id) => member_name(web, scope, id).await?,
                None => Some(hidden.hide(id)),
            };
            people.extend(name.map(|name| (id.clone(), name)));
        }
        Ok(Self(people))
    }

    pub(crate) fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }

    #[cfg(test)]
    pub(crate) fn known(people: &[(&str, &str)]) -> Self {
        let own = |(id, email): &(&str, &str)| ((*id).to_owned(), (*email).to_owned());
        Self(people.iter().map(own).collect())
    }
}

/// Returns `None` for a deleted member.
async fn member_name(web: &Web, scope: &OrgScope, id: &str) -> Result<Option<String>, StepError> {
    if let Some(member) = web.store.member(scope.org(), id).await? {
        return Ok(Some(member.email));
    }
    let Some(parent) = &scope.organisation.parent else {
        return Ok(None);
    };
    match web.store.member(parent, id).await? {
        Some(member) if scope.caller.org == *parent => Ok(Some(member.email)),
        Some(_) => web.name_of(parent).await.map(Some),
        None => Ok(None),
    }
}

async fn token_name(web: &Web, scope: &OrgScope, token: &TokenRef) -> Result<Option<String>, StepError> {
    if may_name(scope, &token.org) {
        let token = web.store.token(&token.org, &token.id).await?;
        return Ok(token.map(|token| token.shown()));
    }
    web.name_of(&token.org).await.map(Some)
}

/// Whether the visitor may see who works at the organisation.
fn may_name(scope: &OrgScope, org: &OrgId) -> bool {
    org == scope.org() || *org == scope.caller.org
}

pub(crate) fn is_member_id(id: &str) -> bool {
    id.strip_prefix('m')
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_ids_are_recognised() {
        assert!(is_member_id(&format!("m{}", "0".repeat(32))));
        for other in ["operator", "mary@contoso.com", "token:ci", "mfa_group", ""] {
            assert!(!is_member_id(other), "{other}");
        }
        let people = People::known(&[("m1", "mary@contoso.com")]);
        assert_eq!((people.name("m1"), people.name("m2")), ("mary@contoso.com", "m2"));
    }
}
