//! ConnectWise's `conditions`: `summary contains "x" and company/id = 5 and closedFlag = false`.

use serde_json::Value;

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

/// Alternatives, each of which is a list of conditions that must all hold.
#[derive(Debug, PartialEq)]
pub struct Conditions(Vec<Vec<Condition>>);

impl Conditions {
    pub fn accept(&self, record: &Value) -> bool {
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

/// SQL Server's collation: without regard to case.
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

/// `%` stands for anything, at the ends only.
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

pub fn parse(text: &str) -> Result<Conditions, String> {
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
