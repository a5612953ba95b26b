//! The page of a form: every offered field, the typed values and their errors.

mod inputs;
mod offboarding;
mod offer;
mod onboarding;

use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::authority::{self, Because};
use domain::decision::Gate;
use domain::field::FieldError;
use domain::role::Role;
use domain::schedule::local_words;
use domain::variables::OrgVariables;
use serde_json::{Map, Value};
use web::{Base, OrgScope};

use self::inputs::{Control, Fieldset, Inputs};
use crate::kinds::Submission;
use crate::preview::DryRun;
use crate::submit_request::SubmitRequest;

pub(crate) use offboarding::rows as offboarding_rows;
pub(crate) use offer::Offer;
pub(crate) use onboarding::rows as onboarding_rows;

/// The typed values.
#[derive(Default)]
pub(crate) struct FormValues {
    values: Map<String, Value>,
    key: Option<String>,
}

impl FormValues {
    pub(crate) fn of(request: &SubmitRequest) -> Self {
        let values = request.body.as_object().cloned().unwrap_or_default();
        Self {
            values,
            key: request.key.clone(),
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

/// Where a form is shown.
#[derive(Clone, Copy)]
pub(crate) struct PageContext<'a> {
    pub(crate) base: &'a Base,
    pub(crate) scope: &'a OrgScope,
    /// The organisation's variables.
    pub(crate) variables: &'a OrgVariables,
}

/// The reader's role and the time zone in which the plan is shown.
#[derive(Clone, Copy)]
pub(crate) struct PlanView {
    pub(crate) role: Role,
    pub(crate) zone: Tz,
}

/// A row of the plan for people.
pub(crate) struct PlanRow {
    label: &'static str,
    values: Vec<String>,
    /// The text if there are no values.
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
    /// The address to which the form posts.
    action: String,
    visit: &'a OrgScope,
    /// Why every request of the visitor waits for approval.
    approval: Vec<String>,
    key: String,
    fieldsets: Vec<Fieldset>,
    notice: Option<FieldError>,
    plan: Option<Vec<PlanRow>>,
    problems: Vec<FieldError>,
    /// The systems that are not set up, found by a dry run.
    warnings: Vec<FieldError>,
}

impl<'a> Page<'a> {
    /// The form with the typed values and the findings of a dry run. `offer` is an error if the lists could not be
    /// read.
    pub(crate) fn of<F: Submission>(
        context: PageContext<'a>,
        values: &FormValues,
        offer: Result<Option<Offer>, FieldError>,
        dry_run: Option<DryRun<F::Found>>,
    ) -> Self {
        let PageContext { base, scope, variables } = context;
        let role = scope.caller.role;
        let view = PlanView {
            role,
            zone: variables.timezone,
        };
        let plan = dry_run.as_ref().and_then(|dry_run| F::plan_rows(dry_run, view));
        let (problems, warnings) = match dry_run {
            Some(dry_run) => (dry_run.checked.errors, dry_run.warnings),
            None => (Vec::new(), Vec::new()),
        };
        let (offer, notice) = match offer {
            Ok(offer) => (offer, None),
            Err(notice) => (None, Some(notice)),
        };
        let inputs = Inputs {
            values,
            problems: &problems,
            variables,
            offer: offer.as_ref(),
        };
        Self {
            action: base.link(&format!("/orgs/{}/{}", scope.org(), F::ROUTE)),
            visit: scope,
            approval: reasons(&authority::always_because(role, variables)),
            key: values.key.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string()),
            fieldsets: inputs.fieldsets(F::FIELDS, role),
            notice: notice.filter(|notice| !problems.contains(notice)),
            plan,
            problems,
            warnings,
        }
    }

    /// Whether the form has an input for the field, to which the summary of errors links.
    fn has_input(&self, field: &str) -> bool {
        let has = |fieldset: &Fieldset| {
            (field == "licenses" && fieldset.licenses.is_some())
                || fieldset.inputs.iter().any(|input| input.name == field)
        };
        self.fieldsets.iter().any(has)
    }
}

/// The people for whom the request would wait.
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

/// When the work begins, as text.
fn start_words(at: Option<DateTime<Utc>>, zone: Tz) -> Vec<String> {
    vec![at.map_or_else(|| "At once".to_owned(), |at| local_words(at, zone))]
}

#[cfg(test)]
mod tests;
