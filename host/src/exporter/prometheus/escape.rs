//! Names for scrapers that do not take all of Unicode.

use std::borrow::Cow;

/// How a name is written that older readers would not take. Others stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Escaping {
    /// `allow-utf-8`: not at all.
    None,
    #[default]
    Underscores,
    Dots,
    /// `values`: so that it can be undone.
    Values,
}

impl Escaping {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Underscores, Self::Dots, Self::Values];

    /// As scrapers and content types name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "allow-utf-8",
            Self::Underscores => "underscores",
            Self::Dots => "dots",
            Self::Values => "values",
        }
    }

    pub(super) fn escape(self, name: &str) -> Cow<'_, str> {
        if self == Self::None || is_plain(name) {
            return Cow::Borrowed(name);
        }
        let mut out = String::with_capacity(2 * name.len());
        if self == Self::Values {
            out.push_str("U__");
        }
        for (index, c) in name.char_indices() {
            match (self, c) {
                (Self::Dots | Self::Values, '_') => out.push_str("__"),
                (Self::Dots, '.') => out.push_str("_dot_"),
                _ if is_plain_at(c, index) => out.push(c),
                (Self::Dots, _) => out.push_str("__"),
                (Self::Values, _) => out.push_str(&format!("_{:x}_", u32::from(c))),
                _ => out.push('_'),
            }
        }
        Cow::Owned(out)
    }
}

/// Whether every reader takes the name, without quotes.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.char_indices().all(|(index, c)| is_plain_at(c, index))
}

fn is_plain_at(c: char, index: usize) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == ':' || (c.is_ascii_digit() && index > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_writes_a_name_in_its_way() {
        let name = "1http.status_code:ü";
        let cases = [
            (Escaping::None, "1http.status_code:ü"),
            (Escaping::Underscores, "_http_status_code:_"),
            (Escaping::Dots, "__http_dot_status__code:__"),
            (Escaping::Values, "U___31_http_2e_status__code:_fc_"),
        ];
        for (scheme, want) in cases {
            assert_eq!(scheme.escape(name), want);
            assert_eq!(scheme.escape("plain_name:1"), "plain_name:1");
        }
    }
}
