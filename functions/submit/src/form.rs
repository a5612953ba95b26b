//! The page of a form: every field of the body, what was typed, and what is wrong with it.

mod offboarding;
mod onboarding;

use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::authority::Because;
use domain::decision::Gate;
use domain::field::FieldError;
use domain::schedule::local_words;
use serde_json::{Map, Value};
use web::{Base, OrgScope};

use crate::submit_request::SubmitRequest;

pub(crate) use onboarding::Offer;

/// What was typed.
#[derive(Default)]
pub(crate) struct FormValues {
    values: Map<String, Value>,
    key: Option<String>,
}

impl FormValues {
    pub(crate) fn of(ask: &SubmitRequest) -> Self {
        let values = ask.body.as_object().cloned().unwrap_or_default();
        Self {
            values,
            key: ask.key.clone(),
        }
    }

    fn text(&self, name: &str) -> String {
        match self.values.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(_)) => self.list(name).join("\n"),
            Some(Value::Bool(flag)) => flag.to_string(),
            _ => String::new(),
        }
    }

    fn list(&self, name: &str) -> Vec<String> {
        let items = self.values.get(name).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Email,
    Phone,
    Date,
    Checkbox,
    Lines,
    Select,
}

impl Kind {
    fn input_type(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "tel",
            Self::Date => "date",
            Self::Text | Self::Checkbox | Self::Lines | Self::Select => "text",
        }
    }
}

struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

struct Input {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    kind: Kind,
    required: bool,
    value: String,
    choices: Vec<Choice>,
    errors: Vec<String>,
}

struct Section {
    legend: &'static str,
    /// What most people leave as it is; open where something was given or is wrong.
    folded: bool,
    /// The boxes of the licenses stand before the inputs.
    licenses: Option<Licenses>,
    inputs: Vec<Input>,
}

impl Section {
    fn new(legend: &'static str, inputs: Vec<Input>) -> Self {
        Self {
            legend,
            folded: false,
            licenses: None,
            inputs,
        }
    }

    fn folded(legend: &'static str, inputs: Vec<Input>) -> Self {
        Self {
            folded: true,
            ..Self::new(legend, inputs)
        }
    }

    fn is_open(&self) -> bool {
        let concerns = |input: &Input| !input.value.is_empty() || !input.errors.is_empty();
        self.inputs.iter().any(concerns)
    }
}

struct Licenses {
    /// None where the lists could not be had: licenses are typed then.
    choices: Option<Vec<Choice>>,
    text: String,
    errors: Vec<String>,
}

/// A line of the plan in words.
struct PlanRow {
    label: &'static str,
    values: Vec<String>,
    /// What stands there where there are no values.
    none: &'static str,
}

impl PlanRow {
    fn new(label: &'static str, values: Vec<String>, none: &'static str) -> Self {
        Self { label, values, none }
    }
}

#[derive(Template)]
#[template(path = "form.html")]
pub(crate) struct Page<'a> {
    /// Where the form posts.
    action: String,
    visit: &'a OrgScope,
    /// Why whatever the visitor submits waits for approval.
    approval: Vec<String>,
    key: String,
    sections: Vec<Section>,
    notice: Option<FieldError>,
    plan: Option<Vec<PlanRow>>,
    problems: Vec<FieldError>,
    /// What is not set up, of a check.
    warnings: Vec<FieldError>,
}

impl<'a> Page<'a> {
    fn new(
        base: &Base,
        visit: &'a OrgScope,
        what: &str,
        filled: &FormValues,
        sections: Vec<Section>,
        plan: Option<Vec<PlanRow>>,
        problems: Vec<FieldError>,
    ) -> Self {
        Self {
            action: base.link(&format!("/orgs/{}/{what}", visit.org())),
            visit,
            approval: Vec::new(),
            key: filled.key.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string()),
            sections,
            notice: None,
            plan,
            problems,
            warnings: Vec::new(),
        }
    }

    /// Whether a wrong field has its place in the form, which the summary links to.
    fn has_input(&self, field: &str) -> bool {
        let has = |section: &Section| {
            (field == "licenses" && section.licenses.is_some())
                || section.inputs.iter().any(|input| input.name == field)
        };
        self.sections.iter().any(has)
    }
}

/// Whom the request would wait for, for the plan.
fn waits_for(gates: &[Gate]) -> Vec<String> {
    let words = |gate: &Gate| match gate {
        Gate::Approval(_) => "An approver must agree".to_owned(),
        Gate::License(part_number) => format!("A technician must buy {part_number}"),
    };
    gates.iter().map(words).collect()
}

fn reasons(because: &[Because]) -> Vec<String> {
    because.iter().map(|because| because.label().to_owned()).collect()
}

/// When it begins, for the plan.
fn start_words(at: Option<DateTime<Utc>>, zone: Tz) -> Vec<String> {
    vec![at.map_or_else(|| "At once".to_owned(), |at| local_words(at, zone))]
}

struct Fields<'a> {
    filled: &'a FormValues,
    problems: &'a [FieldError],
}

impl Fields<'_> {
    fn errors(&self, name: &str) -> Vec<String> {
        let of_field = self.problems.iter().filter(|problem| problem.field == name);
        of_field.map(|problem| problem.message.clone()).collect()
    }

    fn input(&self, kind: Kind, name: &'static str, label: &'static str, hint: &'static str) -> Input {
        Input {
            name,
            label,
            hint,
            kind,
            required: ["first_name", "user"].contains(&name),
            value: self.filled.text(name),
            choices: Vec::new(),
            errors: self.errors(name),
        }
    }

    /// In place of a variable, whose value stands there unless another is chosen.
    fn switch(&self, name: &'static str, label: &'static str, hint: &'static str, usual: bool) -> Input {
        let word = |flag: bool| if flag { "yes" } else { "no" };
        let choices = [
            ("", format!("As usual here: {}", word(usual))),
            ("true", "Yes".to_owned()),
            ("false", "No".to_owned()),
        ];
        let choices = choices.map(|(value, label)| (value.to_owned(), label));
        self.select(name, label, hint, choices.to_vec())
    }

    fn select(
        &self,
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        choices: Vec<(String, String)>,
    ) -> Input {
        let value = self.filled.text(name);
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
            ..self.input(Kind::Select, name, label, hint)
        }
    }
}

#[cfg(test)]
mod tests;
