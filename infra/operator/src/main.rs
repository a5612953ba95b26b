//! The operator's command line: organisations, their variables and credentials, tokens, members, sign-in with Google
//! and auto-onboarding.

mod access;
mod arguments;
mod auto_onboarding;
mod credentials;
mod google;
mod organisation;
mod variables;
mod verify;

use std::process::ExitCode;

use aws_config::BehaviorVersion;
use clap::Parser;
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::step_error::StepError;
use domain::variables::ForChildren;
use store::Store;
use store::secrets::Secrets;

use crate::arguments::{
    Arguments, AutoOnboardingCommand, Command, GoogleCommand, MemberCommand, OrganisationCommand, SignInKeyCommand,
    TokenCommand, VariablesCommand,
};

/// The actor in audit entries.
const OPERATOR: &str = "operator";

/// An error message for the person who typed the command.
struct Failure(String);

impl From<StepError> for Failure {
    fn from(error: StepError) -> Self {
        Self(error.to_string())
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self(message)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stack = arguments.stack.clone();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(message)) => {
            eprintln!("error: {message}");
            if message.contains("ResourceNotFoundException") {
                eprintln!("Is there a stack named {stack} in this account and region? Choose another with --stack.");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    // The table of variables is compiled in, so it can be printed without an account.
    if let Command::Variables(VariablesCommand::Describe { markdown }) = &arguments.command {
        print!("{}", variables::describe(*markdown));
        return Ok(());
    }
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(outbound::sdk_http_client())
        .load()
        .await;
    if config.region().is_none() {
        return Err("no region is set: set AWS_REGION, or choose a profile with AWS_PROFILE"
            .to_owned()
            .into());
    }
    let store = Store::new(aws_sdk_dynamodb::Client::new(&config), &arguments.stack);
    let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&config), &arguments.stack);
    match arguments.command {
        Command::Organisation(OrganisationCommand::Create(wish)) => organisation::create(&store, wish).await,
        Command::Organisation(OrganisationCommand::Show { org }) => organisation::show(&store, &org).await,
        Command::Variables(VariablesCommand::Set {
            org,
            values,
            default_for_children,
            locked_for_children,
            not_for_children,
        }) => {
            let options = [
                (default_for_children, ForChildren::Default),
                (locked_for_children, ForChildren::Locked),
                (not_for_children, ForChildren::Nothing),
            ];
            let for_children = options.into_iter().find_map(|(given, what)| given.then_some(what));
            variables::set(&store, &org, &values, for_children).await
        }
        Command::Variables(VariablesCommand::List { org }) => variables::list(&store, &org).await,
        Command::Variables(VariablesCommand::Describe { .. }) => Ok(()),
        Command::Credentials(arguments::CredentialsCommand::Set { org, system, file }) => {
            credentials::set(&store, &secrets, &org, &system, &file).await
        }
        Command::Verify { org } => verify::verify(&store, &secrets, &org).await,
        Command::Token(TokenCommand::Create {
            org,
            name,
            role,
            owner,
            days,
        }) => access::create_token(&store, &org, name, role, &owner, days).await,
        Command::Token(TokenCommand::List { org }) => access::list_tokens(&store, &org).await,
        Command::Token(TokenCommand::Revoke { org, name }) => access::revoke_token(&store, &org, &name).await,
        Command::Member(MemberCommand::Add { org, email, name, role }) => {
            access::add_member(&store, org, &email, name, role).await
        }
        Command::AutoOnboarding(AutoOnboardingCommand::On { org, domain }) => {
            auto_onboarding::on(&store, &org, &domain).await
        }
        Command::AutoOnboarding(AutoOnboardingCommand::Off { org }) => auto_onboarding::off(&store, &org).await,
        Command::Google(GoogleCommand::Set { client_secret_file }) => google::set(&secrets, &client_secret_file).await,
        Command::SignInKey(SignInKeyCommand::Rotate) => {
            secrets.rotate_sign_in_key().await?;
            println!("new key made; it signs from ten minutes on, and the one before it goes on counting");
            Ok(())
        }
        Command::SignInLink {
            org,
            email,
            hours,
            base_url,
        } => access::sign_in_link(&store, &org, &email, hours, &base_url).await,
    }
}

async fn existing(store: &Store, org: &OrgId) -> Result<Organisation, Failure> {
    store.organisation(org).await?.ok_or_else(|| {
        Failure(format!(
            "there is no organisation {org}: create it with `operator organisation create {org} --name NAME`"
        ))
    })
}
