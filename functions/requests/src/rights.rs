//! The requests that a caller may see and change.

use store::requests::RequestRecord;
use web::OrgScope;

/// Everybody may see their own requests; some roles see all.
pub(crate) fn sees(scope: &OrgScope, record: &RequestRecord) -> bool {
    scope.caller.role.sees_all_requests() || scope.caller.asked_for(&record.requester)
}

/// Everybody may cancel and reschedule their own requests; some roles all.
pub(crate) fn changes(scope: &OrgScope, record: &RequestRecord) -> bool {
    scope.caller.role.cancels_and_reschedules() || scope.caller.asked_for(&record.requester)
}

#[cfg(test)]
mod tests {
    use domain::request::Status;
    use domain::role::Role;

    use super::*;
    use crate::samples::{record, scope};

    #[test]
    fn rights_depend_on_role_and_requester() {
        let cases = [
            (Role::Basic, "me", true, true),
            (Role::Basic, "other", false, false),
            (Role::Approver, "other", true, false),
            (Role::Approver, "me", true, true),
            (Role::Technician, "other", true, true),
            (Role::Admin, "other", true, true),
        ];
        for (role, requester, may_see, may_change) in cases {
            let (scope, record) = (scope("me", role, "Me"), record(requester, "Ada", Status::Scheduled));
            assert_eq!(sees(&scope, &record), may_see, "{role:?} {requester}");
            assert_eq!(changes(&scope, &record), may_change, "{role:?} {requester}");
        }
    }
}
