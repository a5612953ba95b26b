//! ServiceNow's responses, and the texts that queries may contain.

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Answer<T> {
    pub(super) result: T,
}

#[derive(Deserialize)]
pub(super) struct MadeBody {
    pub(super) sys_id: String,
}

/// Fields that Gangway's user may not read are missing.
#[derive(Deserialize)]
pub(super) struct IncidentBody {
    pub(super) sys_id: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    pub(super) short_description: String,
    #[serde(default)]
    pub(super) correlation_id: String,
    #[serde(default)]
    pub(super) company: String,
    #[serde(default)]
    active: String,
    #[serde(default)]
    pub(super) state: String,
    #[serde(default)]
    pub(super) opened_by: String,
    #[serde(default)]
    contact_type: String,
}

impl IncidentBody {
    /// Whether the incident is open. Resolved, closed and cancelled ones are not, although a resolved one is still
    /// "active".
    pub(super) fn is_open(&self) -> bool {
        self.active == "true" && !["6", "7", "8"].contains(&self.state.as_str())
    }

    /// Whether a technician who took a call typed it in. Incidents from mail or the portal come from the customer.
    pub(super) fn came_by_phone(&self) -> bool {
        ["phone", "walk-in"].contains(&self.contact_type.as_str())
    }

    pub(super) fn is_called(&self, given: &str) -> bool {
        self.sys_id.eq_ignore_ascii_case(given) || self.number.eq_ignore_ascii_case(given)
    }
}

#[derive(Deserialize)]
pub(super) struct NamedBody {
    pub(super) sys_id: String,
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct UserBody {
    pub(super) sys_id: String,
    #[serde(default)]
    pub(super) user_name: String,
    #[serde(default)]
    pub(super) email: String,
    #[serde(default)]
    pub(super) company: String,
}

impl UserBody {
    pub(super) const FIELDS: &str = "sys_id,user_name,email,company";
}

#[derive(Deserialize)]
pub(super) struct ChoiceBody {
    /// The table that has the field.
    pub(super) name: String,
    pub(super) value: String,
    pub(super) label: String,
}

#[derive(Deserialize)]
pub(super) struct JournalBody {
    pub(super) value: String,
    #[serde(default)]
    pub(super) element: String,
    #[serde(default)]
    pub(super) sys_created_by: String,
}

impl JournalBody {
    pub(super) const FIELDS: &str = "sys_id,value,element,sys_created_by";
}

pub(super) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether the text is a number such as `INC0010001`.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    digits.len() < text.len() && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a query may contain the value. `^` would end it and can't be escaped, and a script would be run.
pub(super) fn may_be_asked(value: &str) -> bool {
    let is_script = value.trim_start().to_lowercase().starts_with("javascript:");
    !value.is_empty() && !is_script && !value.chars().any(|c| c == '^' || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_checked() {
        for fine in ["O'Brien \"X\" & <Sons> 🙂", "a@b.example", "50% = half, or so"] {
            assert!(may_be_asked(fine), "{fine}");
        }
        for wrong in ["", "a^b", "a\nb", " JavaScript:gs.log(1)"] {
            assert!(!may_be_asked(wrong), "{wrong}");
        }
    }

    #[test]
    fn numbers_and_ids() {
        assert!(is_id("9d385017c611228701d22104cc95c371") && is_number("INC0010001"));
        for wrong in [
            "",
            "INC",
            "0010001",
            "INC1^x",
            "INC-1",
            "../x",
            "99999999999999999999999",
        ] {
            assert!(!is_id(wrong) && !is_number(wrong), "{wrong}");
        }
    }
}
