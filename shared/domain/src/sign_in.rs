//! Who comes in through an identity provider, and what becomes of them.

mod workspace;

use serde::{Deserialize, Serialize};

pub use workspace::WorkspaceDomain;

/// A person as an identity provider knows them. Addresses change hands; this doesn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// In one spelling, whatever a token has.
    pub issuer: String,
    pub subject: String,
}

/// What a sign-in came to, as the audit has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Allowed: a member whose identity is known.
    Known,
    /// Allowed: a member added by hand, now bound to the identity.
    Bound,
    /// Allowed: a member with a one-time link.
    OneTimeLink,
    /// Allowed: a new member.
    AutoOnboarded,
    /// The sign-in was not begun in this browser, or long ago, or its answer came twice.
    ForeignAnswer,
    /// The person, or the provider, broke it off.
    BrokenOff,
    /// The provider's answer does not hold: signature, issuer, audience, time or nonce.
    InvalidToken,
    /// The provider has not verified the address, or there is none that Gangway can take.
    AddressUnverified,
    /// A member was added by hand with this address, but Google does not answer for it.
    AddressNotGoogles,
    /// A member with this address has another identity: the address may have changed hands.
    OtherIdentity,
    /// The person named an organisation that they don't belong to.
    NotAMember,
    /// No organisation has this domain.
    UnknownDomain,
    /// Google names no organisation (`hd`): a private account, whatever its address.
    DomainMissing,
    /// The organisation that Google names has another domain than the address.
    DomainDiffers,
    /// Auto-onboarding is off.
    Off,
    /// The address, or the identity, was a member's that was deleted.
    Deleted,
    /// Stands for all that follow in the hour: so many were refused that the audit lists no more of them.
    TooMany,
}

impl Reason {
    pub const ALL: [Self; 17] = [
        Self::Known,
        Self::Bound,
        Self::OneTimeLink,
        Self::AutoOnboarded,
        Self::ForeignAnswer,
        Self::BrokenOff,
        Self::InvalidToken,
        Self::AddressUnverified,
        Self::AddressNotGoogles,
        Self::OtherIdentity,
        Self::NotAMember,
        Self::UnknownDomain,
        Self::DomainMissing,
        Self::DomainDiffers,
        Self::Off,
        Self::Deleted,
        Self::TooMany,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Bound => "bound",
            Self::OneTimeLink => "one_time_link",
            Self::AutoOnboarded => "auto_onboarded",
            Self::ForeignAnswer => "foreign_answer",
            Self::BrokenOff => "broken_off",
            Self::InvalidToken => "invalid_token",
            Self::AddressUnverified => "address_unverified",
            Self::AddressNotGoogles => "address_not_googles",
            Self::OtherIdentity => "other_identity",
            Self::NotAMember => "not_a_member",
            Self::UnknownDomain => "unknown_domain",
            Self::DomainMissing => "domain_missing",
            Self::DomainDiffers => "domain_differs",
            Self::Off => "off",
            Self::Deleted => "deleted",
            Self::TooMany => "too_many",
        }
    }

    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// For the audit's reader.
    pub fn label(self) -> &'static str {
        match self {
            Self::Known => "signed in",
            Self::Bound => "signed in; the member is bound to this Google account from now on",
            Self::OneTimeLink => "signed in by a one-time link",
            Self::AutoOnboarded => "signed in for the first time, and was added as a member",
            Self::ForeignAnswer => "refused: the sign-in was not begun in this browser, or too long ago",
            Self::BrokenOff => "refused: the sign-in was broken off at Google",
            Self::InvalidToken => "refused: Google's answer does not hold",
            Self::AddressUnverified => "refused: Google has not verified the address",
            Self::AddressNotGoogles => {
                "refused: Google does not answer for the address; give the member a one-time sign-in link"
            }
            Self::OtherIdentity => {
                "refused: the member with this address has another Google account; the address may have changed hands"
            }
            Self::NotAMember => "refused: not a member of the organisation that was named",
            Self::UnknownDomain => "refused: no organisation has this domain",
            Self::DomainMissing => "refused: a private Google account, not one of the organisation",
            Self::DomainDiffers => "refused: the account's organisation has another domain than its address",
            Self::Off => "refused: not a member, and auto-onboarding is off",
            Self::Deleted => "refused: was a member and was deleted; an admin can add the address again",
            Self::TooMany => "refused so many sign-ins that those of the rest of this hour are only counted",
        }
    }

    pub fn allows(self) -> bool {
        matches!(
            self,
            Self::Known | Self::Bound | Self::OneTimeLink | Self::AutoOnboarded
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_names_of_their_own() {
        for reason in Reason::ALL {
            assert_eq!(Reason::of_code(reason.code()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
            assert_eq!(reason.allows(), !reason.label().starts_with("refused"), "{reason:?}");
        }
        assert_eq!(Reason::of_code("made_up"), None);
    }
}
