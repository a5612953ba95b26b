//! The page of the form: every field of the body, what was typed, and what is wrong with it.

use askama::Template;
use chrono_tz::Tz;
use directory::{Domain, SubscribedSku};
use domain::contact::Upn;
use domain::decision::Gate;
use domain::field::FieldProblem;
use domain::schedule::local_words;
use domain::submission::LicensePurchase;
use domain::variables::OrgVariables;
use planning::Checked;
use serde_json::{Map, Value};
use web::{Base, Visit};

use crate::ask::Ask;

/// What can be chosen from.
pub(crate) struct Offer {
    domains: Vec<Domain>,
    licenses: Vec<(String, u32)>,
}

impl Offer {
    pub(crate) fn of(domains: Vec<Domain>, skus: Vec<SubscribedSku>) -> Self {
        let mut domains: Vec<Domain> = domains.into_iter().filter(|domain| domain.is_verified).collect();
        domains.sort_by(|one, other| {
            other
                .is_default
                .cmp(&one.is_default)
                .then_with(|| one.name.cmp(&other.name))
        });
        let of_users = skus.into_iter().filter(|sku| sku.applies_to == "User");
        let mut licenses: Vec<_> = of_users.map(|sku| (sku.sku.part_number.clone(), sku.free())).collect();
        licenses.sort();
        Self { domains, licenses }
    }
}

/// What was typed.
#[derive(Default)]
pub(crate) struct Filled {
    values: Map<String, Value>,
    key: Option<String>,
}

impl Filled {
    pub(crate) fn of(ask: &Ask) -> Self {
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
            Some(Value::Bool(true)) => "true".to_owned(),
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
    inputs: Vec<Input>,
}

/// The plan in words.
struct PlanShown {
    username: Option<String>,
    licenses: Vec<String>,
    groups: Vec<String>,
    gates: Vec<String>,
    start: String,
}

#[derive(Template)]
#[template(path = "form.html")]
pub(crate) struct Page<'a> {
    base: &'a str,
    visit: &'a Visit,
    key: String,
    sections: Vec<Section>,
    /// None where the lists could not be had: licences are typed then.
    licenses: Option<Vec<Choice>>,
    license_text: String,
    license_errors: Vec<String>,
    notice: Option<FieldProblem>,
    plan: Option<PlanShown>,
    problems: Vec<FieldProblem>,
}

impl<'a> Page<'a> {
    pub(crate) fn new(
        base: &'a Base,
        visit: &'a Visit,
        variables: &OrgVariables,
        filled: Filled,
        offer: Result<Offer, FieldProblem>,
        checked: Option<Checked>,
    ) -> Self {
        let (plan, problems) = match checked {
            Some(checked) => (shown(&checked, variables.timezone), checked.problems),
            None => (None, Vec::new()),
        };
        let (offer, notice) = match offer {
            Ok(offer) => (Some(offer), None),
            Err(notice) => (None, Some(notice)),
        };
        let fields = Fields {
            filled: &filled,
            problems: &problems,
        };
        let chosen = filled.list("licenses");
        let licenses = offer.as_ref().map(|offer| license_choices(&offer.licenses, &chosen));
        Self {
            base: base.path(),
            visit,
            sections: fields.sections(offer.as_ref(), variables),
            licenses,
            license_text: filled.text("licenses"),
            license_errors: fields.errors("licenses"),
            key: filled.key.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string()),
            notice: notice.filter(|notice| !problems.contains(notice)),
            plan,
            problems,
        }
    }

    /// Whether a wrong field has its place in the form, which the summary links to.
    fn has_input(&self, field: &str) -> bool {
        field == "licenses"
            || self
                .sections
                .iter()
                .flat_map(|section| &section.inputs)
                .any(|input| input.name == field)
    }
}

struct Fields<'a> {
    filled: &'a Filled,
    problems: &'a [FieldProblem],
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
            required: name == "first_name",
            value: self.filled.text(name),
            choices: Vec::new(),
            errors: self.errors(name),
        }
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

    fn sections(&self, offer: Option<&Offer>, variables: &OrgVariables) -> Vec<Section> {
        let text = |name, label, hint| self.input(Kind::Text, name, label, hint);
        let domain = match offer {
            Some(offer) => self.select("email_domain", "Domain", "", domain_choices(&offer.domains)),
            None => text("email_domain", "Domain", "Empty: the tenant's default domain."),
        };
        let usage = match &variables.usage_location {
            Some(_) => "Two letters, such as US. Empty: the organisation's.",
            None => "Two letters, such as US. Needed for a license.",
        };
        let start = if variables.allow_scheduled_user_creation {
            "Empty: at once. The user is created that day, at the organisation's start time."
        } else {
            "Noted on the ticket; the user is created at once."
        };
        vec![
            Section {
                legend: "Person",
                inputs: vec![
                    text("first_name", "First name", ""),
                    text("middle_name", "Middle name", ""),
                    text("last_name", "Last name", ""),
                    self.input(Kind::Checkbox, "single_name", "This person has one name only", ""),
                    text("display_name", "Display name", "Empty: first and last name."),
                    self.input(Kind::Email, "personal_email", "Personal e-mail", ""),
                    self.input(
                        Kind::Phone,
                        "mobile_phone",
                        "Mobile phone",
                        "With the country code, such as +1 212 555 0100.",
                    ),
                ],
            },
            Section {
                legend: "Work",
                inputs: vec![
                    text("job_title", "Job title", ""),
                    text("department", "Department", ""),
                    text("office", "Office", ""),
                    text("manager", "Manager", "Sign-in name, such as name@example.com."),
                ],
            },
            Section {
                legend: "Account",
                inputs: vec![
                    domain,
                    text(
                        "username",
                        "Username",
                        "What stands before the @. Empty: made of the names.",
                    ),
                    text("usage_location", "Country of use", usage),
                ],
            },
            Section {
                legend: "Groups",
                inputs: vec![
                    self.input(Kind::Lines, "groups", "Groups", "Names or ids, one a line."),
                    text("copy_groups_from", "Copy groups from", "A colleague's sign-in name."),
                ],
            },
            Section {
                legend: "Licenses",
                inputs: vec![
                    self.select(
                        "license_purchase",
                        "When no seat is free",
                        "",
                        LicensePurchase::ALL
                            .iter()
                            .map(|choice| (choice.to_string(), purchase_words(*choice).to_owned()))
                            .collect(),
                    ),
                ],
            },
            Section {
                legend: "Start",
                inputs: vec![
                    self.input(Kind::Date, "start_date", "Start date", start),
                    text("ticket_id", "Ticket", "Number of a ticket that is there already."),
                ],
            },
        ]
    }
}

fn domain_choices(domains: &[Domain]) -> Vec<(String, String)> {
    let label = |domain: &Domain| {
        if domain.is_default {
            format!("{} (default)", domain.name)
        } else {
            domain.name.clone()
        }
    };
    domains
        .iter()
        .map(|domain| (domain.name.clone(), label(domain)))
        .collect()
}

/// What was chosen stays, also when the tenant doesn't have it, so that it shows with its error.
fn license_choices(offered: &[(String, u32)], chosen: &[String]) -> Vec<Choice> {
    let is_chosen = |name: &str| chosen.iter().any(|other| other.eq_ignore_ascii_case(name));
    let offer = offered.iter().map(|(name, free)| Choice {
        value: name.clone(),
        label: format!("{name} ({free} free)"),
        chosen: is_chosen(name),
    });
    let unknown = chosen
        .iter()
        .filter(|name| !offered.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
    offer
        .chain(unknown.map(|name| Choice {
            value: name.clone(),
            label: name.clone(),
            chosen: true,
        }))
        .collect()
}

fn purchase_words(choice: LicensePurchase) -> &'static str {
    match choice {
        LicensePurchase::Auto => "Buy at the distributor, or ask a technician to",
        LicensePurchase::Manual => "Ask a technician to buy one",
        LicensePurchase::None => "Go on without a license",
    }
}

/// None where nothing could be looked up.
fn shown(checked: &Checked, zone: Tz) -> Option<PlanShown> {
    let nothing = checked.username.is_none() && checked.licenses.is_empty() && checked.groups.is_empty();
    if nothing {
        return None;
    }
    let licenses = checked
        .licenses
        .iter()
        .map(|license| format!("{}: {} free", license.sku.part_number, license.free));
    let groups = checked.groups.iter().map(|group| match group.reason {
        None => group.name.clone(),
        Some(reason) => format!("{}: cannot be added, {reason}", group.name),
    });
    let gates = checked.gates.iter().map(|gate| match gate {
        Gate::Approval => "An approver must agree".to_owned(),
        Gate::License(part_number) => format!("A technician must buy {part_number}"),
    });
    Some(PlanShown {
        username: checked.username.as_ref().map(Upn::to_string),
        licenses: licenses.collect(),
        groups: groups.collect(),
        gates: gates.collect(),
        start: checked
            .start_at
            .map_or_else(|| "At once".to_owned(), |at| local_words(at, zone)),
    })
}

#[cfg(test)]
mod tests;
