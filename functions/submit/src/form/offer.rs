//! The lists in the onboarding form: the tenant's domains and licenses.

use directory::{Domain, SubscribedSku};

use super::inputs::Choice;

/// The tenant's verified domains, the default first, and its licenses for users with their free seats.
pub(crate) struct Offer {
    domains: Vec<Domain>,
    licenses: Vec<(String, u32)>,
}

impl Offer {
    pub(crate) fn of(domains: Vec<Domain>, skus: Vec<SubscribedSku>) -> Self {
        let mut domains: Vec<Domain> = domains.into_iter().filter(|domain| domain.is_verified).collect();
        domains.sort_by(|one, other| {
            other
                .is_default
                .cmp(&one.is_default)
                .then_with(|| one.name.cmp(&other.name))
        });
        let of_users = skus.into_iter().filter(|sku| sku.applies_to == "User");
        let mut licenses: Vec<_> = of_users.map(|sku| (sku.sku.part_number.clone(), sku.free())).collect();
        licenses.sort();
        Self { domains, licenses }
    }

    /// The values and labels of the domains.
    pub(super) fn domains(&self) -> Vec<(String, String)> {
        let label = |domain: &Domain| {
            if domain.is_default {
                format!("{} (default)", domain.name)
            } else {
                domain.name.clone()
            }
        };
        let domains = self.domains.iter();
        domains.map(|domain| (domain.name.clone(), label(domain))).collect()
    }

    /// The licenses to tick. A chosen license stays even if the tenant doesn't have it, so that it is shown with its
    /// error.
    pub(super) fn licenses(&self, chosen: &[String]) -> Vec<Choice> {
        let is_chosen = |name: &str| chosen.iter().any(|other| other.eq_ignore_ascii_case(name));
        let is_offered = |name: &str| self.licenses.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        let offered = self.licenses.iter().map(|(name, free)| Choice {
            value: name.clone(),
            label: format!("{name} ({free} free)"),
            chosen: is_chosen(name),
        });
        let unknown = chosen.iter().filter(|name| !is_offered(name)).map(|name| Choice {
            value: name.clone(),
            label: name.clone(),
            chosen: true,
        });
        offered.chain(unknown).collect()
    }
}
