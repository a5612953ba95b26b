//! Variables as they hold, and where each value is from.

use domain::variables::{Child, Definition, Inherited, definitions};
use serde_json::{Map, Value, json};
use store::organisations::Settings;
use web::{OrgScope, ProblemDetails, Web};

pub(crate) struct Values {
    /// Of what is its own.
    pub(crate) version: i64,
    pub(crate) own: Settings,
    /// The parent's values for its children.
    pub(crate) inherited: Inherited,
    pub(crate) children: Vec<Child>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Own,
    Inherited,
    /// The parent's, whatever is set here.
    Locked,
    Default,
}

impl Source {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Own => "set here",
            Self::Inherited => "from the parent organisation",
            Self::Locked => "locked by the parent organisation",
            Self::Default => "default",
        }
    }
}

impl Values {
    /// What the tables have now.
    pub(crate) async fn read(web: &Web, scope: &OrgScope) -> Result<Self, ProblemDetails> {
        let version = web.store.settings_version(scope.org()).await?;
        let own = web.store.settings(scope.org()).await?;
        let (_, inherited) = web.store.values(&scope.organisation).await?;
        // Only an organisation without a parent has children.
        let children = match scope.organisation.parent {
            None => web.store.children(scope.org()).await?,
            Some(_) => Vec::new(),
        };
        Ok(Self {
            version,
            own,
            inherited,
            children,
        })
    }

    pub(crate) fn of(&self, definition: &Definition) -> (Value, Source) {
        match self.own.get(definition.name) {
            Some(setting) if !self.is_locked(definition.name) => (setting.value.clone(), Source::Own),
            _ => self.without_own(definition),
        }
    }

    pub(crate) fn is_locked(&self, name: &str) -> bool {
        self.inherited.get(name).is_some_and(|from| from.locked)
    }

    /// What would hold if the organisation had not set it.
    pub(crate) fn without_own(&self, definition: &Definition) -> (Value, Source) {
        match self.inherited.get(definition.name) {
            Some(from) if from.locked => (from.value.clone(), Source::Locked),
            Some(from) => (from.value.clone(), Source::Inherited),
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
    use std::collections::BTreeMap;

    use domain::variables::FromParent;
    use store::organisations::{ForChildren, Setting};

    use super::*;

    pub(crate) fn values(own: Value, inherited: Value) -> Values {
        let own: BTreeMap<String, Value> = serde_json::from_value(own).unwrap();
        let inherited: BTreeMap<String, Value> = serde_json::from_value(inherited).unwrap();
        let setting = |value| Setting {
            value,
            for_children: ForChildren::Nothing,
        };
        let from_parent = |value| FromParent { value, locked: false };
        Values {
            version: 0,
            own: own.into_iter().map(|(name, value)| (name, setting(value))).collect(),
            inherited: inherited
                .into_iter()
                .map(|(name, value)| (name, from_parent(value)))
                .collect(),
            children: Vec::new(),
        }
    }

    #[test]
    fn every_variable_says_where_its_value_is_from() {
        let mut values = values(
            json!({"timezone": "Europe/Berlin", "default_ticket_location": "Finance"}),
            json!({"timezone": "Europe/Paris", "start_time": "07:30", "default_ticket_location": "Onboarding"}),
        );
        values.inherited.get_mut("default_ticket_location").unwrap().locked = true;
        let body = json(&values);
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
