//! Hides the people of a parent organisation from its children: members of a child read the parent's name instead.
//!
//! Only fields that are known to hold a name are replaced: the requester, the decider, and the people whom a line of
//! the timeline names. Free text is never changed. Otherwise a person who writes an address into a text and reads it
//! again would learn whether its owner works at the parent.

use std::collections::BTreeSet;

use domain::contact::EmailAddress;
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::request::TimelineEvent;
use domain::step_error::StepError;
use domain::token::TokenRef;
use store::members::Held;

use crate::access::Web;

/// Those of some names that belong to the parent's members or programs.
#[derive(Debug, Clone, Default)]
pub struct ParentsPeople {
    parent: String,
    names: BTreeSet<String>,
}

impl ParentsPeople {
    /// The parent's name for one of its people; other names unchanged.
    pub fn hide(&self, name: &str) -> String {
        match self.names.contains(name) {
            true => self.parent.clone(),
            false => name.to_owned(),
        }
    }

    /// The event's detail, with the parent's name in place of its people's names that the event lists.
    pub fn hide_in(&self, event: &TimelineEvent) -> String {
        let hidden = event.people.iter().filter(|name| self.names.contains(*name));
        hidden.fold(event.detail.clone(), |text, name| replaced(&text, name, &self.parent))
    }

    #[cfg(test)]
    fn of(parent: &str, names: &[&str]) -> Self {
        Self {
            parent: parent.to_owned(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
        }
    }
}

/// Replaces `name` where it is not part of a longer name.
fn replaced(text: &str, name: &str, by: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(name) {
        let begins = shown.chars().chain(before.chars()).next_back().is_none_or(is_between);
        let ends = after.trim_start_matches('.').chars().next().is_none_or(is_between);
        shown.push_str(before);
        shown.push_str(if begins && ends { by } else { name });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

fn is_between(letter: char) -> bool {
    letter.is_whitespace() || "(),;:<>\"'[]".contains(letter)
}

/// Whether the name is the name or id of a program of the organisation.
fn is_program_of(name: &str, org: &OrgId) -> bool {
    name.ends_with(&format!(" ({org})")) || TokenRef::parse(name).is_some_and(|token| token.org == *org)
}

impl Web {
    /// Returns those of `names`, of people who acted in the organisation, that the reader may not see. For members of
    /// the parent there are none. `reader` is the organisation of the reading member, if known.
    pub async fn parents_people(
        &self,
        organisation: &Organisation,
        reader: Option<&OrgId>,
        names: impl IntoIterator<Item = &str>,
    ) -> Result<ParentsPeople, StepError> {
        let parent = organisation.parent.as_ref().filter(|parent| reader != Some(parent));
        let Some(parent) = parent else {
            return Ok(ParentsPeople::default());
        };
        let mut hidden = BTreeSet::new();
        for name in names.into_iter().collect::<BTreeSet<_>>() {
            if is_program_of(name, parent) || self.works_at(parent, organisation, name).await? {
                hidden.insert(name.to_owned());
            }
        }
        let parent = match hidden.is_empty() {
            true => String::new(),
            false => self.name_of(parent).await?,
        };
        Ok(ParentsPeople { parent, names: hidden })
    }

    /// Whether the address belongs to one of the parent's people. The organisation's own members are visible to it,
    /// even if they also work at the parent.
    async fn works_at(&self, parent: &OrgId, organisation: &Organisation, name: &str) -> Result<bool, StepError> {
        let address = name.trim().to_lowercase();
        if EmailAddress::parse(&address).is_err() || self.store.holder_of_address(parent, &address).await?.is_none() {
            return Ok(false);
        }
        let own = self.store.holder_of_address(&organisation.id, &address).await?;
        Ok(!matches!(own, Some(Held::By(_))))
    }

    /// The organisation's name for people.
    pub async fn name_of(&self, org: &OrgId) -> Result<String, StepError> {
        let organisation = self.store.organisation(org).await?;
        Ok(organisation.map_or_else(|| org.to_string(), |organisation| organisation.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(detail: &str, people: &[&str]) -> TimelineEvent {
        TimelineEvent {
            at: "2026-11-28T07:00:00Z".parse().unwrap(),
            step: "cancel".to_owned(),
            event: "cancelled".to_owned(),
            detail: detail.to_owned(),
            warning: false,
            failed_in: None,
            people: people.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    const OTTO: &str = "otto@msp.example";
    const PROGRAM: &str = "ci (msp)";

    #[test]
    fn parents_name_replaces_its_people() {
        let people = ParentsPeople::of("Contoso MSP", &[OTTO, PROGRAM]);
        assert_eq!(people.hide(OTTO), "Contoso MSP");
        assert_eq!(people.hide(PROGRAM), "Contoso MSP");
        assert_eq!(people.hide("ann@acme.example"), "ann@acme.example");
        let shown = |detail: &str, named: &[&str]| people.hide_in(&event(detail, named));
        assert_eq!(
            shown("Cancelled by otto@msp.example", &[OTTO]),
            "Cancelled by Contoso MSP"
        );
        assert_eq!(
            shown("approved by otto@msp.example. Reason: x", &[OTTO]),
            "approved by Contoso MSP. Reason: x"
        );
        assert_eq!(
            shown("Cancelled by ci (msp): x", &[PROGRAM]),
            "Cancelled by Contoso MSP: x"
        );
        let asked = ["botto@msp.example", OTTO];
        assert_eq!(
            shown("botto@msp.example, otto@msp.example", &asked),
            "botto@msp.example, Contoso MSP"
        );
        let nobody = ParentsPeople::default();
        assert_eq!(nobody.hide(OTTO), OTTO);
    }

    /// Otherwise the writer of a reason could find out who works at the parent.
    #[test]
    fn free_text_is_not_changed() {
        let people = ParentsPeople::of("Contoso MSP", &[OTTO]);
        let told = "denied by ann@acme.example. Reason: ask otto@msp.example";
        assert_eq!(people.hide_in(&event(told, &["ann@acme.example"])), told);
    }

    #[test]
    fn parents_programs_are_recognised() {
        let msp = OrgId::parse("msp").unwrap();
        for theirs in ["ci (msp)", "ci (acme) (msp)"] {
            assert!(is_program_of(theirs, &msp), "{theirs}");
        }
        for other in [
            "ci (acme)",
            "ci (msp) (acme)",
            "ci (other-msp)",
            "otto@msp.example",
            "msp",
            "",
        ] {
            assert!(!is_program_of(other, &msp), "{other}");
        }
    }
}
