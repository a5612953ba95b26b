//! People who sign in: what each role can see and do, and on which pages.

mod access;
mod api_tokens;
mod members;
mod pages;
mod parents;
mod pending;
mod sessions;
