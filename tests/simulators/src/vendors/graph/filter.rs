//! The part of OData's `$filter` that Graph accepts on users and groups: `eq`, `ne`, `startsWith`, `endsWith`, `any`,
//! joined by `and` or `or`.

use serde_json::{Map, Value};

#[derive(Debug, PartialEq)]
enum Clause {
    Equals {
        path: Vec<String>,
        value: Value,
    },
    NotEquals {
        path: Vec<String>,
        value: Value,
    },
    StartsWith {
        path: Vec<String>,
        value: String,
    },
    EndsWith {
        path: Vec<String>,
        value: String,
    },
    Any {
        path: Vec<String>,
        value: String,
    },
    /// `any()`: the collection is not empty.
    NotEmpty {
        path: Vec<String>,
    },
}

/// Alternatives. Each is a list of clauses, all of which must hold.
#[derive(Debug, PartialEq)]
pub struct Filter(Vec<Vec<Clause>>);

impl Filter {
    /// Whether Graph needs its index for it: `ConsistencyLevel: eventual` and `$count=true`.
    pub fn is_advanced(&self) -> bool {
        self.0.iter().flatten().any(|clause| match clause {
            Clause::Equals { path, .. } => path.first().is_some_and(|name| name == "onPremisesExtensionAttributes"),
            Clause::NotEquals { .. } | Clause::EndsWith { .. } => true,
            Clause::StartsWith { .. } | Clause::Any { .. } | Clause::NotEmpty { .. } => false,
        })
    }

    pub fn accepts(&self, object: &Map<String, Value>) -> bool {
        self.0
            .iter()
            .any(|clauses| clauses.iter().all(|clause| clause.accepts(object)))
    }
}

impl Clause {
    fn accepts(&self, object: &Map<String, Value>) -> bool {
        match self {
            Self::Equals { path, value } => same(look_up(object, path), value),
            Self::NotEquals { path, value } => !same(look_up(object, path), value),
            Self::StartsWith { path, value } => text(object, path).starts_with(&value.to_lowercase()),
            Self::EndsWith { path, value } => text(object, path).ends_with(&value.to_lowercase()),
            Self::Any { path, value } => look_up(object, path)
                .as_array()
                .is_some_and(|items| items.iter().any(|item| same(item, &Value::String(value.clone())))),
            Self::NotEmpty { path } => look_up(object, path).as_array().is_some_and(|items| !items.is_empty()),
        }
    }
}

fn look_up<'a>(object: &'a Map<String, Value>, path: &[String]) -> &'a Value {
    let mut parts = path.iter();
    let first = parts.next().and_then(|name| object.get(name)).unwrap_or(&Value::Null);
    parts.fold(first, |value, name| value.get(name).unwrap_or(&Value::Null))
}

fn text(object: &Map<String, Value>, path: &[String]) -> String {
    look_up(object, path).as_str().unwrap_or_default().to_lowercase()
}

/// Comparisons of directory strings ignore case.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => one == other,
    }
}

pub fn parse(text: &str) -> Result<Filter, String> {
    let mut tokens = tokens(text)?.into_iter().peekable();
    let mut alternatives = vec![Vec::new()];
    loop {
        let clause = clause(&mut tokens)?;
        if let Some(last) = alternatives.last_mut() {
            last.push(clause);
        }
        match tokens.next() {
            None => return Ok(Filter(alternatives)),
            Some(Token::Word(word)) if word == "and" => {}
            Some(Token::Word(word)) if word == "or" => alternatives.push(Vec::new()),
            Some(other) => return Err(format!("'and' or 'or' was expected, not {other:?}")),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            ' ' => {}
            '(' | ')' | ',' | ':' => tokens.push(Token::Sign(next)),
            '\'' => {
                let mut value = String::new();
                loop {
                    match chars.next() {
                        // A quote in a string is doubled.
                        Some('\'') if chars.peek() == Some(&'\'') => {
                            chars.next();
                            value.push('\'');
                        }
                        Some('\'') => break,
                        Some(other) => value.push(other),
                        None => return Err("a string is not closed".to_owned()),
                    }
                }
                tokens.push(Token::Text(value));
            }
            _ => {
                let mut word = next.to_string();
                while let Some(more) = chars.next_if(|c| c.is_alphanumeric() || "/._-$".contains(*c)) {
                    word.push(more);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<Token>>;

fn clause(tokens: &mut Tokens) -> Result<Clause, String> {
    let Some(Token::Word(first)) = tokens.next() else {
        return Err("a property or function was expected".to_owned());
    };
    let function = first.to_ascii_lowercase();
    if function == "startswith" || function == "endswith" {
        sign(tokens, '(')?;
        let path = path(&word(tokens)?);
        sign(tokens, ',')?;
        let value = string(tokens)?;
        sign(tokens, ')')?;
        return Ok(if function == "startswith" {
            Clause::StartsWith { path, value }
        } else {
            Clause::EndsWith { path, value }
        });
    }
    if let Some(collection) = first.strip_suffix("/any") {
        sign(tokens, '(')?;
        if tokens.next_if_eq(&Token::Sign(')')).is_some() {
            return Ok(Clause::NotEmpty { path: path(collection) });
        }
        let variable = word(tokens)?;
        sign(tokens, ':')?;
        if word(tokens)? != variable || word(tokens)? != "eq" {
            return Err("only any(x:x eq '...') is supported".to_owned());
        }
        let value = string(tokens)?;
        sign(tokens, ')')?;
        return Ok(Clause::Any {
            path: path(collection),
            value,
        });
    }
    let path = path(&first);
    let operator = word(tokens)?;
    let value = match tokens.next() {
        Some(Token::Text(value)) => Value::String(value),
        Some(Token::Word(word)) if word == "true" => Value::Bool(true),
        Some(Token::Word(word)) if word == "false" => Value::Bool(false),
        Some(Token::Word(word)) if word == "null" => Value::Null,
        other => return Err(format!("a value was expected, not {other:?}")),
    };
    match operator.as_str() {
        "eq" => Ok(Clause::Equals { path, value }),
        "ne" => Ok(Clause::NotEquals { path, value }),
        other => Err(format!("the operator '{other}' is not supported")),
    }
}

fn path(text: &str) -> Vec<String> {
    text.split('/').map(str::to_owned).collect()
}

fn word(tokens: &mut Tokens) -> Result<String, String> {
    match tokens.next() {
        Some(Token::Word(word)) => Ok(word),
        other => Err(format!("a name was expected, not {other:?}")),
    }
}

fn string(tokens: &mut Tokens) -> Result<String, String> {
    match tokens.next() {
        Some(Token::Text(text)) => Ok(text),
        other => Err(format!("a string was expected, not {other:?}")),
    }
}

fn sign(tokens: &mut Tokens, wanted: char) -> Result<(), String> {
    match tokens.next() {
        Some(Token::Sign(sign)) if sign == wanted => Ok(()),
        other => Err(format!("'{wanted}' was expected, not {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn accepts(filter: &str) -> bool {
        let object = json!({
            "userPrincipalName": "Ana@x.example", "mail": null, "accountEnabled": true, "surname": "O'Neil",
            "proxyAddresses": ["SMTP:ana@x.example"], "onPremisesExtensionAttributes": {"extensionAttribute15": "r1"},
        });
        parse(filter)
            .expect("filter")
            .accepts(object.as_object().expect("object"))
    }

    #[test]
    fn evaluates_what_graph_takes() {
        assert!(accepts("userPrincipalName eq 'ana@X.example'"));
        assert!(accepts("surname eq 'O''Neil' and accountEnabled eq true"));
        assert!(accepts(
            "mail eq 'ana@x.example' or proxyAddresses/any(p:p eq 'smtp:ana@x.example')"
        ));
        assert!(accepts("onPremisesExtensionAttributes/extensionAttribute15 eq 'r1'"));
        assert!(accepts(
            "endsWith(userPrincipalName,'@x.example') and startsWith(surname, 'o')"
        ));
        assert!(accepts("proxyAddresses/any()") && !accepts("mail/any()"));
        assert!(!accepts("mail eq 'ana@x.example'"));
        assert!(!accepts("onPremisesExtensionAttributes/extensionAttribute15 eq 'r2'"));
    }

    #[test]
    fn knows_what_needs_the_index() {
        assert!(
            parse("onPremisesExtensionAttributes/extensionAttribute15 eq 'r'")
                .expect("filter")
                .is_advanced()
        );
        assert!(!parse("userPrincipalName eq 'a'").expect("filter").is_advanced());
        assert!(parse("userPrincipalName eq a").is_err());
        assert!(parse("userPrincipalName like 'a'").is_err());
        assert!(parse("userPrincipalName eq 'a").is_err());
    }
}
