//! API tokens of an organisation: lists, creates and revokes them.

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
use web::{Format, OrgScope, PathParams, ProblemDetails, Query, RequestBody, Response, State, Web};

const TITLE: &str = "Tokens";

#[derive(Template)]
#[template(path = "tokens.html")]
struct List<'a> {
    path: String,
    csrf: &'a str,
    rows: &'a [Row],
    roles: &'a [Role],
    /// Whether the visitor can own a token here. A member of the parent owns tokens there.
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

/// A token as the list shows it.
struct Row {
    token: ApiToken,
    /// The owner's address; `None` if the owner is no longer a member.
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

    /// The label of the token's state on the page.
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

/// The token after which the page starts, from the link to the next page.
fn after(query: &Query) -> Result<Option<TokenId>, ProblemDetails> {
    let after = query.get("after").map(TokenId::parse).transpose();
    after.map_err(|wrong| vec![wrong.at("after")].into())
}

pub(crate) async fn list(
    State(web): State<Web>,
    scope: OrgScope,
    query: Query,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let (rows, next) = rows(&web, &scope, after(&query)?.as_ref()).await?;
    let next = next.map(|after| format!("/orgs/{}/tokens?after={after}", scope.org()));
    if format.is_page() {
        return page(&web, &scope, StatusCode::OK, &rows, next.as_deref(), &[]);
    }
    let mut body = json!({ "tokens": rows.iter().map(Row::json).collect::<Vec<_>>() });
    if let Some(next) = next {
        body["next"] = json!(web.base.absolute(&next));
    }
    Ok(web::json(StatusCode::OK, &body))
}

async fn rows(
    web: &Web,
    scope: &OrgScope,
    after: Option<&TokenId>,
) -> Result<(Vec<Row>, Option<TokenId>), ProblemDetails> {
    let now = Utc::now();
    let (tokens, next) = web.store.tokens(scope.org(), after).await?;
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
    scope: &OrgScope,
    status: StatusCode,
    rows: &[Row],
    next: Option<&str>,
    problems: &[FieldError],
) -> Result<Response, ProblemDetails> {
    let page = List {
        path: web.base.link(&format!("/orgs/{}/tokens", scope.org())),
        csrf: scope.csrf(),
        rows,
        roles: &Role::ALL,
        makes: scope.caller.org == *scope.org(),
        problems,
        next: next.map(|next| web.base.link(next)),
    };
    web.page(status, TITLE, Some(scope), &page)
}

/// A new token as requested by a form or a program.
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

/// Creates a token owned by the caller, because nobody may create one that acts for somebody else.
pub(crate) async fn create(
    State(web): State<Web>,
    scope: OrgScope,
    format: Format,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let wanted = match wanted(&body.fields()?) {
        Ok(wanted) => wanted,
        Err(problems) if format.is_page() => {
            let (rows, next) = rows(&web, &scope, None).await?;
            let next = next.map(|after| format!("/orgs/{}/tokens?after={after}", scope.org()));
            return page(
                &web,
                &scope,
                StatusCode::UNPROCESSABLE_ENTITY,
                &rows,
                next.as_deref(),
                &problems,
            );
        }
        Err(problems) => return Err(problems.into()),
    };
    let owner = owner(&web, &scope).await?;
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
    match web.store.create_token(&new, &scope.caller.id).await? {
        Created::Done(token, secret) => made(&web, format, &scope, *token, &owner, &secret),
        Created::NameTaken => Err(ProblemDetails::conflict(
            "A token of the organisation has this name. Revoke it first, or choose another name.",
        )),
    }
}

/// The calling member, or the owner of the calling token.
async fn owner(web: &Web, scope: &OrgScope) -> Result<Member, ProblemDetails> {
    let person = scope.caller.person.as_deref().and_then(|person| person.split_once('/'));
    let id = person.filter(|(org, _)| *org == scope.org().as_str()).map(|(_, id)| id);
    let Some(id) = id else {
        return Err(ProblemDetails::forbidden(
            "A token belongs to a member of its organisation. Make one in your own: it works in its children too.",
        ));
    };
    web.store
        .member(scope.org(), id)
        .await?
        .ok_or_else(ProblemDetails::unauthorised)
}

fn made(
    web: &Web,
    format: Format,
    scope: &OrgScope,
    token: ApiToken,
    owner: &Member,
    secret: &SecretString,
) -> Result<Response, ProblemDetails> {
    if format.is_page() {
        let page = Made {
            tokens: web.base.link(&format!("/orgs/{}/tokens", scope.org())),
            token: &token,
            secret: secret.expose_secret(),
        };
        let title = format!("Token {}", token.name);
        return web.page(StatusCode::CREATED, &title, Some(scope), &page);
    }
    let mut body = Row::new(token, Some(owner), None, Utc::now()).json();
    body["token"] = json!(secret.expose_secret());
    Ok(web::json(StatusCode::CREATED, &body))
}

pub(crate) async fn revoke(
    State(web): State<Web>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let id = TokenId::parse(params.get("token")).map_err(|_| ProblemDetails::not_found())?;
    let token = web
        .store
        .token(scope.org(), &id)
        .await?
        .ok_or_else(ProblemDetails::not_found)?;
    if token.revoked_at.is_none() {
        // It does not matter if another call revokes the token at the same moment.
        web.store.revoke_token(&token, &scope.caller.id).await?;
    }
    if format.is_page() {
        let tokens = format!("/orgs/{}/tokens", scope.org());
        return Ok(web::see_other(&web.base.link(&tokens)));
    }
    let token = web
        .store
        .token(scope.org(), &id)
        .await?
        .ok_or_else(ProblemDetails::not_found)?;
    let owner = web.store.member(&token.org, &token.owner).await?;
    let last_used = web.store.token_last_used(&token).await?;
    Ok(web::json(
        StatusCode::OK,
        &Row::new(token, owner.as_ref(), last_used, Utc::now()).json(),
    ))
}

#[cfg(test)]
mod tests {
    use web::Base;

    use super::*;
    use crate::page::tests::{HOSTILE, scope};

    fn token(more: Value) -> ApiToken {
        let mut token = json!({
            "org": "acme", "id": "t00000000000000000000000000000001", "name": "payroll", "role": "technician",
            "owner": "m1", "created_at": "2026-11-28T07:00:00Z", "ends_at": "2027-02-26T07:00:00Z", "secret_hash": "h",
        });
        token.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(token).unwrap()
    }

    fn member(email: &str, role: Role) -> Member {
        Member::new(scope(role).org(), email, "Ann", role)
    }

    fn now() -> DateTime<Utc> {
        "2026-12-01T07:00:00Z".parse().unwrap()
    }

    #[test]
    fn token_shows_its_state() {
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
    fn new_token_is_parsed_or_all_errors_are_reported() {
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
    fn page_starts_after_a_token() {
        let of = |text: &str| after(&Query::parse(&format!("after={text}"))).map(|_| ());
        assert!(of(TokenId::generate().as_str()).is_ok());
        for bad in ["", "t1", HOSTILE, &"x".repeat(2000)] {
            assert_eq!(of(bad).unwrap_err().status.as_u16(), 422, "{bad}");
        }
    }

    #[test]
    fn names_are_escaped_and_only_a_new_token_shows_its_secret() {
        let scope = scope(Role::Admin);
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
                csrf: scope.csrf(),
                rows: &rows,
                roles: &Role::ALL,
                makes,
                problems: &problems,
                next: Some(base.link("/orgs/acme/tokens?after=t1")),
            };
            web::page(&base, TITLE, Some(&scope), &list).unwrap()
        };
        let made = Made {
            tokens: base.link("/orgs/acme/tokens"),
            token: &rows[0].token,
            secret: "secret-of-the-token",
        };
        let made = web::page(&base, "Token payroll", Some(&scope), &made).unwrap();
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
