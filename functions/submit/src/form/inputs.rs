//! The inputs of a form's page, generated from the declared fields.

use domain::field::FieldError;
use domain::role::Role;
use domain::submission::{Field, Section, Takes};
use domain::variables::{OrgVariables, definition};
use serde_json::Value;

use super::{FormValues, Offer};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// An `input` of this type.
    Input(&'static str),
    Checkbox,
    Lines,
    Select,
    /// Text to read: the value that the parent organisation has locked.
    Locked,
}

pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) control: Control,
    pub(super) required: bool,
    pub(super) value: String,
    pub(super) choices: Vec<Choice>,
    pub(super) errors: Vec<String>,
}

pub(super) struct Fieldset {
    pub(super) legend: &'static str,
    /// Whether the section is folded. It has fields that most people do not change, and is open if one is given or
    /// invalid.
    pub(super) folded: bool,
    /// The checkboxes of licenses, which come before the inputs.
    pub(super) licenses: Option<Licenses>,
    pub(super) inputs: Vec<Input>,
}

impl Fieldset {
    pub(super) fn is_open(&self) -> bool {
        let given = |input: &Input| input.control != Control::Locked && !input.value.is_empty();
        self.inputs.iter().any(|input| given(input) || !input.errors.is_empty())
    }
}

pub(super) struct Licenses {
    /// `None` if the lists could not be read; licenses are typed then.
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) text: String,
    pub(super) errors: Vec<String>,
}

const LICENSES: &str = "licenses";

/// The values for the inputs.
pub(super) struct Inputs<'a> {
    pub(super) values: &'a FormValues,
    pub(super) problems: &'a [FieldError],
    pub(super) variables: &'a OrgVariables,
    pub(super) offer: Option<&'a Offer>,
}

impl Inputs<'_> {
    /// The fields by section, without those that the role may not use.
    pub(super) fn fieldsets(&self, fields: &[Field], role: Role) -> Vec<Fieldset> {
        let offered = |section: Section| {
            let fields = fields.iter().filter(move |field| field.section == section);
            fields.filter(move |field| (field.offered_to)(role))
        };
        let fieldset = |section: &Section| Fieldset {
            legend: section.as_str(),
            folded: *section == Section::Passwords,
            licenses: offered(*section)
                .any(|field| field.name == LICENSES)
                .then(|| self.licenses()),
            inputs: offered(*section)
                .filter(|field| field.name != LICENSES)
                .map(|field| self.input(field))
                .collect(),
        };
        let mut fieldsets: Vec<Fieldset> = Section::ALL.iter().map(fieldset).collect();
        fieldsets.retain(|fieldset| !fieldset.inputs.is_empty());
        fieldsets
    }

    fn input(&self, field: &Field) -> Input {
        if field.overrides && self.variables.locked.contains(field.name) {
            return self.locked(field);
        }
        match (field.takes, self.offer) {
            (Takes::Text, Some(offer)) if field.name == "email_domain" => Input {
                hint: "",
                ..self.select(field, offer.domains())
            },
            (Takes::Text, _) => self.plain(field, Control::Input("text")),
            (Takes::Email, _) => self.plain(field, Control::Input("email")),
            (Takes::Phone, _) => self.plain(field, Control::Input("tel")),
            (Takes::Date, _) => self.plain(field, Control::Input("date")),
            (Takes::Flag, _) => self.plain(field, Control::Checkbox),
            (Takes::Switch, _) => self.select(field, self.choices(field, &[("true", "Yes"), ("false", "No")])),
            (Takes::Choice(choices), _) => self.select(field, self.choices(field, choices)),
            // Destinations for a password are few, so they fit on one line, unlike other lists.
            (Takes::List, _) if field.overrides => Input {
                value: self.values.list(field.name).join(", "),
                ..self.plain(field, Control::Input("text"))
            },
            (Takes::List, _) => self.plain(field, Control::Lines),
        }
    }

    fn errors(&self, name: &str) -> Vec<String> {
        let of_field = self.problems.iter().filter(|problem| problem.field == name);
        of_field.map(|problem| problem.message.clone()).collect()
    }

    fn plain(&self, field: &Field, control: Control) -> Input {
        Input {
            name: field.name,
            label: field.label,
            hint: (field.hint)(self.variables),
            control,
            required: field.required,
            value: self.values.text(field.name),
            choices: Vec::new(),
            errors: self.errors(field.name),
        }
    }

    /// Shows the value of a locked variable, which nobody in the organisation may override, without an input.
    fn locked(&self, field: &Field) -> Input {
        Input {
            hint: "Locked by the parent organisation: this value holds for every request.",
            value: self.usual(field.name),
            ..self.plain(field, Control::Locked)
        }
    }

    /// The value of the variable that a field overrides.
    fn usual(&self, name: &str) -> String {
        let value = definition(name).map(|known| known.value_in(self.variables));
        match &value.unwrap_or_default() {
            Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Value::Array(items) if items.is_empty() => "none".to_owned(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            other => other.as_str().unwrap_or_default().to_owned(),
        }
    }

    /// The choices; an override can also be left to its variable.
    fn choices(&self, field: &Field, choices: &[(&str, &str)]) -> Vec<(String, String)> {
        let usual = || (String::new(), format!("As usual here: {}", self.usual(field.name)));
        let choices = choices
            .iter()
            .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()));
        field.overrides.then(usual).into_iter().chain(choices).collect()
    }

    fn select(&self, field: &Field, choices: Vec<(String, String)>) -> Input {
        let value = self.values.text(field.name);
        let mut choices: Vec<Choice> = choices
            .into_iter()
            .map(|(choice, label)| Choice {
                chosen: choice.eq_ignore_ascii_case(&value),
                value: choice,
                label,
            })
            .collect();
        if !value.is_empty() && !choices.iter().any(|choice| choice.chosen) {
            choices.push(Choice {
                label: value.clone(),
                value,
                chosen: true,
            });
        }
        Input {
            choices,
            ..self.plain(field, Control::Select)
        }
    }

    fn licenses(&self) -> Licenses {
        let chosen = self.values.list(LICENSES);
        Licenses {
            choices: self.offer.map(|offer| offer.licenses(&chosen)),
            text: self.values.text(LICENSES),
            errors: self.errors(LICENSES),
        }
    }
}
