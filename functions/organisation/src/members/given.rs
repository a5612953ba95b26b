//! Parses a member from a form or from a program, or reports all invalid fields.

use domain::contact::EmailAddress;
use domain::field::FieldError;
use domain::role::Role;
use serde_json::{Map, Value};

const NAME_TAKES: &str = "must be one line of 1 to 256 characters";

pub(super) struct New {
    pub(super) email: EmailAddress,
    pub(super) name: String,
    pub(super) role: Role,
}

pub(super) struct Change {
    pub(super) name: String,
    pub(super) role: Role,
}

pub(super) fn new(body: &Map<String, Value>) -> Result<New, Vec<FieldError>> {
    let mut problems = unknown(body, &["email", "name", "role"]);
    let email = EmailAddress::parse(text(body, "email")).map_err(|wrong| problems.push(wrong.at("email")));
    let (name, role) = (name(body, &mut problems), role(body, &mut problems));
    match (email, name, role) {
        (Ok(email), Some(name), Some(role)) if problems.is_empty() => Ok(New { email, name, role }),
        _ => Err(problems),
    }
}

pub(super) fn change(body: &Map<String, Value>) -> Result<Change, Vec<FieldError>> {
    let mut problems = unknown(body, &["name", "role"]);
    match (name(body, &mut problems), role(body, &mut problems)) {
        (Some(name), Some(role)) if problems.is_empty() => Ok(Change { name, role }),
        _ => Err(problems),
    }
}

fn unknown(body: &Map<String, Value>, known: &[&str]) -> Vec<FieldError> {
    let names = body.keys().filter(|name| !known.contains(&name.as_str()));
    names
        .map(|name| FieldError::new(name, "is not a known field"))
        .collect()
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default().trim()
}

fn name(body: &Map<String, Value>, problems: &mut Vec<FieldError>) -> Option<String> {
    let name = text(body, "name");
    let fits = !name.is_empty() && name.chars().count() <= 256 && !name.chars().any(char::is_control);
    if !fits {
        problems.push(FieldError::new("name", NAME_TAKES));
    }
    fits.then(|| name.to_owned())
}

fn role(body: &Map<String, Value>, problems: &mut Vec<FieldError>) -> Option<Role> {
    let role = Role::parse(text(body, "role"));
    if role.is_none() {
        let roles = Role::ALL.map(Role::as_str).join(", ");
        problems.push(FieldError::new("role", format!("must be one of {roles}")));
    }
    role
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong<T>(result: Result<T, Vec<FieldError>>) -> Vec<String> {
        let problems = result.err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn complete_members_are_accepted() {
        let body = json!({"email": " mary@gmail.com ", "name": " Mary ", "role": "approver"});
        let new = new(body.as_object().unwrap()).unwrap();
        assert_eq!((new.email.as_str(), new.name.as_str()), ("mary@gmail.com", "Mary"));
        assert_eq!(new.role, Role::Approver);
    }

    #[test]
    fn all_errors_are_reported() {
        let body = json!({"email": "mary", "name": "a\nb", "role": "Admin", "org": "other"});
        assert_eq!(wrong(new(body.as_object().unwrap())), ["org", "email", "name", "role"]);
        assert_eq!(wrong(new(&Map::new())), ["email", "name", "role"]);
        // The address cannot be changed.
        let body = json!({"email": "mary@gmail.com", "name": "Mary", "role": "basic"});
        assert_eq!(wrong(change(body.as_object().unwrap())), ["email"]);
        let body = json!({"name": "x".repeat(257), "role": 1});
        assert_eq!(wrong(change(body.as_object().unwrap())), ["name", "role"]);
    }
}
