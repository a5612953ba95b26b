//! API tokens of an organisation: what there is, a new one, and the end of one.

use std::collections::BTreeMap;

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use domain::field::FieldError;
use domain::role::Role;
use domain::token::{DEFAULT_DAYS, MOST_DAYS, TokenId, TokenName, may_own, parse_days};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use store::members::Member;
use store::tokens::{ApiToken, Created, NewToken};
use web::{Answer, Call, OrgScope, ProblemDetails, Web};

const TITLE: &str = "Tokens";

#[derive(Template)]
#[template(path = "tokens.html")]
struct List<'a> {
    path: String,
    csrf: &'a str,
    rows: &'a [Row],
    roles: &'a [Role],
    /// Whether the visitor can own a token here: whoever comes from the parent has theirs there.
    makes: bool,
    problems: &'a [FieldError],
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "token.html")]
struct Made<'a> {
    tokens: String,
    token: &'a ApiToken,
    secret: &'a str,
}

/// A token with what the list tells about it.
struct Row {
    token: ApiToken,
    /// The owner's address; None for one who is no member any more.
    owner: Option<String>,
    last_used: Option<NaiveDate>,
    state: &'static str,
}

impl Row {
    fn new(token: ApiToken, owner: Option<&Member>, last_used: Option<NaiveDate>, now: DateTime<Utc>) -> Self {
        let state = match owner {
            _ if token.revoked_at.is_some() => "revoked",
            _ if !token.is_live(now) => "ended",
            Some(owner) if may_own(owner.role, token.role) => "live",
            _ => "refused",
        };
        Self {
            owner: owner.map(|owner| owner.email.clone()),
            token,
            last_used,
            state,
        }
    }

    /// For the page.
    fn state_label(&self) -> &'static str {
        match self.state {
            "refused" => "refused: its owner has no right to it any more",
            other => other,
        }
    }

    fn can_be_revoked(&self) -> bool {
        matches!(self.state, "live" | "refused")
    }

    fn json(&self) -> Value {
        json!({
            "id": self.token.id,
            "name": self.token.name,
            "role": self.token.role,
            "owner": self.owner,
            "state": self.state,
            "created_at": self.token.created_at,
            "ends_at": self.token.ends_at,
            "last_used": self.last_used,
        })
    }
}

fn day(at: &DateTime<Utc>) -> NaiveDate {
    at.date_naive()
}

/// As the link to the next page has it.
fn after(call: &Call) -> Result<Option<TokenId>, ProblemDetails> {
    let after = call.query("after").map(TokenId::parse).transpose();
    after.map_err(|wrong| vec![wrong.at("after")].into())
}

pub(crate) async fn list(web: &Web, call: &Call, visit: &OrgScope) -> Result<Answer, ProblemDetails> {
    let (rows, next) = rows(web, visit, after(call)?.as_ref()).await?;
    let next = next.map(|after| format!("/orgs/{}/tokens?after={after}", visit.org()));
    if call.wants_page() {
        return page(web, visit, StatusCode::OK, &rows, next.as_deref(), &[]);
    }
    let mut body = json!({ "tokens": rows.iter().map(Row::json).collect::<Vec<_>>() });
    if let Some(next) = next {
        body["next"] = json!(web.base.absolute(&next));
    }
    Ok(Answer::json(StatusCode::OK, &body))
}

async fn rows(
    web: &Web,
    visit: &OrgScope,
    after: Option<&TokenId>,
) -> Result<(Vec<Row>, Option<TokenId>), ProblemDetails> {
    let now = Utc::now();
    let (tokens, next) = web.store.tokens(visit.org(), after).await?;
    let mut owners: BTreeMap<String, Option<Member>> = BTreeMap::new();
    let mut rows = Vec::new();
    for token in tokens {
        if !owners.contains_key(&token.owner) {
            let owner = web.store.member(&token.org, &token.owner).await?;
            owners.insert(token.owner.clone(), owner);
        }
        let last_used = web.store.token_last_used(&token).await?;
        let owner = owners.get(&token.owner).and_then(Option::as_ref);
        rows.push(Row::new(token, owner, last_used, now));
    }
    Ok((rows, next))
}

fn page(
    web: &Web,
    visit: &OrgScope,
    status: StatusCode,
    rows: &[Row],
    next: Option<&str>,
    problems: &[FieldError],
) -> Result<Answer, ProblemDetails> {
    let page = List {
        path: web.base.link(&format!("/orgs/{}/tokens", visit.org())),
        csrf: visit.csrf(),
        rows,
        roles: &Role::ALL,
        makes: visit.caller.org == *visit.org(),
        problems,
        next: next.map(|next| web.base.link(next)),
    };
    web.page(status, TITLE, Some(visit), &page)
}

/// What a form or a program asks for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    name: TokenName,
    role: Role,
    days: u16,
}

fn wanted(body: &Map<String, Value>) -> Result<Wanted, Vec<FieldError>> {
    let known = ["name", "role", "days"];
    let mut problems: Vec<_> = body
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| FieldError::new(name, "is not a known field"))
        .collect();
    let text = |name: &str| match body.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let name = TokenName::parse(&text("name")).map_err(|wrong| problems.push(wrong.at("name")));
    let role = Role::parse(&text("role"));
    if role.is_none() {
        let roles = Role::ALL.map(Role::as_str).join(", ");
        problems.push(FieldError::new("role", format!("must be one of {roles}")));
    }
    let days = match body.get("days") {
        None | Some(Value::Null) => Ok(DEFAULT_DAYS),
        Some(_) => parse_days(&text("days")).map_err(|wrong| problems.push(wrong.at("days"))),
    };
    match (name, role, days) {
        (Ok(name), Some(role), Ok(days)) if problems.is_empty() => Ok(Wanted { name, role, days }),
        _ => Err(problems),
    }
}

/// The caller's own: nobody makes a token that counts as somebody else.
pub(crate) async fn create(web: &Web, call: &Call, visit: &OrgScope) -> Result<Answer, ProblemDetails> {
    let wanted = match wanted(&call.fields()?) {
        Ok(wanted) => wanted,
        Err(problems) if call.wants_page() => {
            let (rows, next) = rows(web, visit, None).await?;
            let next = next.map(|after| format!("/orgs/{}/tokens?after={after}", visit.org()));
            return page(
                web,
                visit,
                StatusCode::UNPROCESSABLE_ENTITY,
                &rows,
                next.as_deref(),
                &problems,
            );
        }
        Err(problems) => return Err(problems.into()),
    };
    let owner = owner(web, visit).await?;
    if !may_own(owner.role, wanted.role) {
        let message = format!("can only be {}, like the owner's", owner.role.as_str());
        return Err(ProblemDetails::wrong_field("role", &message));
    }
    let new = NewToken {
        owner: &owner,
        name: wanted.name,
        role: wanted.role,
        days: wanted.days,
    };
    match web.store.create_token(&new, &visit.caller.id).await? {
        Created::Done(token, secret) => made(web, call, visit, *token, &owner, &secret),
        Created::NameTaken => Err(ProblemDetails::conflict(
            "A token of the organisation has this name. Revoke it first, or choose another name.",
        )),
    }
}

/// The member who calls, or whose program does.
async fn owner(web: &Web, visit: &OrgScope) -> Result<Member, ProblemDetails> {
    let person = visit.caller.person.as_deref().and_then(|person| person.split_once('/'));
    let id = person.filter(|(org, _)| *org == visit.org().as_str()).map(|(_, id)| id);
    let Some(id) = id else {
        return Err(ProblemDetails::forbidden(
            "A token belongs to a member of its organisation. Make one in your own: it works in its children too.",
        ));
    };
    web.store
        .member(visit.org(), id)
        .await?
        .ok_or_else(ProblemDetails::unauthorised)
}

fn made(
    web: &Web,
    call: &Call,
    visit: &OrgScope,
    token: ApiToken,
    owner: &Member,
    secret: &SecretString,
) -> Result<Answer, ProblemDetails> {
    if call.wants_page() {
        let page = Made {
            tokens: web.base.link(&format!("/orgs/{}/tokens", visit.org())),
            token: &token,
            secret: secret.expose_secret(),
        };
        let title = format!("Token {}", token.name);
        return web.page(StatusCode::CREATED, &title, Some(visit), &page);
    }
    let mut body = Row::new(token, Some(owner), None, Utc::now()).json();
    body["token"] = json!(secret.expose_secret());
    Ok(Answer::json(StatusCode::CREATED, &body))
}

pub(crate) async fn revoke(web: &Web, call: &Call, visit: &OrgScope) -> Result<Answer, ProblemDetails> {
    let id = TokenId::parse(call.param("token")).map_err(|_| ProblemDetails::not_found())?;
    let token = web
        .store
        .token(visit.org(), &id)
        .await?
        .ok_or_else(ProblemDetails::not_found)?;
    if token.revoked_at.is_none() {
        // Whoever revokes it at the same moment is as good.
        web.store.revoke_token(&token, &visit.caller.id).await?;
    }
    if call.wants_page() {
        let tokens = format!("/orgs/{}/tokens", visit.org());
        return Ok(Answer::see_other(&web.base.link(&tokens)));
    }
    let token = web
        .store
        .token(visit.org(), &id)
        .await?
        .ok_or_else(ProblemDetails::not_found)?;
    let owner = web.store.member(&token.org, &token.owner).await?;
    let last_used = web.store.token_last_used(&token).await?;
    Ok(Answer::json(
        StatusCode::OK,
        &Row::new(token, owner.as_ref(), last_used, Utc::now()).json(),
    ))
}

#[cfg(test)]
mod tests {
    use http::Method;
    use web::Base;

    use super::*;
    use crate::page::tests::{HOSTILE, visit};

    fn token(more: Value) -> ApiToken {
        let mut token = json!({
            "org": "acme", "id": "t00000000000000000000000000000001", "name": "payroll", "role": "technician",
            "owner": "m1", "created_at": "2026-11-28T07:00:00Z", "ends_at": "2027-02-26T07:00:00Z", "secret_hash": "h",
        });
        token.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(token).unwrap()
    }

    fn member(email: &str, role: Role) -> Member {
        Member::new(visit(role).org(), email, "Ann", role)
    }

    fn now() -> DateTime<Utc> {
        "2026-12-01T07:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_says_whether_it_lets_anybody_in() {
        let state = |more: Value, owner: Option<Role>| {
            let owner = owner.map(|role| member("ann@contoso.com", role));
            Row::new(token(more), owner.as_ref(), None, now()).state
        };
        let admin = Some(Role::Admin);
        assert_eq!(state(json!({}), admin), "live");
        assert_eq!(state(json!({}), Some(Role::Technician)), "live");
        assert_eq!(state(json!({}), Some(Role::Basic)), "refused");
        assert_eq!(state(json!({}), None), "refused");
        assert_eq!(state(json!({"ends_at": "2026-12-01T07:00:00Z"}), admin), "ended");
        assert_eq!(state(json!({"revoked_at": "2026-11-29T07:00:00Z"}), admin), "revoked");
    }

    #[test]
    fn what_is_wanted_is_read_or_every_wrong_field_is_named() {
        let read = |body: Value| {
            wanted(body.as_object().unwrap())
                .map_err(|problems| problems.into_iter().map(|problem| problem.field).collect::<Vec<_>>())
        };
        let complete = read(json!({"name": " ci ", "role": "basic", "days": "30"})).unwrap();
        assert_eq!(
            (complete.name.as_str(), complete.role, complete.days),
            ("ci", Role::Basic, 30)
        );
        assert_eq!(read(json!({"name": "ci", "role": "basic", "days": 7})).unwrap().days, 7);
        assert_eq!(read(json!({"name": "ci", "role": "basic"})).unwrap().days, DEFAULT_DAYS);
        let wrong = json!({"name": "a b", "role": "owner", "days": 366, "owner": "m2"});
        assert_eq!(
            read(wrong),
            Err(["owner", "name", "role", "days"].map(str::to_owned).to_vec())
        );
        assert_eq!(read(json!({})), Err(["name", "role"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn a_page_begins_after_a_token() {
        let of = |text: &str| after(&Call::new(Method::GET, "/x").with_query("after", text)).map(|_| ());
        assert!(of(TokenId::generate().as_str()).is_ok());
        for bad in ["", "t1", HOSTILE, &"x".repeat(2000)] {
            assert_eq!(of(bad).unwrap_err().status.as_u16(), 422, "{bad}");
        }
    }

    #[test]
    fn names_are_escaped_and_only_a_new_token_shows_its_secret() {
        let visit = visit(Role::Admin);
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let hostile = member(HOSTILE, Role::Admin);
        let used = "2026-11-30".parse().ok();
        let rows = [
            Row::new(token(json!({})), Some(&hostile), used, now()),
            Row::new(
                token(json!({"name": "old", "revoked_at": "2026-11-29T07:00:00Z"})),
                None,
                None,
                now(),
            ),
        ];
        let problems = [FieldError::new(HOSTILE, HOSTILE)];
        let list = |makes: bool| {
            let list = List {
                path: base.link("/orgs/acme/tokens"),
                csrf: visit.csrf(),
                rows: &rows,
                roles: &Role::ALL,
                makes,
                problems: &problems,
                next: Some(base.link("/orgs/acme/tokens?after=t1")),
            };
            web::page(&base, TITLE, Some(&visit), &list).unwrap()
        };
        let made = Made {
            tokens: base.link("/orgs/acme/tokens"),
            token: &rows[0].token,
            secret: "secret-of-the-token",
        };
        let made = web::page(&base, "Token payroll", Some(&visit), &made).unwrap();
        let text = list(true);
        assert!(
            !text.contains("<script>") && !text.contains("secret-of-the-token"),
            "{text}"
        );
        assert!(made.contains("secret-of-the-token"));
        assert!(!list(false).contains("name=\"days\""));
        insta::assert_snapshot!("list", text);
        insta::assert_snapshot!("made", made);
    }
}
