//! Pages of signing in.

use askama::Template;

#[derive(Template)]
#[template(path = "how_to.html")]
pub(crate) struct HowTo {
    /// Where the button leads, if people sign in with Google here.
    pub(crate) google: Option<String>,
    /// The visitor is signed in, and came for something that needs a more recent sign-in.
    pub(crate) again: bool,
    /// The visitor comes back to where they were.
    pub(crate) comes_back: bool,
    /// "Sign out everywhere" was pressed in a session that had ended.
    pub(crate) nobody: bool,
}

/// The same for every refusal: it must not tell who exists.
#[derive(Template)]
#[template(path = "refused.html")]
pub(crate) struct Refused<'a> {
    pub(crate) base: &'a str,
}

/// For who has a session all the same.
#[derive(Template)]
#[template(path = "not_connected.html")]
pub(crate) struct NotConnected {
    /// The form of the session's organisation.
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
    fn without_a_link_the_page_says_how() {
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
    fn a_refusal_says_nothing_about_anybody() {
        let base = Base::new("https://gangway.example.com").unwrap();
        let page = Refused { base: base.path() };
        insta::assert_snapshot!(web::page(&base, "You are not signed in", None, &page).unwrap());
    }

    #[test]
    fn who_stays_signed_in_is_told_so_and_shown_the_way_on() {
        let base = Base::new("https://gangway.example.com").unwrap();
        let page = NotConnected {
            onwards: "/orgs/acme/onboardings/new".to_owned(),
        };
        insta::assert_snapshot!(web::page(&base, "You are still signed in as before", None, &page).unwrap());
    }
}
