//! Which product of a catalogue is which Microsoft licence.

/// Microsoft's part number and the name that its price list, and so every reseller's, gives the product.
const NAMES: &[(&str, &str)] = &[
    ("AAD_PREMIUM", "Microsoft Entra ID P1"),
    ("AAD_PREMIUM_P2", "Microsoft Entra ID P2"),
    ("EMS", "Enterprise Mobility + Security E3"),
    ("EMSPREMIUM", "Enterprise Mobility + Security E5"),
    ("ENTERPRISEPACK", "Office 365 E3"),
    ("ENTERPRISEPREMIUM", "Office 365 E5"),
    ("EXCHANGEENTERPRISE", "Exchange Online (Plan 2)"),
    ("EXCHANGESTANDARD", "Exchange Online (Plan 1)"),
    ("O365_BUSINESS", "Microsoft 365 Apps for business"),
    ("O365_BUSINESS_ESSENTIALS", "Microsoft 365 Business Basic"),
    ("O365_BUSINESS_PREMIUM", "Microsoft 365 Business Standard"),
    ("OFFICESUBSCRIPTION", "Microsoft 365 Apps for enterprise"),
    ("POWER_BI_PRO", "Power BI Pro"),
    ("SPB", "Microsoft 365 Business Premium"),
    ("SPE_E3", "Microsoft 365 E3"),
    ("SPE_E5", "Microsoft 365 E5"),
    ("SPE_F1", "Microsoft 365 F3"),
    ("STANDARDPACK", "Office 365 E1"),
];

pub(crate) fn name_of(part_number: &str) -> Option<&'static str> {
    NAMES
        .iter()
        .find(|(part, _)| part.eq_ignore_ascii_case(part_number))
        .map(|(_, name)| *name)
}

/// Whether a catalogue's name is this product: apart from case, spaces and a programme in brackets behind it, as
/// `[New Commerce Experience]`, it must be the same, for `Microsoft 365 E3 (no Teams)` is another product.
pub(crate) fn is_named(catalogue: &str, name: &str) -> bool {
    let catalogue = catalogue.trim_end();
    let bare = match catalogue.rfind('[') {
        Some(bracket) if catalogue.ends_with(']') => &catalogue[..bracket],
        _ => catalogue,
    };
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    words(bare) == words(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programmes_in_brackets_do_not_matter() {
        let name = name_of("spb").unwrap();
        for same in [
            "Microsoft 365 Business Premium",
            "microsoft 365  business premium [New Commerce Experience] ",
        ] {
            assert!(is_named(same, name), "{same}");
        }
        for other in [
            "Microsoft 365 Business Premium (no Teams)",
            "Microsoft 365 Business Standard",
            "[x]",
            "",
        ] {
            assert!(!is_named(other, name), "{other}");
        }
    }

    #[test]
    fn part_numbers_and_names_are_unique() {
        for (i, (part, name)) in NAMES.iter().enumerate() {
            assert!(NAMES[i + 1..].iter().all(|(p, n)| p != part && n != name), "{part}");
        }
    }
}
