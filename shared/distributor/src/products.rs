//! Maps products in distributors' catalogues to Microsoft's licenses. The data is in `data/products.csv`.

use domain::step_error::StepError;

const TABLE: &str = include_str!("../data/products.csv");

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Product {
    part_number: &'static str,
    /// Microsoft's product id and SKU id, such as `CFQ7TTC0LCHC:0002`; empty if unknown.
    offer: &'static str,
    name: &'static str,
    other_names: &'static str,
}

fn rows() -> impl Iterator<Item = Product> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.filter_map(|line| {
        let mut fields = line.split(',');
        Some(Product {
            part_number: fields.next()?,
            offer: fields.next()?,
            name: fields.next()?,
            other_names: fields.next()?,
        })
    })
}

/// The product with this Microsoft part number.
pub(crate) fn product(system: &str, part_number: &str) -> Result<Product, StepError> {
    let found = rows().find(|row| row.part_number.eq_ignore_ascii_case(part_number));
    found.ok_or_else(|| {
        StepError::NeedsAttention(format!(
            "Gangway does not know which {system} product {part_number} is; buy it by hand"
        ))
    })
}

impl Product {
    /// Whether a catalogue's entry is this product. `ids` and `names` are the entry's own, the most reliable first. An
    /// offer id decides; if there is none among the ids, the first name does. A name of a variant (no Teams,
    /// non-profit) always excludes the entry, because variants have been seen under the id of the plain product.
    pub(crate) fn is(&self, ids: &[Option<&str>], names: &[Option<&str>]) -> bool {
        let names: Vec<Vec<String>> = names.iter().flatten().map(|name| words(name)).collect();
        let own: Vec<Vec<String>> = self.names().map(words).collect();
        let strange = |word: &String| VARIANTS.contains(&word.as_str()) && !own.concat().contains(word);
        if names.iter().flatten().any(strange) {
            return false;
        }
        match ids.iter().flatten().find_map(|id| offer_in(id)) {
            Some(offer) if !self.offer.is_empty() => offer == self.offer,
            _ => names.first().is_some_and(|name| own.contains(name)),
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        let others = self.other_names.split('|').filter(|name| !name.is_empty());
        std::iter::once(self.name).chain(others)
    }
}

/// Words that name a variant. If a name decides, any unknown word excludes an entry; these words always do.
const VARIANTS: &[&str] = &[
    "academic",
    "addon",
    "attach",
    "charity",
    "copilot",
    "donation",
    "edu",
    "education",
    "eea",
    "faculty",
    "gcc",
    "gov",
    "government",
    "no",
    "non",
    "nonprofit",
    "student",
    "students",
    "trial",
    "unattended",
    "without",
];

/// Words about programme, term and billing, which say how a product is bought and not which it is.
const PROGRAMME: &[&str] = &[
    "annual",
    "annually",
    "billed",
    "billing",
    "commercial",
    "commit",
    "commitment",
    "corporate",
    "csp",
    "license",
    "licenses",
    "licence",
    "licences",
    "month",
    "monthly",
    "months",
    "nce",
    "p1m",
    "p1y",
    "p3y",
    "subscription",
    "term",
    "year",
    "yearly",
    "years",
    "yr",
];

/// The words of a name that identify the product, in lower case, so that `M365 Business Premium (NCE) - 1 Year` equals
/// `Microsoft 365 Business Premium [New Commerce Experience]`.
fn words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let split = lower.split(|c: char| !c.is_alphanumeric() && c != '+');
    let mut all: Vec<&str> = Vec::new();
    for word in split.filter(|word| !word.is_empty()) {
        match word {
            "m365" => all.extend(["microsoft", "365"]),
            "o365" => all.extend(["office", "365"]),
            _ => all.push(word),
        }
    }
    let is_count = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    let mut kept: Vec<String> = Vec::new();
    let mut rest = all.as_slice();
    while let Some((word, after)) = rest.split_first() {
        rest = match (*word, after) {
            ("new", ["commerce", "experience", after @ ..]) | ("month", ["to", "month", after @ ..]) => after,
            (count, [unit, after @ ..]) if is_count(count) && PROGRAMME.contains(unit) => after,
            (word, after) if PROGRAMME.contains(&word) => after,
            // The maker's name matters only in `Microsoft 365`.
            ("microsoft", after) if after.first() != Some(&"365") => after,
            (word, after) => {
                kept.push(word.to_owned());
                after
            }
        };
    }
    kept
}

/// The offer in an id such as `CFQ7TTC0LCHC:0002:P1Y:M`, `NL,CFQ7TTC0LH18,0001` or `USCFQ7TTC0LCHC0002`.
fn offer_in(id: &str) -> Option<String> {
    const PRODUCT: usize = 12;
    const SKU: usize = 4;
    let id = id.to_ascii_uppercase();
    let begin = id.find("CFQ7TTC0")?;
    let (product, rest) = id.get(begin..)?.split_at_checked(PRODUCT)?;
    let rest = rest.strip_prefix([':', ',', '-', '_', '/']).unwrap_or(rest);
    let (sku, after) = rest.split_at_checked(SKU)?;
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
    let ends = !after.starts_with(|c: char| c.is_ascii_alphanumeric());
    (plain(product) && plain(sku) && ends).then(|| format!("{product}:{sku}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(part_number: &str) -> Product {
        product("Pax8", part_number).unwrap()
    }

    #[test]
    fn programme_and_term_are_ignored() {
        for same in [
            "Microsoft 365 Business Premium",
            "microsoft 365  business premium [New Commerce Experience] ",
            "Microsoft 365 Business Premium (NCE)",
            "M365 Business Premium - NCE - 1 Year Commitment (billed monthly)",
            "Microsoft 365 Business Premium - Month-to-Month",
            "Microsoft 365 Business Premium (P1Y)",
        ] {
            assert!(by("spb").is(&[], &[Some(same)]), "{same}");
        }
        for (part_number, name) in [
            ("STANDARDPACK", "Microsoft Office 365 E1"),
            ("EXCHANGESTANDARD", "Exchange Online Plan 1 (1-Year term)"),
            ("POWER_BI_PRO", "Microsoft Power BI Pro"),
            ("AAD_PREMIUM", "Azure Active Directory Premium P1"),
            ("Microsoft_365_Copilot", "Microsoft 365 Copilot (NCE)"),
            ("EMS", "Enterprise Mobility + Security E3 Annual"),
        ] {
            assert!(by(part_number).is(&[], &[Some(name)]), "{name}");
        }
    }

    #[test]
    fn variants_are_other_products() {
        for other in [
            "Microsoft 365 Business Premium (no Teams)",
            "Microsoft 365 Business Premium [no Teams]",
            "Microsoft 365 Business Premium EEA",
            "Microsoft 365 Business Premium (Non-Profit)",
            "Microsoft 365 Business Premium (Nonprofit Staff Pricing)",
            "Microsoft 365 Business Premium GCC",
            "Microsoft 365 Business Premium with Copilot",
            "Microsoft 365 Business Premium Trial",
        ] {
            assert!(!by("SPB").is(&[], &[Some(other)]), "{other}");
            // A variant's name excludes the entry even if the id matches.
            assert!(
                !by("SPB").is(&[Some("CFQ7TTC0LCHC:0002")], &[Some("Our seats"), Some(other)]),
                "{other}"
            );
        }
        for other in [
            "Microsoft 365 Business Standard",
            "Microsoft 365 Business",
            "Office 365 Business Premium",
            "[x]",
            "",
        ] {
            assert!(!by("SPB").is(&[], &[Some(other)]), "{other}");
        }
        assert!(!by("ENTERPRISEPACK").is(&[], &[Some("Microsoft 365 E3")]));
        assert!(!by("EXCHANGESTANDARD").is(&[], &[Some("Exchange Online (Plan 2)")]));
        assert!(!by("SPB").is(&[], &[]));
    }

    #[test]
    fn offers_decide_before_names() {
        let friendly = Some("Head office");
        for same in [
            "CFQ7TTC0LCHC:0002",
            "CFQ7TTC0LCHC:0002:P1Y:M",
            "cfq7ttc0lchc-0002-P1Y",
            "US,CFQ7TTC0LCHC,0002",
            "USCFQ7TTC0LCHC0002",
        ] {
            assert!(by("SPB").is(&[Some(same)], &[friendly]), "{same}");
        }
        let name = Some("Microsoft 365 Business Premium");
        for other in ["CFQ7TTC0LCHC:000N", "CFQ7TTC0LDPB:0001:P1Y:M", "CFQ7TTC0LCHC0002X"] {
            let by_id = offer_in(other).is_some();
            assert_eq!(by("SPB").is(&[Some(other)], &[name]), !by_id, "{other}");
        }
        let ids = [
            None,
            Some("OFFICE365NCE"),
            Some("CFQ7TTC0LH18:000D:P1M:M"),
            Some("NL,CFQ7TTC0LH18,0001"),
        ];
        assert!(
            !by("O365_BUSINESS_ESSENTIALS").is(&ids, &[friendly]),
            "the surest id counts"
        );
        assert!(by("ATP_ENTERPRISE").is(
            &[Some("CFQ7TTC0LHXH:0001")],
            &[Some("Microsoft Defender for Office 365 (Plan 1)")]
        ));
    }

    #[test]
    fn product_table_is_valid() {
        let rows: Vec<Product> = rows().collect();
        assert!(rows.len() > 30);
        for (i, row) in rows.iter().enumerate() {
            assert!(
                row.offer.is_empty() || offer_in(row.offer).as_deref() == Some(row.offer),
                "{row:?}"
            );
            assert!(
                row.names().all(|name| name.trim() == name && !words(name).is_empty()),
                "{row:?}"
            );
            for other in &rows[i + 1..] {
                assert!(!row.part_number.eq_ignore_ascii_case(other.part_number), "{row:?}");
                assert!(row.offer.is_empty() || row.offer != other.offer, "{row:?}");
                let same = |name: &str| other.names().any(|known| words(known) == words(name));
                assert!(!row.names().any(same), "{row:?} {other:?}");
            }
        }
        let columns = |line: &&str| !line.starts_with('#') && line.split(',').count() != 5;
        assert_eq!(TABLE.lines().find(columns), None);
    }

    #[test]
    fn unknown_license_is_reported() {
        for odd in ["EXOTIC_SKU", "O'Brien & \"<Söhne>\" 🦀", ""] {
            let Err(StepError::NeedsAttention(text)) = product("Pax8", odd) else {
                panic!("{odd}")
            };
            assert!(text.contains(odd) && text.contains("Pax8"), "{text}");
        }
    }
}
