//! Settings of organisations: one table, what its values are, and what they mean together.

mod alias;
mod choices;
mod definitions;
mod family;
mod parse;
mod resolved;
mod together;

pub use alias::{canonical_name, import};
pub use choices::{Distributor, LicenseAssignmentMethod, PasswordStyle, Psa, SaveLocation, UsernameCollision};
pub use definitions::{Definition, Kind, definition, definitions};
pub use family::{Child, FromParent, Inherited, Values, locked_by_parent};
pub use parse::parse_value;
pub use resolved::{Approver, OrgVariables};
pub use together::PasswordDestination;

pub use crate::username::UsernameFormat;
