//! The forms: what the page or a JSON client says about one person.

mod declare;
mod fields;
mod offboarding;
mod onboarding;
pub(crate) mod reader;

pub use self::declare::{Fact, Field, Form, Overridden, Partial, Section, Takes};
pub use self::fields::{LicenseName, LicensePurchase};
pub use self::offboarding::{Offboarding, OffboardingFields};
pub use self::onboarding::{MAX_GROUPS, MAX_LICENSES, Onboarding, OnboardingFields};

/// Larger bodies are refused before they are parsed. All fields at their limits fit.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
