use serde_json::{Value, json};

use domain::mfa::*;

const USER: &str = "u1";

fn policy(name: &str, state: &str, more: &Value) -> Policy {
    let mut body = json!({
        "displayName": name, "state": state,
        "conditions": {"applications": {"includeApplications": ["All"]}, "users": {"includeUsers": ["All"]},
            "clientAppTypes": ["all"], "locations": null, "platforms": null, "signInRiskLevels": [],
            "userRiskLevels": [], "devices": null, "insiderRiskLevels": null},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"], "authenticationStrength": null},
        "sessionControls": null,
    });
    for (part, fields) in more.as_object().unwrap() {
        let target = match part.as_str() {
            "grantControls" => &mut body["grantControls"],
            _ => &mut body["conditions"][part],
        };
        *target = fields.clone();
    }
    serde_json::from_value(body).unwrap()
}

fn on(name: &str, more: &Value) -> Policy {
    policy(name, "enabled", more)
}

fn users(more: &Value) -> Value {
    json!({ "users": more })
}

/// Facts in which Ada is a member of Sales and Staff.
fn facts(policies: Vec<Policy>) -> Facts {
    Facts {
        person: Person {
            id: USER.into(),
            groups: ["g-sales", "g-staff"].map(str::to_owned).into(),
        },
        security_defaults: Answer::Given(false),
        policies: Answer::Given(policies),
        campaign: Answer::Given(None),
        registration: Answer::Given(None),
        mfa_group: None,
        names: [("g-sales", "Sales"), ("g-mfa", "MFA Users")]
            .map(|(id, name)| (id.to_owned(), name.to_owned()))
            .into(),
    }
}

fn verdict_of(policies: Vec<Policy>) -> Verdict {
    report(&facts(policies)).verdict
}

fn text(facts: &Facts) -> String {
    super::mfa("ada@contoso.com", facts, &report(facts))
}

fn lines(facts: &Facts, start: &str) -> String {
    let text = text(facts);
    let line = text.lines().find(|line| line.contains(start));
    line.unwrap_or_else(|| panic!("no {start} in {text}")).to_owned()
}

#[test]
fn who_is_reached() {
    for (who, reach) in [
        (json!({"includeUsers": ["All"]}), Reach::AllUsers),
        (json!({"includeUsers": ["u0", USER]}), Reach::TheUser),
        (
            json!({"includeUsers": [], "includeGroups": ["g0", "g-staff"]}),
            Reach::Member("g-staff".into()),
        ),
        (
            json!({"includeUsers": ["All"], "excludeUsers": [USER]}),
            Reach::Excluded,
        ),
        (
            json!({"includeUsers": ["All"], "excludeGroups": ["g-sales"]}),
            Reach::ExcludedMember("g-sales".into()),
        ),
        (
            json!({"includeUsers": ["All"], "excludeUsers": ["GuestsOrExternalUsers", "break-glass"], "excludeGroups": ["g0"], "excludeRoles": ["r"]}),
            Reach::AllUsers,
        ),
        (
            json!({"includeUsers": ["u0"], "includeGroups": ["g0", "g1"], "includeRoles": ["r"]}),
            Reach::OtherGroups(vec!["g0".into(), "g1".into()]),
        ),
        (
            json!({"includeUsers": ["u0"]}),
            Reach::Others("it is for other users, by name"),
        ),
        (
            json!({"includeRoles": ["r"]}),
            Reach::Others("it is for directory roles"),
        ),
        (
            json!({"includeUsers": ["GuestsOrExternalUsers"]}),
            Reach::Others("it is for guests"),
        ),
        (
            json!({"includeUsers": [], "includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "internalGuest"}}),
            Reach::Others("it is for guests"),
        ),
        (json!({"includeUsers": ["None"]}), Reach::Others("it is for nobody")),
        (Value::Null, Reach::Others("it is for nobody")),
    ] {
        let policy = on("P", &users(&who));
        assert_eq!(policy.reach(&facts(vec![]).person), reach, "{who}");
    }
    let principals =
        json!({"users": {"includeUsers": ["None"]}, "clientApplications": {"includeServicePrincipals": ["s"]}});
    let person = facts(vec![]).person;
    assert_eq!(
        on("P", &principals).reach(&person),
        Reach::Others("it is for service principals")
    );
    let no_app = json!({"applications": {"includeApplications": ["None"]}});
    assert_eq!(on("P", &no_app).reach(&person), Reach::Others("it is for no app"));
}

#[test]
fn what_requires_mfa() {
    let requires = |grant: Value| on("P", &json!({ "grantControls": grant })).requires_mfa();
    assert!(requires(
        json!({"operator": "AND", "builtInControls": ["compliantDevice", "mfa"]})
    ));
    assert!(requires(json!({"operator": "OR", "builtInControls": [],
        "authenticationStrength": {"id": "s", "displayName": "Phishing-resistant", "requirementsSatisfied": "mfa"}})));
    assert!(!requires(
        json!({"builtInControls": [], "authenticationStrength": {"requirementsSatisfied": "none"}})
    ));
    assert!(!requires(json!({"operator": "OR", "builtInControls": ["block"]})));
    assert!(!requires(Value::Null));
}

#[test]
fn what_narrows_a_policy() {
    for (more, words) in [
        (json!({}), vec![]),
        (
            json!({"applications": {"includeApplications": ["All"], "excludeApplications": ["a"]}}),
            vec!["in all apps but 1 app that it leaves out"],
        ),
        (
            json!({"applications": {"includeApplications": ["Office365", "a", "b"]}}),
            vec!["in Office 365 and 2 apps that it names"],
        ),
        (
            json!({"applications": {"includeApplications": ["MicrosoftAdminPortals"]}}),
            vec!["in the Microsoft admin portals"],
        ),
        (
            json!({"applications": {"includeUserActions": ["urn:user:registersecurityinfo"]}}),
            vec!["when security information is registered"],
        ),
        (
            json!({"applications": {"includeAuthenticationContextClassReferences": ["c1"]}}),
            vec!["where an app asks for an authentication context"],
        ),
        (
            json!({"applications": {"includeApplications": ["All"], "applicationFilter": {"mode": "include", "rule": "x"}}}),
            vec!["in the apps that its filter picks"],
        ),
        (
            json!({"clientAppTypes": ["browser", "mobileAppsAndDesktopClients"]}),
            vec!["in browsers and mobile and desktop apps"],
        ),
        (
            json!({"platforms": {"includePlatforms": ["all"], "excludePlatforms": ["iOS", "macOS"]}}),
            vec!["on platforms other than iOS and macOS"],
        ),
        (
            json!({"platforms": {"includePlatforms": ["android"], "excludePlatforms": []}}),
            vec!["on android"],
        ),
        (
            json!({"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}}),
            vec!["from outside the trusted locations"],
        ),
        (
            json!({"locations": {"includeLocations": ["l1", "l2"], "excludeLocations": []}}),
            vec!["from 2 named locations"],
        ),
        (
            json!({"locations": {"includeLocations": ["All"], "excludeLocations": []}}),
            vec![],
        ),
        (
            json!({"signInRiskLevels": ["high", "medium"], "userRiskLevels": ["high"]}),
            vec!["when the sign-in risk is high or medium", "when the user risk is high"],
        ),
        (
            json!({"insiderRiskLevels": "elevated"}),
            vec!["when the insider risk is elevated"],
        ),
        (
            json!({"devices": {"deviceFilter": {"mode": "exclude", "rule": "x"}}}),
            vec!["on the devices that its filter picks"],
        ),
        (
            json!({"authenticationFlows": {"transferMethods": "deviceCodeFlow"}}),
            vec!["for the sign-in flows deviceCodeFlow"],
        ),
        (
            json!({"grantControls": {"operator": "OR", "builtInControls": ["mfa", "compliantDevice", "domainJoinedDevice"]}}),
            vec!["unless the device is marked compliant or the device is hybrid joined"],
        ),
        (
            json!({"grantControls": {"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}}),
            vec![],
        ),
    ] {
        assert_eq!(on("P", &more).conditions(), words, "{more}");
    }
}

#[test]
fn security_defaults_ask_everybody() {
    let mut facts = facts(vec![]);
    facts.security_defaults = Answer::Given(true);
    let found = report(&facts);
    assert_eq!((found.verdict, found.changes), (Verdict::Asked, vec![]));
    facts.policies = Answer::NotPermitted("Policy.Read.All");
    assert_eq!(report(&facts).verdict, Verdict::Asked, "whatever else there is");
    assert!(text(&facts).starts_with("ada@contoso.com will be asked for multi-factor authentication (MFA): security"));
}

#[test]
fn policies_decide() {
    assert_eq!(verdict_of(vec![on("All", &json!({}))]), Verdict::Asked);
    assert_eq!(verdict_of(vec![]), Verdict::NotAsked);
    let elsewhere = json!({"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}});
    assert_eq!(verdict_of(vec![on("Away", &elsewhere)]), Verdict::OnlyIf);
    assert_eq!(
        verdict_of(vec![on("Away", &elsewhere), on("All", &json!({}))]),
        Verdict::Asked
    );
    assert_eq!(
        verdict_of(vec![
            policy("Trial", "enabledForReportingButNotEnforced", &json!({})),
            policy("Old", "disabled", &json!({}))
        ]),
        Verdict::NotAsked
    );
    let block = on(
        "Block",
        &json!({"grantControls": {"operator": "OR", "builtInControls": ["block"]}}),
    );
    assert_eq!(verdict_of(vec![block]), Verdict::NotAsked, "a block is no MFA");
}

#[test]
fn what_could_not_be_read_leaves_it_open() {
    let mut facts = facts(vec![on("All", &json!({}))]);
    facts.security_defaults = Answer::NotPermitted("Policy.Read.All");
    assert_eq!(report(&facts).verdict, Verdict::Asked, "a policy is on");
    facts.policies = Answer::Given(vec![on(
        "Guests",
        &users(&json!({"includeUsers": ["GuestsOrExternalUsers"]})),
    )]);
    assert_eq!(
        report(&facts).verdict,
        Verdict::NotAsked,
        "with policies on there are no security defaults"
    );
    facts.policies = Answer::Given(vec![]);
    assert_eq!(report(&facts).verdict, Verdict::Unknown);
    facts.security_defaults = Answer::Given(false);
    facts.policies = Answer::NotPermitted("Policy.Read.All");
    let found = report(&facts);
    assert_eq!((found.verdict, found.changes), (Verdict::Unknown, vec![]));
    assert!(text(&facts).contains("lacks the permission Policy.Read.All"));
    facts.policies = Answer::NotLicensed;
    let found = report(&facts);
    assert_eq!(
        (found.verdict, found.changes),
        (Verdict::NotAsked, vec![Change::SecurityDefaults])
    );
}

#[test]
fn what_to_change() {
    let mfa_users = users(&json!({"includeGroups": ["g-mfa"]}));
    let add = Change::AddToGroup {
        groups: vec!["g-mfa".into()],
        policy: "Groups".into(),
    };
    let trial = policy("Trial", "enabledForReportingButNotEnforced", &json!({}));
    let mut given = facts(vec![trial.clone(), on("Groups", &mfa_users)]);
    assert_eq!(
        report(&given).changes,
        [add.clone(), Change::TurnOn { policy: "Trial".into() }]
    );
    assert_eq!(
        lines(&given, "- Add the user"),
        "- Add the user to the group \"MFA Users\", which the policy \"Groups\" targets. Gangway adds new users to it \
         when the variable mfa_group names it."
    );
    given.mfa_group = Some(Group {
        id: "g-mfa".into(),
        name: "MFA Users".into(),
    });
    assert!(lines(&given, "- Add the user").contains("by hand to \"MFA Users\", the organization's mfa_group"));
    given.policies = Answer::Given(vec![trial]);
    assert_eq!(
        report(&given).changes,
        [
            Change::TurnOn { policy: "Trial".into() },
            Change::TargetMfaGroup,
            Change::SecurityDefaults
        ]
    );
    let excluded = users(&json!({"includeUsers": ["All"], "excludeGroups": ["g-sales"]}));
    assert_eq!(
        report(&facts(vec![on("All", &excluded)])).changes,
        [Change::TakeOutOfGroup {
            group: "g-sales".into(),
            policy: "All".into()
        }]
    );
    let roles = users(&json!({"includeRoles": ["r"]}));
    assert_eq!(report(&facts(vec![on("Admins", &roles)])).changes, [Change::NewPolicy]);
    let risky = on("Risky", &json!({"signInRiskLevels": ["high"]}));
    assert_eq!(
        report(&facts(vec![risky.clone()])).changes,
        [],
        "asked as the tenant wants it"
    );
    assert_eq!(report(&facts(vec![risky, on("Groups", &mfa_users)])).changes, [add]);
}

#[test]
fn whom_the_campaign_reaches() {
    let campaign = |state: &str, include: &str, exclude: &str| Campaign {
        state: state.into(),
        include_targets: vec![Target { id: include.into() }],
        exclude_targets: vec![Target { id: exclude.into() }],
    };
    let person = facts(vec![]).person;
    assert!(campaign("enabled", "all_users", "g0").includes(&person));
    assert!(campaign("default", "g-sales", "g0").includes(&person));
    assert!(!campaign("enabled", "all_users", "g-sales").includes(&person));
    assert!(!campaign("enabled", "g0", "g1").includes(&person));
    assert!(!campaign("disabled", "all_users", "g0").includes(&person));
}

#[test]
fn the_note() {
    let elsewhere = json!({"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]},
        "users": {"includeGroups": ["g-sales"]}});
    let mut given = facts(vec![
        on(
            "Guests\r\nonly",
            &users(&json!({"includeUsers": ["GuestsOrExternalUsers"]})),
        ),
        on("Away", &elsewhere),
        policy("Trial", "enabledForReportingButNotEnforced", &json!({})),
        policy(
            "Old",
            "disabled",
            &users(&json!({"includeGroups": ["g-mfa", "g-gone"]})),
        ),
    ]);
    given.campaign = Answer::Given(Some(Campaign {
        state: "enabled".into(),
        include_targets: vec![Target { id: "all_users".into() }],
        exclude_targets: vec![],
    }));
    given.registration = Answer::NotPermitted("AuditLog.Read.All");
    assert_eq!(
        text(&given),
        "ada@contoso.com will be asked for multi-factor authentication (MFA) only:\n\
         - from outside the trusted locations (policy \"Away\")\n\n\
         Security defaults: off.\n\n\
         Conditional Access policies that require MFA:\n\
         - \"Away\" is on and applies: the user is in the group \"Sales\", but only from outside the trusted locations\n\
         - \"Guests only\" is on and does not apply: it is for guests\n\
         - \"Trial\" is report-only and enforces nothing; it would apply: it is for all users\n\
         - \"Old\" is off; it would not apply either: it is for the groups \"MFA Users\" and \"g-gone\", which the user \
         is not in\n\n\
         Registration: not read, because Gangway's application in Microsoft Entra ID lacks the permission \
         AuditLog.Read.All. Grant it, with admin consent, and the next onboarding can tell. The registration campaign \
         reaches the user: after a sign-in with MFA it proposes to set up Microsoft Authenticator.\n\n\
         What to change so that the user is asked:\n\
         - Turn on the policy \"Trial\", which would reach the user."
    );
}

#[test]
fn a_note_of_many_policies_is_still_read() {
    let many = (0..30)
        .map(|n| policy(&format!("P{n}"), "disabled", &json!({})))
        .collect();
    let text = text(&facts(many));
    assert!(text.contains("- and 10 more"), "{text}");
    assert_eq!(text.matches("Turn on the policy").count(), 5, "{text}");
    assert!(text.contains("Turn on security defaults"), "{text}");
}
