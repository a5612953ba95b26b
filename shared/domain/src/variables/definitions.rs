//! The variables, each declared once, in the page's order. How one is added: docs/contributing/adding-a-variable.md.

use chrono::NaiveTime;
use chrono_tz::Tz;
use url::Url;

use super::approver::Approver;
use super::choices::{Distributor, LicenseAssignmentMethod, PasswordStyle, Psa, SaveLocation, UsernameCollision};
use super::declaration::variables;
use super::value::{Count, Minutes};
use crate::contact::EmailAddress;
use crate::country::CountryCode;
use crate::username::UsernameFormat;

const EIGHT_O_CLOCK: NaiveTime = match NaiveTime::from_hms_opt(8, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

// The comment of a variable is its description on the page, in the API, on the command line and in the docs. After its
// type and its default come the fields of `Details` that it needs.
variables! {
    Approval {
        /// Whether an approver must agree before a user is created or offboarded.
        require_approval_for_new_users: bool = false;
        /// Who is asked for approval; required when approval is on. With manager, who asks for a new user also names
        /// the approver; for a leaver it is the manager in the directory.
        new_user_approval_email: Vec<Approver> = Vec::new();
    }
    Tickets {
        /// The PSA where tickets are created and updated.
        default_psa: Option<Psa> = None,
            value_aliases: &[
                ("cw_manage", "connectwise"),
                ("datto_psa", "autotask"),
                ("halo_psa", "halopsa"),
                ("mail_only", "email_only"),
            ];
        /// Board, queue or team of the PSA for new tickets.
        default_ticket_location: Option<String> = None, aliases: &["psa_default_board_id"];
        /// Ticket status while Gangway works.
        default_ticket_status: Option<String> = None, aliases: &["psa_default_ticket_status"];
        /// Ticket status while a person must act.
        ticket_status_waiting_input: Option<String> = None, aliases: &["psa_ticket_status_waiting_input"];
        /// Ticket status at the end.
        ticket_status_workflow_complete: Option<String> = None, aliases: &["psa_ticket_status_completed_task"];
        /// Priority of new tickets, by the PSA's id or name.
        default_priority: Option<String> = None, aliases: &["psa_default_ticket_priority"];
        /// Work role of new tickets, by the PSA's id or name.
        default_work_role: Option<String> = None, aliases: &["psa_default_tech_workrole"];
        /// Technician that new tickets go to, by the PSA's id or name.
        default_tech_id: Option<String> = None, aliases: &["psa_default_tech_id"];
        /// Minutes of work written on the ticket with the last note, where the PSA takes time with a note (halopsa).
        automation_task_new_user_time: Option<Minutes> = None;
    }
    Mails {
        /// Reply-to address of every mail.
        send_from_address: Option<EmailAddress> = None, aliases: &["psa_send_from_address"];
        /// Where notes go as mails when there is no PSA, or it fails.
        no_psa_mail_address: Option<EmailAddress> = None;
    }
    Scheduling {
        /// Whether a request waits for its start date, or for the end of the last day.
        allow_scheduled_user_creation: bool = false,
            aliases: &["user_start_date_action"],
            value_aliases: &[("pause_workflow", "1"), ("document_only", "0")];
    }
    Passwords {
        /// What temporary passwords look like: classic is 16 characters, passphrase is six words and a digit.
        password_style: PasswordStyle = PasswordStyle::Classic;
        /// Whether the new user must change the password at the first sign-in.
        require_password_change_on_first_login: bool = true;
        /// Known from on-premises AD; Entra has no equivalent, which the ticket then says.
        restrict_user_from_changing_password: bool = false;
        /// Whether the password never expires.
        set_password_to_never_expire: bool = false;
        /// Whether the password is stored in the places of onboarding_password_save_location.
        auto_store_password_in_documentation: bool = true;
        /// Whether the password is sent to the manager by mail or SMS.
        send_password_via_sms_or_email: bool = true;
        /// Whether the password is stored in an internal note of the ticket.
        store_password_in_ticket: bool = true, aliases: &["psa_store_password_in_ticket"];
        /// Where passwords are documented.
        onboarding_password_save_location: Vec<SaveLocation> = Vec::new(),
            aliases: &["new_user_password_save_locations"],
            value_aliases: &[("custom_pwpush", "pwpush"), ("custom-pwpush", "pwpush")];
        /// Address of the PWPush server; mails then carry links.
        pwpush_url: Option<Url> = None, aliases: &["new_user_password_save_location_custom_url"];
    }
    Licenses {
        /// Whether a license is bought at the distributor when no seat is free.
        auto_purchase_license_if_none_available: bool = true;
        /// How many seats are bought by themselves in a day of the organisation's time zone; beyond it a technician is
        /// asked.
        max_seats_bought_per_day: Count = Count(10);
        /// Where licenses are bought; unset means manual.
        ms_licensing_distributor: Option<Distributor> = None,
            value_aliases: &[("synnex", "td_synnex"), ("manual_only", "manual")];
        /// Whether licenses are assigned to the user directly, or by adding the user to the one group that carries the
        /// license.
        license_assignment_method: LicenseAssignmentMethod = LicenseAssignmentMethod::Direct,
            aliases: &["m365_license_assignment_method"];
    }
    Usernames {
        /// How usernames are made of names; f, m and l are initials, _ is written as a dot.
        username_format: UsernameFormat = UsernameFormat::FirstInitialLastName, aliases: &["user_name_format"];
        /// When a username is taken: ask refuses and proposes free ones, number appends 2, 3, ...
        username_collision: UsernameCollision = UsernameCollision::Ask;
    }
    Offboarding {
        /// Whether offboarding blocks the user's sign-in.
        offboarding_deactivate_user: bool = true;
        /// Whether offboarding removes the user from groups.
        offboarding_remove_groups: bool = true;
    }
    Scheduling {
        /// Time zone that start dates are local to.
        timezone: Tz = Tz::Etc__UTC;
        /// Local time at which a scheduled start fires.
        start_time: NaiveTime = EIGHT_O_CLOCK;
    }
    Licenses {
        /// Country of new users; needed before a license can be assigned.
        usage_location: Option<CountryCode> = None, aliases: &["m365_usage_location"];
    }
    Mfa {
        /// Group, by name or id, that the tenant's Conditional Access policy for MFA targets; new users are added to
        /// it.
        mfa_group: Option<String> = None;
    }
}
