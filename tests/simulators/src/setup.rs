//! Furnishes a new world: a tenant with people, groups and licenses, a PSA with a board, a distributor with subscriptions.

use std::collections::BTreeMap;

use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::graph::{license_groups::Joining, mfa::Mfa};
use crate::vendor::{Newcomer, Vendors};
use crate::world::{
    Distributor, Domain, Group, License, Product, Psa, Sku, Subscription, Tenant, User, World, id, secret,
};

type Plans = &'static [(&'static str, &'static str)];

struct Offer {
    part: &'static str,
    id: &'static str,
    name: &'static str,
    vendor_sku: &'static str,
    price: f64,
    free: i64,
    plans: Plans,
}

const EXCHANGE: (&str, &str) = ("EXCHANGE_S_STANDARD", "9aaf7827-d63c-4b61-89c3-182f06f82e5c");
const TEAMS: (&str, &str) = ("TEAMS1", "57ff2da0-773e-42df-b2af-ffb7a2317929");
const INTUNE: (&str, &str) = ("INTUNE_A", "c1ec4a95-1f05-45b3-a911-aa3fa01094f5");

const OFFERS: &[Offer] = &[
    Offer {
        part: "SPB",
        id: "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46",
        name: "Microsoft 365 Business Premium",
        vendor_sku: "CFQ7TTC0LCHC:0002",
        price: 22.0,
        free: 5,
        plans: &[EXCHANGE, TEAMS, INTUNE],
    },
    Offer {
        part: "O365_BUSINESS_PREMIUM",
        id: "f245ecc8-75af-4f8e-b61f-27d8114de5f3",
        name: "Microsoft 365 Business Standard",
        vendor_sku: "CFQ7TTC0LDPB:0001",
        price: 12.5,
        free: 5,
        plans: &[EXCHANGE, TEAMS],
    },
    Offer {
        part: "O365_BUSINESS_ESSENTIALS",
        id: "3b555118-da6a-4418-894f-7df1e2096870",
        name: "Microsoft 365 Business Basic",
        vendor_sku: "CFQ7TTC0LH18:0001",
        price: 6.0,
        free: 5,
        plans: &[EXCHANGE, TEAMS],
    },
    Offer {
        part: "ENTERPRISEPACK",
        id: "6fd2c87f-b296-42f0-b197-1e91e994b900",
        name: "Office 365 E3",
        vendor_sku: "CFQ7TTC0LF8R:0001",
        price: 23.0,
        free: 0,
        plans: &[EXCHANGE, TEAMS],
    },
];

pub fn sku_parts() -> Vec<&'static str> {
    OFFERS.iter().map(|offer| offer.part).collect()
}

fn two() -> u32 {
    2
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewWorld {
    /// Also the organisation's domain: `NAME.example`.
    pub name: String,
    /// Free seats at the beginning, by part number.
    #[serde(default)]
    pub seats: BTreeMap<String, i64>,
    /// Part numbers that the distributor sells, but the tenant has not subscribed to yet.
    #[serde(default)]
    pub unsubscribed: Vec<String>,
    #[serde(default = "two")]
    pub seat_delay: u32,
    /// In place of the Conditional Access policies.
    #[serde(default)]
    pub security_defaults: bool,
    /// The company's name at all vendors; made from `name` by default.
    #[serde(default)]
    pub company: Option<String>,
}

pub fn world(wanted: &NewWorld) -> Result<World, String> {
    let name = wanted.name.as_str();
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 24 || !name.chars().all(fine) || name.starts_with('-') || name.ends_with('-') {
        return Err("name: 1 to 24 lower case letters, digits or hyphens".to_owned());
    }
    let parts = wanted.seats.keys().chain(&wanted.unsubscribed);
    if let Some(unknown) = parts.into_iter().find(|part| !sku_parts().contains(&part.as_str())) {
        return Err(format!("no such SKU: {unknown}; there are {}", sku_parts().join(", ")));
    }
    if wanted.seats.values().any(|free| !(0..=10_000).contains(free)) {
        return Err("seats: 0 to 10000 free seats".to_owned());
    }
    let company = wanted.company.clone().unwrap_or_else(|| {
        let words = name.split('-').filter(|word| !word.is_empty());
        words
            .map(|word| word[..1].to_uppercase() + &word[1..])
            .collect::<Vec<_>>()
            .join(" ")
    });
    if company.trim().is_empty() || company.len() > 50 {
        return Err("company: 1 to 50 characters".to_owned());
    }
    let tenant = tenant(name, &company, wanted);
    let distributor = distributor(&company, &tenant);
    let psa = psa(name, &company);
    let vendors = Vendors::new(&Newcomer {
        name,
        company: &company,
        domain: &format!("{name}.example"),
        skus: &tenant.skus,
    });
    let mut world = World {
        name: name.to_owned(),
        created: Utc::now(),
        tenant,
        psa,
        distributor,
        vendors,
        seat_delay: wanted.seat_delay,
        pending_seats: Vec::new(),
        hidden: Vec::new(),
        effects: BTreeMap::new(),
        active: Vec::new(),
        requests: Vec::new(),
    };
    // A SKU that was bought at the distributor carries that subscription's id.
    for subscription in &world.distributor.subscriptions {
        if let Some(sku) = world.tenant.skus.iter_mut().find(|sku| sku.id == subscription.sku_id) {
            sku.subscription_ids.push(subscription.vendor_subscription_id.clone());
        }
    }
    Ok(world)
}

pub fn user(upn: &str, first: &str, last: &str, title: &str) -> User {
    let nickname = upn.split('@').next().unwrap_or_default();
    let properties = json!({
        "accountEnabled": true, "displayName": format!("{first} {last}"), "givenName": first, "surname": last,
        "mailNickname": nickname, "userPrincipalName": upn, "mail": upn, "proxyAddresses": [format!("SMTP:{upn}")],
        "jobTitle": title, "usageLocation": "GB", "userType": "Member",
    });
    User {
        id: id(),
        properties: match properties {
            Value::Object(properties) => properties,
            _ => Map::new(),
        },
        password: secret(),
        must_change_password: false,
        licenses: Vec::new(),
        manager: None,
        created: Utc::now(),
        deleted: None,
        sessions_revoked: 0,
    }
}

fn tenant(name: &str, company: &str, wanted: &NewWorld) -> Tenant {
    let domain = format!("{name}.example");
    let address = |local: &str| format!("{local}@{domain}");
    let spb = OFFERS[0].id;
    let licensed = |mut user: User| {
        let license = License {
            sku_id: spb.to_owned(),
            disabled_plans: Vec::new(),
            by_group: None,
            error: None,
            at: Utc::now(),
        };
        user.licenses.push(license);
        user
    };
    let manager = licensed(user(&address("mmanager"), "Morgan", "Manager", "Head of Sales"));
    let mut colleague = licensed(user(&address("ccolleague"), "Casey", "Colleague", "Sales Advisor"));
    colleague.manager = Some(manager.id.clone());
    let approver = user(&address("aapprover"), "Alex", "Approver", "Office Manager");
    let mut gone = user(&address("ddeleted"), "Dana", "Deleted", "Sales Advisor");
    gone.deleted = Some(Utc::now());
    let upn = format!("{}{}", gone.id.replace('-', ""), gone.upn());
    gone.properties.insert("userPrincipalName".to_owned(), json!(upn));

    let skus: Vec<Sku> = OFFERS
        .iter()
        .map(|offer| {
            let used = if offer.id == spb { 2 } else { 0 };
            let in_tenant = !wanted.unsubscribed.iter().any(|part| part == offer.part);
            let free = wanted.seats.get(offer.part).copied().unwrap_or(offer.free);
            Sku {
                part: offer.part.to_owned(),
                id: offer.id.to_owned(),
                product_name: offer.name,
                offer: offer.vendor_sku,
                plans: offer.plans,
                enabled: if in_tenant { used + free } else { 0 },
                taken_elsewhere: 0,
                in_tenant,
                subscription_ids: Vec::new(),
            }
        })
        .collect();
    let groups = groups(&domain, &colleague.id, &manager.id);
    let mfa = Mfa::new(wanted.security_defaults, &groups, &[&colleague.id, &manager.id]);
    Tenant {
        id: id(),
        display_name: company.to_owned(),
        client_id: id(),
        client_secret: secret(),
        tokens: Vec::new(),
        domains: vec![
            Domain {
                name: domain.clone(),
                is_default: true,
                is_initial: false,
            },
            Domain {
                name: format!("{}.onmicrosoft.example", name.replace('-', "")),
                is_default: false,
                is_initial: true,
            },
        ],
        users: vec![manager, colleague, approver, gone],
        skus,
        groups,
        joining: Joining::default(),
        license_rules: Vec::new(),
        mfa,
    }
}

/// One of every kind, and two that share a name.
fn groups(domain: &str, colleague: &str, manager: &str) -> Vec<Group> {
    let plain = |name: &str, description: &str| Group {
        id: id(),
        display_name: name.to_owned(),
        description: description.to_owned(),
        mail: None,
        mail_nickname: name.to_lowercase().replace(' ', "-"),
        security_enabled: true,
        unified: false,
        membership_rule: None,
        on_premises: false,
        licenses: Vec::new(),
        members: Vec::new(),
        created: Utc::now(),
    };
    let with_mail = |mut group: Group| {
        group.mail = Some(format!("{}@{domain}", group.mail_nickname));
        group
    };
    let with_members = |mut group: Group| {
        group.members = vec![manager.to_owned(), colleague.to_owned()];
        group
    };
    let unified = |name, description| Group {
        security_enabled: false,
        unified: true,
        ..with_mail(plain(name, description))
    };
    vec![
        with_members(unified("All Staff", "Microsoft 365 group")),
        unified("Projects", "Microsoft 365 group"),
        with_members(plain("Sales", "Security group")),
        plain("VPN Users", "Security group"),
        plain("MFA Users", "Security group that Conditional Access targets"),
        Group {
            licenses: vec![OFFERS[0].id.to_owned()],
            ..plain("License Business Premium", "Security group that carries a license")
        },
        Group {
            membership_rule: Some("(user.department -eq \"Sales\")".to_owned()),
            ..with_members(plain("Everyone Dynamic", "Dynamic security group"))
        },
        Group {
            on_premises: true,
            ..plain("Legacy File Share", "Security group synced from on-premises")
        },
        Group {
            security_enabled: false,
            ..with_members(with_mail(plain("Announcements", "Distribution list")))
        },
        with_mail(plain("Secure Mail", "Mail-enabled security group")),
        plain("Twins", "Security group, the first of this name"),
        plain("Twins", "Security group, the second of this name"),
    ]
}

fn psa(name: &str, company: &str) -> Psa {
    let board = json!({"id": 10, "name": "Onboarding"});
    let status = |id: i64, name: &str, default: bool, closed: bool| {
        json!({
            "id": id, "name": name, "board": board, "sortOrder": id, "displayOnBoard": !closed, "inactive": false,
            "closedStatus": closed, "defaultFlag": default, "timeEntryNotAllowed": false,
        })
    };
    let other = json!({"id": 11, "name": "Help Desk"});
    let customer = json!({"id": 20, "identifier": name, "name": company});
    let contact = |id: i64, first: &str, last: &str| json!({"id": id, "firstName": first, "lastName": last, "name": format!("{first} {last}"), "company": customer, "site": {"id": 151, "name": "Main"}, "inactiveFlag": false, "communicationItems": [{"id": id + 1000, "type": {"id": 1, "name": "Email"}, "value": format!("{}{}@{name}.example", &first[..1], last).to_lowercase(), "defaultFlag": true, "communicationType": "Email"}]});
    let records = BTreeMap::from([
        (
            "boards",
            vec![
                json!({"id": 10, "name": "Onboarding", "inactiveFlag": false, "projectFlag": false}),
                json!({"id": 11, "name": "Help Desk", "inactiveFlag": false, "projectFlag": false}),
            ],
        ),
        (
            "statuses",
            vec![
                status(101, "New", true, false),
                status(102, "In Progress", false, false),
                status(103, "Waiting", false, false),
                status(104, "Closed", false, true),
                json!({"id": 111, "name": "New", "board": other, "sortOrder": 1, "closedStatus": false, "defaultFlag": false}),
                json!({"id": 112, "name": "Closed", "board": other, "sortOrder": 2, "closedStatus": true, "defaultFlag": false}),
            ],
        ),
        (
            "types",
            vec![
                json!({"id": 121, "name": "New User", "board": board, "defaultFlag": true, "inactiveFlag": false}),
                json!({"id": 122, "name": "Leaver", "board": board, "defaultFlag": false, "inactiveFlag": false}),
            ],
        ),
        (
            "priorities",
            vec![
                json!({"id": 131, "name": "Priority 1 - Critical", "color": "Red", "sortOrder": 1, "defaultFlag": false}),
                json!({"id": 132, "name": "Priority 2 - High", "color": "Orange", "sortOrder": 2, "defaultFlag": false}),
                json!({"id": 133, "name": "Priority 3 - Medium", "color": "Yellow", "sortOrder": 3, "defaultFlag": true}),
                json!({"id": 134, "name": "Priority 4 - Low", "color": "Green", "sortOrder": 4, "defaultFlag": false}),
            ],
        ),
        (
            "sources",
            vec![
                json!({"id": 141, "name": "Call", "defaultFlag": true}),
                json!({"id": 142, "name": "Portal", "defaultFlag": false}),
            ],
        ),
        (
            "companies",
            vec![
                customer.clone(),
                json!({"id": 21, "identifier": "other", "name": "Somebody Else"}),
            ],
        ),
        (
            "sites",
            vec![
                json!({"id": 151, "name": "Main", "company": customer, "primaryAddressFlag": true, "inactiveFlag": false}),
            ],
        ),
        (
            "contacts",
            vec![contact(161, "Morgan", "Manager"), contact(162, "Alex", "Approver")],
        ),
        (
            "members",
            vec![json!({"id": 171, "identifier": "ttech", "name": "Terry Technician"})],
        ),
        ("workRoles", vec![json!({"id": 181, "name": "Engineer"})]),
    ]);
    Psa {
        company_login: format!("msp-{name}"),
        public_key: secret()[..16].to_owned(),
        private_key: secret()[..16].to_owned(),
        client_id: id(),
        records,
        tickets: Vec::new(),
        last_id: 1000,
    }
}

fn distributor(company: &str, tenant: &Tenant) -> Distributor {
    let products: Vec<Product> = OFFERS
        .iter()
        .map(|offer| Product {
            id: id(),
            sku_id: offer.id.to_owned(),
            name: offer.name,
            vendor_sku: offer.vendor_sku,
            commitment_id: id(),
            price: offer.price,
        })
        .collect();
    let subscribed = products.iter().filter_map(|product| {
        let sku = tenant
            .skus
            .iter()
            .find(|sku| sku.id == product.sku_id && sku.in_tenant)?;
        Some(Subscription {
            id: id(),
            product_id: product.id.clone(),
            sku_id: sku.id.clone(),
            vendor_subscription_id: id(),
            quantity: sku.enabled,
            provisioning_reads: 0,
            active: true,
            cancelled: false,
            billing_term: "Monthly".to_owned(),
            price: product.price,
            created: Utc::now(),
            updated: Utc::now(),
            puts: 0,
        })
    });
    Distributor {
        client_id: id(),
        client_secret: secret(),
        tokens: Vec::new(),
        company_id: id(),
        company_name: company.to_owned(),
        subscriptions: subscribed.collect(),
        products,
        orders: Vec::new(),
    }
}
