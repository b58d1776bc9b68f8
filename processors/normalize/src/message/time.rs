//! Points in time, as logs write them.

use crate::bytes::{number, run};
use crate::segment::is_month;

/// From and to of the time that has its first digit at `from`. It may begin with names of a day and
/// a month before that, not before `floor`.
pub(super) fn find(bytes: &[u8], floor: usize, from: usize) -> Option<(usize, usize)> {
    if let Some(end) = iso(bytes, from).or_else(|| compact(bytes, from)) {
        return Some((from, end));
    }
    if let Some(end) = named(bytes, from).or_else(|| slashes(bytes, from)) {
        return Some((weekday(bytes, floor, from), time_behind(bytes, end)));
    }
    if let Some(month) = month_before(bytes, floor, from)
        && let Some(end) = day(bytes, from)
        && let Some(end) = behind_month(bytes, end)
    {
        return Some((weekday(bytes, floor, month), end));
    }
    clock(bytes, from).map(|end| (from, zone(bytes, end)))
}

fn boundary(bytes: &[u8], end: usize) -> Option<usize> {
    (!bytes.get(end).is_some_and(u8::is_ascii_alphanumeric)).then_some(end)
}

fn within(bytes: &[u8], at: usize, digits: usize, min: u32, max: u32) -> Option<()> {
    number(bytes, at, digits).filter(|value| (min..=max).contains(value)).map(|_| ())
}

/// `2024-01-31`, perhaps with a time. Slashes too.
fn iso(bytes: &[u8], at: usize) -> Option<usize> {
    within(bytes, at, 4, 1900, 2199)?;
    within(bytes, at + 5, 2, 1, 12)?;
    within(bytes, at + 8, 2, 1, 31)?;
    let joint = *bytes.get(at + 4)?;
    if !b"-/.".contains(&joint) || bytes.get(at + 7) != Some(&joint) {
        return None;
    }
    let end = at + 10;
    if let Some(b'T' | b't') = bytes.get(end) {
        return clock_or_minutes(bytes, end + 1).map(|end| zone(bytes, end));
    }
    boundary(bytes, end).map(|end| time_behind(bytes, end))
}

/// `20240131T120000Z`.
fn compact(bytes: &[u8], at: usize) -> Option<usize> {
    within(bytes, at, 4, 1900, 2199)?;
    within(bytes, at + 4, 2, 1, 12)?;
    within(bytes, at + 6, 2, 1, 31)?;
    if bytes.get(at + 8) != Some(&b'T') {
        return None;
    }
    let digits = run(bytes, at + 9, u8::is_ascii_digit);
    let end = zone(bytes, at + 9 + digits);
    if matches!(digits, 4 | 6 | 9) { boundary(bytes, end) } else { None }
}

/// `31/Jan/2024`, `31 Jan 2024`, `31-Jan-2024`.
fn named(bytes: &[u8], at: usize) -> Option<usize> {
    let end = day(bytes, at)?;
    let joint = *bytes.get(end)?;
    let name = bytes.get(end + 1..end + 4)?;
    if !b"/ -".contains(&joint) || !is_month(name) || bytes.get(end + 4) != Some(&joint) {
        return None;
    }
    within(bytes, end + 5, 4, 1900, 2199)?;
    boundary(bytes, end + 9)
}

/// `01/31/2024`, `31.01.2024`.
fn slashes(bytes: &[u8], at: usize) -> Option<usize> {
    within(bytes, at, 2, 1, 31)?;
    within(bytes, at + 3, 2, 1, 31)?;
    within(bytes, at + 6, 4, 1900, 2199)?;
    let joint = *bytes.get(at + 2)?;
    if !b"/.".contains(&joint) || bytes.get(at + 5) != Some(&joint) {
        return None;
    }
    boundary(bytes, at + 10)
}

/// A day of a month: the end of one or two digits.
fn day(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = run(bytes, at, u8::is_ascii_digit);
    if !(1..=2).contains(&digits) {
        return None;
    }
    within(bytes, at, digits, 1, 31)?;
    Some(at + digits)
}

/// Where `Jan ` begins, which ends at `at`.
fn month_before(bytes: &[u8], floor: usize, at: usize) -> Option<usize> {
    let before = bytes.get(floor..at)?;
    let spaces = before.iter().rev().take_while(|byte| **byte == b' ').count();
    let end = at - spaces;
    let from = end.checked_sub(3).filter(|&from| from >= floor)?;
    let starts = from == 0 || !bytes.get(from - 1).is_some_and(u8::is_ascii_alphanumeric);
    let fits = (1..=2).contains(&spaces) && starts && is_month(bytes.get(from..end)?);
    fits.then_some(from)
}

/// Behind `Jan 31`: ` 12:00:00`, `, 2024 12:00:00 PM`, ` 12:00:00 UTC 2024`.
fn behind_month(bytes: &[u8], day_end: usize) -> Option<usize> {
    if let Some(b", ") = bytes.get(day_end..day_end + 2) {
        within(bytes, day_end + 2, 4, 1900, 2199)?;
        return boundary(bytes, day_end + 6).map(|end| time_behind(bytes, end));
    }
    if bytes.get(day_end) != Some(&b' ') {
        return None;
    }
    if within(bytes, day_end + 1, 4, 1900, 2199).is_some() && boundary(bytes, day_end + 5).is_some()
    {
        return Some(time_behind(bytes, day_end + 5));
    }
    let end = zone(bytes, clock(bytes, day_end + 1)?);
    let year = bytes.get(end) == Some(&b' ')
        && within(bytes, end + 1, 4, 1900, 2199).is_some()
        && boundary(bytes, end + 5).is_some();
    Some(if year { end + 5 } else { end })
}

const DAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

/// Where `Sun, ` or `Sun ` before a time begins.
fn weekday(bytes: &[u8], floor: usize, at: usize) -> usize {
    let before = bytes.get(floor..at).unwrap_or_default();
    let Some(name) = before.strip_suffix(b" ") else { return at };
    let name = name.strip_suffix(b",").unwrap_or(name);
    let Some((rest, day)) = name.split_last_chunk::<3>() else { return at };
    let starts = !rest.last().is_some_and(u8::is_ascii_alphanumeric);
    let is_day = DAYS.iter().any(|known| known.eq_ignore_ascii_case(day));
    if starts && is_day { floor + rest.len() } else { at }
}

/// Behind a date: the end of a time, or of the date alone.
fn time_behind(bytes: &[u8], end: usize) -> usize {
    let joints: [&[u8]; 4] = [b", ", b" ", b":", b"_"];
    for joint in joints {
        if bytes.get(end..).is_some_and(|rest| rest.starts_with(joint))
            && let Some(end) = clock_or_minutes(bytes, end + joint.len())
        {
            return zone(bytes, end);
        }
    }
    end
}

/// `12:00:00`, with a fraction.
fn clock(bytes: &[u8], at: usize) -> Option<usize> {
    let hours = run(bytes, at, u8::is_ascii_digit);
    if !(1..=2).contains(&hours) {
        return None;
    }
    within(bytes, at, hours, 0, 24)?;
    let rest = at + hours;
    let seconds = bytes.get(rest) == Some(&b':') && bytes.get(rest + 3) == Some(&b':');
    within(bytes, rest + 1, 2, 0, 59).filter(|()| seconds)?;
    within(bytes, rest + 4, 2, 0, 60)?;
    let end = rest + 6;
    match bytes.get(end) {
        Some(b'.' | b',') => Some(match run(bytes, end + 1, u8::is_ascii_digit) {
            digits @ 1..=9 => end + 1 + digits,
            _ => end,
        }),
        Some(b':') => None,
        Some(byte) if byte.is_ascii_digit() => None,
        _ => Some(end),
    }
}

/// Behind a date the seconds may be missing.
fn clock_or_minutes(bytes: &[u8], at: usize) -> Option<usize> {
    clock(bytes, at).or_else(|| {
        within(bytes, at, 2, 0, 24)?;
        within(bytes, at + 3, 2, 0, 59)?;
        let more = bytes.get(at + 5).is_some_and(|byte| byte.is_ascii_digit() || *byte == b':');
        (bytes.get(at + 2) == Some(&b':') && !more).then_some(at + 5)
    })
}

/// The end of a zone or of AM and PM behind a time.
fn zone(bytes: &[u8], end: usize) -> usize {
    let rest = bytes.get(end..).unwrap_or_default();
    let spaced = usize::from(rest.first() == Some(&b' '));
    let name = rest.get(spaced..).unwrap_or_default();
    let names: [&[u8]; 8] = [b"Z", b"UTC", b"GMT", b"AM", b"PM", b"am", b"pm", b"CET"];
    for known in names {
        if name.starts_with(known) && boundary(name, known.len()).is_some() {
            return end + spaced + known.len();
        }
    }
    let Some(b'+' | b'-') = name.first() else { return end };
    let digits = run(name, 1, u8::is_ascii_digit);
    let length = match name.get(3) {
        Some(b':') if digits == 2 && run(name, 4, u8::is_ascii_digit) == 2 => 6,
        _ if digits == 4 => 5,
        _ if digits == 2 && spaced == 0 => 3,
        _ => return end,
    };
    if boundary(name, length).is_some() { end + spaced + length } else { end }
}
