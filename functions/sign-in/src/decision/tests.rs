use domain::role::Role;
use domain::sign_in::Identity;

use super::*;

const HOME: &str = "acme";
const OTHER: &str = "beta";

fn org(id: &str) -> OrgId {
    OrgId::parse(id).unwrap()
}

fn identity(subject: &str) -> Identity {
    Identity {
        issuer: "https://accounts.google.com".to_owned(),
        subject: subject.to_owned(),
    }
}

fn person(email: &str, verified: bool, hd: Option<&str>) -> Person {
    Person::new(
        identity("gina"),
        Some(email),
        verified,
        hd.map(str::to_owned),
        Some("Gina"),
    )
}

/// A member of the organisation, bound to the subject.
fn member(of: &str, subject: Option<&str>) -> Member {
    Member {
        id: format!("m-{of}"),
        identity: subject.map(identity),
        ..Member::new(&org(of), "gina@acme.example", "Gina", Role::Basic)
    }
}

/// The facts about Gina of acme.example, which is the domain of [`HOME`].
fn facts() -> Facts {
    Facts {
        person: person("gina@acme.example", true, Some("acme.example")),
        wanted: None,
        owner: owner(true),
        known: Vec::new(),
        with_address: Vec::new(),
        bindings: Vec::new(),
        onboarding: None,
    }
}

fn owner(on: bool) -> Option<DomainOwner> {
    Some(DomainOwner { org: org(HOME), on })
}

/// Where and why a person is signed in, and the recorded refusals.
type Ended = (Option<(String, Reason)>, Vec<(Option<String>, Reason)>);

fn end(facts: &Facts) -> Ended {
    let SignInDecision::End(verdict) = decide(facts) else {
        panic!("{:?}", decide(facts));
    };
    let signed_in = verdict.signed_in;
    (
        signed_in.map(|(member, reason)| (member.org.to_string(), reason)),
        verdict
            .refusals
            .into_iter()
            .map(|(org, reason)| (org.map(String::from), reason))
            .collect(),
    )
}

fn signed_in(of: &str, reason: Reason) -> Ended {
    (Some((of.to_owned(), reason)), Vec::new())
}

fn refused(of: Option<&str>, reason: Reason) -> Ended {
    (None, vec![(of.map(str::to_owned), reason)])
}

#[test]
fn rules_1_to_4_who_is_added_at_a_first_sign_in() {
    let private = || person("gina@acme.example", true, None);
    let unverified = || person("gina@acme.example", false, Some("acme.example"));
    let elsewhere = || person("gina@acme.example", true, Some("evil.example"));
    let known = || person("gina@acme.example", true, Some("acme.example"));
    for (person, owner, expected) in [
        (known(), owner(false), (Some(HOME), Reason::Off)),
        (known(), None, (None, Reason::UnknownDomain)),
        (private(), owner(true), (Some(HOME), Reason::DomainMissing)),
        (private(), owner(false), (Some(HOME), Reason::DomainMissing)),
        (private(), None, (None, Reason::UnknownDomain)),
        (elsewhere(), owner(true), (Some(HOME), Reason::DomainDiffers)),
        (elsewhere(), None, (None, Reason::UnknownDomain)),
        (unverified(), owner(true), (Some(HOME), Reason::AddressUnverified)),
        (unverified(), None, (None, Reason::AddressUnverified)),
    ] {
        let facts = Facts {
            person,
            owner,
            ..facts()
        };
        assert_eq!(end(&facts), refused(expected.0, expected.1), "{facts:?}");
    }
    let mut facts = facts();
    let address = EmailAddress::parse("gina@acme.example").unwrap();
    assert_eq!(
        decide(&facts),
        SignInDecision::AutoOnboard {
            org: org(HOME),
            address
        }
    );
    facts.onboarding = Some(Ok((member(HOME, Some("gina")), Reason::AutoOnboarded)));
    assert_eq!(end(&facts), signed_in(HOME, Reason::AutoOnboarded));
    facts.onboarding = Some(Err(Reason::Deleted));
    assert_eq!(end(&facts), refused(Some(HOME), Reason::Deleted));
}

#[test]
fn rule_6_a_member_added_by_hand_is_bound_first() {
    let mut facts = Facts {
        with_address: vec![member(OTHER, None)],
        owner: owner(false),
        ..facts()
    };
    assert_eq!(decide(&facts), SignInDecision::Bind(member(OTHER, None)));
    for answer in [Ok((member(OTHER, Some("gina")), Reason::Bound)), Err(Reason::Deleted)] {
        facts.bindings = vec![(org(OTHER), answer.clone())];
        let expected = match answer {
            Ok(_) => signed_in(OTHER, Reason::Bound),
            Err(reason) => refused(Some(OTHER), reason),
        };
        assert_eq!(end(&facts), expected);
    }
    // The home organisation's member comes first, in any order.
    facts.bindings.clear();
    facts.with_address.push(member(HOME, None));
    assert_eq!(decide(&facts), SignInDecision::Bind(member(HOME, None)));
    // Google is not authoritative for the address.
    facts.person = person("gina@acme.example", true, None);
    facts.with_address = vec![member(OTHER, None)];
    assert_eq!(end(&facts), refused(Some(OTHER), Reason::AddressNotGoogles));
}

#[test]
fn rule_7_other_identity_is_refused_and_own_one_accepted() {
    let of = |subject| Facts {
        with_address: vec![member(OTHER, Some(subject))],
        owner: owner(false),
        ..facts()
    };
    assert_eq!(end(&of("eve")), refused(Some(OTHER), Reason::OtherIdentity));
    assert_eq!(end(&of("gina")), signed_in(OTHER, Reason::Known));
}

#[test]
fn rules_8_and_12_a_named_organisation_opens_or_nothing() {
    let mut facts = Facts {
        known: vec![member(OTHER, Some("gina"))],
        owner: owner(false),
        ..facts()
    };
    facts.wanted = Some(org(OTHER));
    assert_eq!(end(&facts), signed_in(OTHER, Reason::Known));
    facts.wanted = Some(org(HOME));
    assert_eq!(end(&facts), refused(Some(HOME), Reason::Off));
    facts.wanted = Some(org("gamma"));
    assert_eq!(end(&facts), refused(None, Reason::NotAMember));
}

#[test]
fn rule_9_the_last_sign_in_comes_before_home() {
    let last = vec![member(OTHER, Some("gina")), member(HOME, Some("gina"))];
    assert_eq!(end(&Facts { known: last, ..facts() }), signed_in(OTHER, Reason::Known));
    // At a first sign-in, the home organisation comes first.
    let by_hand = vec![member(OTHER, None), member(HOME, None)];
    let bound = |of: &str| (org(of), Ok((member(of, Some("gina")), Reason::Bound)));
    let facts = Facts {
        with_address: by_hand,
        bindings: vec![bound(OTHER), bound(HOME)],
        ..facts()
    };
    assert_eq!(end(&facts), signed_in(HOME, Reason::Bound));
}

#[test]
fn rule_10_address_of_another_person_at_home_is_not_bound() {
    let with_address = vec![member(OTHER, None), member(HOME, Some("eve"))];
    let facts = Facts {
        with_address,
        ..facts()
    };
    assert_eq!(end(&facts), refused(Some(HOME), Reason::OtherIdentity));
}

#[test]
fn rule_11_home_decides_for_itself_if_it_takes_people_in() {
    let mut facts = Facts {
        known: vec![member(OTHER, Some("gina"))],
        ..facts()
    };
    assert!(matches!(decide(&facts), SignInDecision::AutoOnboard { .. }));
    // A person who has signed in before still goes to the organisation of the last sign-in.
    facts.onboarding = Some(Ok((member(HOME, Some("gina")), Reason::AutoOnboarded)));
    assert_eq!(end(&facts), signed_in(OTHER, Reason::Known));
    facts.onboarding = Some(Err(Reason::Deleted));
    let refusals = vec![(Some(HOME.to_owned()), Reason::Deleted)];
    assert_eq!(end(&facts), (Some((OTHER.to_owned(), Reason::Known)), refusals));
    // If auto-onboarding is off, the organisation is not asked about members of others.
    facts.owner = owner(false);
    assert_eq!(end(&facts), signed_in(OTHER, Reason::Known));
}
