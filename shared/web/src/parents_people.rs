//! Who works at a parent organisation is not its children's to know: what they read names the organisation instead.

use std::collections::BTreeSet;

use domain::contact::EmailAddress;
use domain::fault::Fault;
use domain::ids::OrgId;
use domain::integration::Organisation;
use store::members::Held;

use crate::access::Web;

/// The addresses of a parent's members in some texts.
#[derive(Debug, Clone, Default)]
pub struct ParentsPeople {
    parent: String,
    addresses: BTreeSet<String>,
}

impl ParentsPeople {
    /// The text, with the parent's name in the place of its members' addresses.
    pub fn hide(&self, text: &str) -> String {
        if self.addresses.is_empty() {
            return text.to_owned();
        }
        let pieces = text.split_inclusive(is_between);
        let mut shown = String::with_capacity(text.len());
        for piece in pieces {
            let word = piece.trim_end_matches(is_between);
            match self.addresses.contains(&address(word)) {
                true => {
                    shown.push_str(&self.parent);
                    shown.push_str(&piece[word.trim_end_matches('.').len()..]);
                }
                false => shown.push_str(piece),
            }
        }
        shown
    }

    #[cfg(test)]
    fn of(parent: &str, addresses: &[&str]) -> Self {
        Self {
            parent: parent.to_owned(),
            addresses: addresses.iter().map(|text| address(text)).collect(),
        }
    }
}

fn is_between(letter: char) -> bool {
    letter.is_whitespace() || "(),;:<>\"'[]".contains(letter)
}

/// As it is compared. A sentence may end with it.
fn address(word: &str) -> String {
    word.trim_end_matches('.').to_lowercase()
}

impl Web {
    /// Whom `texts` about the organisation may not name to this reader: none for somebody of the parent itself. `reader`: the
    /// organisation whose member reads them, where that is known.
    pub async fn parents_people(
        &self,
        organisation: &Organisation,
        reader: Option<&OrgId>,
        texts: impl IntoIterator<Item = &str>,
    ) -> Result<ParentsPeople, Fault> {
        let parent = organisation.parent.as_ref().filter(|parent| reader != Some(parent));
        let Some(parent) = parent else {
            return Ok(ParentsPeople::default());
        };
        let words = texts.into_iter().flat_map(|text| text.split(is_between)).map(address);
        let named: BTreeSet<String> = words.filter(|word| EmailAddress::parse(word).is_ok()).collect();
        let mut addresses = BTreeSet::new();
        for word in named {
            let theirs = self.store.holder_of_address(parent, &word).await?.is_some();
            // Their own people they know, whatever else these are.
            if theirs
                && !matches!(
                    self.store.holder_of_address(&organisation.id, &word).await?,
                    Some(Held::By(_))
                )
            {
                addresses.insert(word);
            }
        }
        let parent = match addresses.is_empty() {
            true => String::new(),
            false => self.name_of(parent).await?,
        };
        Ok(ParentsPeople { parent, addresses })
    }

    /// What people call an organisation.
    pub async fn name_of(&self, org: &OrgId) -> Result<String, Fault> {
        let organisation = self.store.organisation(org).await?;
        Ok(organisation.map_or_else(|| org.to_string(), |organisation| organisation.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parents_name_stands_for_its_people() {
        let people = ParentsPeople::of("Contoso MSP", &["otto@msp.example"]);
        for (text, shown) in [
            ("Cancelled by otto@msp.example", "Cancelled by Contoso MSP"),
            (
                "approved by Otto@MSP.example. Reason: x",
                "approved by Contoso MSP. Reason: x",
            ),
            ("(otto@msp.example), otto@msp.example", "(Contoso MSP), Contoso MSP"),
            ("otto@msp.example", "Contoso MSP"),
            ("", ""),
        ] {
            assert_eq!(people.hide(text), shown);
        }
        for other in [
            "by botto@msp.example",
            "by otto@msp.example.evil",
            "by ann@acme.example",
            "Two  spaces\nhere",
        ] {
            assert_eq!(people.hide(other), other);
        }
        let nobody = ParentsPeople::default();
        assert_eq!(nobody.hide("by otto@msp.example"), "by otto@msp.example");
    }
}
