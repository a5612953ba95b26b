//! The properties of a user, and which of them can be written.

use crate::fields::{Kind, Table, kind_of};

/// The properties that Graph returns without `$select`.
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
    READ_ONLY.contains(&name) || (!name.contains('@') && kind_of(WRITABLE, name).is_some())
}

/// The properties that Graph lets an application write and that make sense in a cloud-only tenant.
pub const WRITABLE: Table = &[
    (Kind::FlagOrNull, "accountEnabled showInAddressList"),
    (
        Kind::TextOrNull,
        "displayName givenName surname mailNickname userPrincipalName mail jobTitle department companyName \
         officeLocation mobilePhone faxNumber city country state postalCode streetAddress employeeId employeeType \
         preferredLanguage preferredDataLocation usageLocation userType passwordPolicies ageGroup \
         consentProvidedForMinor onPremisesImmutableId aboutMe mySite preferredName",
    ),
    (
        Kind::Texts,
        "businessPhones otherMails interests responsibilities schools skills pastProjects",
    ),
    (Kind::DateOrNull, "employeeHireDate employeeLeaveDateTime"),
    (Kind::Date, "birthday hireDate"),
    (Kind::ObjectOrNull(PASSWORD_PROFILE), "passwordProfile"),
    (
        Kind::ObjectOrNull(EXTENSION_ATTRIBUTES),
        "onPremisesExtensionAttributes",
    ),
    (Kind::ObjectOrNull(ORG_DATA), "employeeOrgData"),
    (Kind::Text, "manager@odata.bind"),
];

const PASSWORD_PROFILE: Table = &[
    (Kind::TextOrNull, "password"),
    (
        Kind::FlagOrNull,
        "forceChangePasswordNextSignIn forceChangePasswordNextSignInWithMfa",
    ),
];

const EXTENSION_ATTRIBUTES: Table = &[(
    Kind::TextOrNull,
    "extensionAttribute1 extensionAttribute2 extensionAttribute3 extensionAttribute4 extensionAttribute5 \
         extensionAttribute6 extensionAttribute7 extensionAttribute8 extensionAttribute9 extensionAttribute10 \
         extensionAttribute11 extensionAttribute12 extensionAttribute13 extensionAttribute14 extensionAttribute15",
)];

const ORG_DATA: Table = &[(Kind::TextOrNull, "costCenter division")];
