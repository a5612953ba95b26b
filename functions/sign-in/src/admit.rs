//! Whether whom Google names comes in: as a member, as one added by hand, or as a new one. Each decision is audited.

use domain::fault::Fault;
use domain::ids::OrgId;
use domain::role::Role;
use domain::sign_in::Reason;
use store::Store;
use store::audit::AuditEntry;
use store::auto_onboarding::DomainOwner;
use store::members::{Bound, Held, Joined, Member};

use crate::google::Person;

/// No domain is longer.
const DOMAIN: usize = 253;

/// Why somebody is refused, and the organisation that this concerns.
type Refusal = (Option<OrgId>, Reason);

/// The member who is signed in from now on, or none. `wanted`: the organisation that the person named, for who is a member of
/// several; without one it is that of the last time.
pub(crate) async fn admit(store: &Store, person: &Person, wanted: Option<&str>) -> Result<Option<Member>, Fault> {
    let known = store.members_with_identity(&person.identity).await?;
    let mut members: Vec<_> = known.into_iter().map(|member| (member, Reason::Known)).collect();
    let refusals = bind(store, person, &mut members).await?;
    let chosen = members
        .iter()
        .find(|(member, _)| Some(member.org.as_str()) == wanted)
        .or_else(|| members.first());
    if let Some((member, reason)) = chosen {
        refused(store, person, &refusals).await?;
        return allowed(store, person, member, *reason).await.map(Some);
    }
    if !refusals.is_empty() {
        refused(store, person, &refusals).await?;
        return Ok(None);
    }
    match take_in(store, person).await? {
        Ok((member, reason)) => allowed(store, person, &member, reason).await.map(Some),
        Err(refusal) => {
            refused(store, person, &[refusal]).await?;
            Ok(None)
        }
    }
}

/// Binds a member who has just proved by a one-time link to be the one, for an address that Google does not answer for.
pub(crate) async fn connect(store: &Store, person: &Person, member: &Member) -> Result<Option<Member>, Fault> {
    let same = person
        .verified
        .as_ref()
        .is_some_and(|address| address.is(&member.email));
    let result = if same {
        bound(store, person, member).await?
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

/// For what no person could be made of.
pub(crate) async fn no_person(store: &Store, reason: Reason) -> Result<(), Fault> {
    count(None, reason);
    let entry = AuditEntry::now("google:", "sign_in.refused", "").changed(None, Some(reason.code().to_owned()));
    store.audit_outside(&entry).await
}

/// Members added by hand with this address.
async fn bind(store: &Store, person: &Person, members: &mut Vec<(Member, Reason)>) -> Result<Vec<Refusal>, Fault> {
    let Some(address) = &person.verified else {
        return Ok(Vec::new());
    };
    let mut by_hand = store.members_with_address(address.as_str()).await?;
    if let Some(owner) = store.domain_owner(&address.domain().to_lowercase()).await?
        && !by_hand.iter().any(|member| member.org == owner.org)
    {
        // One of the first versions, whose address can't be found by itself.
        by_hand.extend(store.member_by_email(&owner.org, address.as_str()).await?);
    }
    let mut refusals = Vec::new();
    for member in by_hand {
        if members.iter().any(|(known, _)| known.org == member.org) {
            continue;
        }
        let result = if member.identity.is_some() || person.google_answers_for_the_address() {
            bound(store, person, &member).await?
        } else {
            Err(Reason::AddressNotGoogles)
        };
        match result {
            Ok(bound) => members.push(bound),
            Err(reason) => refusals.push((Some(member.org), reason)),
        }
    }
    Ok(refusals)
}

async fn bound(store: &Store, person: &Person, member: &Member) -> Result<Result<(Member, Reason), Reason>, Fault> {
    if member.identity.is_none() && store.bind_member(member, &person.identity).await? == Bound::Bound {
        return Ok(Ok((member.clone(), Reason::Bound)));
    }
    // Bound before, or by the same person's other sign-in at this moment.
    let now = store.member(&member.org, &member.id).await?;
    Ok(match now {
        Some(now) if now.identity.as_ref() == Some(&person.identity) => Ok((now, Reason::Known)),
        _ => Err(Reason::OtherIdentity),
    })
}

/// Auto-onboarding.
async fn take_in(store: &Store, person: &Person) -> Result<Result<(Member, Reason), Refusal>, Fault> {
    let owner = owner(store, person).await?;
    let concerned = owner.as_ref().map(|owner| owner.org.clone());
    let address = match person.workspace_address() {
        Ok(address) => address,
        Err(Reason::DomainMissing | Reason::DomainDiffers) if owner.is_none() => {
            return Ok(Err((None, Reason::UnknownDomain)));
        }
        Err(reason) => return Ok(Err((concerned, reason))),
    };
    let Some(owner) = owner else {
        return Ok(Err((None, Reason::UnknownDomain)));
    };
    if !owner.on {
        return Ok(Err((concerned, Reason::Off)));
    }
    let member = Member::new(&owner.org, address.as_str(), person.name(), Role::Basic);
    let domain = address.domain().to_ascii_lowercase();
    let reason = match store.auto_onboard(&member, &person.identity, &domain).await? {
        Joined::Joined => return Ok(Ok((member, Reason::AutoOnboarded))),
        Joined::Off => Reason::Off,
        Joined::Known => {
            let address = store.holder_of_address(&owner.org, address.as_str()).await?;
            let identity = store.holder_of_identity(&owner.org, &person.identity).await?;
            match (address, identity) {
                (Some(Held::Deleted), _) | (_, Some(Held::Deleted)) => Reason::Deleted,
                // The same person's other first sign-in was quicker.
                (_, Some(Held::By(id))) => match store.member(&owner.org, &id).await? {
                    Some(member) => return Ok(Ok((member, Reason::Known))),
                    None => Reason::Deleted,
                },
                _ => Reason::OtherIdentity,
            }
        }
    };
    Ok(Err((concerned, reason)))
}

/// Whose domain the address, or else the account, is of. Also of a person who is refused: the organisation's admins see who
/// tried.
async fn owner(store: &Store, person: &Person) -> Result<Option<DomainOwner>, Fault> {
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

async fn allowed(store: &Store, person: &Person, member: &Member, reason: Reason) -> Result<Member, Fault> {
    store.identity_used(member, &person.identity).await?;
    let entry =
        AuditEntry::now(&member.id, "member.signed_in", &member.id).changed(None, Some(reason.code().to_owned()));
    store.audit(&member.org, &entry).await?;
    Ok(member.clone())
}

async fn refused(store: &Store, person: &Person, refusals: &[Refusal]) -> Result<(), Fault> {
    for (org, reason) in refusals {
        count(org.as_ref(), *reason);
        let who = format!("google:{}", person.claimed);
        let entry =
            AuditEntry::now(&who, "sign_in.refused", &person.claimed).changed(None, Some(reason.code().to_owned()));
        match org {
            Some(org) => store.audit(org, &entry).await?,
            None => store.audit_outside(&entry).await?,
        }
    }
    Ok(())
}

/// For whoever runs Gangway: a known address with another identity deserves a look.
fn count(org: Option<&OrgId>, reason: Reason) {
    let org = org.map(OrgId::as_str).unwrap_or_default();
    tracing::warn!(org, reason = reason.code(), "a sign-in is refused");
    step::metric_by("SignInRefused", 1.0, Some(("reason", reason.code())));
}
