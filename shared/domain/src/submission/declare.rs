//! How a form is declared: each field once, with what the page, the ticket, the parser and the API need to know of it.

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

/// What a field takes. The page chooses the input by it, and the API the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Text,
    Email,
    Phone,
    Date,
    /// A box to tick: true or false, and false where nothing is said.
    Flag,
    /// Yes, no, or nothing said.
    Switch,
    /// One of these values, each with its words for people.
    Choice(&'static [(&'static str, &'static str)]),
    /// A list of texts. The page takes them one a line or with commas.
    List,
}

/// Who reads a given value beside the technicians who open the request, and under which label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// Nobody, or whoever reads what the plan makes of it.
    Hidden,
    /// The ticket and the approver.
    Ticket(&'static str),
    /// The approver alone: it stays off the ticket.
    Approver(&'static str),
}

/// One field of a form.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in JSON bodies, in the page's form and in what is stored.
    pub name: &'static str,
    /// The doc comment of the declaration, which is the field's description in the API too; may be empty.
    pub description: &'static str,
    pub section: Section,
    pub label: &'static str,
    /// What the page says below the label, by the organisation's variables; may be empty.
    pub hint: fn(&OrgVariables) -> &'static str,
    pub takes: Takes,
    pub fact: Fact,
    pub required: bool,
    /// Whether it overrides the variable of its name for this request.
    pub overrides: bool,
    /// Whether the page offers it to somebody of this role.
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

    /// Shown on the ticket under the label that the form has.
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

    /// Used by [`form!`], which knows the name and the block that the field stands in.
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

/// A form of Gangway: an onboarding or an offboarding. Made by [`form!`].
pub trait Form: Sized + Clone + Serialize {
    const KIND: Kind;
    /// Every field, in the order of the declaration.
    const FIELDS: &'static [Field];
    /// The same fields one by one: a field is None if it is wrong. An override that is wrong is left to its variable.
    type Fields: Default + Clone + From<Self>;

    /// Takes every field that is right, and names every one that is wrong; unknown fields are wrong too.
    fn read(body: &Value) -> Partial<Self>;

    /// The whole form, or None if a field is missing.
    fn complete(fields: Self::Fields) -> Option<Self>;

    /// The organisation's variables with this form's overrides.
    fn override_variables(fields: &Self::Fields, variables: OrgVariables) -> Overridden;

    fn field(name: &str) -> Option<&'static Field> {
        Self::FIELDS.iter().find(|field| field.name == name)
    }

    /// Every field with its value for people, or None if it was not given.
    fn values(&self) -> Vec<(&'static Field, Option<String>)> {
        // Texts, flags and lists of texts: nothing in it cannot be written.
        let values = serde_json::to_value(self).unwrap_or_default();
        let value = |field: &'static Field| (field, values.get(field.name).map(words));
        Self::FIELDS.iter().map(value).collect()
    }

    /// Turns the pairs of an HTML form into the JSON body that other clients send, so that one parser checks both. Lists
    /// are separated by commas or lines, and may also come as repeated pairs; empty inputs are absent. Pairs that belong
    /// to the page rather than to the body (the CSRF token) are the caller's to remove.
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
        // Of a box's pairs the last one counts; a switch that comes twice is refused below.
        Some(takes @ (Takes::Flag | Takes::Switch)) if takes == Takes::Flag || !body.contains_key(name) => {
            // A ticked box says "on" unless the page gives it a value.
            let flag = match value {
                "on" | "true" | "1" => Value::Bool(true),
                "off" | "false" | "0" => Value::Bool(false),
                other => Value::from(other),
            };
            body.insert(name.to_owned(), flag);
        }
        // A field that comes twice has no one value: a list, which the parser refuses by name.
        _ if body.contains_key(name) => {
            body.insert(name.to_owned(), Value::Array(Vec::new()));
        }
        _ => {
            body.insert(name.to_owned(), Value::from(value));
        }
    }
}

/// A form as far as it could be read: the fields that are right, and what is wrong with the others.
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

    /// The whole form, or every wrong field.
    pub fn complete(self) -> Result<F, Vec<FieldError>> {
        match F::complete(self.fields) {
            Some(form) if self.errors.is_empty() => Ok(form),
            _ => Err(self.errors),
        }
    }
}

/// An organisation's variables with a request's overrides. A variable that the parent has locked stays as it is, also where
/// the lock is newer than the request.
pub struct Overridden {
    pub variables: OrgVariables,
    /// Overrides that differ from a locked variable.
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

/// Whether a field says nothing, and is not stored.
pub(super) fn is_open<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Declares a form. A field is `name: type = reader => field`: the reader is a method of
/// [`Reader`](super::reader::Reader), and the doc comment is the field's description in the API. From this list follow the
/// struct, the parser, the page, the facts on the ticket, and the API's properties, which a test checks.
///
/// The block `overrides` holds the variables that a request may override for itself; the form has each as an `Option`.
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
