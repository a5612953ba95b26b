//! The tables, and their fields.

/// A table: its name, its plain fields, and the fields that refer to a record of another table.
pub struct Table {
    pub name: &'static str,
    plain: &'static str,
    pub references: &'static [(&'static str, &'static str)],
}

impl Table {
    pub fn fields(&self) -> impl Iterator<Item = &'static str> + Clone {
        let references = self.references.iter().map(|(field, _)| *field);
        self.plain.split(' ').chain(references)
    }

    /// The table that a field refers to.
    pub fn refers_to(&self, field: &str) -> Option<&'static str> {
        let mut references = self.references.iter();
        references.find(|(name, _)| *name == field).map(|(_, table)| *table)
    }
}

pub const TABLES: &[Table] = &[
    Table {
        name: "core_company",
        plain: "sys_id name",
        references: &[],
    },
    Table {
        name: "sys_user",
        plain: "sys_id user_name email name active",
        references: &[("company", "core_company")],
    },
    Table {
        name: "sys_user_group",
        plain: "sys_id name active",
        references: &[],
    },
    Table {
        name: "sys_choice",
        plain: "sys_id name element value label sequence inactive",
        references: &[],
    },
    Table {
        name: "sys_journal_field",
        plain: "sys_id name element element_id value sys_created_on sys_created_by",
        references: &[],
    },
    INCIDENT,
];

pub const INCIDENT: Table = Table {
    name: "incident",
    plain: "sys_id number short_description description state active impact urgency priority correlation_id \
            correlation_display close_code close_notes hold_reason contact_type sys_created_on work_notes comments",
    references: &[
        ("company", "core_company"),
        ("assignment_group", "sys_user_group"),
        ("assigned_to", "sys_user"),
        ("caller_id", "sys_user"),
        ("opened_by", "sys_user"),
    ],
};

/// The fields of an incident that the server itself writes.
pub const OWN: [&str; 6] = ["sys_id", "number", "active", "priority", "sys_created_on", "opened_by"];

/// Fields that are written into the journal. The incident itself does not show them.
pub const JOURNALS: [&str; 2] = ["work_notes", "comments"];
