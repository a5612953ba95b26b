//! ServiceNow's encoded queries: `active=true^company=1^ORnumber=2^ORDERBYsys_created_on`.

use crate::records::Record;

#[derive(Debug, PartialEq)]
pub struct Query {
    /// All of these must hold. Each is a list of which any must hold.
    terms: Vec<Vec<Term>>,
    order: Option<String>,
}

#[derive(Debug, PartialEq)]
struct Term {
    field: String,
    values: Vec<String>,
}

impl Query {
    pub fn parse(text: &str, fields: &[&str]) -> Result<Self, String> {
        let mut query = Self {
            terms: Vec::new(),
            order: None,
        };
        for part in text.split('^').filter(|_| !text.is_empty()) {
            if let Some(field) = part.strip_prefix("ORDERBY") {
                known(field, fields)?;
                query.order = Some(field.to_owned());
            } else if let Some(part) = part.strip_prefix("OR") {
                let term = term(part, fields)?;
                let before = query.terms.last_mut();
                before.ok_or_else(|| format!("OR of nothing: {part}"))?.push(term);
            } else {
                query.terms.push(vec![term(part, fields)?]);
            }
        }
        Ok(query)
    }

    pub fn accepts(&self, record: &Record) -> bool {
        let holds = |term: &Term| {
            let own = record.text(&term.field).to_lowercase();
            term.values.iter().any(|wanted| wanted.to_lowercase() == own)
        };
        self.terms.iter().all(|any| any.iter().any(holds))
    }

    pub fn sort(&self, records: &mut [&Record]) {
        if let Some(field) = &self.order {
            records.sort_by(|one, other| one.text(field).cmp(other.text(field)));
        }
    }
}

fn known(field: &str, fields: &[&str]) -> Result<(), String> {
    // The real ServiceNow ignores such a term, and so returns more than was asked for.
    fields
        .contains(&field)
        .then_some(())
        .ok_or_else(|| format!("There is no field {field}"))
}

fn term(text: &str, fields: &[&str]) -> Result<Term, String> {
    let end = text
        .find(|c: char| !(c.is_ascii_lowercase() || c == '_'))
        .unwrap_or(text.len());
    let (field, rest) = text.split_at(end);
    known(field, fields)?;
    let values: Vec<String> = match (rest.strip_prefix('='), rest.strip_prefix("IN")) {
        (Some(value), _) => vec![value.to_owned()],
        (_, Some(values)) => values.split(',').map(str::to_owned).collect(),
        _ => return Err(format!("No operator is known in {text}")),
    };
    // The real ServiceNow runs it.
    if values
        .iter()
        .any(|value| value.to_lowercase().starts_with("javascript:"))
    {
        return Err("A script is not permitted here".to_owned());
    }
    Ok(Term {
        field: field.to_owned(),
        values,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::records::fields;

    #[test]
    fn finds_and_orders() {
        let record = |id: &str, name: &str| Record::new(fields(json!({"sys_id": id, "name": name})));
        let all = [record("2", "b"), record("1", "B"), record("3", "c")];
        let ids = |text: &str| {
            let query = Query::parse(text, &["sys_id", "name"]).expect(text);
            let mut found: Vec<&Record> = all.iter().filter(|record| query.accepts(record)).collect();
            query.sort(&mut found);
            found.iter().map(|record| record.text("sys_id")).collect::<String>()
        };
        assert_eq!(ids(""), "213");
        assert_eq!(ids("name=b^ORDERBYsys_id"), "12");
        assert_eq!(ids("name=c^ORname=b^sys_idIN2,3"), "23");
        for wrong in [
            "nmae=b",
            "name",
            "name>b",
            "ORname=b",
            "name=b^",
            "name=javascript:x",
            "ORDERBYx",
        ] {
            assert!(Query::parse(wrong, &["sys_id", "name"]).is_err(), "{wrong}");
        }
    }
}
