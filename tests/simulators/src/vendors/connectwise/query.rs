//! Queries of lists: ConnectWise's `conditions` (`summary contains "x" and company/id = 5 and closedFlag = false`),
//! order, fields and pages.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::error;
use crate::request::{self, Refusal, Reply, Request, Response};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    Like,
    In,
}

#[derive(Debug, PartialEq)]
struct Condition {
    path: Vec<String>,
    operator: Operator,
    values: Vec<Value>,
}

/// Alternatives. Each is a list of conditions, all of which must hold.
#[derive(Debug, PartialEq)]
struct Conditions(Vec<Vec<Condition>>);

impl Conditions {
    fn accept(&self, record: &Value) -> bool {
        self.0
            .iter()
            .any(|all| all.iter().all(|condition| condition.accepts(record)))
    }
}

impl Condition {
    fn accepts(&self, record: &Value) -> bool {
        let found = self
            .path
            .iter()
            .fold(record, |value, name| value.get(name).unwrap_or(&Value::Null));
        self.values.iter().any(|value| match self.operator {
            Operator::Equal | Operator::In => same(found, value),
            Operator::NotEqual => !same(found, value),
            Operator::Contains => text(found).contains(&text(value)),
            Operator::Like => like(&text(found), &text(value)),
            Operator::Less => compare(found, value).is_some_and(std::cmp::Ordering::is_lt),
            Operator::LessOrEqual => compare(found, value).is_some_and(std::cmp::Ordering::is_le),
            Operator::Greater => compare(found, value).is_some_and(std::cmp::Ordering::is_gt),
            Operator::GreaterOrEqual => compare(found, value).is_some_and(std::cmp::Ordering::is_ge),
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_lowercase()
}

/// SQL Server's collation ignores case.
fn same(one: &Value, other: &Value) -> bool {
    if one.is_string() && other.is_string() {
        text(one) == text(other)
    } else {
        one == other
    }
}

fn compare(one: &Value, other: &Value) -> Option<std::cmp::Ordering> {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => Some(one.as_str()?.cmp(other.as_str()?)),
    }
}

/// `%` matches any text, at the ends of the pattern only.
fn like(value: &str, pattern: &str) -> bool {
    match (pattern.strip_prefix('%'), pattern.strip_suffix('%')) {
        (Some(rest), Some(_)) => value.contains(rest.trim_end_matches('%')),
        (Some(rest), None) => value.ends_with(rest),
        (None, Some(rest)) => value.starts_with(rest),
        (None, None) => value == pattern,
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            ' ' => {}
            '"' | '\'' | '[' => {
                let end = if next == '[' { ']' } else { next };
                let mut value = String::new();
                loop {
                    match chars.next() {
                        Some('\\') => value.extend(chars.next()),
                        Some(c) if c == end => break,
                        Some(c) => value.push(c),
                        None => return Err("a string is not closed".to_owned()),
                    }
                }
                tokens.push(Token::Text(value));
            }
            '(' | ')' | ',' => tokens.push(Token::Sign(next.to_string())),
            '=' | '!' | '<' | '>' => {
                let mut sign = next.to_string();
                if let Some(more) = chars.next_if_eq(&'=') {
                    sign.push(more);
                }
                tokens.push(Token::Sign(sign));
            }
            _ => {
                let mut word = next.to_string();
                while let Some(more) = chars.next_if(|c| c.is_alphanumeric() || "/._-".contains(*c)) {
                    word.push(more);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

fn parse(text: &str) -> Result<Conditions, String> {
    let mut tokens = tokens(text)?.into_iter();
    let mut alternatives = vec![Vec::new()];
    loop {
        let Some(Token::Word(field)) = tokens.next() else {
            return Err("a field was expected".to_owned());
        };
        let operator = match tokens.next() {
            Some(Token::Sign(sign)) => match sign.as_str() {
                "=" | "==" => Operator::Equal,
                "!=" => Operator::NotEqual,
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterOrEqual,
                _ => return Err(format!("no operator: {sign}")),
            },
            Some(Token::Word(word)) => match word.to_ascii_lowercase().as_str() {
                "contains" => Operator::Contains,
                "like" => Operator::Like,
                "in" => Operator::In,
                _ => return Err(format!("no operator: {word}")),
            },
            other => return Err(format!("an operator was expected, not {other:?}")),
        };
        let values = if operator == Operator::In {
            list(&mut tokens)?
        } else {
            vec![value(tokens.next())?]
        };
        if let Some(last) = alternatives.last_mut() {
            last.push(Condition {
                path: field.split('/').map(str::to_owned).collect(),
                operator,
                values,
            });
        }
        match tokens.next() {
            None => return Ok(Conditions(alternatives)),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("and") => {}
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("or") => alternatives.push(Vec::new()),
            Some(other) => return Err(format!("'and' or 'or' was expected, not {other:?}")),
        }
    }
}

fn value(token: Option<Token>) -> Result<Value, String> {
    match token {
        Some(Token::Text(text)) => Ok(Value::String(text)),
        Some(Token::Word(word)) => match word.to_ascii_lowercase().as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            number => number
                .parse::<i64>()
                .map(Value::from)
                .map_err(|_| format!("no value: {number}")),
        },
        other => Err(format!("a value was expected, not {other:?}")),
    }
}

fn list(tokens: &mut std::vec::IntoIter<Token>) -> Result<Vec<Value>, String> {
    if tokens.next() != Some(Token::Sign("(".to_owned())) {
        return Err("a list in parentheses was expected".to_owned());
    }
    let mut values = Vec::new();
    loop {
        values.push(value(tokens.next())?);
        match tokens.next() {
            Some(Token::Sign(sign)) if sign == "," => {}
            Some(Token::Sign(sign)) if sign == ")" => return Ok(values),
            other => return Err(format!("',' or ')' was expected, not {other:?}")),
        }
    }
}

const LIST_QUERY: &[&str] = &[
    "conditions",
    "childConditions",
    "orderBy",
    "fields",
    "page",
    "pageSize",
    "pageId",
    "clientId",
];

fn conditions(request: &Request, name: &str) -> Result<Option<Conditions>, Response> {
    let text = request.query(name).filter(|text| !text.trim().is_empty());
    let wrong = |problem| error(400, "InvalidParameter", &format!("The {name} are invalid: {problem}"));
    text.map(|text| parse(text).map_err(wrong)).transpose()
}

/// The record once for each of its children, which are of one kind.
fn one_by_one(record: &Value) -> impl Iterator<Item = Value> {
    let children = record["communicationItems"].as_array().cloned().unwrap_or_default();
    children.into_iter().map(|child| json!({ "communicationItems": child }))
}

fn sort(request: &Request, records: &mut [Value]) -> Result<(), Response> {
    let Some(order) = request.query("orderBy") else {
        return Ok(());
    };
    let (field, direction) = order.trim().split_once(' ').unwrap_or((order.trim(), "asc"));
    if field != "id" || !["asc", "desc"].contains(&direction.trim()) {
        return Err(request.refuse(Refusal::InvalidParameter("orderBy")));
    }
    records.sort_by_key(|record| record["id"].as_i64());
    if direction.trim() == "desc" {
        records.reverse();
    }
    Ok(())
}

/// A page of the records that match the query, with the Link header to the next pages.
pub fn page(request: &Request, mut records: Vec<Value>) -> Reply {
    request.only_query(LIST_QUERY)?;
    if let Some(conditions) = conditions(request, "conditions")? {
        records.retain(|record| conditions.accept(record));
    }
    if let Some(conditions) = conditions(request, "childConditions")? {
        records.retain(|record| one_by_one(record).any(|record| conditions.accept(&record)));
    }
    sort(request, &mut records)?;
    let size = request.number("pageSize", 25, 1, 1000)?;
    let forward_only = request.header("pagination-type") == Some("forward-only");
    let name = if forward_only { "pageId" } else { "page" };
    let page = request.number(name, 1, 1, usize::MAX)?;
    let pages = records.len().div_ceil(size).max(1);
    let shown = request::page(records, page, size).into_iter();
    let shown: Vec<Value> = shown.map(|record| selected(record, request.query("fields"))).collect();
    let response = Response::json(200, Value::Array(shown));
    if page >= pages {
        return Ok(response);
    }
    let kept = request.query.iter().filter(|(key, _)| key != name && key != "pageSize");
    let kept: Vec<String> = kept
        .map(|(key, value)| format!("{key}={}&", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    let (base, path, kept) = (&request.base, &request.path, kept.concat());
    let link =
        |page: usize, relation: &str| format!("<{base}{path}?{kept}pageSize={size}&{name}={page}>; rel=\"{relation}\"");
    let mut links = link(page + 1, "next");
    if !forward_only {
        links = format!("{links}, {}", link(pages, "last"));
    }
    Ok(response.with_header("link", links))
}

/// The record with the fields that `fields` names. Inner fields are named by their outermost field.
fn selected(mut record: Value, names: Option<&str>) -> Value {
    if let (Some(names), Some(fields)) = (names, record.as_object_mut()) {
        let outermost = |name: &str| name.trim().split('/').next().unwrap_or_default().to_owned();
        let kept: Vec<String> = names.split(',').map(outermost).collect();
        fields.retain(|name, _| kept.contains(name));
    }
    record
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn accepts(conditions: &str) -> bool {
        let ticket = json!({
            "id": 12, "summary": "New user: Ana Ng", "company": {"id": 5}, "closedFlag": false,
            "externalXRef": "gangway:r1", "board": {"name": "Onboarding"},
        });
        parse(conditions).expect("conditions").accept(&ticket)
    }

    #[test]
    fn evaluates_conditions() {
        assert!(accepts(r#"externalXRef="gangway:r1""#));
        assert!(accepts(
            r#"company/id = 5 and closedFlag = false and summary contains "ana ng""#
        ));
        assert!(accepts(r#"board/name = 'onboarding' and id in (1, 12)"#));
        assert!(accepts(r#"id > 20 or summary like "%Ana%""#));
        assert!(!accepts(r#"externalXRef="gangway:r2""#));
        assert!(!accepts("closedFlag = true"));
    }

    #[test]
    fn refuses_what_it_can_not_read() {
        for wrong in [
            "",
            "summary",
            "summary = ",
            "summary = x",
            "summary is \"x\"",
            "id = 1 id = 2",
            "summary = \"x",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
