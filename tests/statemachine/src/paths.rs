//! JSONPaths, alone and inside intrinsic functions.

/// The paths that an expression reads: the expression itself, or the arguments of its functions. Names of `$$` paths
/// keep both signs.
pub(crate) fn read(expression: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = expression.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            // This is a quoted text, which contains no path.
            '\'' => {
                while let Some(letter) = rest.next() {
                    match letter {
                        '\\' => drop(rest.next()),
                        '\'' => break,
                        _ => {}
                    }
                }
            }
            '$' => {
                let mut path = String::from("$");
                while let Some(letter) = rest.next_if(|letter| letter.is_alphanumeric() || "$._-[]".contains(*letter)) {
                    path.push(letter);
                }
                paths.push(path);
            }
            _ => {}
        }
    }
    paths
}

/// The names in `$.a.b`; none for anything but a plain path into the state.
pub(crate) fn names(path: &str) -> Option<Vec<&str>> {
    let names = match path.strip_prefix('$')? {
        "" => Vec::new(),
        rest => rest.strip_prefix('.')?.split('.').collect(),
    };
    let plain = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    names.iter().all(plain).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_functions_but_not_in_texts() {
        assert_eq!(read("$.a.b"), ["$.a.b"]);
        assert_eq!(
            read("States.Format('license-{} $.no \\' $.no', $.license.sku)"),
            ["$.license.sku"]
        );
        assert_eq!(read("States.MathAdd($.a, States.ArrayLength($.b))"), ["$.a", "$.b"]);
        assert_eq!(read("States.StringToJson('7')"), Vec::<String>::new());
        assert_eq!(read("$$.Task.Token"), ["$$.Task.Token"]);
    }

    #[test]
    fn only_plain_paths_have_names() {
        assert_eq!(names("$"), Some(vec![]));
        assert_eq!(names("$.a.b_c"), Some(vec!["a", "b_c"]));
        for path in ["$.a[0]", "$..a", "$$.Task.Token", "a.b", "$."] {
            assert_eq!(names(path), None, "{path}");
        }
    }
}
