//! The forms that describe the onboarding or offboarding of one person, from the page or from a JSON client.

mod declare;
mod fields;
mod offboarding;
mod onboarding;
pub(crate) mod reader;

pub use self::declare::{Fact, Field, Form, Overridden, Partial, Section, Takes};
pub use self::fields::{LicenseName, LicensePurchase};
pub use self::offboarding::{Offboarding, OffboardingFields};
pub use self::onboarding::{MAX_GROUPS, MAX_LICENSES, Onboarding, OnboardingFields};

/// Larger bodies are refused before they are parsed. A form with all fields at their limits fits.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
