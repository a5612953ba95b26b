//! Changes to a leaver's account. Every call may be repeated, and something that is already done counts as done.

use domain::step_error::StepError;
use outbound::Reply;
use serde_json::json;

use crate::odata::GraphError;
use crate::{Graph, SYSTEM, refused};

const ON_PREMISES: &str = "it is managed in the on-premises Active Directory";
const OR_ADMINISTRATOR: &str = "if it is about an administrator, its application needs a directory role besides";

/// The result of a change. A refusal that no permission would avoid has a reason, as text for a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Done,
    Refused(String),
}

impl Graph {
    pub async fn block_sign_in(&self, user_id: &str) -> Result<Change, StepError> {
        let request = self.http.patch(self.url(&["users", user_id], &[]));
        let reply = self
            .send("block the sign-in", request.json(&json!({ "accountEnabled": false })))
            .await?;
        match reply.is_success() {
            true => Ok(Change::Done),
            false => refusal(&reply),
        }
    }

    /// Signs the user out everywhere. Tokens that are already issued stay valid for up to an hour.
    pub async fn revoke_sessions(&self, user_id: &str) -> Result<Change, StepError> {
        let url = self.url(&["users", user_id, "revokeSignInSessions"], &[]);
        let reply = self.send("revoke the sessions", self.http.post(url)).await?;
        match reply.is_success() {
            true => Ok(Change::Done),
            false => refusal(&reply),
        }
    }

    pub async fn remove_member(&self, group_id: &str, user_id: &str) -> Result<Change, StepError> {
        let url = self.url(&["groups", group_id, "members", user_id, "$ref"], &[]);
        let reply = self.send("remove the user from a group", self.http.delete(url)).await?;
        match reply.status() {
            // The user is no longer a member, or the group is gone.
            404 => Ok(Change::Done),
            _ if reply.is_success() => Ok(Change::Done),
            _ => refusal(&reply),
        }
    }

    /// Removes a license that was assigned directly. A license from a group is removed with the membership.
    pub async fn remove_license(&self, user_id: &str, sku_id: &str) -> Result<Change, StepError> {
        const OPERATION: &str = "remove the license";
        let request = self.http.post(self.url(&["users", user_id, "assignLicense"], &[]));
        let body = json!({ "addLicenses": [], "removeLicenses": [sku_id] });
        let reply = self.send(OPERATION, request.json(&body)).await?;
        if reply.is_success() {
            return Ok(Change::Done);
        }
        match (reply.status(), reply.error_body::<GraphError>()) {
            (400, Some(error)) if error.says("does not have a corresponding license") => Ok(Change::Done),
            // Microsoft's error for two concurrent changes of one user.
            (409, _) => Err(StepError::Transient(format!(
                "{SYSTEM} was changing the user just then ({OPERATION}: 409)"
            ))),
            _ => refusal(&reply),
        }
    }
}

fn refusal(reply: &Reply) -> Result<Change, StepError> {
    match (reply.status(), reply.error_body::<GraphError>()) {
        (400, Some(error)) if error.says("on-premises") => Ok(Change::Refused(ON_PREMISES.to_owned())),
        (400, Some(error)) if error.says("mail-enabled") || error.says("distribution list") => {
            Ok(Change::Refused("it is managed in Exchange".to_owned()))
        }
        (400, Some(error)) if error.says("inherited from a group") => {
            Ok(Change::Refused("it comes with a group".to_owned()))
        }
        (400, Some(error)) => Ok(Change::Refused(format!("{SYSTEM} answers {}", error.code()))),
        // Unlike other refusals, an admin can fix this one by granting the permission. So it is an error, after which
        // the request is resumed.
        (403, _) => Err(StepError::NeedsAttention(format!(
            "{}; {OR_ADMINISTRATOR}",
            refused(reply)
        ))),
        _ => Err(refused(reply)),
    }
}
