//! An organisation's variables with their history, its members, its tokens and its audit.

mod audit;
mod change;
mod history;
mod members;
mod page;
mod people;
mod routes;
mod show;
mod tokens;

/// The routes of this function, as data.
pub fn routes() -> Vec<web::Route> {
    routes::routes().list()
}

/// Serves the routes until the environment ends.
pub async fn run() -> Result<(), web::Error> {
    let web = web::Web::new(&runtime::Aws::load().await)?;
    web::serve("organisation", routes::routes(), web).await
}
