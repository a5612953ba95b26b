//! Readers of single fields with rules of their own.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::field::{InvalidValue, checked_text, choice};

choice! {
    /// What happens when no seat is free.
    #[derive(Default)]
    LicensePurchase {
        /// Bought at the distributor, or by hand where that can't be.
        #[default]
        Auto = "auto",
        /// A technician is asked to buy it.
        Manual = "manual",
        /// The user gets no license.
        None = "none",
    }
}

impl LicensePurchase {
    pub(super) fn read(text: &str) -> Result<Self, InvalidValue> {
        Self::parse(text).ok_or(InvalidValue("must be auto, manual or none"))
    }
}

/// A license in the form: a SKU's part number or its GUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LicenseName(String);

impl LicenseName {
    pub const TAKES: &'static str = "must be a SKU's part number, such as SPB, or its GUID";

    /// Parses a license name. Microsoft's part numbers may contain slashes and brackets, as in
    /// `O365_w/o_Teams_Bundle_M3`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let ok = (1..=100).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-.()/+".contains(&b));
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue(Self::TAKES))
        }
    }

    /// Whether this is the part number or the GUID of that SKU.
    pub fn is(&self, sku: &crate::request::Sku) -> bool {
        self.0.eq_ignore_ascii_case(&sku.part_number) || self.0.eq_ignore_ascii_case(&sku.id)
    }
}

checked_text!(LicenseName);

pub(super) fn group(text: &str) -> Result<String, InvalidValue> {
    if text.chars().count() <= 256 {
        Ok(text.to_owned())
    } else {
        Err(InvalidValue("must be a group's name or id"))
    }
}

pub(super) fn date(text: &str) -> Result<NaiveDate, InvalidValue> {
    let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| shape)
        .ok_or(InvalidValue("must be a date as YYYY-MM-DD"))
}

/// Parses a ticket number. It becomes part of a URL at the PSA, so only safe characters are accepted.
pub(super) fn ticket_id(text: &str) -> Result<String, InvalidValue> {
    let ok = text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if ok {
        Ok(text.to_owned())
    } else {
        Err(InvalidValue(
            "must be a ticket's number: up to 64 letters, digits, - and _",
        ))
    }
}
