//! Whether whom Google names comes in: as a member, as one added by hand, or as a new one. Each decision is audited.

use domain::ids::OrgId;
use domain::role::Role;
use domain::sign_in::Reason;
use domain::step_error::StepError;
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
/// several: that one or none. Without one it is that of the last time, else the one whose domain the address is of.
pub(crate) async fn admit(store: &Store, person: &Person, wanted: Option<&OrgId>) -> Result<Option<Member>, StepError> {
    let owner = owner(store, person).await?;
    let home = owner.as_ref().map(|owner| &owner.org);
    let known = store.members_with_identity(&person.identity).await?;
    let mut members: Vec<_> = known.into_iter().map(|member| (member, Reason::Known)).collect();
    let came_before = !members.is_empty();
    let mut refusals = bind(store, person, home, &mut members).await?;

    // Whoever else has added or refused them: their own organisation takes them in by its own rules.
    let asks_home = match wanted {
        Some(wanted) => home == Some(wanted),
        None => owner.as_ref().is_some_and(|owner| owner.on) || (members.is_empty() && refusals.is_empty()),
    };
    if asks_home && !is_decided(home, &members, &refusals) {
        match take_in(store, person, owner.as_ref()).await? {
            Ok(member) => members.push(member),
            Err(refusal) => refusals.push(refusal),
        }
    }

    let of = |org: &OrgId| members.iter().find(|(member, _)| member.org == *org);
    let chosen = match wanted {
        Some(wanted) => of(wanted),
        None if came_before => members.first(),
        None => home.and_then(of).or_else(|| members.first()),
    };
    if let Some(wanted) = wanted
        && !is_decided(Some(wanted), &members, &refusals)
    {
        // Not in the audit of the one that was named: anybody can name any.
        refusals.push((None, Reason::NotAMember));
    }
    refused(store, person, &refusals).await?;
    match chosen {
        Some((member, reason)) => allowed(store, person, member, *reason).await.map(Some),
        None => Ok(None),
    }
}

fn is_decided(org: Option<&OrgId>, members: &[(Member, Reason)], refusals: &[Refusal]) -> bool {
    org.is_some_and(|org| {
        members.iter().any(|(member, _)| member.org == *org)
            || refusals.iter().any(|(concerned, _)| concerned.as_ref() == Some(org))
    })
}

/// Binds a member who has just proved by a one-time link to be the one, for an address that Google does not answer for.
pub(crate) async fn connect(store: &Store, person: &Person, member: &Member) -> Result<Option<Member>, StepError> {
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

/// A connection for a member who was deleted meanwhile.
pub(crate) async fn too_late(store: &Store, person: &Person, org: &OrgId) -> Result<(), StepError> {
    refused(store, person, &[(Some(org.clone()), Reason::Deleted)]).await
}

/// For what no person could be made of. `member`: who was to be signed in or connected, if a one-time link said so.
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

/// Members added by hand with this address. `home`: the organisation that has the address's domain.
async fn bind(
    store: &Store,
    person: &Person,
    home: Option<&OrgId>,
    members: &mut Vec<(Member, Reason)>,
) -> Result<Vec<Refusal>, StepError> {
    let Some(address) = &person.verified else {
        return Ok(Vec::new());
    };
    let mut by_hand = store.members_with_address(address.as_str()).await?;
    if let Some(home) = home
        && !by_hand.iter().any(|member| member.org == *home)
    {
        // One of the first versions, whose address can't be found by itself.
        by_hand.extend(store.member_by_email(home, address.as_str()).await?);
    }
    by_hand.sort_by_key(|member| Some(&member.org) != home);
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
            Err(reason) => {
                let changed_hands = reason == Reason::OtherIdentity && Some(&member.org) == home;
                refusals.push((Some(member.org), reason));
                if changed_hands {
                    // Who gives the address out knows another person by it: nobody else binds it to this one.
                    break;
                }
            }
        }
    }
    Ok(refusals)
}

async fn bound(store: &Store, person: &Person, member: &Member) -> Result<Result<(Member, Reason), Reason>, StepError> {
    if member.identity.is_none() && store.bind_member(member, &person.identity).await? == Bound::Bound {
        return Ok(Ok((member.clone(), Reason::Bound)));
    }
    // Bound before, or by the same person's other sign-in at this moment.
    let now = store.member(&member.org, &member.id).await?;
    Ok(match now {
        Some(now) if now.identity.as_ref() == Some(&person.identity) => Ok((now, Reason::Known)),
        Some(_) => Err(Reason::OtherIdentity),
        None => Err(Reason::Deleted),
    })
}

/// Auto-onboarding.
async fn take_in(
    store: &Store,
    person: &Person,
    owner: Option<&DomainOwner>,
) -> Result<Result<(Member, Reason), Refusal>, StepError> {
    let concerned = owner.map(|owner| owner.org.clone());
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

/// For whoever runs Gangway: a known address with another identity deserves a look.
fn count(org: Option<&OrgId>, reason: Reason) {
    let org = org.map(OrgId::as_str).unwrap_or_default();
    tracing::warn!(org, reason = reason.code(), "a sign-in is refused");
    runtime::metric_by("SignInRefused", 1.0, Some(("reason", reason.code())));
}
