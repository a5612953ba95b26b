//! Texts about finding, buying and assigning licenses.

use secrecy::{ExposeSecret, SecretString};

use domain::text::unlinked;

/// The required note, word for word, followed by what to buy and for whom. `ordered`: a seat may already be on order.
pub fn manual_purchase(
    organisation: &str,
    part_number: &str,
    upn: &str,
    confirm: &SecretString,
    reject: &SecretString,
    ordered: bool,
) -> SecretString {
    let beware = if ordered {
        "\n\nAn order for one more was begun at the distributor: look there before you purchase, so that it is not \
         bought twice."
    } else {
        ""
    };
    format!(
        "The organization {organisation} requires a license and either you have selected to purchase the license \
         manually or the organization is not mapped with the distributor.\n\n\
         Please purchase the requested license and once complete, click the URL below. Note the window will close \
         automatically:\n\n\
         Confirm License Purchase: {}\n\n\
         If you don't want to purchase the license right now, click the URL below. You will need to manually apply a \
         license to the user after the workflow is complete:\n\n\
         Reject License Purchase: {}\n\n\
         Requested license: {part_number}\n\
         User: {upn}{beware}",
        confirm.expose_secret(),
        reject.expose_secret()
    )
    .into()
}

/// The required text, word for word.
pub const PURCHASE_TIMED_OUT: &str = "No option was chosen to purchase the license, and the request has now timed out.";

pub fn purchase_confirmed(part_number: &str, by: &str) -> String {
    format!(
        "The license {part_number} has been purchased manually, as confirmed by {by}. Gangway now looks for the seat."
    )
}

pub fn purchase_rejected(part_number: &str, upn: &str, by: &str) -> String {
    format!(
        "The license {part_number} was not purchased: {by} rejected the purchase. \
         Please assign a license to {upn} by hand later."
    )
}

/// The note if Gangway could buy a seat but may not. A technician is asked next.
pub fn seat_not_bought(part_number: &str, why: &str) -> String {
    format!("No seat of {part_number} is free, and none was ordered automatically: {why}. A technician is asked.")
}

pub fn purchase_ordered(part_number: &str, distributor: &str) -> String {
    format!("No seat of {part_number} was free. One more was ordered automatically at {distributor}.")
}

pub fn purchased_automatically(part_number: &str, distributor: &str) -> String {
    format!("The license {part_number} was purchased automatically at {distributor}.")
}

/// The note if one seat was ordered but the subscription has more.
pub fn purchased_too_many(part_number: &str, distributor: &str, ordered: u32, there: u32) -> String {
    format!(
        "{ordered} seats of {part_number} in all were ordered at {distributor}, and the subscription has {there} now. \
         Please look whether the order bought more than it should have, or somebody else bought at the same time."
    )
}

/// `why` comes from the distributor's client and quotes no payload.
pub fn purchase_failed(part_number: &str, distributor: &str, why: &str) -> String {
    format!("The license {part_number} could not be purchased automatically at {distributor}: {why}")
}

pub fn seat_not_shown(part_number: &str, upn: &str) -> String {
    format!(
        "A seat of {part_number} was purchased, but has not shown up in the tenant. \
         Please assign the license to {upn} by hand once it does."
    )
}

/// The note if the form asked for no purchase.
pub fn license_not_wanted(part_number: &str, upn: &str) -> String {
    format!(
        "No seat of {part_number} is free, and the request asks for no purchase (license_purchase: none). \
         {upn} has no such license."
    )
}

pub fn usage_location_missing(part_number: &str, upn: &str) -> String {
    format!(
        "The license {part_number} could not be assigned to {upn}, because no usage location is known. Set \
         usage_location for the organization, and assign the license by hand."
    )
}

pub fn license_assigned(part_number: &str, upn: &str) -> String {
    format!("The license {part_number} was assigned to {upn} and is active.")
}

pub fn license_assigned_by_group(part_number: &str, upn: &str, group: &str) -> String {
    let group = unlinked(group);
    format!("The license {part_number} was assigned to {upn} by the group {group} and is active.")
}

pub fn license_not_assigned(part_number: &str, upn: &str, why: &str) -> String {
    format!("The license {part_number} could not be assigned to {upn}: {why}. Please see to it by hand.")
}

/// The note if no group provides the license. The organisation chose groups, so nothing else is tried. `why` completes
/// the sentence.
pub fn license_group_missing(part_number: &str, upn: &str, why: &str) -> String {
    format!(
        "The license {part_number} was not assigned to {upn}. The organization assigns licenses by group \
         (license_assignment_method), and {why}. Please assign it by hand."
    )
}

/// The note if the user is in the group, but Microsoft did not assign the license in time.
pub fn license_group_slow(part_number: &str, upn: &str) -> String {
    format!(
        "{upn} was added to the group that carries the license {part_number}, but Microsoft has not made the license \
         active yet. Please look at the user's licenses later, and have them processed again if need be."
    )
}

/// Why Microsoft refuses a license, by its name for the rule, and what a technician can do. Completes "could not be
/// assigned:".
pub fn license_violation(name: &str) -> String {
    match name {
        "CountViolation" => "no seat of it is free. Buy one, or take one from an account that needs it no longer",
        "MutuallyExclusiveViolation" => {
            "one of its services conflicts with another license of the user. Take that license away, or switch the \
             service off in one of the two"
        }
        "DependencyViolation" => {
            "one of its services needs a service of another license, which the user has not. Assign that license first"
        }
        "ProhibitedInUsageLocationViolation" => {
            "one of its services is not offered in the user's usage location. Correct the usage location, or switch \
             the service off"
        }
        "UniquenessViolation" => {
            "another account has one of the user's mail addresses already. Remove the address there, and have the \
             license processed again"
        }
        other if other != "Other" && is_name(other) => return format!("Microsoft reports {other}"),
        _ => {
            "Microsoft names no reason. Look at the license in the Microsoft 365 admin center, and have it processed \
             again"
        }
    }
    .to_owned()
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manual_purchase_is_the_seeds() {
        let note = |ordered| {
            let (confirm, reject) = (
                "https://g.example/decide?c=1".into(),
                "https://g.example/decide?c=2".into(),
            );
            manual_purchase("Contoso", "SPB", "ada@contoso.com", &confirm, &reject, ordered)
        };
        assert!(note(true).expose_secret().ends_with("so that it is not bought twice."));
        let note = note(false);
        assert_eq!(
            note.expose_secret(),
            "The organization Contoso requires a license and either you have selected to purchase the license manually or the organization is not mapped with the distributor.

Please purchase the requested license and once complete, click the URL below. Note the window will close automatically:

Confirm License Purchase: https://g.example/decide?c=1

If you don't want to purchase the license right now, click the URL below. You will need to manually apply a license to the user after the workflow is complete:

Reject License Purchase: https://g.example/decide?c=2

Requested license: SPB
User: ada@contoso.com"
        );
        assert!(!format!("{note:?}").contains("decide"));
    }

    #[test]
    fn violations_say_what_to_do() {
        let told = license_not_assigned("SPB", "ada@contoso.com", &license_violation("DependencyViolation"));
        assert_eq!(
            told,
            "The license SPB could not be assigned to ada@contoso.com: one of its services needs a service of another \
             license, which the user has not. Assign that license first. Please see to it by hand."
        );
        assert_eq!(license_violation("NewViolation"), "Microsoft reports NewViolation");
        assert_eq!(license_violation("no reason given"), license_violation("Other"));
    }

    #[test]
    fn ends_of_the_manual_purchase() {
        assert_eq!(
            PURCHASE_TIMED_OUT,
            "No option was chosen to purchase the license, and the request has now timed out."
        );
        assert!(purchase_confirmed("SPB", "Tess").contains("has been purchased manually"));
        assert!(purchase_rejected("SPB", "ada@contoso.com", "Tess").contains("was not purchased"));
    }
}
