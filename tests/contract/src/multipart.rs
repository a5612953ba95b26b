//! Splits a multipart/form-data body (RFC 7578), as far as tests send them.

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) is_json: bool,
    pub(crate) text: String,
}

pub(crate) fn parts(content_type: &str, body: &[u8]) -> Result<Vec<Part>, &'static str> {
    let boundary = parameter(content_type, "boundary").ok_or("no boundary")?;
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // Now the first delimiter looks like the others.
    let body = [b"\r\n", body].concat();
    let (_, mut rest) = split(&body, &delimiter).ok_or("no part")?;
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let (part, next) = split(rest, &delimiter).ok_or("not ended")?;
        let (headers, content) = split(part, b"\r\n\r\n").ok_or("a part without headers")?;
        parts.push(Part::new(&String::from_utf8_lossy(headers), content)?);
        rest = next;
    }
    Ok(parts)
}

impl Part {
    fn new(headers: &str, content: &[u8]) -> Result<Self, &'static str> {
        let header = |wanted: &str| {
            let pairs = headers.lines().filter_map(|line| line.split_once(':'));
            let mut found = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
            found.next().map(|(_, value)| value.trim())
        };
        let disposition = header("content-disposition").ok_or("a part without a name")?;
        Ok(Self {
            name: parameter(disposition, "name").ok_or("a part without a name")?,
            is_json: header("content-type").is_some_and(|media| crate::body::is_json(&crate::media::essence(media))),
            text: String::from_utf8_lossy(content).into_owned(),
        })
    }
}

fn split<'b>(bytes: &'b [u8], at: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let start = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..start)?, bytes.get(start + at.len()..)?))
}

/// The value of a header's parameter, with or without quotes.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let (_, mut rest) = header.split_once(';')?;
    loop {
        let (name, value) = rest.split_once('=')?;
        let (value, next) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_once(';').unwrap_or((value, "")),
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.trim().to_owned());
        }
        rest = next.trim_start().trim_start_matches(';');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_parts_apart() {
        let body = b"--b x\r\nContent-Disposition: form-data; filename=\"a;b\"; name=\"A\"\r\n\r\none\r\n--\r\n\
            --b x\r\ncontent-type: application/json\r\ncontent-disposition: form-data; name=B\r\n\r\n{}\r\n--b x--\r\n";
        let part = |name: &str, is_json, text: &str| Part {
            name: name.to_owned(),
            is_json,
            text: text.to_owned(),
        };
        assert_eq!(
            parts("multipart/form-data; charset=utf-8; boundary=\"b x\"", body),
            Ok(vec![part("A", false, "one\r\n--"), part("B", true, "{}")])
        );
    }

    #[test]
    fn says_what_is_wrong() {
        let parts = |body: &[u8]| parts("multipart/form-data; boundary=b", body);
        assert_eq!(super::parts("multipart/form-data", b""), Err("no boundary"));
        assert_eq!(parts(b""), Err("no part"));
        assert_eq!(
            parts(b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1"),
            Err("not ended")
        );
        assert_eq!(parts(b"--b\r\nX: y\r\n\r\n1\r\n--b--"), Err("a part without a name"));
        assert_eq!(parts(b"--b--"), Ok(Vec::new()));
    }
}
