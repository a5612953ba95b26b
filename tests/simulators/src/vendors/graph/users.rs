//! Users: create, read, change and delete; their manager and sessions.

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::{
    COLLECTION_QUERY, bad_request, collection, context, entity, error_with_details, license_groups, no_body, not_found,
    project, reference, select,
    user_fields::{DEFAULT, WRITABLE, exists},
};
use crate::{
    request::{Reply, Request, Response},
    world::{Tenant, User, World, id},
};

/// All properties of a user that Graph can show, which never include the password.
pub fn view(user: &User) -> Map<String, Value> {
    let date = |date: chrono::DateTime<Utc>| json!(date.to_rfc3339_opts(SecondsFormat::Secs, true));
    let mut view = user.properties.clone();
    let licenses: Vec<Value> = user
        .licenses
        .iter()
        .filter(|license| license.active())
        .map(|license| json!({"skuId": license.sku_id, "disabledPlans": license.disabled_plans}))
        .collect();
    let states: Vec<Value> = user
        .licenses
        .iter()
        .map(|license| {
            json!({
                "skuId": license.sku_id, "disabledPlans": license.disabled_plans, "assignedByGroup": license.by_group,
                "state": if license.active() { "Active" } else { "Error" },
                "error": license.error.as_deref().unwrap_or("None"),
                "lastUpdatedDateTime": date(license.at),
            })
        })
        .collect();
    for list in ["businessPhones", "proxyAddresses", "otherMails"] {
        view.entry(list).or_insert_with(|| json!([]));
    }
    view.insert("id".to_owned(), json!(user.id));
    view.insert("createdDateTime".to_owned(), date(user.created));
    view.insert("deletedDateTime".to_owned(), user.deleted.map_or(Value::Null, date));
    view.insert("assignedLicenses".to_owned(), json!(licenses));
    view.insert("licenseAssignmentStates".to_owned(), json!(states));
    view.insert("passwordProfile".to_owned(), Value::Null);
    view
}

/// The user of the path, unless it cannot be seen yet.
pub fn visible<'a>(world: &'a mut World, key: &str) -> Result<&'a mut User, Response> {
    let id = world
        .tenant
        .user(key)
        .map(|user| user.id.clone())
        .ok_or_else(|| not_found(key))?;
    if world.is_hidden(&id) {
        return Err(not_found(key));
    }
    world.tenant.user_mut(&id).ok_or_else(|| not_found(key))
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    request.only_query(COLLECTION_QUERY)?;
    let selected = select(request, "user", exists)?;
    let filter = request
        .query("$filter")
        .and_then(|text| super::filter::parse(text).ok());
    let mut users = Vec::new();
    for index in 0..world.tenant.users.len() {
        let user = &world.tenant.users[index];
        let (key, view) = (user.id.clone(), view(user));
        // A hidden user is looked for only if the query would find it. Otherwise it stays hidden for as many reads as
        // before.
        let wanted = user.deleted.is_none() && filter.as_ref().is_none_or(|filter| filter.accepts(&view));
        if wanted && !world.is_hidden(&key) {
            users.push(view);
        }
    }
    collection(request, "users", users, selected.as_deref(), DEFAULT)
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["$select"])?;
    let selected = select(request, "user", exists)?;
    let user_id = visible(world, request.param(0))?.id.clone();
    license_groups::process(world, &user_id);
    let user = world.tenant.user(&user_id).map(view).unwrap_or_default();
    Ok(entity(request, "users", project(&user, selected.as_deref(), DEFAULT)))
}

pub fn create(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let mut properties = request.object(WRITABLE)?;
    for name in [
        "accountEnabled",
        "displayName",
        "mailNickname",
        "userPrincipalName",
        "passwordProfile",
    ] {
        if properties.get(name).is_none_or(Value::is_null) {
            return Err(bad_request(&format!(
                "A value is required for property '{name}' of resource 'User'."
            )));
        }
    }
    let manager = match properties.remove("manager@odata.bind") {
        Some(bound) => {
            let target = bound
                .as_str()
                .unwrap_or_default()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            let manager = world.tenant.user(&target).map(|user| user.id.clone());
            Some(manager.ok_or_else(|| not_found(&target))?)
        }
        None => None,
    };
    check_properties(&world.tenant, &properties)?;
    check_free(&world.tenant, &properties, None)?;
    let profile = properties.remove("passwordProfile").unwrap_or_default();
    let password = profile
        .get("password")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    check_password(&password, &properties)?;
    let must_change_password = profile
        .get("forceChangePasswordNextSignIn")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    properties.entry("userType").or_insert_with(|| json!("Member"));
    let user = User {
        id: id(),
        properties,
        password,
        must_change_password,
        licenses: Vec::new(),
        manager,
        created: Utc::now(),
        deleted: None,
        sessions_revoked: 0,
    };
    let mut response = project(&view(&user), None, DEFAULT);
    response.insert("@odata.context".to_owned(), context(request, "users/$entity"));
    world.tenant.users.push(user);
    world.count("users_created");
    Ok(Response::json(201, Value::Object(response)))
}

pub fn update(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let mut changes = request.object(WRITABLE)?;
    if changes.is_empty() {
        return Err(bad_request("At least one property must be given."));
    }
    if changes.contains_key("manager@odata.bind") {
        return Err(bad_request("The manager is set by PUT /users/{id}/manager/$ref."));
    }
    let user = visible(world, request.param(0))?;
    let user_id = user.id.clone();
    if user.properties.get("onPremisesSyncEnabled") == Some(&json!(true))
        && !changes.keys().all(|name| name == "usageLocation")
    {
        return Err(bad_request(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.",
        ));
    }
    check_properties(&world.tenant, &changes)?;
    check_free(&world.tenant, &changes, Some(&user_id))?;
    let profile = changes.remove("passwordProfile");
    let attributes = changes.remove("onPremisesExtensionAttributes");
    let user = visible(world, &user_id)?;
    if let Some(profile) = profile {
        if let Some(password) = profile.get("password").and_then(Value::as_str) {
            check_password(password, &user.properties)?;
            password.clone_into(&mut user.password);
        }
        if let Some(force) = profile.get("forceChangePasswordNextSignIn").and_then(Value::as_bool) {
            user.must_change_password = force;
        }
    }
    if let Some(Value::Object(attributes)) = attributes {
        // Attributes that the request does not name keep their values.
        let kept = user
            .properties
            .entry("onPremisesExtensionAttributes")
            .or_insert_with(|| json!({}));
        if let Some(kept) = kept.as_object_mut() {
            kept.extend(attributes);
        }
    }
    user.properties.extend(changes);
    world.count("users_updated");
    Ok(Response::empty(204))
}

fn check_properties(tenant: &Tenant, properties: &Map<String, Value>) -> Result<(), Response> {
    let text = |name: &str| properties.get(name).and_then(Value::as_str);
    let invalid = |name: &str| {
        Err(bad_request(&format!(
            "Invalid value specified for property '{name}' of resource 'User'."
        )))
    };
    if let Some(upn) = text("userPrincipalName") {
        let Some((local, domain)) = upn.split_once('@') else {
            return invalid("userPrincipalName");
        };
        let fine = |c: char| c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c);
        if local.is_empty() || local.len() > 64 || upn.len() > 113 || !local.chars().all(fine) {
            return invalid("userPrincipalName");
        }
        if !tenant
            .domains
            .iter()
            .any(|known| known.name.eq_ignore_ascii_case(domain))
        {
            return Err(bad_request(
                "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.",
            ));
        }
    }
    if let Some(nickname) = text("mailNickname")
        && (nickname.is_empty() || nickname.len() > 64 || nickname.contains(|c: char| "@()\\[]\";:<>, ".contains(c)))
    {
        return invalid("mailNickname");
    }
    if let Some(location) = text("usageLocation")
        && (location.len() != 2 || !location.bytes().all(|byte| byte.is_ascii_uppercase()))
    {
        return invalid("usageLocation");
    }
    if let Some(policies) = text("passwordPolicies")
        && !policies
            .split(',')
            .all(|policy| ["None", "DisableStrongPassword", "DisablePasswordExpiration"].contains(&policy.trim()))
    {
        return invalid("passwordPolicies");
    }
    let limits = [
        ("displayName", 256),
        ("givenName", 64),
        ("surname", 64),
        ("jobTitle", 128),
        ("department", 64),
        ("companyName", 64),
        ("officeLocation", 128),
        ("mobilePhone", 64),
        ("employeeId", 16),
    ];
    for (name, limit) in limits {
        if text(name).is_some_and(|value| value.is_empty() || value.chars().count() > limit) {
            return invalid(name);
        }
    }
    Ok(())
}

fn check_free(tenant: &Tenant, properties: &Map<String, Value>, but: Option<&str>) -> Result<(), Response> {
    let others = || {
        tenant
            .users
            .iter()
            .filter(|user| user.deleted.is_none() && but != Some(user.id.as_str()))
    };
    let conflict = |property: &str| {
        let message = format!("Another object with the same value for property {property} already exists.");
        let details = json!([{"code": "ObjectConflict", "message": message, "target": property}]);
        Err(error_with_details(400, "Request_BadRequest", &message, Some(details)))
    };
    let wanted = |name: &str| properties.get(name).and_then(Value::as_str).map(str::to_lowercase);
    if let Some(upn) = wanted("userPrincipalName")
        && others().any(|user| user.upn().to_lowercase() == upn)
    {
        return conflict("userPrincipalName");
    }
    for name in ["userPrincipalName", "mail"] {
        let Some(address) = wanted(name) else { continue };
        let of_group = tenant
            .groups
            .iter()
            .filter_map(|group| group.mail.as_ref())
            .any(|mail| mail.to_lowercase() == address);
        if of_group || others().any(|user| user.addresses().contains(&address)) {
            return conflict("proxyAddresses");
        }
    }
    Ok(())
}

/// Microsoft's rule: 8 to 256 characters, at least three of four classes, and not the user's name.
fn check_password(password: &str, properties: &Map<String, Value>) -> Result<(), Response> {
    let classes: [fn(char) -> bool; 4] = [
        |c| c.is_lowercase(),
        |c| c.is_uppercase(),
        |c| c.is_ascii_digit(),
        |c| !c.is_alphanumeric(),
    ];
    let used = classes.iter().filter(|class| password.chars().any(**class)).count();
    let name = properties
        .get("mailNickname")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_lowercase();
    let named = !name.is_empty() && password.to_lowercase().contains(&name);
    if !(8..=256).contains(&password.chars().count()) || used < 3 || named {
        return Err(bad_request(
            "The specified password does not comply with password complexity requirements. Please provide a different password.",
        ));
    }
    Ok(())
}

pub fn delete(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let user = visible(world, request.param(0))?;
    user.deleted = Some(Utc::now());
    // A deleted user's name is free again, because the directory puts the object's id before it.
    let upn = format!("{}{}", user.id.replace('-', ""), user.upn());
    user.properties.insert("userPrincipalName".to_owned(), json!(upn));
    user.licenses.clear();
    let user_id = user.id.clone();
    for group in &mut world.tenant.groups {
        group.members.retain(|member| *member != user_id);
    }
    world.count("users_deleted");
    Ok(Response::empty(204))
}

pub fn list_deleted(world: &mut World, request: &Request) -> Reply {
    request.only_query(COLLECTION_QUERY)?;
    let selected = select(request, "user", exists)?;
    let users = world
        .tenant
        .users
        .iter()
        .filter(|user| user.deleted.is_some())
        .map(view)
        .collect();
    collection(
        request,
        "directory/deletedItems/microsoft.graph.user",
        users,
        selected.as_deref(),
        DEFAULT,
    )
}

pub fn get_deleted(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["$select"])?;
    let selected = select(request, "user", exists)?;
    let wanted = request.param(0);
    let user = world
        .tenant
        .users
        .iter()
        .find(|user| user.deleted.is_some() && user.id == wanted);
    let mut object = project(
        &view(user.ok_or_else(|| not_found(wanted))?),
        selected.as_deref(),
        DEFAULT,
    );
    object.insert("@odata.type".to_owned(), json!("#microsoft.graph.user"));
    Ok(entity(request, "directoryObjects", object))
}

pub fn get_manager(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["$select"])?;
    let selected = select(request, "user", exists)?;
    let manager = visible(world, request.param(0))?.manager.clone();
    let manager = manager
        .and_then(|id| world.tenant.user(&id))
        .ok_or_else(|| not_found("manager"))?;
    let mut object = project(&view(manager), selected.as_deref(), DEFAULT);
    object.insert("@odata.type".to_owned(), json!("#microsoft.graph.user"));
    Ok(entity(request, "directoryObjects", object))
}

pub fn set_manager(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let target = reference(request)?;
    let manager = visible(world, &target)?.id.clone();
    let user = visible(world, request.param(0))?;
    if user.id == manager {
        return Err(bad_request("A user can't be their own manager."));
    }
    user.manager = Some(manager);
    world.count("managers_set");
    Ok(Response::empty(204))
}

pub fn remove_manager(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let user = visible(world, request.param(0))?;
    if user.manager.take().is_none() {
        return Err(not_found("manager"));
    }
    Ok(Response::empty(204))
}

pub fn revoke_sessions(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    no_body(request)?;
    visible(world, request.param(0))?.sessions_revoked += 1;
    world.count("sessions_revoked");
    Ok(Response::json(
        200,
        json!({"@odata.context": context(request, "Edm.Boolean"), "value": true}),
    ))
}
