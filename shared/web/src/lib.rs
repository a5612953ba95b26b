//! What every HTTP function shares: routes with their access rules, checks on the caller, and responses as JSON or
//! pages.
//!
//! A function declares its [`Routes`], each with its handler, and calls [`serve()`]. Handlers are axum's: their arguments
//! are extractors such as [`OrgScope`] and [`RequestBody`], and they return a [`Response`] or [`ProblemDetails`].

mod access;
mod base;
mod body;
mod caller;
mod come_back;
mod extract;
mod gateway;
mod negotiate;
mod org_scope;
mod own_form;
mod page;
mod parents_people;
mod problem_details;
mod respond;
mod router;
mod routes;
mod serve;
mod session;
mod static_files;

pub use access::Web;
pub use axum::extract::State;
pub use axum::response::Response;
pub use base::Base;
pub use body::{Content, Form, RequestBody};
pub use caller::Caller;
pub use come_back::ComeBack;
pub use extract::{PathParams, Query};
pub use lambda_http::Error;
pub use negotiate::Format;
pub use org_scope::OrgScope;
pub use own_form::FromOwnForm;
pub use page::page;
pub use parents_people::ParentsPeople;
pub use problem_details::ProblemDetails;
pub use respond::{json, see_other, with_cookie, with_forms_leading_to};
pub use router::{HasWeb, OwnForm, Public, Routes};
pub use routes::{Access, MemberAccess, Route, SignedIn, Verb, member};
pub use serve::serve;
pub use session::{Session, host_cookie};
pub use static_files::static_file;
