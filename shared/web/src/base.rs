//! The public address of Gangway.

use domain::step_error::StepError;
use url::Url;

/// The start of every link. The API may be below a path of its host.
#[derive(Debug, Clone)]
pub struct Base {
    url: String,
    path: String,
}

impl Base {
    pub fn new(url: &str) -> Result<Self, StepError> {
        let parsed = Url::parse(url).map_err(|_| StepError::Permanent("the base URL is not an address".to_owned()))?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            path: parsed.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The path before `/orgs/...` in links and form actions of pages.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A link or redirect within Gangway. `path` starts with a slash.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.path)
    }

    /// A link for use outside of pages: in mails, notes and JSON.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_path_of_the_base() {
        let local = Base::new("http://127.0.0.1:4566/_aws/execute-api/abc/$default/").unwrap();
        assert_eq!(
            local.link("/orgs/acme/requests"),
            "/_aws/execute-api/abc/$default/orgs/acme/requests"
        );
        assert_eq!(
            local.absolute("/health"),
            "http://127.0.0.1:4566/_aws/execute-api/abc/$default/health"
        );
        let real = Base::new("https://gangway.example.com").unwrap();
        assert_eq!(real.link("/health"), "/health");
        assert_eq!(real.path(), "");
        assert!(Base::new("gangway").is_err());
    }
}
