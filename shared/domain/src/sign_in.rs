//! The identity of a person who signs in through an identity provider, and the outcome of the sign-in.

mod workspace;

use serde::{Deserialize, Serialize};

pub use workspace::WorkspaceDomain;

/// Identifies a person at an identity provider. An address can pass to another person; this identity cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The normalised issuer; tokens may spell it in several ways.
    pub issuer: String,
    pub subject: String,
}

/// The outcome of a sign-in, as the audit records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Allowed: the identity is a member's.
    Known,
    /// Allowed: a member who was added by hand is now bound to the identity.
    Bound,
    /// Allowed: a member used a one-time link.
    OneTimeLink,
    /// Allowed: the person became a new member.
    AutoOnboarded,
    /// The sign-in was begun in another browser or too long ago, or its response was already used.
    ForeignAnswer,
    /// The person or the provider cancelled the sign-in.
    BrokenOff,
    /// The token's signature, issuer, audience, time or nonce is wrong.
    InvalidToken,
    /// The provider has not verified the address, or sent none that Gangway accepts.
    AddressUnverified,
    /// A member was added by hand with this address, but Google is not authoritative for it.
    AddressNotGoogles,
    /// The member with this address has another identity, so the address may have passed to another person.
    OtherIdentity,
    /// The person named an organisation in which they are not a member.
    NotAMember,
    /// No organisation has this domain.
    UnknownDomain,
    /// Google names no organisation (`hd`), so this is a private account, whatever its address.
    DomainMissing,
    /// The organisation that Google names has a different domain than the address.
    DomainDiffers,
    /// Auto-onboarding is off for the domain.
    Off,
    /// The address or the identity belonged to a deleted member.
    Deleted,
    /// Replaces all further entries of the hour, because the audit already lists its limit of refusals.
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

    /// A description for the audit's readers.
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
    fn reason_codes_are_unique() {
        for reason in Reason::ALL {
            assert_eq!(Reason::of_code(reason.code()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
            assert_eq!(reason.allows(), !reason.label().starts_with("refused"), "{reason:?}");
        }
        assert_eq!(Reason::of_code("made_up"), None);
    }
}
