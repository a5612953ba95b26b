//! The page that a person returns to after signing in.

use domain::ids::OrgId;

/// The most characters of a path.
const LONGEST: usize = 300;

/// A path of Gangway below `/orgs/{org}/`, without a query. It is never an address on another host, and never a link
/// that carries a capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComeBack {
    path: String,
    org: OrgId,
}

impl ComeBack {
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("/orgs/")?.split('/');
        let org = OrgId::parse(parts.next()?).ok()?;
        let plain = |part: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !part.is_empty() && !part.starts_with('.') && part.bytes().all(allowed)
        };
        (text.len() <= LONGEST && parts.all(plain)).then(|| Self {
            path: text.to_owned(),
            org,
        })
    }

    /// The path for [`crate::Base::link`]. It needs no encoding in a query.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn org(&self) -> &OrgId {
        &self.org
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_are_accepted() {
        for good in [
            "/orgs/acme/pending",
            "/orgs/acme",
            "/orgs/acme/requests/r0199d0c4e1f27c3a8b5d6e7f80912a3b",
            "/orgs/acme/variables/start_time",
        ] {
            assert_eq!(ComeBack::parse(good).unwrap().path(), good);
        }
        assert_eq!(ComeBack::parse("/orgs/acme/pending").unwrap().org().as_str(), "acme");
        for bad in [
            "",
            "/",
            "/decide",
            "/decide?c=secret",
            "/orgs/acme/pending?c=x",
            "/orgs/acme/pending#x",
            "//evil.example",
            "/orgs//evil.example",
            "/orgs/acme//evil.example",
            "/orgs/acme/",
            "/orgs/../sign-in",
            "/orgs/acme/../../decide",
            "/orgs/acme/%2e%2e/x",
            "/\\evil.example",
            "/orgs/acme\\evil",
            "https://evil.example/orgs/acme",
            "javascript:alert(1)",
            "/orgs/acme/a\nb",
            "/orgs/acme/a b",
            "/orgs/ACME/pending",
            &format!("/orgs/acme/{}", "x".repeat(300)),
        ] {
            assert_eq!(ComeBack::parse(bad), None, "{bad}");
        }
    }
}
