//! Licenses: which of the tenant's SKUs the form names, how many seats are free, and who will buy missing ones.

use directory::{Graph, SubscribedSku};
use domain::decision::Gate;
use domain::field::FieldError;
use domain::integration::Organisation;
use domain::request::Sku;
use domain::step_error::StepError;
use domain::submission::{LicenseName, LicensePurchase, OnboardingFields};
use domain::variables::{Distributor, OrgVariables};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseFound {
    pub sku: Sku,
    pub free: u32,
    /// Why no group can assign the license, if licenses are assigned by group.
    pub no_group: Option<String>,
}

/// The tenant's licenses. The directory is not called if the form names no license.
pub(crate) async fn subscribed(graph: &Graph, form: &OnboardingFields) -> Result<Vec<SubscribedSku>, StepError> {
    if form.licenses.as_ref().is_none_or(Vec::is_empty) {
        Ok(Vec::new())
    } else {
        graph.subscribed_skus().await
    }
}

/// The licenses that the form names, each once even if it is named in two ways, and the errors of those that do not
/// exist.
pub(crate) fn matched(wanted: &[LicenseName], skus: &[SubscribedSku]) -> (Vec<LicenseFound>, Vec<FieldError>) {
    let mut found: Vec<LicenseFound> = Vec::new();
    let mut errors = Vec::new();
    for name in wanted {
        let error = |what: &str| FieldError::new("licenses", format!("{name} {what}"));
        match skus.iter().find(|sku| name.is(&sku.sku)) {
            None => errors.push(error("is no license of the tenant")),
            Some(sku) if sku.applies_to != "User" => errors.push(error("is not assigned to users")),
            Some(sku) if found.iter().any(|other| other.sku.id == sku.sku.id) => {}
            Some(sku) => found.push(LicenseFound {
                sku: sku.sku.clone(),
                free: sku.free(),
                no_group: None,
            }),
        }
    }
    (found, errors)
}

/// Looks up the group that provides each license. A license without one is reported to a technician and does not stop
/// the request.
pub(crate) async fn look_for_groups(graph: &Graph, licenses: &mut [LicenseFound]) -> Result<(), StepError> {
    for license in licenses {
        license.no_group = graph.license_group(&license.sku.id).await?.joinable().err();
    }
    Ok(())
}

/// The gates of licenses that a technician will be asked to buy.
pub(crate) fn bought_by_hand<'a>(
    licenses: &'a [LicenseFound],
    organisation: &Organisation,
    variables: &OrgVariables,
    purchase: LicensePurchase,
) -> impl Iterator<Item = Gate> + use<'a> {
    let distributor = variables
        .ms_licensing_distributor
        .filter(|choice| *choice != Distributor::Manual);
    let mapped = distributor.is_some_and(|choice| organisation.company(choice.as_str()).is_some());
    let by_hand = match purchase {
        LicensePurchase::None => false,
        LicensePurchase::Manual => true,
        LicensePurchase::Auto => !mapped || !variables.auto_purchase_license_if_none_available,
    };
    licenses
        .iter()
        .filter(move |license| by_hand && license.free == 0)
        .map(|license| Gate::License(license.sku.part_number.clone()))
}

#[cfg(test)]
mod tests {
    use domain::ids::OrgId;

    use super::*;

    fn sku(id: &str, part_number: &str, free: u32, applies_to: &str) -> SubscribedSku {
        SubscribedSku {
            sku: Sku {
                id: id.to_owned(),
                part_number: part_number.to_owned(),
            },
            enabled: free,
            warning: 0,
            consumed: 0,
            capability_status: "Enabled".to_owned(),
            applies_to: applies_to.to_owned(),
        }
    }

    #[test]
    fn licenses_match_either_name_and_are_listed_once() {
        let id = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46";
        let skus = [sku(id, "SPB", 3, "User"), sku("2", "WINDOWS_STORE", 9, "Company")];
        let wanted: Vec<LicenseName> = ["spb", id, "SPE_E3", "WINDOWS_STORE"]
            .iter()
            .map(|name| LicenseName::parse(name).expect("a name"))
            .collect();
        let (found, problems) = matched(&wanted, &skus);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].free, 3);
        let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "SPE_E3 is no license of the tenant",
                "WINDOWS_STORE is not assigned to users"
            ]
        );
    }

    #[test]
    fn missing_seats_are_bought_by_hand_or_automatically() {
        let licenses = [
            LicenseFound {
                sku: sku("1", "SPB", 0, "User").sku,
                free: 0,
                no_group: None,
            },
            LicenseFound {
                sku: sku("2", "SPE_E3", 1, "User").sku,
                free: 1,
                no_group: None,
            },
        ];
        let gates = |purchase: &str, auto: bool, distributor: Option<Distributor>, company: Option<&str>| {
            let mut organisation = Organisation::new(OrgId::parse("acme").expect("an id"), "Acme");
            let companies = company.map(|company| ("pax8".to_owned(), company.to_owned()));
            organisation.companies.extend(companies);
            let variables = OrgVariables {
                auto_purchase_license_if_none_available: auto,
                ms_licensing_distributor: distributor,
                ..OrgVariables::default()
            };
            let purchase = LicensePurchase::parse(purchase).expect("a choice");
            bought_by_hand(&licenses, &organisation, &variables, purchase).collect::<Vec<_>>()
        };
        let asked = vec![Gate::License("SPB".to_owned())];
        let pax8 = Some(Distributor::Pax8);
        assert_eq!(gates("auto", true, pax8, Some("c")), []);
        assert_eq!(gates("none", false, None, None), []);
        assert_eq!(gates("manual", true, pax8, Some("c")), asked);
        assert_eq!(gates("auto", false, pax8, Some("c")), asked);
        assert_eq!(gates("auto", true, pax8, None), asked);
        assert_eq!(
            gates("auto", true, Some(Distributor::Sherweb), Some("c")),
            asked,
            "a company at Pax8 is none at Sherweb"
        );
        assert_eq!(gates("auto", true, Some(Distributor::Manual), Some("c")), asked);
        assert_eq!(gates("auto", true, None, Some("c")), asked);
    }
}
