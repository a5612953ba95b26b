//! The pages for signing in.

use askama::Template;

#[derive(Template)]
#[template(path = "how_to.html")]
pub(crate) struct HowTo {
    /// The address of the button, if sign-in with Google is set up.
    pub(crate) google: Option<String>,
    /// Whether the visitor is signed in, but needs a more recent sign-in.
    pub(crate) again: bool,
    /// Whether the visitor returns to their previous page.
    pub(crate) comes_back: bool,
    /// Whether "Sign out everywhere" was pressed in a session that had ended.
    pub(crate) nobody: bool,
}

/// The same page for every refusal, because it must not reveal which accounts exist.
#[derive(Template)]
#[template(path = "refused.html")]
pub(crate) struct Refused<'a> {
    pub(crate) base: &'a str,
}

/// The page for a visitor who still has a session.
#[derive(Template)]
#[template(path = "not_connected.html")]
pub(crate) struct NotConnected {
    /// The address of the form of the session's organisation.
    pub(crate) onwards: String,
}

#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct Confirm<'a> {
    pub(crate) action: String,
    pub(crate) organisation: &'a str,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) role: &'a str,
    /// Whether a Google account can be connected.
    pub(crate) connects: bool,
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
            connects: true,
        };
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let text = web::page(&base, "Sign in", None, &page).unwrap();
        assert!(!text.contains("<script>"), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn page_without_a_link_explains_how_to_sign_in() {
        let base = Base::new("https://gangway.example.com").unwrap();
        let page = |google, again, comes_back| {
            let page = HowTo {
                google,
                again,
                comes_back,
                nobody: false,
            };
            web::page(&base, "Sign in", None, &page).unwrap()
        };
        let google = || Some("/sign-in/google".to_owned());
        insta::assert_snapshot!(page(None, false, false));
        insta::assert_snapshot!(page(google(), false, false));
        assert!(page(google(), true, true).contains("the last fifteen minutes"));
        let first = page(google(), false, true);
        assert!(first.contains("come back") && !first.contains("fifteen"), "{first}");
        let nobody = HowTo {
            google: None,
            again: false,
            comes_back: false,
            nobody: true,
        };
        assert!(nobody.render().unwrap().contains("had ended"));
    }

    #[test]
    fn refusal_reveals_no_account() {
        let base = Base::new("https://gangway.example.com").unwrap();
        let page = Refused { base: base.path() };
        insta::assert_snapshot!(web::page(&base, "You are not signed in", None, &page).unwrap());
    }

    #[test]
    fn remaining_session_is_shown_with_a_link() {
        let base = Base::new("https://gangway.example.com").unwrap();
        let page = NotConnected {
            onwards: "/orgs/acme/onboardings/new".to_owned(),
        };
        insta::assert_snapshot!(web::page(&base, "You are still signed in as before", None, &page).unwrap());
    }
}
