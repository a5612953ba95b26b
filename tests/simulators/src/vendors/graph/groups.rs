//! Groups and their members. Groups that Graph cannot change are refused with Graph's errors.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::{
    COLLECTION_QUERY, bad_request, collection, entity, error, license_groups, not_found, project, reference, select,
    user_fields::{self, exists},
    users::{view as user_view, visible},
};
use crate::{
    request::{Reply, Request, Response},
    world::{Group, World},
};

const GROUP: &[&str] = &[
    "id",
    "createdDateTime",
    "deletedDateTime",
    "description",
    "displayName",
    "groupTypes",
    "mail",
    "mailEnabled",
    "mailNickname",
    "membershipRule",
    "membershipRuleProcessingState",
    "onPremisesSyncEnabled",
    "proxyAddresses",
    "securityEnabled",
    "visibility",
    "isAssignableToRole",
    "resourceProvisioningOptions",
];

fn known(name: &str) -> bool {
    GROUP.contains(&name) || name == "assignedLicenses"
}

pub fn view(group: &Group) -> Map<String, Value> {
    let mut types = Vec::new();
    if group.unified {
        types.push("Unified");
    }
    if group.membership_rule.is_some() {
        types.push("DynamicMembership");
    }
    let licenses: Vec<Value> = group
        .licenses
        .iter()
        .map(|id| json!({"skuId": id, "disabledPlans": []}))
        .collect();
    let addresses: Vec<String> = group.mail.iter().map(|mail| format!("SMTP:{mail}")).collect();
    let view = json!({
        "id": group.id,
        "createdDateTime": group.created.to_rfc3339_opts(SecondsFormat::Secs, true),
        "deletedDateTime": null,
        "description": group.description,
        "displayName": group.display_name,
        "groupTypes": types,
        "mail": group.mail,
        "mailEnabled": group.mail.is_some(),
        "mailNickname": group.mail_nickname,
        "membershipRule": group.membership_rule,
        "membershipRuleProcessingState": group.membership_rule.as_ref().map(|_| "On"),
        "onPremisesSyncEnabled": group.on_premises.then_some(true),
        "proxyAddresses": addresses,
        "securityEnabled": group.security_enabled,
        "visibility": group.unified.then_some("Private"),
        "isAssignableToRole": null,
        "resourceProvisioningOptions": [],
        "assignedLicenses": licenses,
    });
    match view {
        Value::Object(view) => view,
        _ => Map::new(),
    }
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    request.only_query(COLLECTION_QUERY)?;
    let selected = select(request, "group", known)?;
    let groups = world.tenant.groups.iter().map(view).collect();
    collection(request, "groups", groups, selected.as_deref(), GROUP)
}

fn find<'a>(world: &'a mut World, id: &str) -> Result<&'a mut Group, Response> {
    let mut groups = world.tenant.groups.iter_mut();
    groups
        .find(|group| group.id.eq_ignore_ascii_case(id))
        .ok_or_else(|| not_found(id))
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["$select"])?;
    let selected = select(request, "group", known)?;
    let group = view(find(world, request.param(0))?);
    Ok(entity(request, "groups", project(&group, selected.as_deref(), GROUP)))
}

fn typed(mut object: Map<String, Value>, kind: &str) -> Map<String, Value> {
    object.insert("@odata.type".to_owned(), json!(format!("#microsoft.graph.{kind}")));
    object
}

pub fn members(world: &mut World, request: &Request) -> Reply {
    request.only_query(COLLECTION_QUERY)?;
    let selected = select(request, "user", exists)?;
    let members = find(world, request.param(0))?.members.clone();
    let users = world.tenant.users.iter().filter(|user| members.contains(&user.id));
    let users = users.map(|user| typed(user_view(user), "user")).collect();
    collection(
        request,
        "directoryObjects",
        users,
        selected.as_deref(),
        user_fields::DEFAULT,
    )
}

pub fn of_user(world: &mut World, request: &Request) -> Reply {
    request.only_query(COLLECTION_QUERY)?;
    let selected = select(request, "group", known)?;
    let user = visible(world, request.param(0))?.id.clone();
    let unlisted = license_groups::unlisted(world, &user);
    let groups = world.tenant.groups.iter().filter(|group| group.members.contains(&user));
    let groups = groups.filter(|group| !unlisted.contains(&group.id));
    let groups = groups.map(|group| typed(view(group), "group")).collect();
    collection(request, "directoryObjects", groups, selected.as_deref(), GROUP)
}

/// Graph's error if it cannot change the group's members.
fn refusal(group: &Group) -> Option<Response> {
    if group.on_premises {
        return Some(bad_request(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.",
        ));
    }
    if group.membership_rule.is_some() {
        return Some(error(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ));
    }
    if group.mail.is_some() && !group.unified {
        return Some(bad_request(
            "Cannot Update a mail-enabled security groups and or distribution list.",
        ));
    }
    None
}

pub fn add_member(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let target = reference(request)?;
    let group_id = find(world, request.param(0))?.id.clone();
    let user_id = visible(world, &target)?.id.clone();
    let group = find(world, &group_id)?;
    if let Some(refused) = refusal(group) {
        return Err(refused);
    }
    if group.members.contains(&user_id) {
        return Err(bad_request(
            "One or more added object references already exist for the following modified properties: 'members'.",
        ));
    }
    group.members.push(user_id.clone());
    let licenses = group.licenses.clone();
    world.count("members_added");
    license_groups::joined(world, &group_id, &user_id, licenses);
    Ok(Response::empty(204))
}

pub fn remove_member(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let (group_id, member) = (request.param(0).to_owned(), request.param(1).to_owned());
    let group = find(world, &group_id)?;
    if let Some(refused) = refusal(group) {
        return Err(refused);
    }
    if !group.members.contains(&member) {
        return Err(not_found(&member));
    }
    group.members.retain(|id| *id != member);
    if let Some(user) = world.tenant.user_mut(&member) {
        user.licenses
            .retain(|license| license.by_group.as_ref() != Some(&group_id));
    }
    license_groups::left(world, &group_id, &member);
    world.count("members_removed");
    Ok(Response::empty(204))
}
