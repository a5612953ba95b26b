//! Signs in the person that Google names: gathers the facts for [`decide`], carries out its decision and audits it.

use domain::contact::EmailAddress;
use domain::ids::OrgId;
use domain::role::Role;
use domain::sign_in::Reason;
use domain::step_error::StepError;
use store::Store;
use store::audit::AuditEntry;
use store::auto_onboarding::DomainOwner;
use store::members::{Bound, Held, Joined, Member};

use crate::decision::{Answer, Facts, Refusal, SignInDecision, decide};
use crate::google::Person;

/// The longest domain name.
const DOMAIN: usize = 253;

/// Returns the member who is now signed in, or `None`. `wanted` is the organisation that the person named.
pub(crate) async fn admit(store: &Store, person: &Person, wanted: Option<&OrgId>) -> Result<Option<Member>, StepError> {
    let mut facts = gather(store, person, wanted).await?;
    let verdict = loop {
        match decide(&facts) {
            SignInDecision::Bind(member) => {
                let answer = bind(store, person, &member).await?;
                facts.bindings.push((member.org, answer));
            }
            SignInDecision::AutoOnboard { org, address } => {
                facts.onboarding = Some(auto_onboard(store, person, &org, &address).await?);
            }
            SignInDecision::End(verdict) => break verdict,
        }
    };
    refused(store, person, &verdict.refusals).await?;
    match verdict.signed_in {
        Some((member, reason)) => allowed(store, person, &member, reason).await.map(Some),
        None => Ok(None),
    }
}

async fn gather(store: &Store, person: &Person, wanted: Option<&OrgId>) -> Result<Facts, StepError> {
    let owner = owner(store, person).await?;
    let known = store.members_with_identity(&person.identity).await?;
    let with_address = match &person.verified {
        Some(address) => with_address(store, address, owner.as_ref()).await?,
        None => Vec::new(),
    };
    Ok(Facts {
        person: person.clone(),
        wanted: wanted.cloned(),
        owner,
        known,
        with_address,
        bindings: Vec::new(),
        onboarding: None,
    })
}

async fn with_address(
    store: &Store,
    address: &EmailAddress,
    owner: Option<&DomainOwner>,
) -> Result<Vec<Member>, StepError> {
    let mut members = store.members_with_address(address.as_str()).await?;
    if let Some(home) = owner.map(|owner| &owner.org)
        && !members.iter().any(|member| member.org == *home)
    {
        // A member stored by an early version of Gangway can be found by address only within a known organisation.
        members.extend(store.member_by_email(home, address.as_str()).await?);
    }
    Ok(members)
}

/// Binds a member who has just proved their identity with a one-time link, because Google is not authoritative for the
/// address (rule 6).
pub(crate) async fn connect(store: &Store, person: &Person, member: &Member) -> Result<Option<Member>, StepError> {
    let same = person
        .verified
        .as_ref()
        .is_some_and(|address| address.is(&member.email));
    let result = if same {
        bind(store, person, member).await?
    } else {
        Err(Reason::AddressNotGoogles)
    };
    match result {
        Ok((member, reason)) => allowed(store, person, &member, reason).await.map(Some),
        Err(reason) => {
            refused(store, person, &[(Some(member.org.clone()), reason)]).await?;
            Ok(None)
        }
    }
}

/// Records that the member to be connected was deleted meanwhile.
pub(crate) async fn too_late(store: &Store, person: &Person, org: &OrgId) -> Result<(), StepError> {
    refused(store, person, &[(Some(org.clone()), Reason::Deleted)]).await
}

/// Records a refusal in which Google named no person. `member` is the member to be connected, if a one-time link named
/// one.
pub(crate) async fn no_person(
    store: &Store,
    member: Option<&(OrgId, String)>,
    reason: Reason,
) -> Result<(), StepError> {
    count(member.map(|(org, _)| org), reason);
    let entry = |who: &str, subject: &str| AuditEntry::refused_sign_in(who, subject, reason);
    match member {
        Some((org, id)) => store.audit_refused(Some(org), entry(id, id)).await,
        None => store.audit_refused(None, entry("google:", "")).await,
    }
}

/// Binds the member, unless another identity was bound first.
async fn bind(store: &Store, person: &Person, member: &Member) -> Result<Answer, StepError> {
    if member.identity.is_none() && store.bind_member(member, &person.identity).await? == Bound::Bound {
        return Ok(Ok((member.clone(), Reason::Bound)));
    }
    // The member may be bound already, or by a simultaneous sign-in of the same person.
    let now = store.member(&member.org, &member.id).await?;
    Ok(match now {
        Some(now) if now.identity.as_ref() == Some(&person.identity) => Ok((now, Reason::Known)),
        Some(_) => Err(Reason::OtherIdentity),
        None => Err(Reason::Deleted),
    })
}

/// Adds a member with the role basic (rule 5).
async fn auto_onboard(
    store: &Store,
    person: &Person,
    org: &OrgId,
    address: &EmailAddress,
) -> Result<Answer, StepError> {
    let member = Member::new(org, address.as_str(), person.name(), Role::Basic);
    let domain = address.domain().to_ascii_lowercase();
    match store.auto_onboard(&member, &person.identity, &domain).await? {
        Joined::Joined => Ok(Ok((member, Reason::AutoOnboarded))),
        Joined::Off => Ok(Err(Reason::Off)),
        Joined::Known => known_before(store, person, org, address).await,
    }
}

/// Handles an address or identity that the organisation already knows (rules 4 and 7).
async fn known_before(
    store: &Store,
    person: &Person,
    org: &OrgId,
    address: &EmailAddress,
) -> Result<Answer, StepError> {
    let address = store.holder_of_address(org, address.as_str()).await?;
    let identity = store.holder_of_identity(org, &person.identity).await?;
    Ok(match (address, identity) {
        (Some(Held::Deleted), _) | (_, Some(Held::Deleted)) => Err(Reason::Deleted),
        // A simultaneous first sign-in of the same person came first.
        (_, Some(Held::By(id))) => match store.member(org, &id).await? {
            Some(member) => Ok((member, Reason::Known)),
            None => Err(Reason::Deleted),
        },
        _ => Err(Reason::OtherIdentity),
    })
}

/// The organisation that has the domain of the address, or else of the account. It is also looked up for refused
/// people, so that the organisation's admins see who tried.
async fn owner(store: &Store, person: &Person) -> Result<Option<DomainOwner>, StepError> {
    let of_address = person.claimed.rsplit_once('@').map(|(_, domain)| domain);
    for domain in [of_address, person.hd.as_deref()].into_iter().flatten() {
        if (1..=DOMAIN).contains(&domain.len())
            && let Some(owner) = store.domain_owner(&domain.to_ascii_lowercase()).await?
        {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}

async fn allowed(store: &Store, person: &Person, member: &Member, reason: Reason) -> Result<Member, StepError> {
    store.identity_used(member, &person.identity).await?;
    let entry =
        AuditEntry::now(&member.id, "member.signed_in", &member.id).changed(None, Some(reason.code().to_owned()));
    store.audit(&member.org, &entry).await?;
    Ok(member.clone())
}

async fn refused(store: &Store, person: &Person, refusals: &[Refusal]) -> Result<(), StepError> {
    for (org, reason) in refusals {
        count(org.as_ref(), *reason);
        let who = format!("google:{}", person.claimed);
        let entry = AuditEntry::refused_sign_in(&who, &person.claimed, *reason);
        store.audit_refused(org.as_ref(), entry).await?;
    }
    Ok(())
}

/// Counts refusals for the operator of Gangway, because a known address with another identity should be investigated.
fn count(org: Option<&OrgId>, reason: Reason) {
    let org = org.map(OrgId::as_str).unwrap_or_default();
    tracing::warn!(org, reason = reason.code(), "a sign-in is refused");
    runtime::metric_by("SignInRefused", 1.0, Some(("reason", reason.code())));
}
