//! The command line's arguments. Their doc comments are the help texts.

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use domain::contact::EmailAddress;
use domain::credentials::SHAPES;
use domain::ids::OrgId;
use domain::integration::systems_with_companies;
use domain::role::Role;
use domain::sign_in::WorkspaceDomain;
use domain::token::{DEFAULT_DAYS, TokenName, parse_days};
use url::{Host, Url};

/// Runs Gangway for its organisations. Credentials and region are taken as the AWS command line takes them.
#[derive(Parser)]
#[command(name = "operator", version)]
pub(crate) struct Arguments {
    /// Name of the deployed stack
    #[arg(long, global = true, env = "GANGWAY_STACK", default_value = "gangway")]
    pub(crate) stack: String,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// The companies whose people come and leave
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Variables of an organisation
    #[command(subcommand)]
    Variables(VariablesCommand),
    /// Keys to an organisation's systems
    #[command(subcommand)]
    Credentials(CredentialsCommand),
    /// Signs in to each system of an organisation, looks up every name in its settings, and says what is wrong
    ///
    /// Changes nothing. Addresses of vendors that differ from the public ones (GRAPH_URL and the like) are taken from the
    /// environment, as the functions do.
    Verify {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
    },
    /// Tokens for the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// People who sign in
    #[command(subcommand)]
    Member(MemberCommand),
    /// Whether an organisation takes in whoever first signs in with a Google account of its domain
    #[command(subcommand)]
    AutoOnboarding(AutoOnboardingCommand),
    /// Sign-in with Google, for all organisations
    #[command(subcommand)]
    Google(GoogleCommand),
    /// The key that signs the cookies in which a sign-in travels
    #[command(subcommand)]
    SignInKey(SignInKeyCommand),
    /// Prints a link with which a member signs in once
    SignInLink {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
        #[arg(long, value_parser = EmailAddress::parse)]
        email: EmailAddress,
        /// How long the link is good for
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=168))]
        hours: u16,
        /// Gangway's address: the stack's output ApiUrl. The link signs in whoever reads it, so it begins with https
        #[arg(long, env = "GANGWAY_BASE_URL", value_parser = base_url)]
        base_url: Url,
    },
}

#[derive(Subcommand)]
pub(crate) enum OrganisationCommand {
    /// Creates an organisation, or changes what is given of an existing one
    Create(Wish),
    /// Prints an organisation
    Show {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
    },
}

/// An empty text removes the field's value.
#[derive(Args)]
pub(crate) struct Wish {
    /// Short name, as addresses carry it: a-z, 0-9 and -
    #[arg(value_parser = OrgId::parse)]
    pub(crate) org: OrgId,
    #[arg(long)]
    pub(crate) name: String,
    /// The organisation (MSP) whose defaults and credentials also count
    #[arg(long)]
    pub(crate) parent: Option<String>,
    /// Microsoft Entra tenant: its id or a domain of it
    #[arg(long)]
    pub(crate) tenant_id: Option<String>,
    /// The company's id in a PSA, at a distributor or in a vault, as connectwise=250; repeatable
    #[arg(long = "company", value_name = "SYSTEM=ID", value_parser = company)]
    pub(crate) companies: Vec<(String, String)>,
}

#[derive(Subcommand)]
pub(crate) enum VariablesCommand {
    /// Sets variables, all or none; NAME= and NAME=null go back to the parent's value or the default
    Set {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
        #[arg(required = true, value_name = "NAME=VALUE", value_parser = assignment)]
        values: Vec<Assignment>,
        /// The values also hold for this organisation's children, unless they have their own. With none of these options, what
        /// a variable was for the children stays
        #[arg(long)]
        default_for_children: bool,
        /// The values also hold for this organisation's children, which can't have their own; what they have set does not count
        #[arg(long, conflicts_with = "default_for_children")]
        locked_for_children: bool,
        /// The values do not hold for this organisation's children any more, locked or not
        #[arg(long, conflicts_with_all = ["default_for_children", "locked_for_children"])]
        not_for_children: bool,
    },
    /// Prints the values that hold, and where they come from
    List {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
    },
    /// Prints what variables there are
    Describe {
        /// As a Markdown table
        #[arg(long)]
        markdown: bool,
    },
}

#[derive(Clone)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    /// None removes the organisation's own value.
    pub(crate) value: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum AutoOnboardingCommand {
    /// New people of this domain become members with the role basic
    On {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
        /// The company's own domain; make sure that it is theirs
        #[arg(long, value_parser = WorkspaceDomain::parse)]
        domain: WorkspaceDomain,
    },
    /// From now on nobody becomes a member by signing in; members stay
    Off {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
    },
}

#[derive(Subcommand)]
pub(crate) enum GoogleCommand {
    /// Stores the client secret of Google's console; never from the command line, which other processes see
    Set {
        /// File with the secret alone, or - for standard input
        #[arg(long)]
        client_secret_file: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum SignInKeyCommand {
    /// Makes a new key. The one before it goes on counting; a second rotation ends that too. Nobody is signed out
    Rotate,
}

#[derive(Subcommand)]
pub(crate) enum CredentialsCommand {
    /// Stores credentials; never from the command line, which other processes and the shell's history see
    Set {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
        #[arg(value_parser = PossibleValuesParser::new(SHAPES.iter().map(|shape| shape.system)))]
        system: String,
        /// JSON file, or - for standard input
        #[arg(long)]
        file: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Prints a new token, once
    Create {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
        /// What people call it; no other live token of the organisation may have the name
        #[arg(long, value_parser = TokenName::parse)]
        name: TokenName,
        /// No more than the owner's own, unless that is an admin
        #[arg(long, value_parser = role)]
        role: Role,
        /// Address of the member as whom the token counts
        #[arg(long, value_parser = EmailAddress::parse)]
        owner: EmailAddress,
        /// How many days it lasts, at most 365
        #[arg(long, default_value_t = DEFAULT_DAYS, value_parser = parse_days)]
        days: u16,
    },
    /// Prints an organisation's tokens: name, role, owner, end, last use and state
    List {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
    },
    /// From now on nobody gets in with the token of this name
    Revoke {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
        #[arg(long, value_parser = TokenName::parse)]
        name: TokenName,
    },
}

#[derive(Subcommand)]
pub(crate) enum MemberCommand {
    /// Adds a member, or changes name and role of an existing one
    Add {
        #[arg(value_parser = OrgId::parse)]
        org: OrgId,
        #[arg(long, value_parser = EmailAddress::parse)]
        email: EmailAddress,
        #[arg(long)]
        name: String,
        #[arg(long, value_parser = role)]
        role: Role,
    },
}

fn assignment(text: &str) -> Result<Assignment, &'static str> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    let value = Some(value.trim()).filter(|value| !value.is_empty() && *value != "null");
    Ok(Assignment {
        name: name.trim().to_owned(),
        value: value.map(str::to_owned),
    })
}

fn company(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((system, id)) if systems_with_companies().any(|known| known == system) => {
            Ok((system.to_owned(), id.to_owned()))
        }
        _ => Err(format!(
            "write it as SYSTEM=ID, the system being one of {}",
            systems_with_companies().collect::<Vec<_>>().join(", ")
        )),
    }
}

/// Accepts http only for this machine itself.
fn base_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be an address that begins with https://")?;
    let is_local = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if is_local => Ok(url),
        _ => Err("must begin with https:// (http:// only for this machine itself)"),
    }
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| format!("must be one of {}", Role::ALL.map(Role::as_str).join(", ")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_sign_in_link_does_not_travel_in_the_open() {
        for good in [
            "https://gangway.example.com",
            "https://x.execute-api.eu-central-1.amazonaws.com/",
            "http://127.0.0.1:4566/_aws/execute-api/abc/$default",
            "http://localhost:4566",
            "http://[::1]:4566",
        ] {
            assert!(base_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://gangway.example.com",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "ftp://gangway.example.com",
            "gangway.example.com",
            "file:///tmp",
            "",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn assignments() {
        let value = |text| assignment(text).expect("an assignment").value;
        assert_eq!(value("timezone=Europe/Berlin").as_deref(), Some("Europe/Berlin"));
        assert_eq!(
            value("pwpush_url=https://a.example/?b=c").as_deref(),
            Some("https://a.example/?b=c")
        );
        assert_eq!(value("timezone="), None);
        assert_eq!(value("timezone=null"), None);
        assert!(assignment("timezone").is_err());
    }

    #[test]
    fn a_company_names_its_system() {
        let of = |system: &str, id: &str| Ok((system.to_owned(), id.to_owned()));
        assert_eq!(company("connectwise=250"), of("connectwise", "250"));
        assert_eq!(company("hudu="), of("hudu", ""));
        for wrong in ["250", "graph=1", "pwpush=1", "email_only=1", "Connectwise=1"] {
            assert!(company(wrong).is_err(), "{wrong}");
        }
    }
}
