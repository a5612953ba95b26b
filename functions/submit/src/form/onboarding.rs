//! The form of an onboarding.

use chrono_tz::Tz;
use directory::{Domain, SubscribedSku};
use domain::authority;
use domain::contact::Upn;
use domain::field::FieldError;
use domain::request::PlannedGroup;
use domain::role::Role;
use domain::submission::LicensePurchase;
use domain::variables::{OrgVariables, PasswordStyle};
use planning::Checked;
use web::{Base, OrgScope};

use super::{
    Choice, Fields, FormValues, Input, Kind, Licenses, Page, PlanRow, Section, reasons, start_words, waits_for,
};
use crate::preview::DryRun;

/// What can be chosen from.
pub(crate) struct Offer {
    domains: Vec<Domain>,
    licenses: Vec<(String, u32)>,
}

impl Offer {
    pub(crate) fn of(domains: Vec<Domain>, skus: Vec<SubscribedSku>) -> Self {
        let mut domains: Vec<Domain> = domains.into_iter().filter(|domain| domain.is_verified).collect();
        domains.sort_by(|one, other| {
            other
                .is_default
                .cmp(&one.is_default)
                .then_with(|| one.name.cmp(&other.name))
        });
        let of_users = skus.into_iter().filter(|sku| sku.applies_to == "User");
        let mut licenses: Vec<_> = of_users.map(|sku| (sku.sku.part_number.clone(), sku.free())).collect();
        licenses.sort();
        Self { domains, licenses }
    }
}

impl<'a> Page<'a> {
    pub(crate) fn onboarding(
        base: &Base,
        visit: &'a OrgScope,
        variables: &OrgVariables,
        filled: &FormValues,
        offer: Result<Offer, FieldError>,
        look: Option<DryRun<Checked>>,
    ) -> Self {
        let role = visit.caller.role;
        let (plan, problems, warnings) = match look {
            Some(look) => (
                shown(&look, role, variables.timezone),
                look.checked.problems,
                look.warnings,
            ),
            None => (None, Vec::new(), Vec::new()),
        };
        let (offer, notice) = match offer {
            Ok(offer) => (Some(offer), None),
            Err(notice) => (None, Some(notice)),
        };
        let fields = Fields {
            filled,
            problems: &problems,
        };
        let sections = fields.onboarding(offer.as_ref(), variables, role);
        let notice = notice.filter(|notice| !problems.contains(notice));
        Self {
            notice,
            approval: reasons(&authority::always_because(role, variables)),
            warnings,
            ..Self::new(base, visit, "onboardings", filled, sections, plan, problems)
        }
    }
}

impl Fields<'_> {
    /// Without the fields that the role may not use.
    fn onboarding(&self, offer: Option<&Offer>, variables: &OrgVariables, role: Role) -> Vec<Section> {
        let text = |name, label, hint| self.input(Kind::Text, name, label, hint);
        let domain = match offer {
            Some(offer) => self.select("email_domain", "Domain", "", domain_choices(&offer.domains)),
            None => text("email_domain", "Domain", "Empty: the tenant's default domain."),
        };
        let usage = match &variables.usage_location {
            Some(_) => "Two letters, such as US. Empty: the organisation's.",
            None => "Two letters, such as US. Needed for a license.",
        };
        let start = if variables.allow_scheduled_user_creation {
            "Empty: at once. The user is created that day, at the organisation's start time."
        } else {
            "Noted on the ticket; the user is created at once."
        };
        let rehire = self.input(
            Kind::Checkbox,
            "rehire",
            "This person comes back: enable their disabled account of this username again",
            "",
        );
        let account = vec![
            Some(domain),
            Some(text(
                "username",
                "Username",
                "What stands before the @. Empty: made of the names.",
            )),
            authority::may_rehire(role).then_some(rehire),
            Some(text("usage_location", "Country of use", usage)),
        ];
        let passwords = Section::folded("Password settings", self.passwords(variables));
        let mut sections = vec![
            Section::new(
                "Person",
                vec![
                    text("first_name", "First name", ""),
                    text("middle_name", "Middle name", ""),
                    text("last_name", "Last name", ""),
                    self.input(Kind::Checkbox, "single_name", "This person has one name only", ""),
                    text("display_name", "Display name", "Empty: first and last name."),
                    self.input(Kind::Email, "personal_email", "Personal e-mail", ""),
                    self.input(
                        Kind::Phone,
                        "mobile_phone",
                        "Mobile phone",
                        "With the country code, such as +1 212 555 0100.",
                    ),
                ],
            ),
            Section::new(
                "Work",
                vec![
                    text("job_title", "Job title", ""),
                    text("department", "Department", ""),
                    text("office", "Office", ""),
                    text("manager", "Manager", "Sign-in name, such as name@example.com."),
                ],
            ),
            Section::new("Account", account.into_iter().flatten().collect()),
            Section::new(
                "Groups",
                vec![
                    self.input(Kind::Lines, "groups", "Groups", "Names or ids, one a line."),
                    text("copy_groups_from", "Copy groups from", "A colleague's sign-in name."),
                ],
            ),
            Section {
                licenses: Some(self.licenses(offer)),
                ..Section::new(
                    "Licenses",
                    vec![
                        self.select(
                            "license_purchase",
                            "When no seat is free",
                            "",
                            LicensePurchase::ALL
                                .iter()
                                .map(|choice| (choice.to_string(), purchase_words(*choice).to_owned()))
                                .collect(),
                        ),
                    ],
                )
            },
            Section::new(
                "Start",
                [self.input(Kind::Date, "start_date", "Start date", start)]
                    .into_iter()
                    .chain(self.ticket(role))
                    .collect(),
            ),
        ];
        if authority::may_set_passwords(role) {
            sections.push(passwords);
        }
        sections
    }

    /// For a role that may name one.
    pub(super) fn ticket(&self, role: Role) -> Option<Input> {
        const HINT: &str = "Number of a ticket that is there already.";
        authority::may_name_ticket(role).then(|| self.input(Kind::Text, "ticket_id", "Ticket", HINT))
    }

    /// In place of the variables of these names.
    fn passwords(&self, variables: &OrgVariables) -> Vec<Input> {
        const LOCATION: &str = "onboarding_password_save_location";
        let mut styles = vec![(String::new(), format!("As usual here: {}", variables.password_style))];
        styles.extend(
            [
                (PasswordStyle::Classic, "16 characters"),
                (PasswordStyle::Passphrase, "Six words and a digit"),
            ]
            .map(|(style, words)| (style.to_string(), words.to_owned())),
        );
        vec![
            self.select("password_style", "Kind of password", "", styles),
            self.switch(
                "require_password_change_on_first_login",
                "Must be changed at the first sign-in",
                "",
                variables.require_password_change_on_first_login,
            ),
            self.switch(
                "restrict_user_from_changing_password",
                "User may not change it",
                "Microsoft Entra ID has no such setting; the ticket then says so.",
                variables.restrict_user_from_changing_password,
            ),
            self.switch(
                "set_password_to_never_expire",
                "Never expires",
                "",
                variables.set_password_to_never_expire,
            ),
            self.switch(
                "store_password_in_ticket",
                "Store in the ticket",
                "In an internal note.",
                variables.store_password_in_ticket,
            ),
            self.switch(
                "send_password_via_sms_or_email",
                "Send to the manager",
                "By mail or text message.",
                variables.send_password_via_sms_or_email,
            ),
            self.switch(
                "auto_store_password_in_documentation",
                "Store in the documentation",
                "",
                variables.auto_store_password_in_documentation,
            ),
            Input {
                // On one line, unlike other lists.
                value: self.filled.list(LOCATION).join(", "),
                ..self.input(
                    Kind::Text,
                    LOCATION,
                    "Places of documentation",
                    "Any of psa, itglue, hudu, passportal and pwpush, with commas. Empty: as usual here.",
                )
            },
        ]
    }

    fn licenses(&self, offer: Option<&Offer>) -> Licenses {
        let chosen = self.filled.list("licenses");
        Licenses {
            choices: offer.map(|offer| license_choices(&offer.licenses, &chosen)),
            text: self.filled.text("licenses"),
            errors: self.errors("licenses"),
        }
    }
}

fn domain_choices(domains: &[Domain]) -> Vec<(String, String)> {
    let label = |domain: &Domain| {
        if domain.is_default {
            format!("{} (default)", domain.name)
        } else {
            domain.name.clone()
        }
    };
    domains
        .iter()
        .map(|domain| (domain.name.clone(), label(domain)))
        .collect()
}

/// What was chosen stays, also when the tenant doesn't have it, so that it shows with its error.
fn license_choices(offered: &[(String, u32)], chosen: &[String]) -> Vec<Choice> {
    let is_chosen = |name: &str| chosen.iter().any(|other| other.eq_ignore_ascii_case(name));
    let offer = offered.iter().map(|(name, free)| Choice {
        value: name.clone(),
        label: format!("{name} ({free} free)"),
        chosen: is_chosen(name),
    });
    let unknown = chosen
        .iter()
        .filter(|name| !offered.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
    offer
        .chain(unknown.map(|name| Choice {
            value: name.clone(),
            label: name.clone(),
            chosen: true,
        }))
        .collect()
}

fn purchase_words(choice: LicensePurchase) -> &'static str {
    match choice {
        LicensePurchase::Auto => "Buy at the distributor, or ask a technician to",
        LicensePurchase::Manual => "Ask a technician to buy one",
        LicensePurchase::None => "Go on without a license",
    }
}

/// None where nothing could be looked up.
fn shown(look: &DryRun<Checked>, role: Role, zone: Tz) -> Option<Vec<PlanRow>> {
    let checked = &look.checked;
    let nothing = checked.username.is_none() && checked.licenses.is_empty() && checked.groups.is_empty();
    if nothing {
        return None;
    }
    let licenses = checked.licenses.iter().map(|license| match &license.no_group {
        None => format!("{}: {} free", license.sku.part_number, license.free),
        Some(why) => format!("{}: {} free, but {why}", license.sku.part_number, license.free),
    });
    let names = authority::may_see_names(role);
    let line = |group: &PlannedGroup| {
        let copied = if group.copied { ", copied" } else { "" };
        match &group.reason {
            None => format!("{}{copied}", group.name),
            Some(reason) => format!("{}{copied}: cannot be added, {reason}", group.name),
        }
    };
    let visible = |group: &&PlannedGroup| names || !group.copied;
    let mut groups: Vec<String> = checked.groups.iter().filter(visible).map(line).collect();
    let hidden = checked.groups.len() - groups.len();
    if hidden > 0 {
        groups.push(format!("{hidden} of the colleague's"));
    }
    let username = checked.username.as_ref().map(Upn::to_string);
    let places = checked.password_places.iter().map(|place| place.label().to_owned());
    Some(vec![
        PlanRow::new("Username", username.into_iter().collect(), "Not known yet"),
        PlanRow::new("Licenses", licenses.collect(), "None"),
        PlanRow::new("Groups", groups, "None"),
        PlanRow::new("Waits for", waits_for(&checked.gates), "Nobody"),
        PlanRow::new("Needs approval, because", reasons(&look.because), "It needs none"),
        PlanRow::new("Password", places.collect(), "Reaches nobody: an admin has to show it"),
        PlanRow::new("Start", start_words(checked.start_at, zone), ""),
    ])
}
