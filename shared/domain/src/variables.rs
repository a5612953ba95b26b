//! Variables of organisations: each is declared once (`definitions.rs`). The modules read and store values, decide
//! which value is effective, and check values against each other.

mod alias;
mod approver;
mod change;
mod choices;
mod declaration;
mod definitions;
mod family;
mod kind;
mod resolved;
mod together;
mod value;

pub use alias::canonical_name;
pub use approver::Approver;
pub use change::{Change, ChangedBy, Changes};
pub use choices::{Distributor, LicenseAssignmentMethod, PasswordStyle, Psa, SaveLocation, UsernameCollision};
pub(crate) use declaration::parse_variable;
pub use declaration::{Definition, Details, Section, definition, definitions};
pub use definitions::OrgVariables;
pub(crate) use family::locked_by_parent;
pub use family::{
    Child, Family, ForChildren, FromParent, Inherited, OwnVariable, OwnVariables, Source, inherited_from,
};
pub use kind::{Kind, MAX_APPROVERS, MAX_TEXT};
pub use together::PasswordDestination;
pub(crate) use value::VariableType;
pub use value::{Count, Minutes};

pub use crate::username::UsernameFormat;
