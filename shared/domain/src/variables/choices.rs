//! The types of variables that accept one of a few values.

use crate::field::choice;

choice! {
    /// The ticket system, which service providers call PSA.
    Psa {
        Connectwise = "connectwise",
        Autotask = "autotask",
        Halopsa = "halopsa",
        KaseyaBms = "kaseya_bms",
        Freshdesk = "freshdesk",
        Servicenow = "servicenow",
        EmailOnly = "email_only",
    }
}

choice! {
    /// The distributor that licenses are bought from.
    Distributor {
        Pax8 = "pax8",
        Sherweb = "sherweb",
        IngramMicro = "ingram_micro",
        TdSynnex = "td_synnex",
        Manual = "manual",
    }
}

choice! {
    /// A value of `onboarding_password_save_location`. Where a password is delivered also depends on other variables:
    /// [`OrgVariables::password_places`](super::OrgVariables::password_places).
    SaveLocation { Psa = "psa", ItGlue = "itglue", Hudu = "hudu", Passportal = "passportal", PwPush = "pwpush" }
}

choice! {
    LicenseAssignmentMethod { Direct = "direct", Group = "group" }
}

choice! {
    /// What happens if the username is taken.
    UsernameCollision { Ask = "ask", Number = "number" }
}

choice! {
    /// What temporary passwords look like.
    PasswordStyle { Classic = "classic", Passphrase = "passphrase" }
}
