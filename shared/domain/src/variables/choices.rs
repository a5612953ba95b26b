//! Variables that take one of a few values.

use crate::field::choice;

choice! {
    /// Ticket system. The service management field calls it PSA.
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
    /// Seller of licenses.
    Distributor {
        Pax8 = "pax8",
        Sherweb = "sherweb",
        IngramMicro = "ingram_micro",
        TdSynnex = "td_synnex",
        Manual = "manual",
    }
}

choice! {
    /// A value of `onboarding_password_save_location`. Where a password goes also depends on other variables:
    /// [`OrgVariables::password_places`](super::OrgVariables::password_places).
    SaveLocation { Psa = "psa", ItGlue = "itglue", Hudu = "hudu", Passportal = "passportal", PwPush = "pwpush" }
}

choice! {
    LicenseAssignmentMethod { Direct = "direct", Group = "group" }
}

choice! {
    /// What happens when the username is taken.
    UsernameCollision { Ask = "ask", Number = "number" }
}

choice! {
    /// What temporary passwords look like.
    PasswordStyle { Classic = "classic", Passphrase = "passphrase" }
}
