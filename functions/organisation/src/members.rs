//! Members that admins add, change and delete, whether auto-onboarding is on or off. One admin always remains.

mod given;

use askama::Template;
use domain::role::Role;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use store::members::{Added, Changed, Member};
use web::{Format, OrgScope, PathParams, ProblemDetails, Query, RequestBody, Response, State, Web};

use crate::people::is_member_id;

const TITLE: &str = "Members";

#[derive(Template)]
#[template(path = "members.html")]
struct List<'a> {
    path: String,
    csrf: &'a str,
    members: &'a [Member],
    roles: &'a [Role],
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "member.html")]
struct One<'a> {
    /// The address of the list of all members.
    members: String,
    path: String,
    csrf: &'a str,
    member: &'a Member,
    roles: &'a [Role],
}

/// How the member signs in, for the list.
fn sign_in(member: &Member) -> &'static str {
    match member.identity {
        Some(_) => "Google",
        None => "not yet by Google",
    }
}

/// The member after which the page starts, from the link to the next page.
fn after(query: &Query) -> Result<Option<&str>, ProblemDetails> {
    let after = query.get("after");
    match after {
        Some(id) if !is_member_id(id) => Err(ProblemDetails::wrong_field("after", "must be the id of a member")),
        _ => Ok(after),
    }
}

pub(crate) async fn list(
    State(web): State<Web>,
    scope: OrgScope,
    query: Query,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let (members, next) = web.store.members(scope.org(), after(&query)?).await?;
    let path = format!("/orgs/{}/members", scope.org());
    let next = next.map(|after| format!("{path}?after={}", utf8_percent_encode(&after, NON_ALPHANUMERIC)));
    if format.is_page() {
        let page = List {
            path: web.base.link(&path),
            csrf: scope.csrf(),
            members: &members,
            roles: &Role::ALL,
            next: next.map(|next| web.base.link(&next)),
        };
        return web.page(StatusCode::OK, TITLE, Some(&scope), &page);
    }
    let mut body = json!({ "members": members.iter().map(item).collect::<Vec<_>>() });
    if let Some(next) = next {
        body["next"] = json!(web.base.absolute(&next));
    }
    Ok(web::json(StatusCode::OK, &body))
}

fn item(member: &Member) -> Value {
    json!({
        "id": member.id,
        "email": member.email,
        "name": member.name,
        "role": member.role,
        "bound": member.identity.is_some(),
    })
}

pub(crate) async fn add(
    State(web): State<Web>,
    scope: OrgScope,
    format: Format,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let given::New { email, name, role } = given::new(&body.fields()?)?;
    let member = Member::new(scope.org(), email.as_str(), &name, role);
    match web.store.add_member(&member, &scope.caller.id).await? {
        Added::Added => done(&web, format, &scope, StatusCode::CREATED, &item(&member)),
        Added::AlreadyMember(known) => {
            Err(ProblemDetails::conflict("Somebody with this address is a member already.").with("member", known.id))
        }
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let member = find(&web, &scope, &params).await?;
    if !format.is_page() {
        return Ok(web::json(StatusCode::OK, &item(&member)));
    }
    let members = format!("/orgs/{}/members", scope.org());
    let page = One {
        path: web.base.link(&format!("{members}/{}", member.id)),
        members: web.base.link(&members),
        csrf: scope.csrf(),
        member: &member,
        roles: &Role::ALL,
    };
    web.page(StatusCode::OK, &member.name, Some(&scope), &page)
}

/// Changes name and role. The address cannot change, because a person with another address is another member.
pub(crate) async fn change(
    State(web): State<Web>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let member = find(&web, &scope, &params).await?;
    let given::Change { name, role } = given::change(&body.fields()?)?;
    let remaining = match role {
        Role::Admin => None,
        _ => remaining_admin(&web, &member).await?,
    };
    let by = &scope.caller.id;
    let changed = web
        .store
        .change_member(&member, &name, role, by, remaining.as_ref())
        .await?;
    match changed {
        Changed::Done => done(
            &web,
            format,
            &scope,
            StatusCode::OK,
            &item(&Member { name, role, ..member }),
        ),
        Changed::Overtaken => Err(overtaken()),
    }
}

pub(crate) async fn delete(
    State(web): State<Web>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let member = find(&web, &scope, &params).await?;
    let remaining = remaining_admin(&web, &member).await?;
    let by = &scope.caller.id;
    match web.store.delete_member(&member, by, remaining.as_ref()).await? {
        Changed::Done => done(&web, format, &scope, StatusCode::OK, &item(&member)),
        Changed::Overtaken => Err(overtaken()),
    }
}

/// Ends the member's sessions in every browser; they may sign in again.
pub(crate) async fn end_sessions(
    State(web): State<Web>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let member = find(&web, &scope, &params).await?;
    match web.store.end_sessions(&member, &scope.caller.id).await? {
        Changed::Done => done(&web, format, &scope, StatusCode::OK, &item(&member)),
        Changed::Overtaken => Err(overtaken()),
    }
}

/// The admin that remains when this one goes; 409 if there is none. `None` if the member is not an admin, so nobody
/// needs to remain.
async fn remaining_admin(web: &Web, member: &Member) -> Result<Option<Member>, ProblemDetails> {
    if member.role != Role::Admin {
        return Ok(None);
    }
    match web.store.another_admin(member).await? {
        Some(admin) => Ok(Some(admin)),
        None => Err(ProblemDetails::conflict(
            "This is the organisation's last admin. Make somebody else an admin first.",
        )),
    }
}

fn overtaken() -> ProblemDetails {
    ProblemDetails::conflict("Somebody else changed the members just now. Load the page again, and repeat.")
}

async fn find(web: &Web, scope: &OrgScope, params: &PathParams) -> Result<Member, ProblemDetails> {
    let id = params.get("member");
    if !is_member_id(id) {
        return Err(ProblemDetails::not_found());
    }
    let member = web.store.member(scope.org(), id).await?;
    member.ok_or_else(ProblemDetails::not_found)
}

fn done(
    web: &Web,
    format: Format,
    scope: &OrgScope,
    status: StatusCode,
    body: &Value,
) -> Result<Response, ProblemDetails> {
    if format.is_page() {
        let members = format!("/orgs/{}/members", scope.org());
        return Ok(web::see_other(&web.base.link(&members)));
    }
    Ok(web::json(status, body))
}

#[cfg(test)]
mod tests {
    use web::Base;

    use super::*;
    use crate::page::tests::{HOSTILE, scope};

    fn member(name: &str, role: Role) -> Member {
        let scope = scope(role);
        Member {
            id: "m1".to_owned(),
            ..Member::new(scope.org(), name, name, role)
        }
    }

    #[test]
    fn page_starts_after_a_member() {
        let of = |text: &str| after(&Query::parse(&format!("after={text}"))).map(|_| ());
        assert!(of(&Member::new(scope(Role::Admin).org(), "a", "a", Role::Basic).id).is_ok());
        for bad in ["", "m1", "mary@contoso.com", &"x".repeat(2000)] {
            assert_eq!(of(bad).unwrap_err().status.as_u16(), 422, "{bad}");
        }
        assert!(after(&Query::default()).unwrap().is_none());
    }

    #[test]
    fn names_are_escaped() {
        let scope = scope(Role::Admin);
        let members = [member(HOSTILE, Role::Admin), member("Ada", Role::Basic)];
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let list = List {
            path: base.link("/orgs/acme/members"),
            csrf: scope.csrf(),
            members: &members,
            roles: &Role::ALL,
            next: Some(base.link("/orgs/acme/members?after=m1")),
        };
        let one = One {
            members: base.link("/orgs/acme/members"),
            path: base.link("/orgs/acme/members/m1"),
            csrf: scope.csrf(),
            member: &members[0],
            roles: &Role::ALL,
        };
        let list = web::page(&base, TITLE, Some(&scope), &list).unwrap();
        let one = web::page(&base, HOSTILE, Some(&scope), &one).unwrap();
        assert!(!list.contains("<script>") && !one.contains("<script>"), "{list}{one}");
        insta::assert_snapshot!("list", list);
        insta::assert_snapshot!("one", one);
    }
}
