//! Names of the effects that more than one step looks at.

/// Holds the names of the groups that were added.
pub const GROUPS_ADDED: &str = "groups";

/// Holds id and name of each group that the user is in because the request added it.
pub const GROUPS_JOINED: &str = "joined-groups";

/// Done when the report on MFA is on the ticket.
pub const MFA_REPORTED: &str = "mfa";

/// Holds a `messages::SignIn`.
pub const SIGN_IN_BLOCKED: &str = "sign-in";

/// Holds a `messages::Removed`.
pub const GROUPS_REMOVED: &str = "groups-removed";

/// Holds a `messages::Removed`.
pub const LICENSES_REMOVED: &str = "licenses-removed";

/// Holds the [`Purchase`](crate::Purchase) of this license: a request buys it at most once.
pub fn purchase(part_number: &str) -> String {
    format!("purchase/{part_number}")
}
