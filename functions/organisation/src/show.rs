//! The effective variables, with the source of each value, as JSON.

use domain::variables::{Definition, Family, Source, definitions};
use serde_json::{Map, Value, json};

pub(crate) fn json(family: &Family) -> Value {
    let variables: Map<String, Value> = definitions()
        .iter()
        .map(|definition| (definition.name.to_owned(), one(family, definition)))
        .collect();
    json!({ "variables": variables })
}

pub(crate) fn one(family: &Family, definition: &Definition) -> Value {
    let (value, source) = family.effective(definition);
    json!({
        "value": value,
        "source": source,
        "default": definition.default_value(),
        "takes": definition.kind.to_string(),
        "description": definition.description,
    })
}

/// The label of a source on pages.
pub(crate) fn label(source: Source) -> &'static str {
    match source {
        Source::Own => "set here",
        Source::Inherited => "from the parent organisation",
        Source::Locked => "locked by the parent organisation",
        Source::Default => "default",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use domain::variables::{ForChildren, FromParent, OwnVariable};

    use super::*;

    pub(crate) fn family(own: Value, inherited: Value) -> Family {
        let own: BTreeMap<String, Value> = serde_json::from_value(own).unwrap();
        let inherited: BTreeMap<String, Value> = serde_json::from_value(inherited).unwrap();
        let set = |value| OwnVariable {
            value,
            for_children: ForChildren::Nothing,
        };
        let from_parent = |value| FromParent { value, locked: false };
        Family {
            version: 0,
            own: own.into_iter().map(|(name, value)| (name, set(value))).collect(),
            inherited: inherited
                .into_iter()
                .map(|(name, value)| (name, from_parent(value)))
                .collect(),
            children: Vec::new(),
        }
    }

    #[test]
    fn every_variable_has_a_source() {
        let mut family = family(
            json!({"timezone": "Europe/Berlin", "default_ticket_location": "Finance"}),
            json!({"timezone": "Europe/Paris", "start_time": "07:30", "default_ticket_location": "Onboarding"}),
        );
        family.inherited.get_mut("default_ticket_location").unwrap().locked = true;
        let body = json(&family);
        let variables = &body["variables"];
        assert_eq!(variables.as_object().unwrap().len(), definitions().len());
        assert_eq!(variables["timezone"]["value"], "Europe/Berlin");
        assert_eq!(variables["timezone"]["source"], "own");
        assert_eq!(variables["timezone"]["default"], "Etc/UTC");
        assert_eq!(variables["start_time"]["source"], "inherited");
        assert_eq!(variables["default_ticket_location"]["value"], "Onboarding");
        assert_eq!(variables["default_ticket_location"]["source"], "locked");
        assert_eq!(variables["store_password_in_ticket"]["value"], true);
        assert_eq!(variables["store_password_in_ticket"]["source"], "default");
        assert_eq!(variables["default_psa"]["value"], Value::Null);
        assert!(
            variables["default_psa"]["takes"]
                .as_str()
                .unwrap()
                .contains("connectwise")
        );
    }
}
