//! Searches for a secret in every encoding in which it may occur.

use base64::{Engine, engine::general_purpose};

/// All texts in which the secret would occur: plain, in JSON (also escaped twice), and in base64, alone or inside a
/// longer text.
pub fn forms(secret: &str) -> Vec<String> {
    let escaped = escape(secret);
    let mut forms = vec![secret.to_owned(), escape(&escaped), escaped];
    for engine in [&general_purpose::STANDARD_NO_PAD, &general_purpose::URL_SAFE_NO_PAD] {
        forms.extend((0..3).map(|offset| {
            let mut bytes = vec![0; offset];
            bytes.extend(secret.as_bytes());
            let text = engine.encode(&bytes);
            // The first characters also encode the bytes before the secret, and the last one may encode those after
            // it.
            let begin = [0, 2, 3][offset];
            let end = bytes.len() * 8 / 6;
            text[begin..end].to_owned()
        }));
    }
    forms.sort();
    forms.dedup();
    forms
}

fn escape(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

pub fn found(secret: &str, text: &str) -> bool {
    forms(secret).iter().any(|form| text.contains(form.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_every_form() {
        let secret = "pa\"ss\\wörd+1";
        let json = serde_json::json!({ "a": secret }).to_string();
        let json_in_json = serde_json::json!({ "b": json }).to_string();
        for text in [secret, &json, &json_in_json] {
            assert!(found(secret, text), "{text}");
        }
        for before in ["", "x", "xy", "xyz"] {
            for behind in ["", "x", "xy"] {
                let whole = format!("{before}{secret}{behind}");
                assert!(found(secret, &general_purpose::STANDARD.encode(&whole)), "{whole}");
                assert!(found(secret, &general_purpose::URL_SAFE.encode(&whole)), "{whole}");
            }
        }
        assert!(!found(secret, "pa\"ss\\word+1"));
    }
}
