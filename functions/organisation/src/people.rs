//! Who the audit's ids are: it keeps ids, as names change.

use std::collections::{BTreeMap, BTreeSet};

use domain::fault::Fault;
use domain::integration::Organisation;
use store::audit::AuditEntry;
use web::Web;

/// Addresses by member id, as far as the members are still there.
pub(crate) struct People(BTreeMap<String, String>);

impl People {
    /// Members act in their own organisation and, from the parent, in this one.
    pub(crate) async fn of(web: &Web, organisation: &Organisation, entries: &[AuditEntry]) -> Result<Self, Fault> {
        let named = entries.iter().flat_map(|entry| [&entry.who, &entry.subject]);
        let ids: BTreeSet<&String> = named.filter(|id| is_member_id(id)).collect();
        let mut people = BTreeMap::new();
        for id in ids {
            for org in std::iter::once(&organisation.id).chain(&organisation.parent) {
                if let Some(member) = web.store.member(org, id).await? {
                    people.insert(id.clone(), member.email);
                    break;
                }
            }
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

pub(crate) fn is_member_id(id: &str) -> bool {
    id.strip_prefix('m')
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_from_everything_else() {
        assert!(is_member_id(&format!("m{}", "0".repeat(32))));
        for other in ["operator", "mary@contoso.com", "token:ci", "mfa_group", ""] {
            assert!(!is_member_id(other), "{other}");
        }
        let people = People::known(&[("m1", "mary@contoso.com")]);
        assert_eq!((people.name("m1"), people.name("m2")), ("mary@contoso.com", "m2"));
    }
}
