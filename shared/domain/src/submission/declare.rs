//! How a form is declared: each field once, with everything that the page, the ticket, the parser and the API need.

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::field::{FieldError, choice};
use crate::job::Kind;
use crate::role::Role;
use crate::variables::OrgVariables;

choice! {
    /// A part of a form's page, named by its legend. The page shows the parts in this order.
    Section {
        Person = "Person",
        Work = "Work",
        Account = "Account",
        Groups = "Groups",
        Licenses = "Licenses",
        Start = "Start",
        Ticket = "Ticket",
        Passwords = "Password settings",
    }
}

/// The kind of value that a field accepts. It selects the input on the page and the type in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Text,
    Email,
    Phone,
    Date,
    /// A checkbox: true or false, and false if it is not given.
    Flag,
    /// Yes, no, or not given.
    Switch,
    /// One of these values, each with its label for people.
    Choice(&'static [(&'static str, &'static str)]),
    /// A list of texts, on the page separated by lines or commas.
    List,
}

/// Who reads the value besides the technicians who open the request, and under which label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// Nobody reads the value itself; the plan may show what follows from it.
    Hidden,
    /// Readers of the ticket and approvers see the value.
    Ticket(&'static str),
    /// Only approvers see the value; it is not written on the ticket.
    Approver(&'static str),
}

/// One field of a form.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The field's name in JSON bodies, in the page's form and in the stored request.
    pub name: &'static str,
    /// The doc comment of the declaration, which is also the description in the API. It may be empty.
    pub description: &'static str,
    pub section: Section,
    pub label: &'static str,
    /// The hint below the label, depending on the organisation's variables. It may be empty.
    pub hint: fn(&OrgVariables) -> &'static str,
    pub takes: Takes,
    pub fact: Fact,
    pub required: bool,
    /// Whether the field overrides the variable of the same name for this request.
    pub overrides: bool,
    /// Whether the page offers the field to this role.
    pub offered_to: fn(Role) -> bool,
}

impl Field {
    pub(super) const fn new(takes: Takes, section: Section, label: &'static str) -> Self {
        Self {
            name: "",
            description: "",
            section,
            label,
            hint: |_| "",
            takes,
            fact: Fact::Hidden,
            required: false,
            overrides: false,
            offered_to: |_| true,
        }
    }

    pub(super) const fn hint(mut self, hint: fn(&OrgVariables) -> &'static str) -> Self {
        self.hint = hint;
        self
    }

    /// Shows the value on the ticket under the form's label.
    pub(super) const fn on_ticket(self) -> Self {
        let label = self.label;
        self.on_ticket_as(label)
    }

    pub(super) const fn on_ticket_as(mut self, label: &'static str) -> Self {
        self.fact = Fact::Ticket(label);
        self
    }

    pub(super) const fn to_approver_as(mut self, label: &'static str) -> Self {
        self.fact = Fact::Approver(label);
        self
    }

    pub(super) const fn offered_to(mut self, offered_to: fn(Role) -> bool) -> Self {
        self.offered_to = offered_to;
        self
    }

    /// Used by `form!`, which knows the name and the block of the field.
    pub(super) const fn declared(
        mut self,
        name: &'static str,
        description: &'static str,
        required: bool,
        overrides: bool,
    ) -> Self {
        self.name = name;
        self.description = description.trim_ascii();
        self.required = required;
        self.overrides = overrides;
        self
    }
}

/// A form: an onboarding or an offboarding. Implemented by `form!`.
pub trait Form: Sized + Clone + Serialize {
    const KIND: Kind;
    /// Every field, in declaration order.
    const FIELDS: &'static [Field];
    /// The same fields, each `None` if it is invalid. For an invalid override, the variable applies.
    type Fields: Default + Clone + From<Self>;

    /// Reads every valid field and collects an error for every invalid one. Unknown fields are errors too.
    fn read(body: &Value) -> Partial<Self>;

    /// The complete form, or `None` if a required field is missing.
    fn complete(fields: Self::Fields) -> Option<Self>;

    /// The organisation's variables with this form's overrides applied.
    fn override_variables(fields: &Self::Fields, variables: OrgVariables) -> Overridden;

    fn field(name: &str) -> Option<&'static Field> {
        Self::FIELDS.iter().find(|field| field.name == name)
    }

    /// Every field with its value as people read it, or `None` if it was not given.
    fn values(&self) -> Vec<(&'static Field, Option<String>)> {
        // The form consists of texts, flags and lists of texts, so serialising it cannot fail.
        let values = serde_json::to_value(self).unwrap_or_default();
        let value = |field: &'static Field| (field, values.get(field.name).map(words));
        Self::FIELDS.iter().map(value).collect()
    }

    /// Turns the pairs of an HTML form into the JSON body that other clients send, so that one parser checks both.
    /// Lists are separated by commas or lines, or sent as repeated pairs. Empty inputs are left out. The caller removes
    /// pairs that belong to the page only, such as the CSRF token.
    fn from_pairs(pairs: &[(String, String)]) -> Value {
        let mut body = Map::new();
        for (name, value) in pairs {
            let (name, value) = (name.trim_end_matches("[]"), value.trim());
            if !value.is_empty() {
                add_pair(&mut body, Self::field(name).map(|field| field.takes), name, value);
            }
        }
        Value::Object(body)
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" and "),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

fn add_pair(body: &mut Map<String, Value>, takes: Option<Takes>, name: &str, value: &str) {
    match takes {
        Some(Takes::List) => {
            let items = value.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty());
            let items = items.map(Value::from);
            match body.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(list) => list.extend(items),
                other => *other = items.collect(),
            }
        }
        // Of a checkbox's pairs the last one counts; a switch that comes twice is refused below.
        Some(takes @ (Takes::Flag | Takes::Switch)) if takes == Takes::Flag || !body.contains_key(name) => {
            // A ticked checkbox sends "on" unless the page gives it a value.
            let flag = match value {
                "on" | "true" | "1" => Value::Bool(true),
                "off" | "false" | "0" => Value::Bool(false),
                other => Value::from(other),
            };
            body.insert(name.to_owned(), flag);
        }
        // A repeated field without a list type becomes a list, which the parser then refuses by name.
        _ if body.contains_key(name) => {
            body.insert(name.to_owned(), Value::Array(Vec::new()));
        }
        _ => {
            body.insert(name.to_owned(), Value::from(value));
        }
    }
}

/// A form that may have invalid fields: the valid fields, and the errors of the others.
#[derive(Debug, Clone)]
pub struct Partial<F: Form> {
    pub fields: F::Fields,
    pub errors: Vec<FieldError>,
    form: PhantomData<F>,
}

impl<F: Form> Partial<F> {
    pub(super) fn new(fields: F::Fields, errors: Vec<FieldError>) -> Self {
        Self {
            fields,
            errors,
            form: PhantomData,
        }
    }

    /// The complete form, or the errors of all invalid fields.
    pub fn complete(self) -> Result<F, Vec<FieldError>> {
        match F::complete(self.fields) {
            Some(form) if self.errors.is_empty() => Ok(form),
            _ => Err(self.errors),
        }
    }
}

/// An organisation's variables with a request's overrides. A variable that the parent has locked keeps its value, even
/// if the lock is newer than the request.
pub struct Overridden {
    pub variables: OrgVariables,
    /// The names of overrides that differ from a locked variable.
    pub refused: Vec<&'static str>,
}

impl Overridden {
    pub(super) fn new(variables: OrgVariables) -> Self {
        Self {
            variables,
            refused: Vec::new(),
        }
    }

    pub(super) fn take<T: PartialEq>(
        &mut self,
        name: &'static str,
        own: Option<T>,
        variable: impl FnOnce(&mut OrgVariables) -> &mut T,
    ) {
        let Some(own) = own else { return };
        let locked = self.variables.locked.contains(name);
        let variable = variable(&mut self.variables);
        if !locked {
            *variable = own;
        } else if *variable != own {
            self.refused.push(name);
        }
    }
}

/// Whether a field has its default value and so is not stored.
pub(super) fn is_open<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Declares a form. A field is `name: type = reader => field`: the reader is a method of
/// [`Reader`](super::reader::Reader), and the doc comment is the field's description in the API. The macro makes the
/// struct, the parser, the page's inputs, the facts on the ticket and the API's properties from this list.
///
/// The block `overrides` lists the variables that a request may override; the form has each as an `Option`.
macro_rules! form {
    (
        $(#[$meta:meta])*
        $form:ident, $fields:ident;
        required { $($(#[doc = $doc:literal])* $name:ident: $type:ty = $read:ident($($arg:expr),*) => $field:expr;)* }
        optional { $($(#[doc = $may_doc:literal])* $may:ident: $may_type:ty = $may_read:ident($($may_arg:expr),*) => $may_field:expr;)* }
        overrides { $($(#[doc = $own_doc:literal])* $own:ident: $own_type:ty => $own_field:expr;)* }
    ) => {
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $(#[$meta])*
        pub struct $form {
            $($(#[doc = $doc])* pub $name: $type,)*
            $($(#[doc = $may_doc])* #[serde(default, skip_serializing_if = "crate::submission::declare::is_open")] pub $may: $may_type,)*
            $(#[doc = " In place of the variable of this name, for this request."] $(#[doc = $own_doc])* #[serde(default, skip_serializing_if = "crate::submission::declare::is_open")] pub $own: Option<$own_type>,)*
        }

        #[doc = concat!("The fields of an [`", stringify!($form), "`] one by one: a field is None if it is wrong.")]
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $fields {
            $(pub $name: Option<$type>,)*
            $(pub $may: Option<$may_type>,)*
            $(pub $own: Option<$own_type>,)*
        }

        impl From<$form> for $fields {
            fn from(form: $form) -> Self {
                Self {
                    $($name: Some(form.$name),)*
                    $($may: Some(form.$may),)*
                    $($own: form.$own,)*
                }
            }
        }

        impl crate::submission::Form for $form {
            const KIND: crate::job::Kind = crate::job::Kind::$form;
            const FIELDS: &'static [crate::submission::Field] = &[
                $($field.declared(stringify!($name), concat!($($doc),*), true, false),)*
                $($may_field.declared(stringify!($may), concat!($($may_doc),*), false, false),)*
                $($own_field.declared(stringify!($own), concat!(" In place of the variable of this name, for this request.", $($own_doc),*), false, true),)*
            ];
            type Fields = $fields;

            fn read(body: &serde_json::Value) -> crate::submission::Partial<Self> {
                let mut reader = match crate::submission::reader::Reader::of_form::<Self>(body) {
                    Ok(reader) => reader,
                    Err(error) => return crate::submission::Partial::new($fields::default(), vec![error]),
                };
                let fields = $fields {
                    $($name: reader.$read(stringify!($name), $($arg),*),)*
                    $($may: reader.right(|reader| reader.$may_read(stringify!($may), $($may_arg),*)),)*
                    $($own: reader.variable(stringify!($own)),)*
                };
                crate::submission::Partial::new(fields, reader.finish())
            }

            fn complete(fields: $fields) -> Option<Self> {
                Some(Self {
                    $($name: fields.$name?,)*
                    $($may: fields.$may?,)*
                    $($own: fields.$own,)*
                })
            }

            fn override_variables(
                fields: &$fields,
                variables: crate::variables::OrgVariables,
            ) -> crate::submission::Overridden {
                let mut overridden = crate::submission::Overridden::new(variables);
                $(overridden.take(stringify!($own), fields.$own.clone(), |variables| &mut variables.$own);)*
                overridden
            }
        }

        impl $form {
            /// Parses a JSON body, or names every wrong field at once; unknown fields are wrong too.
            pub fn parse(body: &serde_json::Value) -> Result<Self, Vec<crate::field::FieldError>> {
                <Self as crate::submission::Form>::read(body).complete()
            }
        }

        impl $fields {
            /// The organisation's variables with this form's overrides. Whoever acts for a request goes by these.
            pub fn settings(&self, variables: crate::variables::OrgVariables) -> crate::variables::OrgVariables {
                <$form as crate::submission::Form>::override_variables(self, variables).variables
            }

            /// The overrides of this form that differ from what the parent has locked.
            pub fn against_locks(&self, variables: crate::variables::OrgVariables) -> Vec<&'static str> {
                <$form as crate::submission::Form>::override_variables(self, variables).refused
            }
        }
    };
}
pub(super) use form;
