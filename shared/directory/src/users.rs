//! Finds, creates and changes users.

use domain::request::UserRef;
use domain::step_error::StepError;
use outbound::Reply;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::odata::{GraphError, quoted};
use crate::{Graph, Reading, SYSTEM, groups, not_there_yet, refused, still_spreading};

const SELECT: &str = "id,userPrincipalName,mail,proxyAddresses,userType,mobilePhone,displayName,accountEnabled,\
                      usageLocation,onPremisesExtensionAttributes";
/// Graph's largest page of directory objects.
const LARGEST_PAGE: &str = "999";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub upn: String,
    pub mail: Option<String>,
    /// Every address at which the mailbox receives mail.
    pub proxy_addresses: Vec<String>,
    /// Whether the user is an invited guest.
    pub guest: bool,
    /// The number as it was typed.
    pub mobile_phone: Option<String>,
    pub display_name: String,
    /// The id of the request that created this user (`onPremisesExtensionAttributes.extensionAttribute15`).
    pub marker: Option<String>,
    pub account_enabled: bool,
    pub usage_location: Option<String>,
}

impl User {
    /// The address to write to. A user without a mailbox may get one at the sign-in name later.
    pub fn address(&self) -> &str {
        self.mail.as_deref().unwrap_or(&self.upn)
    }

    /// The sign-in name and every address at which the user receives mail, each once.
    pub fn addresses(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for own in [Some(&self.upn), self.mail.as_ref()]
            .into_iter()
            .flatten()
            .chain(&self.proxy_addresses)
        {
            if !all.iter().any(|other| other.eq_ignore_ascii_case(own)) {
                all.push(own.clone());
            }
        }
        all
    }

    /// Whether the address is the sign-in name or one at which the user receives mail.
    pub fn has_address(&self, address: &str) -> bool {
        self.addresses()
            .iter()
            .any(|own| own.eq_ignore_ascii_case(address.trim()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBy {
    /// A user signs in with the name.
    User,
    /// A user or group has it as a mail or proxy address.
    Address,
    /// A user deleted less than 30 days ago has it, and could be restored with it.
    DeletedUser,
}

/// The properties of a new account. Empty strings are left out.
pub struct NewUser {
    pub upn: String,
    pub display_name: String,
    pub given_name: Option<String>,
    pub surname: Option<String>,
    pub mail_nickname: String,
    pub job_title: Option<String>,
    pub department: Option<String>,
    pub office: Option<String>,
    pub mobile_phone: Option<String>,
    pub other_mails: Vec<String>,
    pub usage_location: Option<String>,
    /// The id of the request.
    pub marker: String,
    pub password: SecretString,
    pub force_change: bool,
    pub password_never_expires: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    Created(UserRef),
    /// An account has the name. If an earlier attempt of the request created it, [`Graph::find_by_marker`] finds it,
    /// though not always in the first minutes.
    NameTaken,
}

impl Graph {
    pub async fn user(&self, upn_or_id: &str) -> Result<Option<User>, StepError> {
        // Such a name would make the address that of the list of all users.
        if upn_or_id.is_empty() || upn_or_id.bytes().all(|b| b == b'.') {
            return Ok(None);
        }
        let reply = self
            .get(
                "look up a user",
                self.url(&["users", upn_or_id], &[("$select", SELECT)]),
            )
            .await?;
        match reply.status() {
            404 => Ok(None),
            _ if reply.is_success() => Ok(Some(reply.json::<UserBody>()?.into())),
            _ => Err(refused(&reply)),
        }
    }

    /// Everybody who signs in with the address or receives mail at it. That is one person, unless the tenant is untidy.
    pub async fn users_with_address(&self, address: &str) -> Result<Vec<User>, StepError> {
        let name = quoted(address);
        let proxy = quoted(&format!("smtp:{address}"));
        let filter = format!("userPrincipalName eq {name} or mail eq {name} or proxyAddresses/any(p:p eq {proxy})");
        let query = [("$filter", filter.as_str()), ("$select", SELECT)];
        let found: Vec<UserBody> = self
            .list(
                "look for a person by address",
                self.url(&["users"], &query),
                Reading::Plain,
            )
            .await?;
        Ok(found.into_iter().map(User::from).collect())
    }

    /// The user's manager, or `None` if there is none.
    pub async fn manager_of(&self, user_id: &str) -> Result<Option<User>, StepError> {
        let url = self.url(&["users", user_id, "manager"], &[("$select", SELECT)]);
        let reply = self.get("look up the manager", url).await?;
        match reply.status() {
            404 => Ok(None),
            _ if reply.is_success() => Ok(Some(reply.json::<UserBody>()?.into())),
            _ => Err(refused(&reply)),
        }
    }

    /// Who has the name, or `None` if it is free. A failed look-up is an error.
    pub async fn name_taken(&self, upn: &str) -> Result<Option<TakenBy>, StepError> {
        let name = quoted(upn);
        let proxy = quoted(&format!("smtp:{upn}"));
        let address = format!("mail eq {name} or proxyAddresses/any(p:p eq {proxy})");
        let filter = format!("userPrincipalName eq {name} or {address}");
        let query = [("$filter", filter.as_str()), ("$select", "id,userPrincipalName,mail")];
        let users: Vec<NameBody> = self
            .list(
                "look for the name among users",
                self.url(&["users"], &query),
                Reading::Plain,
            )
            .await?;
        if users.iter().any(|user| user.upn().eq_ignore_ascii_case(upn)) {
            return Ok(Some(TakenBy::User));
        }
        if !users.is_empty() {
            return Ok(Some(TakenBy::Address));
        }
        let query = [("$filter", address.as_str()), ("$select", groups::SELECT)];
        let groups: Vec<groups::GroupBody> = self
            .list(
                "look for the name among groups",
                self.url(&["groups"], &query),
                Reading::Plain,
            )
            .await?;
        if !groups.is_empty() {
            return Ok(Some(TakenBy::Address));
        }
        // No filter reliably finds the former name of a deleted user, so this reads all users deleted in the last 30
        // days.
        let query = [("$select", "id,userPrincipalName,mail"), ("$top", LARGEST_PAGE)];
        let url = self.url(&["directory", "deletedItems", "microsoft.graph.user"], &query);
        let deleted: Vec<NameBody> = self
            .list("look for the name among deleted users", url, Reading::Plain)
            .await?;
        Ok(deleted
            .iter()
            .any(|user| user.was_named(upn))
            .then_some(TakenBy::DeletedUser))
    }

    /// The account that this request created. It is found by its name and checked by the mark, or found by the mark in
    /// the index, which is minutes behind but also knows a renamed account.
    pub async fn find_by_marker(&self, marker: &str, upn: &str) -> Result<Option<User>, StepError> {
        if let Some(user) = self.user(upn).await?
            && user.marker.as_deref() == Some(marker)
        {
            return Ok(Some(user));
        }
        let filter = format!(
            "onPremisesExtensionAttributes/extensionAttribute15 eq {}",
            quoted(marker)
        );
        let url = self.url(
            &["users"],
            &[("$filter", &filter), ("$count", "true"), ("$select", SELECT)],
        );
        let found: Vec<UserBody> = self.list("look for the request's user", url, Reading::Index).await?;
        let mut ours: Vec<User> = found.into_iter().map(User::from).collect();
        ours.retain(|user| user.marker.as_deref() == Some(marker));
        match ours.len() {
            0 | 1 => Ok(ours.pop()),
            _ => Err(StepError::NeedsAttention(format!(
                "{SYSTEM} has several accounts with the request's id in extensionAttribute15; clear it on all but one"
            ))),
        }
    }

    pub async fn create_user(&self, user: &NewUser) -> Result<Created, StepError> {
        let request = self.http.post(self.url(&["users"], &[])).json(&body_of(user));
        let reply = self.send("create the user", request).await?;
        if reply.is_success() {
            let made: NameBody = reply.json()?;
            let upn = made.user_principal_name.unwrap_or_else(|| user.upn.clone());
            return Ok(Created::Created(UserRef { id: made.id, upn }));
        }
        if says_taken(&reply) {
            Ok(Created::NameTaken)
        } else {
            Err(refused(&reply))
        }
    }

    /// Enables a disabled account and gives it what a new one would have, except names, in one call. Properties that
    /// are not given stay.
    pub async fn enable_again(&self, user_id: &str, user: &NewUser) -> Result<(), StepError> {
        let mut body = body_of(user);
        if let Some(body) = body.as_object_mut() {
            body.remove("userPrincipalName");
            body.remove("mailNickname");
        }
        let request = self.http.patch(self.url(&["users", user_id], &[])).json(&body);
        let reply = self.send("enable the account again", request).await?;
        match reply.is_success() {
            true => Ok(()),
            false => Err(refused(&reply)),
        }
    }

    /// Replaces the user's password by a temporary one.
    pub async fn set_password(
        &self,
        user_id: &str,
        password: &SecretString,
        force_change: bool,
    ) -> Result<(), StepError> {
        let request = self.http.patch(self.url(&["users", user_id], &[]));
        let body = json!({ "passwordProfile": password_profile(password, force_change) });
        let reply = self.send("set another password", request.json(&body)).await?;
        match reply.is_success() {
            true => Ok(()),
            false => Err(refused(&reply)),
        }
    }

    /// Sets the country in which the user's licenses are used.
    pub async fn set_usage_location(&self, user_id: &str, country: &str) -> Result<(), StepError> {
        const OPERATION: &str = "set the usage location";
        let request = self.http.patch(self.url(&["users", user_id], &[]));
        let reply = self
            .send(OPERATION, request.json(&json!({ "usageLocation": country })))
            .await?;
        match reply.status() {
            404 => Err(not_there_yet(OPERATION)),
            _ if reply.is_success() => Ok(()),
            _ => Err(refused(&reply)),
        }
    }

    /// Sets the manager. Repeating the call changes nothing.
    pub async fn set_manager(&self, user_id: &str, manager_id: &str) -> Result<(), StepError> {
        const OPERATION: &str = "set the manager";
        let url = self.url(&["users", user_id, "manager", "$ref"], &[]);
        let reply = self
            .send(OPERATION, self.http.put(url).json(&self.reference(manager_id)))
            .await?;
        match reply.is_success() {
            true => Ok(()),
            false if still_spreading(&reply) => Err(not_there_yet(OPERATION)),
            false => Err(refused(&reply)),
        }
    }
}

fn says_taken(reply: &Reply) -> bool {
    let error: Option<GraphError> = reply.error_body();
    matches!(reply.status(), 400 | 409)
        && error.is_some_and(|error| error.has_code("ObjectConflict") || error.says("already exists"))
}

fn password_profile(password: &SecretString, force_change: bool) -> Value {
    json!({
        "password": password.expose_secret(),
        "forceChangePasswordNextSignIn": force_change,
    })
}

fn body_of(user: &NewUser) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: &Option<String>| {
        if let Some(value) = value.as_deref().map(str::trim).filter(|value| !value.is_empty()) {
            body.insert(name.to_owned(), value.into());
        }
    };
    put("givenName", &user.given_name);
    put("surname", &user.surname);
    put("jobTitle", &user.job_title);
    put("department", &user.department);
    put("officeLocation", &user.office);
    put("mobilePhone", &user.mobile_phone);
    put("usageLocation", &user.usage_location);
    if !user.other_mails.is_empty() {
        body.insert("otherMails".to_owned(), json!(user.other_mails));
    }
    if user.password_never_expires {
        body.insert("passwordPolicies".to_owned(), "DisablePasswordExpiration".into());
    }
    body.insert("accountEnabled".to_owned(), true.into());
    body.insert("userPrincipalName".to_owned(), user.upn.clone().into());
    body.insert("displayName".to_owned(), user.display_name.clone().into());
    body.insert("mailNickname".to_owned(), user.mail_nickname.clone().into());
    body.insert(
        "onPremisesExtensionAttributes".to_owned(),
        json!({ "extensionAttribute15": user.marker }),
    );
    body.insert(
        "passwordProfile".to_owned(),
        password_profile(&user.password, user.force_change),
    );
    Value::Object(body)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserBody {
    id: String,
    user_principal_name: String,
    mail: Option<String>,
    #[serde(default)]
    proxy_addresses: Vec<String>,
    user_type: Option<String>,
    mobile_phone: Option<String>,
    display_name: Option<String>,
    account_enabled: Option<bool>,
    usage_location: Option<String>,
    on_premises_extension_attributes: Option<ExtensionAttributes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExtensionAttributes {
    extension_attribute15: Option<String>,
}

impl From<UserBody> for User {
    fn from(body: UserBody) -> Self {
        let guest = body.user_type.as_deref() == Some("Guest");
        let smtp = |address: &String| {
            let (scheme, address) = address.split_once(':')?;
            scheme.eq_ignore_ascii_case("smtp").then(|| address.to_owned())
        };
        Self {
            proxy_addresses: body.proxy_addresses.iter().filter_map(smtp).collect(),
            guest: guest || body.user_principal_name.to_ascii_uppercase().contains("#EXT#"),
            id: body.id,
            upn: body.user_principal_name,
            mail: body.mail.filter(|mail| !mail.is_empty()),
            mobile_phone: body.mobile_phone,
            display_name: body.display_name.unwrap_or_default(),
            marker: body
                .on_premises_extension_attributes
                .and_then(|attributes| attributes.extension_attribute15),
            account_enabled: body.account_enabled.unwrap_or_default(),
            usage_location: body.usage_location,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NameBody {
    id: String,
    user_principal_name: Option<String>,
    mail: Option<String>,
}

impl NameBody {
    fn upn(&self) -> &str {
        self.user_principal_name.as_deref().unwrap_or_default()
    }

    /// Whether a deleted user had this name. Entra prefixes the name with the user's id without dashes.
    fn was_named(&self, upn: &str) -> bool {
        let id = self.id.replace('-', "");
        let former = self
            .upn()
            .get(..id.len())
            .filter(|start| start.eq_ignore_ascii_case(&id));
        let former = former.map_or(self.upn(), |start| &self.upn()[start.len()..]);
        former.eq_ignore_ascii_case(upn) || self.mail.as_deref().is_some_and(|mail| mail.eq_ignore_ascii_case(upn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deleted(upn: &str) -> NameBody {
        NameBody {
            id: "dddddddd-3333-4444-5555-eeeeeeeeeeee".into(),
            user_principal_name: Some(upn.into()),
            mail: None,
        }
    }

    #[test]
    fn deleted_users_keep_their_name_behind_their_id() {
        assert!(deleted("dddddddd333344445555eeeeeeeeeeeeann@contoso.com").was_named("Ann@contoso.com"));
        assert!(deleted("ann@contoso.com").was_named("ann@contoso.com"));
        assert!(!deleted("dddddddd333344445555eeeeeeeeeeeejoann@contoso.com").was_named("ann@contoso.com"));
        assert!(!deleted("ü").was_named("ann@contoso.com"));
    }
}
