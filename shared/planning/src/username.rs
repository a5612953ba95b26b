//! Chooses the username, checks whether it is free, and decides what to do if it is not.

use directory::{Graph, TakenBy};
use domain::contact::{DomainName, Upn};
use domain::field::FieldError;
use domain::ids::RequestId;
use domain::integration::Organisation;
use domain::step_error::StepError;
use domain::submission::OnboardingFields;
use domain::username::{LocalPart, base, numbered};
use domain::variables::{OrgVariables, UsernameCollision, UsernameFormat};
use futures::FutureExt;
use futures::future::BoxFuture;
use store::Store;

/// The last number tried. Each look-up takes three calls, and the person at the form waits.
const LAST_NUMBER: u32 = 25;
const PROPOSALS: usize = 3;
const LAST_PROPOSED: u32 = 9;

/// The username that a request wants.
pub(crate) enum Wish {
    /// The username reserved at submission, when the request is checked again.
    Promised(Upn),
    Typed {
        local: LocalPart,
        domain: DomainName,
    },
    Made {
        base: LocalPart,
        other: Option<LocalPart>,
        domain: DomainName,
        collision: UsernameCollision,
    },
}

/// The username in the form, or else the one made of the names. `None` if a field that it depends on is invalid.
pub(crate) fn wanted(form: &OnboardingFields, variables: &OrgVariables) -> Result<Option<LocalPart>, FieldError> {
    match (&form.username, form.names()) {
        (Some(Some(local)), _) => Ok(Some(local.clone())),
        (Some(None), Some(names)) => base(variables.username_format, &names).map(Some),
        _ => Ok(None),
    }
}

impl Wish {
    /// What to do with the wanted username.
    pub(crate) fn new(local: LocalPart, domain: DomainName, form: &OnboardingFields, variables: &OrgVariables) -> Self {
        match form.names() {
            Some(names) if form.username == Some(None) => Self::Made {
                // The most readable alternative, for proposals.
                other: base(UsernameFormat::FirstDotLast, &names)
                    .ok()
                    .filter(|name| *name != local),
                base: local,
                domain,
                collision: variables.username_collision,
            },
            _ => Self::Typed { local, domain },
        }
    }

    /// The username that is used if it is free.
    fn first(&self) -> Upn {
        match self {
            Self::Promised(upn) => upn.clone(),
            Self::Typed { local, domain }
            | Self::Made {
                base: local, domain, ..
            } => Upn::of(local, domain),
        }
    }
}

/// Decides on a wish; `taken` returns whether a name is taken.
async fn decide<'a>(
    wish: Wish,
    taken: impl Fn(Upn) -> BoxFuture<'a, Result<bool, StepError>>,
) -> Result<Result<Upn, FieldError>, StepError> {
    let first = wish.first();
    if !taken(first.clone()).await? {
        return Ok(Ok(first));
    }
    match wish {
        Wish::Promised(upn) => Ok(Err(FieldError::new(
            "username",
            format!("{upn} has been taken by somebody else since"),
        ))),
        Wish::Made {
            base,
            domain,
            collision: UsernameCollision::Number,
            ..
        } => first_free_number(&base, &domain, taken).await,
        Wish::Made {
            base, other, domain, ..
        } => Ok(Err(proposal(&base, other, &domain, taken).await?)),
        Wish::Typed { local, domain } => Ok(Err(proposal(&local, None, &domain, taken).await?)),
    }
}

async fn first_free_number<'a>(
    base: &LocalPart,
    domain: &DomainName,
    taken: impl Fn(Upn) -> BoxFuture<'a, Result<bool, StepError>>,
) -> Result<Result<Upn, FieldError>, StepError> {
    for n in 2..=LAST_NUMBER {
        let upn = Upn::of(&numbered(base, n), domain);
        if !taken(upn.clone()).await? {
            return Ok(Ok(upn));
        }
    }
    let message = format!("{base} and its numbers up to {LAST_NUMBER} are taken: give another");
    Ok(Err(FieldError::new("username", message)))
}

/// The error that the name is taken, with free names to choose from: `other`, then numbers.
async fn proposal<'a>(
    base: &LocalPart,
    other: Option<LocalPart>,
    domain: &DomainName,
    taken: impl Fn(Upn) -> BoxFuture<'a, Result<bool, StepError>>,
) -> Result<FieldError, StepError> {
    let mut free = Vec::new();
    for candidate in other.into_iter().chain((2..=LAST_PROPOSED).map(|n| numbered(base, n))) {
        if free.len() < PROPOSALS && !taken(Upn::of(&candidate, domain)).await? {
            free.push(candidate.to_string());
        }
    }
    let proposed = if free.is_empty() {
        "give another".to_owned()
    } else {
        format!("free are {}", free.join(", "))
    };
    let message = format!("{base}@{domain} is taken; {proposed}");
    Ok(FieldError::new("username", message))
}

/// The systems in which usernames are looked up.
pub(crate) struct Usernames<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) store: &'a Store,
    pub(crate) organisation: &'a Organisation,
    /// The request that is checked again; its own account and reservation count as free.
    pub(crate) own: Option<&'a RequestId>,
}

impl Usernames<'_> {
    pub(crate) async fn settle(&self, wish: Wish) -> Result<Result<Upn, FieldError>, StepError> {
        decide(wish, |upn| self.taken(upn).boxed()).await
    }

    /// The disabled account with this name, and its id. Only the submitter knows whose account it was, so only the
    /// exact name counts.
    pub(crate) async fn rehired(&self, upn: Upn) -> Result<Result<(Upn, String), FieldError>, StepError> {
        let (holder, user) = tokio::try_join!(
            self.store.username_holder(&self.organisation.id, upn.as_str()),
            self.graph.user(upn.as_str()),
        )?;
        let wrong = |message: String| Ok(Err(FieldError::new("rehire", message)));
        if holder.is_some_and(|holder| Some(&holder) != self.own) {
            return wrong(format!(
                "{upn} has another open request: wait for its end, or cancel it"
            ));
        }
        let Some(user) = user else {
            return wrong(format!(
                "there is no account {upn} to enable again: give the username that the person had, or leave rehire out"
            ));
        };
        // An earlier run of the same request may have enabled the account.
        let own = self.own.is_some_and(|own| user.marker.as_deref() == Some(own.as_str()));
        if user.account_enabled && !own {
            return wrong(format!(
                "{upn} is not disabled, and only a disabled account is enabled again"
            ));
        }
        Ok(Ok((upn, user.id)))
    }

    async fn taken(&self, upn: Upn) -> Result<bool, StepError> {
        let (holder, by) = tokio::try_join!(
            self.store.username_holder(&self.organisation.id, upn.as_str()),
            self.graph.name_taken(upn.as_str()),
        )?;
        if holder.is_some_and(|holder| Some(&holder) != self.own) {
            return Ok(true);
        }
        match (by, self.own) {
            (None, _) => Ok(false),
            // An earlier run of the same request may have created the user.
            (Some(TakenBy::User), Some(own)) => Ok(self
                .graph
                .find_by_marker(own.as_str(), upn.as_str())
                .await?
                .is_none_or(|user| !upn.is(&user.upn))),
            (Some(_), _) => Ok(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::future::ready;

    use proptest::prelude::*;

    use super::*;

    fn local(text: &str) -> LocalPart {
        LocalPart::parse(text).expect("a local part")
    }

    fn domain() -> DomainName {
        DomainName::parse("example.com").expect("a domain")
    }

    fn made(collision: UsernameCollision) -> Wish {
        Wish::Made {
            base: local("jdoe"),
            other: Some(local("john.doe")),
            domain: domain(),
            collision,
        }
    }

    /// Runs a decision with these taken names; it never waits.
    async fn settled(wish: Wish, taken: &[&str]) -> (Result<String, FieldError>, usize) {
        let asked = Cell::new(0);
        let answer = decide(wish, |upn| {
            asked.set(asked.get() + 1);
            ready(Ok(taken.contains(&upn.local_part()))).boxed()
        })
        .await
        .expect("no error");
        (answer.map(|upn| upn.to_string()), asked.get())
    }

    #[tokio::test]
    async fn free_name_is_looked_up_once() {
        for wish in [
            made(UsernameCollision::Ask),
            Wish::Typed {
                local: local("jdoe"),
                domain: domain(),
            },
        ] {
            assert_eq!(settled(wish, &[]).await, (Ok("jdoe@example.com".to_owned()), 1));
        }
    }

    #[tokio::test]
    async fn ask_proposes_free_names() {
        let (answer, _) = settled(made(UsernameCollision::Ask), &["jdoe", "jdoe2"]).await;
        let problem = answer.expect_err("taken");
        assert_eq!(problem.field, "username");
        assert_eq!(
            problem.message,
            "jdoe@example.com is taken; free are john.doe, jdoe3, jdoe4"
        );
    }

    #[tokio::test]
    async fn number_uses_the_first_free_name() {
        let (answer, _) = settled(made(UsernameCollision::Number), &["jdoe", "jdoe2", "jdoe3"]).await;
        assert_eq!(answer, Ok("jdoe4@example.com".to_owned()));
        let all: Vec<String> = (2..=LAST_NUMBER)
            .map(|n| format!("jdoe{n}"))
            .chain(["jdoe".to_owned()])
            .collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let (answer, asked) = settled(made(UsernameCollision::Number), &all).await;
        assert_eq!(answer.expect_err("all taken").field, "username");
        assert_eq!(asked, LAST_NUMBER as usize);
    }

    #[tokio::test]
    async fn typed_name_is_never_changed() {
        let (answer, _) = settled(
            Wish::Typed {
                local: local("ada"),
                domain: domain(),
            },
            &["ada"],
        )
        .await;
        assert_eq!(
            answer.expect_err("taken").message,
            "ada@example.com is taken; free are ada2, ada3, ada4"
        );
    }

    #[tokio::test]
    async fn reserved_name_is_kept_or_reported() {
        let upn = Upn::parse("jdoe2@example.com").expect("a name");
        assert_eq!(
            settled(Wish::Promised(upn.clone()), &["jdoe"]).await.0,
            Ok("jdoe2@example.com".to_owned())
        );
        assert_eq!(
            settled(Wish::Promised(upn), &["jdoe2"])
                .await
                .0
                .expect_err("taken")
                .field,
            "username"
        );
    }

    #[tokio::test]
    async fn failed_look_up_is_an_error() {
        let answer = decide(made(UsernameCollision::Ask), |_| {
            ready(Err(StepError::Transient("away".to_owned()))).boxed()
        })
        .await;
        assert_eq!(answer, Err(StepError::Transient("away".to_owned())));
    }

    /// The result of looking up one name: taken, free, or an error.
    fn look_up() -> impl Strategy<Value = Option<bool>> {
        prop_oneof![6 => Just(Some(true)), 3 => Just(Some(false)), 1 => Just(None)]
    }

    proptest! {
        /// For all names, formats and responses of the directory: no name is used or proposed that was not found free,
        /// and a failed look-up does not count as free.
        #[test]
        fn only_free_names_are_used_or_proposed(
            first in "\\PC{1,16}", last in prop::option::of("\\PC{1,16}"),
            format in prop::sample::select(UsernameFormat::ALL), collision in prop::sample::select(UsernameCollision::ALL),
            typed in any::<bool>(), answers in prop::collection::vec(look_up(), 32),
        ) {
            let names = domain::username::Names { first: &first, middle: None, last: last.as_deref() };
            let Ok(made) = base(format, &names) else { return Ok(()) };
            let wish = if typed {
                Wish::Typed { local: made, domain: domain() }
            } else {
                let other = base(UsernameFormat::FirstDotLast, &names).ok().filter(|other| *other != made);
                Wish::Made { base: made, other, domain: domain(), collision }
            };
            let asked: RefCell<Vec<(Upn, Option<bool>)>> = RefCell::default();
            let answer = decide(wish, |upn| {
                let mut asked = asked.borrow_mut();
                let found = answers[asked.len()];
                asked.push((upn, found));
                ready(found.ok_or_else(|| StepError::Transient("away".to_owned()))).boxed()
            });
            let answer = answer.now_or_never().expect("nothing waits");
            let asked = asked.into_inner();
            let free = || asked.iter().filter(|(_, found)| *found == Some(false)).map(|(upn, _)| upn);
            let failed = asked.iter().filter(|(_, found)| found.is_none()).count();
            match answer {
                Ok(Ok(upn)) => {
                    prop_assert_eq!(free().collect::<Vec<_>>(), [&upn]);
                    prop_assert_eq!((asked.last().map(|(last, _)| last), failed), (Some(&upn), 0));
                }
                Ok(Err(problem)) => {
                    prop_assert_eq!((problem.field.as_str(), failed, asked[0].1), ("username", 0, Some(true)));
                    let proposed = problem.message.split_once("free are ").map_or("", |(_, names)| names);
                    let proposed: Vec<&str> = proposed.split(", ").filter(|name| !name.is_empty()).collect();
                    prop_assert_eq!(proposed, free().map(Upn::local_part).collect::<Vec<_>>());
                }
                Err(_) => {
                    prop_assert_eq!((failed, asked.last().map(|(_, found)| *found)), (1, Some(None)));
                }
            }
        }
    }
}
