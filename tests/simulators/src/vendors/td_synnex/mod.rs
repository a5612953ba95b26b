//! TD SYNNEX: StreamOne ION for one reseller, with its customers. A refresh token can be used once.

pub mod orders;
pub mod subscriptions;
pub mod tokens;

use serde_json::{Value, json};

use crate::{
    request::{Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{Organisation, Vendor},
    world::{OrderQuantity, Token, World, secret},
};
use orders::Order;
use subscriptions::Subscription;

pub const VENDOR: Vendor = Vendor {
    name: "td_synnex",
    bases: &["/td_synnex"],
    operations: OPERATIONS,
    error: |status, code, message| error(status, code, message),
    refuse,
    world,
    keys,
    state,
    by_hand: None,
};

const OPERATIONS: &[Operation] = &[
    ("POST", tokens::PATH, tokens::renew),
    ("GET", "/api/v3/accounts/{accountId}/customers", customers),
    ("GET", "/api/v3/accounts/{accountId}/subscriptions", subscriptions::list),
    (
        "GET",
        "/api/v3/accounts/{accountId}/customers/{customerId}/subscriptions/{subscriptionId}",
        subscriptions::get,
    ),
    (
        "GET",
        "/api/v3/accounts/{accountId}/customers/{customerId}/orders",
        orders::list,
    ),
    (
        "POST",
        "/api/v3/accounts/{accountId}/customers/{customerId}/orders",
        orders::create,
    ),
    (
        "GET",
        "/api/v3/accounts/{accountId}/customers/{customerId}/orders/{orderId}",
        orders::get,
    ),
];

/// What one organisation has at TD SYNNEX.
pub struct TdSynnex {
    account_id: String,
    refresh_token: String,
    /// The refresh tokens that were used.
    used: Vec<String>,
    pub tokens: Vec<Token>,
    /// Whether a refresh token was used twice. From then on every request is refused.
    pub lost: bool,
    pub customer_id: String,
    pub customer_name: String,
    /// The subscriptions of all customers of the reseller.
    pub subscriptions: Vec<Subscription>,
    pub orders: Vec<Order>,
    pub order_quantity: OrderQuantity,
    /// Whether orders end in a failure.
    pub refuses: bool,
}

/// A customer of the same reseller, with the same products.
pub const OTHER_CUSTOMER: &str = "306870";

impl TdSynnex {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        let customer_id = "49957".to_owned();
        let sold = || organisation.skus.iter().filter(|sku| sku.in_tenant).enumerate();
        let ours = sold().map(|(index, sku)| Subscription::new(2_277_242 + index, &customer_id, sku));
        let others = sold().map(|(index, sku)| Subscription::new(3_363_009 + index, OTHER_CUSTOMER, sku));
        Self {
            account_id: "5212".to_owned(),
            refresh_token: secret(),
            used: Vec::new(),
            tokens: Vec::new(),
            lost: false,
            subscriptions: others.chain(ours).collect(),
            customer_id,
            customer_name: organisation.company.to_owned(),
            orders: Vec::new(),
            order_quantity: OrderQuantity::Total,
            refuses: false,
        }
    }
}

fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, json!({"code": code, "message": message, "details": []}))
}

fn bad(message: &str) -> Response {
    error(400, "INVALID_ARGUMENT", message)
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => bad(&format!("unknown parameter {name}")),
        Refusal::InvalidParameter(name) => bad(&format!("{name} is not valid")),
        Refusal::InvalidId => error(404, "NOT_FOUND", "not found"),
        Refusal::NotFound(what) => error(404, "NOT_FOUND", &format!("{what} not found")),
        Refusal::MediaType => error(415, "INVALID_ARGUMENT", "application/json is expected"),
        Refusal::Body => bad("the body is no JSON object"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => bad(&format!("{field} is not valid")),
    }
}

fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    let found = if template == tokens::PATH {
        let token = tokens::given(request)?;
        state.world(|world| {
            let td_synnex = &world.vendors.td_synnex;
            td_synnex.refresh_token == token || td_synnex.used.contains(&token)
        })
    } else {
        let token = request.bearer().unwrap_or_default();
        state.world(|world| world.vendors.td_synnex.tokens.iter().any(|known| known.is(token)))
    };
    found
        .map(|world| world.name.clone())
        .ok_or_else(|| error(401, "UNAUTHENTICATED", "The token is not valid"))
}

fn keys(world: &World, _: &str) -> Value {
    let td_synnex = &world.vendors.td_synnex;
    json!({
        "credentials": {"account_id": td_synnex.account_id, "refresh_token": td_synnex.refresh_token},
        "company": td_synnex.customer_id,
    })
}

fn state(world: &World) -> Value {
    let td_synnex = &world.vendors.td_synnex;
    let ours = td_synnex.subscriptions.iter();
    let ours = ours.filter(|subscription| subscription.customer_id == td_synnex.customer_id);
    let subscription = |subscription: &Subscription| json!({"id": subscription.id, "sku": subscription.part, "quantity": subscription.quantity, "status": subscription.status});
    json!({
        "subscriptions": ours.map(subscription).collect::<Vec<_>>(),
        "orders": td_synnex.orders.iter().map(|order| orders::view(&td_synnex.account_id, order)).collect::<Vec<_>>(),
        "renewals": td_synnex.used.len(), "lost": td_synnex.lost,
    })
}

/// Checks the account of the path, and that the query has only the operation's parameters.
fn let_in(world: &World, request: &Request, query: &[&str]) -> Result<(), Response> {
    if request.param(0) != world.vendors.td_synnex.account_id {
        return Err(error(403, "PERMISSION_DENIED", "The account is not yours"));
    }
    request.only_query(query)
}

/// The same check for a customer's resources.
fn let_in_customer(world: &World, request: &Request, query: &[&str]) -> Result<(), Response> {
    let_in(world, request, query)?;
    if request.param(1) == world.vendors.td_synnex.customer_id {
        Ok(())
    } else {
        Err(request.not_found("customer"))
    }
}

/// Returns one customer a page, whatever size is asked for. The token leads to the next page.
fn customers(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &["pageSize", "pageToken"])?;
    request.number("pageSize", 10, 0, 1000)?;
    let td_synnex = &world.vendors.td_synnex;
    let customer = |id: &str, name: &str| json!({"name": format!("accounts/{}/customers/{id}", td_synnex.account_id), "uid": "UG6xwNqBPoRp5K", "customerOrganization": name, "customerStatus": "ACTIVE"});
    let response = match request.query("pageToken").unwrap_or_default() {
        "" => json!({"customers": [customer(OTHER_CUSTOMER, "Somebody Else")], "nextPageToken": "second"}),
        "second" => {
            json!({"customers": [customer(&td_synnex.customer_id, &td_synnex.customer_name)], "nextPageToken": ""})
        }
        _ => return Err(bad("pageToken is not valid")),
    };
    Ok(Response::json(200, response))
}
