//! What every HTTP function shares: reading a call, who may make it, and answers as JSON or as pages.
//!
//! A function's main builds [`Web`] and calls [`serve`]; its handler turns a [`Call`] into an [`Answer`] or a
//! [`ProblemDetails`].

mod access;
mod answer;
mod base;
mod body;
mod call;
mod come_back;
mod negotiate;
mod page;
mod parents_people;
mod problem_details;
mod routes;
mod serve;
mod session;
mod static_files;

pub use access::{Caller, OrgScope, Web};
pub use answer::Answer;
pub use base::Base;
pub use body::{Content, Form, MAX_BODY};
pub use call::Call;
pub use come_back::ComeBack;
pub use lambda_http::Error;
pub use negotiate::Format;
pub use page::page;
pub use parents_people::ParentsPeople;
pub use problem_details::ProblemDetails;
pub use serve::serve;
pub use session::{Session, host_cookie};
pub use static_files::static_file;
