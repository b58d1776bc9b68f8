//! W3C tracestate, <https://www.w3.org/TR/trace-context-1/#tracestate-header>, read as Go's OpenTelemetry
//! API reads it: one bad member makes the whole unreadable.

const MEMBERS_MAX: usize = 32;

/// The value of a member; an empty text when there is none. None: the header is not readable.
pub(crate) fn get<'a>(header: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let mut found: &[u8] = b"";
    let mut keys = [&b""[..]; MEMBERS_MAX];
    let members = header.split(|byte| *byte == b',').filter(|member| !member.is_empty());
    for (count, member) in members.enumerate() {
        let equals = member.iter().position(|byte| *byte == b'=')?;
        let key = trim_start(member.get(..equals)?);
        let value = trim_end(member.get(equals + 1..)?);
        let earlier = keys.get(..count)?;
        if !is_key(key) || !is_value(value) || earlier.contains(&key) {
            return None;
        }
        *keys.get_mut(count)? = key;
        if key == wanted {
            found = value;
        }
    }
    Some(found)
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(byte)).count();
    text.get(blanks..).unwrap_or_default()
}

fn trim_end(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|byte| is_blank(byte)).count();
    text.get(..text.len() - blanks).unwrap_or_default()
}

/// `simple-key`, or `tenant-id@system-id`.
fn is_key(key: &[u8]) -> bool {
    let starts_lower = |part: &[u8]| part.first().is_some_and(u8::is_ascii_lowercase);
    match key.iter().position(|byte| *byte == b'@') {
        None => starts_lower(key) && is_key_part(key, 256),
        Some(at) => {
            let (tenant, system) = (&key[..at], &key[at + 1..]);
            let starts = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            tenant.first().is_some_and(starts)
                && is_key_part(tenant, 241)
                && starts_lower(system)
                && is_key_part(system, 14)
        }
    }
}

fn is_key_part(part: &[u8], length_max: usize) -> bool {
    let allowed = |byte: &u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'_' | b'-' | b'*' | b'/')
    };
    part.len() <= length_max && part.iter().all(allowed)
}

/// Up to 256 printable characters, the last of them no space.
fn is_value(value: &[u8]) -> bool {
    let allowed = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'=');
    value.len() <= 256
        && value.iter().all(allowed)
        && value.last().is_some_and(|last| *last != b' ')
}

#[cfg(test)]
mod tests {
    use super::get;

    #[test]
    fn one_bad_member_hides_all() {
        let value = |header: &'static str| get(header.as_bytes(), b"k");
        assert_eq!(value("a=1, k=v ,t/1@s=x"), Some(&b"v"[..]));
        assert_eq!(value("a=1"), Some(&b""[..]));
        assert_eq!(value(""), Some(&b""[..]));
        assert_eq!(value(",,k=v"), Some(&b"v"[..]));
        for bad in ["k=v,K=1", "k=v,k=w", "k=v,a", "k=v,a=", "k=v,a=b=c", "k=v,1a=1", "k=v,a\t=1"] {
            assert_eq!(value(bad), None, "{bad}");
        }
        let many = |count: usize| {
            (0..count).map(|index| format!("m{index}=1")).collect::<Vec<_>>().join(",")
        };
        assert_eq!(get(many(32).as_bytes(), b"m31"), Some(&b"1"[..]));
        assert_eq!(get(many(33).as_bytes(), b"m31"), None);
    }
}
