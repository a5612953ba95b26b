//! Variables as they hold, and where each value is from.

use std::collections::BTreeMap;

use domain::variables::{Child, Definition, definitions};
use serde_json::{Map, Value, json};
use store::organisations::Settings;

pub(crate) struct Values {
    /// Of what is its own.
    pub(crate) version: i64,
    pub(crate) own: Settings,
    /// The parent's values for its children.
    pub(crate) inherited: BTreeMap<String, Value>,
    pub(crate) children: Vec<Child>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Own,
    Inherited,
    Default,
}

impl Source {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Own => "set here",
            Self::Inherited => "from the parent organisation",
            Self::Default => "default",
        }
    }
}

impl Values {
    pub(crate) fn of(&self, definition: &Definition) -> (Value, Source) {
        if let Some(setting) = self.own.get(definition.name) {
            return (setting.value.clone(), Source::Own);
        }
        self.without_own(definition)
    }

    /// What would hold if the organisation had not set it.
    pub(crate) fn without_own(&self, definition: &Definition) -> (Value, Source) {
        match self.inherited.get(definition.name) {
            Some(value) => (value.clone(), Source::Inherited),
            None => (json!(definition.default_value()), Source::Default),
        }
    }
}

pub(crate) fn json(values: &Values) -> Value {
    let variables: Map<String, Value> = definitions()
        .iter()
        .map(|definition| (definition.name.to_owned(), one(values, definition)))
        .collect();
    json!({ "variables": variables })
}

pub(crate) fn one(values: &Values, definition: &Definition) -> Value {
    let (value, source) = values.of(definition);
    json!({
        "value": value,
        "source": source,
        "default": definition.default_value(),
        "takes": definition.kind.to_string(),
        "description": definition.description,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use store::organisations::Setting;

    use super::*;

    pub(crate) fn values(own: Value, inherited: Value) -> Values {
        let own: BTreeMap<String, Value> = serde_json::from_value(own).unwrap();
        let setting = |value| Setting {
            value,
            default_for_children: false,
        };
        Values {
            version: 0,
            own: own.into_iter().map(|(name, value)| (name, setting(value))).collect(),
            inherited: serde_json::from_value(inherited).unwrap(),
            children: Vec::new(),
        }
    }

    #[test]
    fn every_variable_says_where_its_value_is_from() {
        let values = values(
            json!({"timezone": "Europe/Berlin"}),
            json!({"timezone": "Europe/Paris", "start_time": "07:30"}),
        );
        let body = json(&values);
        let variables = &body["variables"];
        assert_eq!(variables.as_object().unwrap().len(), definitions().len());
        assert_eq!(variables["timezone"]["value"], "Europe/Berlin");
        assert_eq!(variables["timezone"]["source"], "own");
        assert_eq!(variables["timezone"]["default"], "Etc/UTC");
        assert_eq!(variables["start_time"]["source"], "inherited");
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
