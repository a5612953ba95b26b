//! Routes with their handlers, declared once: as data and as axum's Router.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};

use crate::access::Web;
use crate::org_scope::OrgScope;
use crate::own_form::FromOwnForm;
use crate::problem_details::ProblemDetails;
use crate::routes::{Access, MemberAccess, Route, Verb};

/// The state of a function's handlers, from which extractors get the sessions and organisations.
pub trait HasWeb {
    fn web(&self) -> &Web;
}

impl<T: HasWeb> HasWeb for Arc<T> {
    fn web(&self) -> &Web {
        self.as_ref().web()
    }
}

impl HasWeb for Web {
    fn web(&self) -> &Web {
        self
    }
}

/// The access of a route that needs no role.
#[derive(Debug, Clone, Copy)]
pub struct Public;

/// The access of a route for forms of Gangway's own pages, with advice for people who sent the form from elsewhere. Its
/// handler takes the state, then [`FromOwnForm`].
#[derive(Debug, Clone, Copy)]
pub struct OwnForm(pub &'static str);

/// The handlers that a kind of access accepts, so that a handler without the required check does not compile.
pub trait Guards<Arguments> {
    fn access(self) -> Access;
}

impl<Arguments> Guards<Arguments> for Public {
    fn access(self) -> Access {
        Access::Public
    }
}

impl<Arguments: StateThenOwnForm> Guards<Arguments> for OwnForm {
    fn access(self) -> Access {
        Access::OwnForm(self.0)
    }
}

impl<Arguments: StateThenScope> Guards<Arguments> for MemberAccess {
    fn access(self) -> Access {
        Access::Member(self)
    }
}

/// The arguments of a handler that begin with the state and the [`OrgScope`].
#[diagnostic::on_unimplemented(message = "the handler of a route for members takes the state, then an OrgScope")]
pub trait StateThenScope {}

impl<M, State> StateThenScope for (M, State, OrgScope) {}
impl<M, State, A> StateThenScope for (M, State, OrgScope, A) {}
impl<M, State, A, B> StateThenScope for (M, State, OrgScope, A, B) {}
impl<M, State, A, B, C> StateThenScope for (M, State, OrgScope, A, B, C) {}
impl<M, State, A, B, C, D> StateThenScope for (M, State, OrgScope, A, B, C, D) {}

/// The arguments of a handler that begin with the state and [`FromOwnForm`].
#[diagnostic::on_unimplemented(message = "the handler of a route for own forms takes the state, then FromOwnForm")]
pub trait StateThenOwnForm {}

impl<M, State, A> StateThenOwnForm for (M, State, FromOwnForm, A) {}
impl<M, State, A, B, C> StateThenOwnForm for (M, State, FromOwnForm, A, B, C) {}

/// The routes of one function.
pub struct Routes<S> {
    list: Vec<Route>,
    router: Router<S>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            router: Router::new(),
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    #[must_use]
    pub fn get<A: 'static, H: Handler<A, S>>(self, path: &'static str, access: impl Guards<A>, handler: H) -> Self {
        self.add(Verb::Get, path, access.access(), handler)
    }

    #[must_use]
    pub fn post<A: 'static, H: Handler<A, S>>(self, path: &'static str, access: impl Guards<A>, handler: H) -> Self {
        self.add(Verb::Post, path, access.access(), handler)
    }

    #[must_use]
    pub fn put<A: 'static, H: Handler<A, S>>(self, path: &'static str, access: impl Guards<A>, handler: H) -> Self {
        self.add(Verb::Put, path, access.access(), handler)
    }

    #[must_use]
    pub fn delete<A: 'static, H: Handler<A, S>>(self, path: &'static str, access: impl Guards<A>, handler: H) -> Self {
        self.add(Verb::Delete, path, access.access(), handler)
    }

    fn add<A: 'static, H: Handler<A, S>>(mut self, verb: Verb, path: &'static str, access: Access, handler: H) -> Self {
        let route = Route { verb, path, access };
        self.list.push(route);
        let filter = match verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Put => MethodFilter::PUT,
            Verb::Delete => MethodFilter::DELETE,
        };
        self.router = self.router.route(path, on(filter, Declared { route, handler }));
        self
    }

    /// The declared routes, for the test that checks the template, the OpenAPI file and the role table against them.
    pub fn list(self) -> Vec<Route> {
        self.list
    }

    /// The list of routes, and the router, which also responds to undeclared routes.
    pub(crate) fn into_parts(self) -> (Vec<Route>, Router<S>) {
        let router = self
            .router
            .fallback(async || ProblemDetails::not_found())
            .method_not_allowed_fallback(async || ProblemDetails::method_not_allowed());
        (self.list, router)
    }
}

/// A handler whose request carries its route, which [`OrgScope`] reads.
#[derive(Clone)]
struct Declared<H> {
    route: Route,
    handler: H,
}

impl<A, S, H: Handler<A, S>> Handler<A, S> for Declared<H> {
    type Future = H::Future;

    fn call(self, mut request: Request, state: S) -> Self::Future {
        request.extensions_mut().insert(self.route);
        self.handler.call(request, state)
    }
}
