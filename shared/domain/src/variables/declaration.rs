//! How a variable is declared: the macro that generates the struct [`OrgVariables`] and the table of all variables.

use serde_json::{Value, json};

use super::definitions::{DEFINITIONS, OrgVariables};
use super::kind::Kind;
use super::value::VariableType;
use crate::field::{FieldError, choice};

/// The definition of one variable. The page, API, command line and docs are generated from it.
#[derive(Debug)]
pub struct Definition {
    pub name: &'static str,
    pub section: Section,
    pub kind: Kind,
    pub description: &'static str,
    pub details: Details,
    pub(super) get: fn(&OrgVariables) -> Value,
    pub(super) canonical: fn(&Value) -> Option<Value>,
    pub(super) set: fn(&mut OrgVariables, &Value) -> Option<()>,
}

/// Properties that only some variables have.
#[derive(Debug)]
pub struct Details {
    /// Names in the product that organisations migrate from, accepted only by an import.
    pub aliases: &'static [&'static str],
    /// Values of that product with the values they mean here, accepted only by an import.
    pub value_aliases: &'static [(&'static str, &'static str)],
}

impl Details {
    pub(super) const NONE: Self = Self {
        aliases: &[],
        value_aliases: &[],
    };
}

choice! {
    /// The topics of variables, by which the docs group them.
    Section {
        Approval = "Approval",
        Tickets = "Tickets",
        Mails = "Mails",
        Scheduling = "Scheduling",
        Passwords = "Passwords",
        Licenses = "Licenses",
        Usernames = "Usernames",
        Offboarding = "Offboarding",
        Mfa = "Multi-factor authentication",
    }
}

impl Definition {
    /// The default as canonical JSON, or `None` if the default is unset or an empty list.
    pub fn default_value(&self) -> Option<Value> {
        Some(self.value_in(&OrgVariables::default())).filter(|default| !default.is_null() && *default != json!([]))
    }

    /// The variable's value as canonical JSON; null if it is unset.
    pub fn value_in(&self, variables: &OrgVariables) -> Value {
        (self.get)(variables)
    }

    /// The value in its stored form: booleans as booleans, lists as arrays, text trimmed, choices in lower case.
    pub fn canonical(&self, value: &Value) -> Result<Value, FieldError> {
        (self.canonical)(value).ok_or_else(|| self.wrong())
    }

    pub(super) fn set(&self, variables: &mut OrgVariables, value: &Value) -> Result<(), FieldError> {
        (self.set)(variables, value).ok_or_else(|| self.wrong())
    }

    /// An error that says what the variable accepts and does not repeat the value.
    fn wrong(&self) -> FieldError {
        FieldError::new(self.name, format!("{} takes {}", self.name, self.kind))
    }
}

/// All variables, in the order of the page.
pub fn definitions() -> &'static [Definition] {
    DEFINITIONS
}

pub fn definition(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.name == name)
}

/// The error for a name that is not a variable. The name comes from outside, so it is shortened and put on one line.
pub(super) fn unknown(name: &str) -> FieldError {
    let printable: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    FieldError::new(name, format!("{printable} is not a variable"))
}

/// Parses a value of the variable with this name.
pub(crate) fn parse_variable<T: VariableType>(name: &str, value: &Value) -> Result<T, FieldError> {
    let definition = definition(name).ok_or_else(|| unknown(name))?;
    T::parse(value).ok_or_else(|| definition.wrong())
}

/// Declares the variables by section, each as `/// description`, `name: type = default`, and fields of [`Details`]. The
/// type defines which values are valid, how they are read and how they are stored
/// ([`VariableType`](super::value::VariableType)).
macro_rules! variables {
    ($($section:ident {
        $($(#[doc = $description:literal])+ $name:ident: $type:ty = $default:expr $(, $detail:ident: $given:expr)*;)+
    })+) => {
        /// The effective variables of one organisation, each as the field of its name.
        #[derive(Debug, Clone, PartialEq)]
        #[cfg_attr(test, derive(serde::Serialize))]
        pub struct OrgVariables {
            $($($(#[doc = $description])+ pub $name: $type,)+)+
            /// The names of variables that the parent has locked. A request cannot override them either.
            #[cfg_attr(test, serde(skip))]
            pub locked: std::collections::BTreeSet<String>,
        }

        impl Default for OrgVariables {
            fn default() -> Self {
                Self {
                    $($($name: $default,)+)+
                    locked: std::collections::BTreeSet::new(),
                }
            }
        }

        #[allow(clippy::needless_update, reason = "a variable may have all details")]
        pub(super) const DEFINITIONS: &[super::declaration::Definition] = {
            use super::declaration::{Definition, Details, Section};
            use super::value::VariableType;
            &[$($(Definition {
                name: stringify!($name),
                section: Section::$section,
                kind: <$type as VariableType>::KIND,
                // Each line of a comment begins with a space.
                description: concat!($($description),+).trim_ascii(),
                details: Details { $($detail: $given,)* ..Details::NONE },
                get: |variables| variables.$name.to_json(),
                canonical: |value| <$type as VariableType>::parse(value).map(|parsed| parsed.to_json()),
                set: |variables, value| {
                    variables.$name = VariableType::parse(value)?;
                    Some(())
                },
            },)+)+]
        };
    };
}
pub(super) use variables;
