//! The manager whom a form names.

use directory::User;
use domain::contact::Upn;
use domain::field::FieldError;

use crate::approval::{Asks, Manager, Person};

const GUEST: &str = "is a guest of the tenant: name one of its own people";

const DISABLED: &str = "has a disabled account: name somebody who can sign in";

const UNKNOWN_REQUESTER: &str = "approves requests here, and cannot be asked: the tenant has no account with your address, so it \
                                 cannot be seen that you and the manager are two people. Ask a technician or an admin to submit it";

/// The manager's field as it was read: None if it is wrong, `Some(None)` if it was left open.
type Named = Option<Option<Upn>>;

/// Checks that the tenant has the manager as one of its own people. `found` is the account of that name.
pub(crate) fn exists(named: &Named, found: Option<&User>) -> Option<FieldError> {
    match (named, found) {
        (Some(Some(upn)), None) => Some(FieldError::new("manager", format!("{upn} is no user of the tenant"))),
        (_, Some(manager)) if manager.guest => Some(FieldError::new("manager", GUEST)),
        _ => None,
    }
}

/// Checks that the manager can sign in. A disabled account is a shared mailbox, or of somebody who has left: nobody knows
/// who would answer.
pub(crate) fn signs_in(found: Option<&User>) -> Option<FieldError> {
    found
        .filter(|manager| !manager.account_enabled)
        .map(|_| FieldError::new("manager", DISABLED))
}

/// Whom an onboarding asks where the manager approves.
pub(crate) fn approving<'a>(
    named: &Named,
    found: Option<&'a User>,
    asks: &Asks<'_>,
    requester: &Person,
) -> Manager<'a> {
    match (found, named) {
        // An employee whose own account is not known could name it here by another address.
        (Some(_), _) if !requester.found && !asks.role.acts_in_children() => {
            Manager::Missing("manager", UNKNOWN_REQUESTER)
        }
        (Some(manager), _) => Manager::Known(manager),
        (None, Some(None)) => Manager::Missing("manager", "is needed: the manager approves requests here"),
        (None, _) => Manager::Reported,
    }
}
