//! The vendors under test.

use distributor::td_synnex::Keys;
use distributor::{Distributor, IngramMicro, Pax8, Sherweb, TdSynnex};
use serde_json::Value;
use simulators::vendors::{ingram_micro, pax8, sherweb, td_synnex};
use simulators::world::id;

use crate::fixture::{LONG, Vendor, client};

fn read<T: serde::de::DeserializeOwned>(credentials: &Value) -> T {
    serde_json::from_value(credentials.clone()).unwrap()
}

pub(crate) const PAX8: Vendor = Vendor {
    name: "pax8",
    build: |http, base, keys, company| {
        let base = format!("{base}/pax8/v1").parse().unwrap();
        Distributor::Pax8(Pax8::new(http, base, read(keys), company))
    },
    sell: |world, sold| {
        let product = pax8::Product {
            id: id(),
            sku_id: id(),
            name: String::leak(sold.product.to_owned()),
            vendor_sku: String::leak(sold.offer.to_owned()),
            commitment_id: id(),
            price: 1.0,
        };
        // The simulated Pax8 never shows another company's subscriptions; `tests/pax8.rs` tests that.
        let pax8 = &mut world.vendors.pax8;
        pax8.subscriptions.push(pax8::Subscription {
            active: true,
            cancelled: !sold.runs,
            ..pax8::Subscription::new(&product, 1, "Monthly")
        });
        pax8.products.push(product);
    },
    name_company: |world, name| name.clone_into(&mut world.vendors.pax8.company_name),
    refuse: |world| {
        for subscription in &mut world.vendors.pax8.subscriptions {
            subscription.cancelled = true;
        }
    },
    page: Some(200),
    mixed: true,
    uuids: true,
    slow: false,
    sign_in: &["POST /token"],
    company: &["GET /companies/{}"],
    order: &["PUT /subscriptions/{}"],
    may_be_gone: &[],
};

pub(crate) const SHERWEB: Vendor = Vendor {
    name: "sherweb",
    build: |http, base, keys, company| {
        let base = format!("{base}/sherweb").parse().unwrap();
        Distributor::Sherweb(Sherweb::new(http, base, read(keys), company))
    },
    sell: |world, sold| {
        world.vendors.sherweb.subscriptions.push(sherweb::Subscription {
            id: id(),
            sku_id: id(),
            part: String::new(),
            product_name: sold.product.to_owned(),
            sku: format!("SW-{}", sold.offer),
            quantity: 1,
        });
    },
    name_company: |world, name| name.clone_into(&mut world.vendors.sherweb.company_name),
    refuse: |world| world.vendors.sherweb.refuses = true,
    page: None,
    mixed: false,
    uuids: true,
    slow: true,
    sign_in: &["POST /auth/oidc/connect/token"],
    company: &[],
    order: &["POST /service-provider/v1/billing/subscriptions/amendments"],
    may_be_gone: &["GET /service-provider/v1/tracking/{}"],
};

pub(crate) const INGRAM_MICRO: Vendor = Vendor {
    name: "ingram_micro",
    build: |http, _, keys, company| {
        let base = keys["address"].as_str().unwrap().parse().unwrap();
        Distributor::IngramMicro(IngramMicro::new(http, base, read(keys), company))
    },
    sell: |world, sold| {
        let ingram = &mut world.vendors.ingram_micro;
        let line = ingram_micro::subscriptions::Line {
            sku_id: id(),
            part: String::new(),
            mpn: format!("{}:P1Y:M", sold.offer),
            name: sold.product.to_owned(),
            quantity: 1,
        };
        let subscription = ingram_micro::subscriptions::Subscription {
            id: (2_000_000 + ingram.subscriptions.len()).to_string(),
            customer_id: if sold.ours {
                ingram.customer_id.clone()
            } else {
                "1000028".to_owned()
            },
            status: if sold.runs { "active" } else { "terminated" },
            lines: vec![line],
        };
        ingram.subscriptions.push(subscription);
    },
    name_company: |world, name| name.clone_into(&mut world.vendors.ingram_micro.customer_name),
    refuse: |world| world.vendors.ingram_micro.refuses = true,
    page: Some(100),
    mixed: true,
    uuids: false,
    slow: true,
    sign_in: &["POST /token"],
    company: &["GET /customers/{}"],
    order: &["POST /orders"],
    may_be_gone: &["GET /orders/{}"],
};

pub(crate) const TD_SYNNEX: Vendor = Vendor {
    name: "td_synnex",
    build: |http, base, keys, company| {
        let base = format!("{base}/td_synnex").parse().unwrap();
        let token = keys["access_token"].as_str().unwrap().to_owned().into();
        let account = keys["account_id"].as_str().unwrap();
        Distributor::TdSynnex(TdSynnex::new(http, base, account, token, company))
    },
    sell: |world, sold| {
        let td_synnex = &mut world.vendors.td_synnex;
        let customer = if sold.ours {
            &td_synnex.customer_id
        } else {
            td_synnex::OTHER_CUSTOMER
        };
        let subscription = td_synnex::subscriptions::Subscription {
            id: (5_000_000 + td_synnex.subscriptions.len()).to_string(),
            customer_id: customer.to_owned(),
            subscription_id: id(),
            sku_id: id(),
            part: String::new(),
            name: "More seats".to_owned(),
            product_name: sold.product.to_owned(),
            offer: sold.offer.to_owned(),
            quantity: 1,
            status: if sold.runs { "active" } else { "deleted" },
        };
        td_synnex.subscriptions.push(subscription);
    },
    name_company: |world, name| name.clone_into(&mut world.vendors.td_synnex.customer_name),
    refuse: |world| world.vendors.td_synnex.refuses = true,
    page: Some(200),
    mixed: true,
    uuids: false,
    slow: true,
    sign_in: &[],
    company: &[],
    order: &["POST /api/v3/accounts/{}/customers/{}/orders"],
    may_be_gone: &["GET /api/v3/accounts/{}/customers/{}/orders/{}"],
};

/// TD SYNNEX's keys with an access token.
pub(crate) async fn renewed(base: &str, keys: &Value) -> Value {
    use secrecy::ExposeSecret;
    let base = format!("{base}/td_synnex").parse().unwrap();
    let keys: Keys = read(keys);
    let keys = keys.renewed(&client(LONG), &base).await.unwrap();
    serde_json::from_str(keys.secret().expose_secret()).unwrap()
}
