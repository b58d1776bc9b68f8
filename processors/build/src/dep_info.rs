//! Cargo's `.d` files: which sources an artifact was made of.

use std::path::PathBuf;

/// The prerequisites of a rule in Makefile syntax, `output: a b\ c`, of the first rule only.
pub(crate) fn sources(dep_info: &str) -> Vec<PathBuf> {
    let Some((_, prerequisites)) = dep_info.lines().next().and_then(|line| line.split_once(": "))
    else {
        return Vec::new();
    };
    let mut sources = Vec::new();
    let mut path = String::new();
    let mut chars = prerequisites.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' if chars.peek() == Some(&' ') => path.extend(chars.next()),
            ' ' => sources.push(std::mem::take(&mut path)),
            _ => path.push(char),
        }
    }
    sources.push(path);
    sources.into_iter().filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::sources;

    #[test]
    fn prerequisites_are_read_with_escaped_spaces() {
        let parsed = sources("/t/guest.wasm: /a/src/lib.rs /my\\ dir/b.rs\n\n/other: /c.rs\n");
        assert_eq!(parsed, ["/a/src/lib.rs".into(), std::path::PathBuf::from("/my dir/b.rs")]);
        assert!(sources("").is_empty());
        assert!(sources("/t/guest.wasm: ").is_empty());
    }
}
