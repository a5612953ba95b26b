//! Sets up a new world: a tenant with people, groups and licenses, and what each vendor has for it.

use std::collections::BTreeMap;

use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    vendors::{
        Organisation, Vendors,
        graph::{license_groups::Joining, mfa::Mfa},
    },
    world::{Domain, Group, Hidden, License, Sku, Tenant, User, World, id, secret},
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
    /// The name of the world and of the organisation's domain, `NAME.example`.
    pub name: String,
    /// The free seats at the beginning, by part number.
    #[serde(default)]
    pub seats: BTreeMap<String, i64>,
    /// Part numbers that the distributor sells and the tenant has not subscribed to yet.
    #[serde(default)]
    pub unsubscribed: Vec<String>,
    #[serde(default = "two")]
    pub seat_delay: u32,
    /// Whether security defaults replace the Conditional Access policies.
    #[serde(default)]
    pub security_defaults: bool,
    /// The company's name at all vendors. By default it is made from `name`.
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
    let vendors = Vendors::new(&Organisation {
        name,
        company: &company,
        domain: &format!("{name}.example"),
        skus: &tenant.skus,
    });
    Ok(World {
        name: name.to_owned(),
        created: Utc::now(),
        tenant,
        vendors,
        seat_delay: wanted.seat_delay,
        pending_seats: Vec::new(),
        hidden: Hidden::default(),
        effects: BTreeMap::new(),
        active: Vec::new(),
        requests: Vec::new(),
    })
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
                subscription_ids: if in_tenant { vec![id()] } else { Vec::new() },
                price: offer.price,
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

/// Groups of every kind, and two with the same name.
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
