//! Which properties a user has, and which of them can be written.

use crate::fields::Kind;

/// Answered without `$select`.
pub const DEFAULT: &[&str] = &[
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

const READ_ONLY: &[&str] = &[
    "id",
    "deletedDateTime",
    "assignedLicenses",
    "assignedPlans",
    "createdDateTime",
    "licenseAssignmentStates",
    "onPremisesLastSyncDateTime",
    "onPremisesSyncEnabled",
    "provisionedPlans",
    "signInSessionsValidFromDateTime",
    "lastPasswordChangeDateTime",
    "proxyAddresses",
    "securityIdentifier",
    "creationType",
    "externalUserState",
    "serviceProvisioningErrors",
    "imAddresses",
    "onPremisesDistinguishedName",
    "onPremisesSamAccountName",
    "onPremisesDomainName",
    "onPremisesUserPrincipalName",
    "onPremisesSecurityIdentifier",
];

pub fn exists(name: &str) -> bool {
    READ_ONLY.contains(&name) || (!name.contains('@') && writable(name).is_some())
}

/// Of the properties that Graph lets an application write, those that make sense in a cloud-only tenant.
pub fn writable(name: &str) -> Option<Kind> {
    Some(match name {
        "accountEnabled" | "showInAddressList" => Kind::FlagOrNull,
        "displayName"
        | "givenName"
        | "surname"
        | "mailNickname"
        | "userPrincipalName"
        | "mail"
        | "jobTitle"
        | "department"
        | "companyName"
        | "officeLocation"
        | "mobilePhone"
        | "faxNumber"
        | "city"
        | "country"
        | "state"
        | "postalCode"
        | "streetAddress"
        | "employeeId"
        | "employeeType"
        | "preferredLanguage"
        | "preferredDataLocation"
        | "usageLocation"
        | "userType"
        | "passwordPolicies"
        | "ageGroup"
        | "consentProvidedForMinor"
        | "onPremisesImmutableId"
        | "aboutMe"
        | "mySite"
        | "preferredName" => Kind::TextOrNull,
        "businessPhones" | "otherMails" | "interests" | "responsibilities" | "schools" | "skills" | "pastProjects" => {
            Kind::Texts
        }
        "employeeHireDate" | "employeeLeaveDateTime" => Kind::DateOrNull,
        "birthday" | "hireDate" => Kind::Date,
        "passwordProfile" => Kind::ObjectOrNull(password_profile),
        "onPremisesExtensionAttributes" => Kind::ObjectOrNull(extension_attributes),
        "employeeOrgData" => Kind::ObjectOrNull(org_data),
        "manager@odata.bind" => Kind::Text,
        _ => return None,
    })
}

fn password_profile(name: &str) -> Option<Kind> {
    match name {
        "password" => Some(Kind::TextOrNull),
        "forceChangePasswordNextSignIn" | "forceChangePasswordNextSignInWithMfa" => Some(Kind::FlagOrNull),
        _ => None,
    }
}

fn extension_attributes(name: &str) -> Option<Kind> {
    let number: u8 = name.strip_prefix("extensionAttribute")?.parse().ok()?;
    (1..=15).contains(&number).then_some(Kind::TextOrNull)
}

fn org_data(name: &str) -> Option<Kind> {
    matches!(name, "costCenter" | "division").then_some(Kind::TextOrNull)
}
