//! Users: looked up, told apart, created.

use domain::fault::Fault;
use domain::request::UserRef;
use secrecy::SecretString;

use crate::{Graph, unwritten};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub upn: String,
    pub mail: Option<String>,
    pub display_name: String,
    /// The request that made this user (`onPremisesExtensionAttributes.extensionAttribute15`).
    pub marker: Option<String>,
    pub account_enabled: bool,
    pub usage_location: Option<String>,
}

impl User {
    /// Where to write to; who has no mailbox yet may get it by the sign-in name later.
    pub fn address(&self) -> &str {
        self.mail.as_deref().unwrap_or(&self.upn)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBy {
    /// Somebody signs in with it.
    User,
    /// A mail or proxy address of a user or group.
    Address,
    /// A user deleted less than 30 days ago, who could come back with it.
    DeletedUser,
}

/// What the new account is to be. Empty strings are left out.
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
    /// The request's id.
    pub marker: String,
    pub password: SecretString,
    pub force_change: bool,
    pub password_never_expires: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    Created(UserRef),
    /// Somebody else has the name; whether it is our own earlier try, [`Graph::find_by_marker`] says.
    NameTaken,
}

impl Graph {
    pub async fn user(&self, upn_or_id: &str) -> Result<Option<User>, Fault> {
        let _ = upn_or_id;
        unwritten()
    }

    /// None is free. A look-up that fails is an error, never an answer.
    pub async fn name_taken(&self, upn: &str) -> Result<Option<TakenBy>, Fault> {
        let _ = upn;
        unwritten()
    }

    /// The account of this request, and no other: by the index that lags minutes behind, and by the name with the marker compared.
    pub async fn find_by_marker(&self, marker: &str, upn: &str) -> Result<Option<User>, Fault> {
        let _ = (marker, upn);
        unwritten()
    }

    pub async fn create_user(&self, user: &NewUser) -> Result<Created, Fault> {
        let _ = user;
        unwritten()
    }

    /// Repeating it changes nothing.
    pub async fn set_manager(&self, user_id: &str, manager_id: &str) -> Result<(), Fault> {
        let _ = (user_id, manager_id);
        unwritten()
    }
}
