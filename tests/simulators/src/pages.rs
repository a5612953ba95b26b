//! Pages for people who try Gangway. They show tenants, tickets, orders and mails as their users would see them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use askama::Template;
use axum::{
    Router,
    extract::{Path, State as AxumState},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    proxy, report,
    server::App,
    vendor_sections::{VendorSection, sections, tickets},
    world::{User, World},
};

const CSS: &str = include_str!("../templates/style.css");

type Shared = AxumState<Arc<App>>;

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(index))
        .route("/mails", get(all_mails))
        .route("/worlds/{name}", get(world))
        .route("/style.css", get(async || ([(header::CONTENT_TYPE, "text/css")], CSS)))
}

#[derive(Template)]
#[template(path = "index.html")]
struct IndexPage {
    worlds: Vec<WorldLine>,
    mails: bool,
}

struct WorldLine {
    name: String,
    company: String,
    users: usize,
    tickets: usize,
    open_tickets: usize,
    orders: u32,
}

#[derive(Template)]
#[template(path = "mails.html")]
struct MailsPage {
    mails: Result<Vec<Mail>, String>,
}

#[derive(Template)]
#[template(path = "world.html")]
struct WorldPage {
    name: String,
    company: String,
    domain: String,
    users: Vec<UserLine>,
    deleted: Vec<UserLine>,
    seats: Vec<SeatLine>,
    groups: Vec<GroupLine>,
    vendors: Vec<VendorSection>,
    mails: Result<Vec<Mail>, String>,
}

struct UserLine {
    name: String,
    upn: String,
    title: String,
    enabled: bool,
    must_change: bool,
    manager: String,
    licenses: String,
    groups: String,
    created: String,
}

struct SeatLine {
    product: String,
    part: String,
    enabled: i64,
    consumed: i64,
    free: i64,
}

struct GroupLine {
    name: String,
    kind: &'static str,
    members: String,
}

struct Mail {
    from: String,
    to: String,
    subject: String,
    body: String,
    at: String,
    recipients: Vec<String>,
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn show(page: &impl Template) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'",
        ),
    ];
    match page.render() {
        Ok(text) => (headers, Html(text)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn index(AxumState(app): Shared) -> Response {
    let state = app.state.lock();
    let worlds = state.worlds.values().map(|world| {
        let (tickets, open_tickets) = tickets(world);
        WorldLine {
            name: world.name.clone(),
            company: world.tenant.display_name.clone(),
            users: world.tenant.users.iter().filter(|user| user.deleted.is_none()).count(),
            tickets,
            open_tickets,
            orders: world.effects.get("seats_bought").copied().unwrap_or_default(),
        }
    });
    show(&IndexPage {
        worlds: worlds.collect(),
        mails: app.aws.is_some(),
    })
}

async fn all_mails(AxumState(app): Shared) -> Response {
    show(&MailsPage {
        mails: mails(&app).await,
    })
}

async fn world(AxumState(app): Shared, Path(name): Path<String>) -> Response {
    let mails = mails(&app).await;
    let state = app.state.lock();
    let Some(world) = state.worlds.get(&name) else {
        return (StatusCode::NOT_FOUND, "There is no such organisation here.").into_response();
    };
    show(&page(world, mails))
}

fn page(world: &World, mails: Result<Vec<Mail>, String>) -> WorldPage {
    let tenant = &world.tenant;
    let domains: Vec<String> = tenant
        .domains
        .iter()
        .map(|domain| format!("@{}", domain.name))
        .collect();
    let ours = |mail: &Mail| {
        mail.recipients
            .iter()
            .any(|to| domains.iter().any(|domain| to.trim_end_matches('>').ends_with(domain)))
    };
    let (deleted, present): (Vec<&User>, Vec<&User>) = tenant.users.iter().partition(|user| user.deleted.is_some());
    WorldPage {
        name: world.name.clone(),
        company: tenant.display_name.clone(),
        domain: world.domain(),
        users: present.iter().rev().map(|user| user_line(world, user)).collect(),
        deleted: deleted.iter().map(|user| user_line(world, user)).collect(),
        seats: tenant
            .skus
            .iter()
            .filter(|sku| sku.in_tenant)
            .map(|sku| SeatLine {
                product: sku.product_name.to_owned(),
                part: sku.part.clone(),
                enabled: sku.enabled,
                consumed: tenant.consumed(sku),
                free: tenant.free(sku),
            })
            .collect(),
        groups: tenant
            .groups
            .iter()
            .map(|group| {
                let members: Vec<&str> = present
                    .iter()
                    .filter(|user| group.members.contains(&user.id))
                    .map(|user| user.text("displayName"))
                    .collect();
                GroupLine {
                    name: group.display_name.clone(),
                    kind: report::kind(group),
                    members: members.join(", "),
                }
            })
            .collect(),
        vendors: sections(world),
        mails: mails.map(|mails| mails.into_iter().filter(ours).collect()),
    }
}

fn user_line(world: &World, user: &User) -> UserLine {
    let tenant = &world.tenant;
    let licenses: Vec<&str> = user
        .licenses
        .iter()
        .filter(|license| license.active())
        .filter_map(|license| tenant.skus.iter().find(|sku| sku.id == license.sku_id))
        .map(|sku| sku.product_name)
        .collect();
    let groups: Vec<&str> = tenant
        .groups
        .iter()
        .filter(|group| group.members.contains(&user.id))
        .map(|group| group.display_name.as_str())
        .collect();
    UserLine {
        name: user.text("displayName").to_owned(),
        upn: user.upn().to_owned(),
        title: user.text("jobTitle").to_owned(),
        enabled: user
            .properties
            .get("accountEnabled")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
        must_change: user.must_change_password,
        manager: user
            .manager
            .as_ref()
            .and_then(|id| tenant.user(id))
            .map(|user| user.text("displayName").to_owned())
            .unwrap_or_default(),
        licenses: licenses.join(", "),
        groups: groups.join(", "),
        created: time(user.created),
    }
}

#[derive(Deserialize)]
struct SesMessages {
    messages: BTreeMap<String, Vec<SesMessage>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SesMessage {
    source: String,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default, rename = "CC")]
    cc: Vec<String>,
    #[serde(default, rename = "BCC")]
    bcc: Vec<String>,
    subject: Option<String>,
    body_text: Option<String>,
    body_html: Option<String>,
    timestamp: f64,
}

/// Reads the mails that the local engine has sent, newest first.
async fn mails(app: &App) -> Result<Vec<Mail>, String> {
    let Some(aws) = &app.aws else {
        return Err("The simulators were started without --aws, so no mails are shown.".to_owned());
    };
    let unreachable = || format!("The mails can't be read from {aws} at the moment.");
    let request = axum::http::Request::get(format!("{}/_ministack/ses/messages", aws.trim_end_matches('/')));
    let request = request.body(Full::<Bytes>::default()).map_err(|_| unreachable())?;
    let answer = tokio::time::timeout(Duration::from_secs(5), async {
        let response = proxy::client().request(request).await.ok()?;
        Limited::new(response.into_body(), 32 << 20).collect().await.ok()
    });
    let body = answer.await.ok().flatten().ok_or_else(unreachable)?.to_bytes();
    let read: SesMessages = serde_json::from_slice(&body).map_err(|_| unreachable())?;
    let mut messages: Vec<SesMessage> = read.messages.into_values().flatten().collect();
    messages.sort_by(|one, other| other.timestamp.total_cmp(&one.timestamp));
    Ok(messages.into_iter().map(mail).collect())
}

fn mail(message: SesMessage) -> Mail {
    let recipients: Vec<String> = message.to.into_iter().chain(message.cc).chain(message.bcc).collect();
    let text = message.body_text.filter(|text| !text.is_empty()).or(message.body_html);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "seconds since 1970, whose fraction doesn't matter here"
    )]
    let seconds = message.timestamp as i64;
    Mail {
        from: message.source,
        to: recipients.join(", "),
        subject: message.subject.unwrap_or_default(),
        body: text.unwrap_or_default(),
        at: DateTime::from_timestamp(seconds, 0).map(time).unwrap_or_default(),
        recipients,
    }
}
