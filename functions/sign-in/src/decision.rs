//! Who is signed in with a Google account, as one pure function of the facts. docs/google.md lists the rules by number.

use domain::contact::EmailAddress;
use domain::ids::OrgId;
use domain::sign_in::Reason;
use store::auto_onboarding::DomainOwner;
use store::members::Member;

use crate::google::Person;

/// A member who is signed in, with the reason, or the reason why the organisation refuses the person.
pub(crate) type Answer = Result<(Member, Reason), Reason>;

/// The facts known when a person returns from Google.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) person: Person,
    /// The organisation that the person named.
    pub(crate) wanted: Option<OrgId>,
    /// The organisation that has the domain of the address or of the account.
    pub(crate) owner: Option<DomainOwner>,
    /// The members with the person's identity; the one of the last sign-in comes first.
    pub(crate) known: Vec<Member>,
    /// The members with the person's verified address, whether bound or not.
    pub(crate) with_address: Vec<Member>,
    /// The results of earlier decisions to bind a member.
    pub(crate) bindings: Vec<(OrgId, Answer)>,
    /// The result of an earlier decision to add a member.
    pub(crate) onboarding: Option<Answer>,
}

/// What to do next. [`SignInDecision::Bind`] and [`SignInDecision::AutoOnboard`] may coincide with another sign-in. So
/// their result becomes a fact, and the decision is made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignInDecision {
    /// Bind the member to the person's identity.
    Bind(Member),
    /// Add a member with this address to the organisation.
    AutoOnboard {
        org: OrgId,
        address: EmailAddress,
    },
    End(Verdict),
}

/// Who is signed in, and which refusals are recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) signed_in: Option<(Member, Reason)>,
    pub(crate) refusals: Vec<Refusal>,
}

/// The reason why a person is refused, and the organisation it concerns.
pub(crate) type Refusal = (Option<OrgId>, Reason);

pub(crate) fn decide(facts: &Facts) -> SignInDecision {
    let mut answers = Answers::known(facts);
    if let Some(unbound) = answers.of_members_by_hand(facts) {
        return SignInDecision::Bind(unbound.clone());
    }
    if asks_home(facts, &answers)
        && let Some(next) = answers.of_auto_onboarding(facts)
    {
        return next;
    }
    SignInDecision::End(answers.verdict(facts))
}

/// Rule 11: the person's own organisation decides for itself, whatever others have decided.
fn asks_home(facts: &Facts, answers: &Answers) -> bool {
    let home = facts.home();
    let asks = match &facts.wanted {
        Some(wanted) => home == Some(wanted),
        None => facts.owner.as_ref().is_some_and(|owner| owner.on) || answers.is_empty(),
    };
    asks && home.is_none_or(|home| !answers.have(home))
}

impl Facts {
    /// The organisation that has the person's domain.
    fn home(&self) -> Option<&OrgId> {
        self.owner.as_ref().map(|owner| &owner.org)
    }

    /// Returns `None` while the result of binding is unknown.
    fn answer_of(&self, member: &Member) -> Option<Answer> {
        match &member.identity {
            Some(identity) if *identity == self.person.identity => Some(Ok((member.clone(), Reason::Known))),
            // Rule 7.
            Some(_) => Some(Err(Reason::OtherIdentity)),
            // Rule 6.
            None if !self.person.google_answers_for_the_address() => Some(Err(Reason::AddressNotGoogles)),
            None => {
                let bound = self.bindings.iter().find(|(org, _)| *org == member.org);
                bound.map(|(_, answer)| answer.clone())
            }
        }
    }

    /// Rules 1 and 3: the organisation that would add the person as a member, or why there is none.
    fn taking_in(&self) -> Result<(&OrgId, &EmailAddress), Reason> {
        let address = match (self.person.workspace_address(), &self.owner) {
            (Err(Reason::AddressUnverified), _) => return Err(Reason::AddressUnverified),
            (_, None) => return Err(Reason::UnknownDomain),
            (address, Some(_)) => address?,
        };
        match &self.owner {
            Some(owner) if owner.on => Ok((&owner.org, address)),
            _ => Err(Reason::Off),
        }
    }
}

/// The answers of organisations so far, at most one each. `None` stands for no organisation.
struct Answers(Vec<(Option<OrgId>, Answer)>);

impl Answers {
    fn known(facts: &Facts) -> Self {
        let known = facts.known.iter().cloned();
        Self(
            known
                .map(|member| (Some(member.org.clone()), Ok((member, Reason::Known))))
                .collect(),
        )
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn have(&self, org: &OrgId) -> bool {
        self.0.iter().any(|(answering, _)| answering.as_ref() == Some(org))
    }

    fn members(&self) -> impl Iterator<Item = &(Member, Reason)> {
        self.0.iter().filter_map(|(_, answer)| answer.as_ref().ok())
    }

    /// Rule 6: members added by hand, those of the home organisation first. Returns a member that has to be bound
    /// before this can continue.
    fn of_members_by_hand<'a>(&mut self, facts: &'a Facts) -> Option<&'a Member> {
        let home = facts.home();
        let mut by_hand: Vec<_> = facts.with_address.iter().collect();
        by_hand.sort_by_key(|member| Some(&member.org) != home);
        for member in by_hand {
            if self.have(&member.org) {
                continue;
            }
            let Some(answer) = facts.answer_of(member) else {
                return Some(member);
            };
            let changed_hands = answer == Err(Reason::OtherIdentity) && Some(&member.org) == home;
            self.0.push((Some(member.org.clone()), answer));
            if changed_hands {
                // Rule 10: the organisation that owns the address knows another person by it.
                break;
            }
        }
        None
    }

    /// Rules 1 to 5. Returns what has to be done before this can continue.
    fn of_auto_onboarding(&mut self, facts: &Facts) -> Option<SignInDecision> {
        let answer = match (facts.taking_in(), &facts.onboarding) {
            (Err(reason), _) => Err(reason),
            (Ok(_), Some(answer)) => answer.clone(),
            (Ok((org, address)), None) => {
                let (org, address) = (org.clone(), address.clone());
                return Some(SignInDecision::AutoOnboard { org, address });
            }
        };
        self.0.push((facts.home().cloned(), answer));
        None
    }

    fn verdict(mut self, facts: &Facts) -> Verdict {
        if let Some(wanted) = &facts.wanted
            && !self.have(wanted)
        {
            // Rule 12: not in the audit of the named organisation, because anybody can name any organisation.
            self.0.push((None, Err(Reason::NotAMember)));
        }
        Verdict {
            signed_in: self.chosen(facts).cloned(),
            refusals: self
                .0
                .into_iter()
                .filter_map(|(org, answer)| answer.err().map(|reason| (org, reason)))
                .collect(),
        }
    }

    /// Rules 8 and 9: the member who is signed in.
    fn chosen(&self, facts: &Facts) -> Option<&(Member, Reason)> {
        let of = |org: &OrgId| self.members().find(|(member, _)| member.org == *org);
        let first = self.members().next();
        match &facts.wanted {
            Some(wanted) => of(wanted),
            None if !facts.known.is_empty() => first,
            None => facts.home().and_then(of).or(first),
        }
    }
}

#[cfg(test)]
mod tests;
