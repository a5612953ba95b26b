//! The conditions of a Conditional Access policy, as text that completes "it asks ...".

use super::policy::{Applications, GrantControls, Locations, Platforms, Policy, has};

impl Policy {
    /// The conditions under which the policy asks, as text for people. The list is empty if it always asks, in all
    /// cloud apps.
    pub fn conditions(&self) -> Vec<String> {
        let conditions = &self.conditions;
        let mut words: Vec<String> = Vec::new();
        words.extend(apps(&conditions.applications));
        words.extend(client_apps(&conditions.client_app_types));
        words.extend(platforms(&conditions.platforms));
        words.extend(locations(&conditions.locations));
        let risk = |whose: &str, levels: &[String]| {
            (!levels.is_empty()).then(|| format!("when the {whose} risk is {}", joined(levels, "or")))
        };
        words.extend(risk("sign-in", &conditions.sign_in_risk_levels));
        words.extend(risk("user", &conditions.user_risk_levels));
        let insider = conditions.insider_risk_levels.iter();
        words.extend(insider.map(|levels| format!("when the insider risk is {levels}")));
        let filtered = conditions.devices.device_filter.iter();
        words.extend(filtered.map(|_| "on the devices that its filter picks".to_owned()));
        let flows = conditions.authentication_flows.transfer_methods.iter();
        words.extend(flows.map(|flows| format!("for the sign-in flows {flows}")));
        words.extend(self.grant_controls.instead());
        words
    }
}

impl GrantControls {
    /// The grant controls that the policy accepts instead of MFA, as text.
    fn instead(&self) -> Option<String> {
        if self.operator.as_deref() != Some("OR") {
            return None;
        }
        let others = self.built_in_controls.iter().filter_map(|control| {
            Some(match control.as_str() {
                "mfa" => return None,
                "compliantDevice" => "the device is marked compliant",
                "domainJoinedDevice" => "the device is hybrid joined",
                "approvedApplication" => "the app is an approved one",
                "compliantApplication" => "the app is under a protection policy",
                "passwordChange" => "the password is changed",
                _ => "another control of the policy is met",
            })
        });
        let terms = (!self.terms_of_use.is_empty()).then_some("the terms of use are accepted");
        let factors = (!self.custom_authentication_factors.is_empty()).then_some("a custom control is met");
        let all: Vec<String> = others.chain(terms).chain(factors).map(str::to_owned).collect();
        (!all.is_empty()).then(|| format!("unless {}", joined(&all, "or")))
    }
}

fn apps(apps: &Applications) -> Option<String> {
    let included = &apps.include_applications;
    if has(included, "All") {
        return match (apps.exclude_applications.len(), &apps.application_filter) {
            (0, None) => None,
            (0, Some(_)) => Some("in the apps that its filter picks".to_owned()),
            (left, _) => Some(format!("in all apps but {}", counted(left, "that it leaves out"))),
        };
    }
    let mut words = Vec::new();
    let mut named = 0;
    for app in included {
        match app.as_str() {
            "None" => {}
            "Office365" => words.push("Office 365".to_owned()),
            "MicrosoftAdminPortals" => words.push("the Microsoft admin portals".to_owned()),
            _ => named += 1,
        }
    }
    if named > 0 {
        words.push(counted(named, "that it names"));
    }
    if !words.is_empty() {
        return Some(format!("in {}", joined(&words, "and")));
    }
    let actions = apps.include_user_actions.iter().map(|action| match action.as_str() {
        "urn:user:registersecurityinfo" => "when security information is registered".to_owned(),
        "urn:user:registerdevice" => "when a device is registered or joined".to_owned(),
        _ => "for a certain action of the user".to_owned(),
    });
    let actions: Vec<String> = actions.collect();
    if !actions.is_empty() {
        return Some(joined(&actions, "or"));
    }
    if !apps.include_authentication_context_class_references.is_empty() {
        return Some("where an app asks for an authentication context".to_owned());
    }
    let filter = apps.application_filter.iter();
    filter.map(|_| "in the apps that its filter picks".to_owned()).next()
}

fn client_apps(types: &[String]) -> Option<String> {
    if types.is_empty() || has(types, "all") {
        return None;
    }
    let words: Vec<String> = types
        .iter()
        .map(|kind| match kind.as_str() {
            "browser" => "browsers".to_owned(),
            "mobileAppsAndDesktopClients" => "mobile and desktop apps".to_owned(),
            "exchangeActiveSync" | "easSupported" => "Exchange ActiveSync".to_owned(),
            "other" => "older clients".to_owned(),
            other => other.to_owned(),
        })
        .collect();
    Some(format!("in {}", joined(&words, "and")))
}

fn platforms(platforms: &Platforms) -> Option<String> {
    let (included, excluded) = (&platforms.include_platforms, &platforms.exclude_platforms);
    match (included.is_empty() || has(included, "all"), excluded.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("on platforms other than {}", joined(excluded, "and"))),
        (false, _) => Some(format!("on {}", joined(included, "and"))),
    }
}

fn locations(locations: &Locations) -> Option<String> {
    let (included, excluded) = (&locations.include_locations, &locations.exclude_locations);
    let words = |places: &[String]| {
        if has(places, "AllTrusted") {
            "the trusted locations".to_owned()
        } else {
            counted_as(places.len(), "named location")
        }
    };
    match (included.is_empty() || has(included, "All"), excluded.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("from outside {}", words(excluded))),
        (false, true) => Some(format!("from {}", words(included))),
        (false, false) => Some(format!("from {}, but not from {}", words(included), words(excluded))),
    }
}

fn counted(apps: usize, which: &str) -> String {
    format!("{} {which}", counted_as(apps, "app"))
}

fn counted_as(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// `a, b and c`
pub fn joined(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}
