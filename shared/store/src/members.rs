//! The people who sign in for an organisation.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::fault::Fault;
use domain::ids::OrgId;
use domain::role::Role;
use serde::{Deserialize, Serialize};

use crate::fault::{fault, stored_shape};
use crate::{Store, text};

const TABLE: &str = "members";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub org: OrgId,
    #[serde(rename = "member")]
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: Role,
}

impl Store {
    pub async fn put_member(&self, member: &Member) -> Result<(), Fault> {
        let fields: std::collections::HashMap<_, _> = serde_dynamo::to_item(member).map_err(|_| stored_shape(TABLE))?;
        self.db
            .put_item()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("org_email", org_email(&member.org, &member.email))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("writing a member", &error))
    }

    pub async fn member(&self, org: &OrgId, id: &str) -> Result<Option<Member>, Fault> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(org.as_str()))
            .key("member", text(id))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("reading a member", &error))?;
        answer
            .item
            .map(|item| serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE)))
            .transpose()
    }

    pub async fn member_by_email(&self, org: &OrgId, email: &str) -> Result<Option<Member>, Fault> {
        let answer = self
            .db
            .query()
            .table_name(self.table(TABLE))
            .index_name("by_email")
            .key_condition_expression("org_email = :e")
            .expression_attribute_values(":e", org_email(org, email))
            .send()
            .await
            .map_err(|error| fault("looking up a member", &error))?;
        let item = answer.items.unwrap_or_default().into_iter().next();
        item.map(|item| serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE)))
            .transpose()
    }
}

fn org_email(org: &OrgId, email: &str) -> AttributeValue {
    text(format!("{org}#{}", email.to_lowercase()))
}
