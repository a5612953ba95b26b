//! Pages of signing in.

use askama::Template;

#[derive(Template)]
#[template(path = "how_to.html")]
pub(crate) struct HowTo;

#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct Confirm<'a> {
    pub(crate) action: String,
    pub(crate) organisation: &'a str,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) role: &'a str,
}

#[cfg(test)]
mod tests {
    use web::Base;

    use super::*;

    const HOSTILE: &str = "\"><script>alert(1)</script>'&";

    #[test]
    fn names_are_escaped() {
        let page = Confirm {
            action: "/base/sign-in?t=token".to_owned(),
            organisation: HOSTILE,
            name: HOSTILE,
            email: HOSTILE,
            role: "admin",
        };
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let text = web::page(&base, "Sign in", None, &page).unwrap();
        assert!(!text.contains("<script>"), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn without_a_link_the_page_says_how() {
        let base = Base::new("https://gangway.example.com").unwrap();
        insta::assert_snapshot!(web::page(&base, "Sign in", None, &HowTo).unwrap());
    }
}
