//! Names of the effects that several steps use.

/// The result holds the names of the groups that were added.
pub const GROUPS_ADDED: &str = "groups";

/// The result holds the id and name of each group that the user is in because the request added them.
pub const GROUPS_JOINED: &str = "joined-groups";

/// Recorded when the MFA report is on the ticket.
pub const MFA_REPORTED: &str = "mfa";

/// The result is a `messages::SignIn`.
pub const SIGN_IN_BLOCKED: &str = "sign-in";

/// The result is a `messages::Removed`.
pub const GROUPS_REMOVED: &str = "groups-removed";

/// The result is a `messages::Removed`.
pub const LICENSES_REMOVED: &str = "licenses-removed";

/// The effect whose intent is the [`Purchase`](crate::Purchase) of this license. A request buys each license at most
/// once.
pub fn purchase(part_number: &str) -> String {
    format!("purchase/{part_number}")
}
