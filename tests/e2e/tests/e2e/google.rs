//! Sign-in with Google, and who becomes a member by it.

mod auto_onboarding;
mod connect;
mod misuse;
mod several;
