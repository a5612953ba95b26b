//! The effects of an offboarding. What they came to is in `domain::note`: `SignIn`, and `Removed` for the other two.

pub const SIGN_IN: &str = "sign-in";
pub const GROUPS: &str = "groups-removed";
pub const LICENSES: &str = "licenses-removed";
