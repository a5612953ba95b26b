//! Creates, changes and prints organisations.

use domain::contact::DomainName;
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::variables::{Child, Inherited, inherited_from};
use store::Store;

use crate::arguments::Wish;
use crate::variables::listed;
use crate::{Failure, OPERATOR, existing};

const MAX_TEXT: usize = 256;

pub(crate) async fn create(store: &Store, wish: Wish) -> Result<(), Failure> {
    let known = store.organisation(&wish.org).await?;
    let verb = if known.is_some() { "updated" } else { "created" };
    let old_parent = known.as_ref().and_then(|known| known.parent.clone());
    let organisation = merged(known, wish)?;
    if let Some(parent) = &organisation.parent {
        let parent = existing(store, parent).await?;
        if parent.parent.is_some() {
            return Err(format!("{} has a parent itself: only one level of parents counts", parent.id).into());
        }
        if !store.children(&organisation.id).await?.is_empty() {
            return Err(format!(
                "{} has children itself: only one level of parents counts",
                organisation.id
            )
            .into());
        }
    }
    if old_parent != organisation.parent {
        let (before, after) = (
            defaults_of(store, old_parent.as_ref()).await?,
            defaults_of(store, organisation.parent.as_ref()).await?,
        );
        let child = Child {
            id: organisation.id.clone(),
            own: store.own_variables(&organisation.id).await?,
        };
        let problems = child.contradictions(&before, &after);
        if !problems.is_empty() {
            return Err(listed(&problems).into());
        }
    }
    store.put_organisation(&organisation, OPERATOR).await?;
    println!("organisation {} {verb}", organisation.id);
    Ok(())
}

async fn defaults_of(store: &Store, parent: Option<&OrgId>) -> Result<Inherited, Failure> {
    match parent {
        Some(parent) => Ok(inherited_from(&store.own_variables(parent).await?)),
        None => Ok(Inherited::new()),
    }
}

/// Fields that are not given keep their values; an empty text removes a value.
fn merged(known: Option<Organisation>, wish: Wish) -> Result<Organisation, String> {
    let name = text("--name", &wish.name)?.ok_or("--name must not be empty")?;
    let mut organisation = known.unwrap_or_else(|| Organisation::new(wish.org, String::new()));
    organisation.name = name;
    if let Some(parent) = wish.parent {
        let parent = text("--parent", &parent)?;
        organisation.parent = parent
            .map(|parent| OrgId::parse(&parent).map_err(|error| format!("--parent: {error}")))
            .transpose()?;
    }
    if organisation.parent.as_ref() == Some(&organisation.id) {
        return Err("an organisation is not its own parent".to_owned());
    }
    if let Some(tenant) = wish.tenant_id {
        let tenant = text("--tenant-id", &tenant)?;
        if tenant.as_deref().is_some_and(|tenant| !is_tenant(tenant)) {
            return Err("--tenant-id must be the tenant's GUID or one of its domains".to_owned());
        }
        organisation.tenant_id = tenant;
    }
    for (system, company) in wish.companies {
        match text("--company", &company)? {
            Some(company) => organisation.companies.insert(system, company),
            None => organisation.companies.remove(&system),
        };
    }
    Ok(organisation)
}

/// The tenant becomes part of an address.
fn is_tenant(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok() || DomainName::parse(text).is_ok()
}

fn text(option: &str, value: &str) -> Result<Option<String>, String> {
    let value = value.trim();
    if value.chars().count() > MAX_TEXT || value.chars().any(char::is_control) {
        return Err(format!("{option} must be one line of at most {MAX_TEXT} characters"));
    }
    Ok(Some(value.to_owned()).filter(|value| !value.is_empty()))
}

pub(crate) async fn show(store: &Store, org: &OrgId) -> Result<(), Failure> {
    let organisation = existing(store, org).await?;
    let lines = [
        ("organisation", Some(organisation.id.to_string())),
        ("name", Some(organisation.name)),
        ("parent", organisation.parent.map(String::from)),
        ("tenant id", organisation.tenant_id),
    ];
    for (label, value) in lines {
        println!("{label:<20} {}", value.as_deref().unwrap_or("-"));
    }
    let domain = store.auto_onboarding_domain(org).await?;
    let state = match &domain {
        Some(domain) => match store.domain_owner(domain).await? {
            Some(owner) if owner.org == *org && owner.on => format!("on for {domain}"),
            _ => "off".to_owned(),
        },
        None => "off".to_owned(),
    };
    println!("{:<20} {state}", "auto-onboarding");
    for (system, company) in organisation.companies {
        println!("{:<20} {company}", format!("company in {system}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(name: &str) -> Wish {
        Wish {
            org: OrgId::parse("acme").expect("an id"),
            name: name.to_owned(),
            parent: None,
            tenant_id: None,
            companies: Vec::new(),
        }
    }

    fn companies(all: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(system, id): &(&str, &str)| ((*system).to_owned(), (*id).to_owned());
        all.iter().map(owned).collect()
    }

    #[test]
    fn what_is_not_given_stays_and_empty_removes() {
        let first = Wish {
            tenant_id: Some("11111111-2222-3333-4444-555555555555".to_owned()),
            companies: companies(&[("connectwise", "19"), ("hudu", "7")]),
            ..wish("Acme")
        };
        let made = merged(None, first).expect("right");
        let changed = merged(
            Some(made),
            Wish {
                companies: companies(&[("connectwise", ""), ("halopsa", "12")]),
                ..wish("Acme Ltd")
            },
        )
        .expect("right");
        assert_eq!(changed.name, "Acme Ltd");
        assert_eq!(
            changed.tenant_id.as_deref(),
            Some("11111111-2222-3333-4444-555555555555")
        );
        let of = ["connectwise", "halopsa", "hudu"].map(|system| changed.company(system));
        assert_eq!(of, [None, Some("12"), Some("7")]);
    }

    #[test]
    fn wrong_wishes_are_named() {
        for (wrong, named) in [
            (
                Wish {
                    parent: Some("acme".to_owned()),
                    ..wish("A")
                },
                "own parent",
            ),
            (
                Wish {
                    parent: Some("A/B".to_owned()),
                    ..wish("A")
                },
                "--parent",
            ),
            (
                Wish {
                    tenant_id: Some("a/../b".to_owned()),
                    ..wish("A")
                },
                "--tenant-id",
            ),
            (
                Wish {
                    companies: companies(&[("connectwise", "1\n2")]),
                    ..wish("A")
                },
                "--company",
            ),
            (wish(" "), "--name"),
        ] {
            let message = merged(None, wrong).expect_err(named);
            assert!(message.contains(named), "{message}");
        }
    }
}
