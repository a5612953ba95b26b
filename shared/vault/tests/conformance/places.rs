//! The destinations under test.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vault::pwpush::Key;
use vault::{Hudu, ItGlue, Passportal, PwPush, Vault};

use crate::fixture::{AnyPlace, NAME, Place};

fn read<T: DeserializeOwned>(credentials: &Value) -> T {
    serde_json::from_value(credentials.clone()).unwrap()
}

fn address(credentials: &Value) -> url::Url {
    credentials["address"].as_str().unwrap().parse().unwrap()
}

fn company(keys: &Value) -> String {
    keys["company"].as_str().unwrap().to_owned()
}

fn class(status: u16, _: &str) -> &'static str {
    match status {
        401 | 403 => "NeedsAttention",
        429 | 500.. => "Transient",
        _ => "Permanent",
    }
}

fn class_with_company(status: u16, operation: &str) -> &'static str {
    match status {
        404 => "NeedsAttention",
        _ => class(status, operation),
    }
}

pub(crate) const HUDU: Place = Place {
    name: "hudu",
    build: |http, keys| {
        let credentials = &keys["credentials"];
        let hudu = Hudu::new(http, address(credentials), read(credentials), company(keys));
        AnyPlace::Vault(Vault::Hudu(hudu.unwrap()))
    },
    effect: "passwords_written",
    can_be_asked: true,
    write: |world, notes, other| {
        let company = if other { 8 } else { 7 };
        let password = json!({"name": NAME, "company_id": company, "password": "x", "description": notes});
        world.vendors.hudu.add(&password);
    },
    pages: 2001,
    class: class_with_company,
};

pub(crate) const ITGLUE: Place = Place {
    name: "itglue",
    build: |http, keys| {
        let credentials = &keys["credentials"];
        let itglue = ItGlue::new(http, address(credentials), read(credentials), company(keys));
        AnyPlace::Vault(Vault::ItGlue(itglue.unwrap()))
    },
    effect: "passwords_written",
    can_be_asked: true,
    write: |world, notes, other| {
        let organization = if other { 3302 } else { 3301 };
        let password = json!({"name": NAME, "password": "x", "notes": notes});
        world.vendors.itglue.add(organization, &password);
    },
    pages: 2001,
    class: class_with_company,
};

pub(crate) const PASSPORTAL: Place = Place {
    name: "passportal",
    build: |http, keys| {
        let credentials: vault::passportal::Credentials = read(&keys["credentials"]);
        let base = address(&keys["credentials"]);
        let write = credentials.write_address(&company(keys)).unwrap();
        let write = write.map(|text| text.parse().unwrap());
        let passportal = Passportal::new(http, base, credentials, company(keys), write);
        AnyPlace::Vault(Vault::Passportal(passportal.unwrap()))
    },
    effect: "passwords_written",
    can_be_asked: false,
    write: |_, _, _| {},
    pages: 0,
    class: |status, operation| match status {
        400 if operation.ends_with("/client_token") => "NeedsAttention",
        _ => class(status, operation),
    },
};

fn pwpush(http: reqwest::Client, keys: &Value, with_token: bool) -> AnyPlace {
    let base = keys["url"].as_str().unwrap().parse().unwrap();
    let credentials: vault::pwpush::Credentials = read(&keys["credentials"]);
    let key = with_token.then(|| Key {
        server: credentials.address.parse().unwrap(),
        token: credentials.api_token,
        own: true,
    });
    AnyPlace::PwPush(PwPush::new(http, base, key))
}

pub(crate) const PWPUSH: Place = Place {
    name: "pwpush",
    build: |http, keys| pwpush(http, keys, true),
    effect: "pushes_created",
    can_be_asked: true,
    // Another company's push belongs to another token.
    write: |world, notes, other| {
        world
            .vendors
            .pwpush
            .add(!other, &json!({"payload": "x", "note": notes}));
    },
    pages: 120,
    class,
};

pub(crate) const ANONYMOUS: Place = Place {
    build: |http, keys| pwpush(http, keys, false),
    can_be_asked: false,
    ..PWPUSH
};
