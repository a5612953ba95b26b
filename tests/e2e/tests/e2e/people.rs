//! People who sign in: what each role gets to see and do, and the pages on which they do it.

mod access;
mod api_tokens;
mod members;
mod pages;
mod parents;
mod pending;
mod sessions;
