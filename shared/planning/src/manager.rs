//! Checks of the manager whom a form names.

use directory::User;
use domain::contact::Upn;
use domain::field::FieldError;

use crate::approval::{Asks, Manager, Person};

const GUEST: &str = "is a guest of the tenant: name one of its own people";

const DISABLED: &str = "has a disabled account: name somebody who can sign in";

const UNKNOWN_REQUESTER: &str = "approves requests here, and cannot be asked: the tenant has no account with your address, so it \
                                 cannot be seen that you and the manager are two people. Ask a technician or an admin to submit it";

/// The manager's field: `None` if it is invalid, `Some(None)` if it is empty.
type Named = Option<Option<Upn>>;

/// Checks that the manager is a member of the tenant. `found` is the account of that name.
pub(crate) fn exists(named: &Named, found: Option<&User>) -> Option<FieldError> {
    match (named, found) {
        (Some(Some(upn)), None) => Some(FieldError::new("manager", format!("{upn} is no user of the tenant"))),
        (_, Some(manager)) if manager.guest => Some(FieldError::new("manager", GUEST)),
        _ => None,
    }
}

/// Checks that the manager can sign in. A disabled account is a shared mailbox or belongs to a leaver, so nobody knows
/// who would answer.
pub(crate) fn signs_in(found: Option<&User>) -> Option<FieldError> {
    found
        .filter(|manager| !manager.account_enabled)
        .map(|_| FieldError::new("manager", DISABLED))
}

/// The manager whom an onboarding asks for approval, if the variables say so.
pub(crate) fn approving<'a>(
    named: &Named,
    found: Option<&'a User>,
    asks: &Asks<'_>,
    requester: &Person,
) -> Manager<'a> {
    match (found, named) {
        // A requester whose own account is unknown could name that account here under another address.
        (Some(_), _) if !requester.found && !asks.role.acts_in_children() => {
            Manager::Missing("manager", UNKNOWN_REQUESTER)
        }
        (Some(manager), _) => Manager::Known(manager),
        (None, Some(None)) => Manager::Missing("manager", "is needed: the manager approves requests here"),
        (None, _) => Manager::Reported,
    }
}
