//! Reading and changing variables.

use domain::field::FieldProblem;
use domain::role::Role;
use http::StatusCode;
use store::organisations::Settings;
use web::{Answer, Call, Problem, Visit, Web};

use crate::show::Values;
use crate::{change, page, show};

pub(crate) async fn handle(web: &Web, call: Call) -> Result<Answer, Problem> {
    let visit = web.visit(&call).await?;
    let values = read(web, &visit).await?;
    match (call.verb(), call.route()) {
        ("GET", "/orgs/{org}/variables") => {
            visit.need(sees)?;
            answer(web, &call, &visit, &values)
        }
        ("PUT", "/orgs/{org}/variables") => {
            visit.need(Role::edits_variables)?;
            let changes = change::plan(&call.json_object()?, &values)?;
            write(web, &visit, &changes, &values.own).await?;
            answer(web, &call, &visit, &read(web, &visit).await?)
        }
        // The page's form: browsers send no PUT.
        ("POST", "/orgs/{org}/variables") => {
            visit.need(Role::edits_variables)?;
            let form = call.form()?;
            match change::plan(&change::from_form(&form, &values.own), &values) {
                Ok(changes) => {
                    write(web, &visit, &changes, &values.own).await?;
                    Ok(Answer::see_other(
                        &web.base.link(&format!("/orgs/{}/variables", visit.org())),
                    ))
                }
                Err(problems) if call.wants_page() => {
                    let page = page::page(web, &visit, &values, Some(&form), &problems);
                    web.page(StatusCode::UNPROCESSABLE_ENTITY, page::TITLE, Some(&visit), &page)
                }
                Err(problems) => Err(problems.into()),
            }
        }
        _ => Err(Problem::not_found()),
    }
}

/// Members with the basic role submit and see their own requests, no more.
fn sees(role: Role) -> bool {
    role != Role::Basic
}

async fn read(web: &Web, visit: &Visit) -> Result<Values, Problem> {
    let own = web.store.settings(visit.org()).await?;
    let (_, inherited) = web.store.values(&visit.organisation).await?;
    // Only an organisation without a parent has children.
    let children = match visit.organisation.parent {
        None => web.store.children(visit.org()).await?,
        Some(_) => Vec::new(),
    };
    Ok(Values {
        own,
        inherited,
        children,
    })
}

async fn write(web: &Web, visit: &Visit, changes: &change::Changes, before: &Settings) -> Result<(), Problem> {
    Ok(web
        .store
        .change_settings(visit.org(), changes, before, &visit.caller.id)
        .await?)
}

fn answer(web: &Web, call: &Call, visit: &Visit, values: &Values) -> Result<Answer, Problem> {
    if call.wants_page() {
        let none: &[FieldProblem] = &[];
        return web.page(
            StatusCode::OK,
            page::TITLE,
            Some(visit),
            &page::page(web, visit, values, None, none),
        );
    }
    Ok(Answer::json(StatusCode::OK, &show::json(values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles() {
        assert_eq!(Role::ALL.map(sees), [false, true, true, true]);
        assert_eq!(Role::ALL.map(Role::edits_variables), [false, false, false, true]);
    }
}
