//! Where the path begins in a path, a URL or the name of a span.

/// A text in its parts, one after the other.
pub(crate) struct Split<'a> {
    /// A method, or words: `GET `.
    pub(crate) before: &'a str,
    /// Scheme and authority, where there are: `https://example.com`.
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    /// What follows a path in the name of a span, from a space on.
    pub(crate) after: &'a str,
}

/// None where the text has no slash.
pub(crate) fn split(text: &str) -> Option<Split<'_>> {
    let slash = text.bytes().position(|byte| byte == b'/')?;
    let (head, _) = text.split_at(slash);
    let from = head.rfind(' ').map_or(0, |space| space + 1);
    let (before, rest) = text.split_at(from);
    // Spaces belong to a path that stands alone, and end one behind a method.
    let to = if before.is_empty() { None } else { rest.find(' ') };
    let (rest, after) = rest.split_at(to.unwrap_or(rest.len()));
    let (authority, path) = rest.split_at(authority(rest, slash - from));
    Some(Split { before, authority, path, after })
}

/// The length of scheme and authority: `scheme://` stands around the first slash.
fn authority(text: &str, slash: usize) -> usize {
    let Some((scheme, rest)) = text.split_at_checked(slash) else { return 0 };
    let Some(scheme) = scheme.strip_suffix(':') else { return 0 };
    let Some(rest) = rest.strip_prefix("//") else { return 0 };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if scheme.is_empty() || !scheme.bytes().all(named) {
        return 0;
    }
    slash + 2 + rest.find(['/', '?', '#']).unwrap_or(rest.len())
}
