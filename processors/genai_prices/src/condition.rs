//! When a price holds.

pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const DAY: u64 = 86_400 * SECOND;

/// When a price holds; in UTC, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Always,
    /// From this time since the Unix epoch on.
    From(u64),
    /// Every day between these times of day; over midnight where the end is less than the start.
    Daily(u64, u64),
}

impl Condition {
    /// Reads `-`, `2026-03-13` or `16:30:00-00:30:00`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text == "-" {
            Some(Self::Always)
        } else if text.contains(':') {
            let (start, end) = text.split_once('-')?;
            Some(Self::Daily(time_of_day(start)?, time_of_day(end)?))
        } else {
            date(text).map(Self::From)
        }
    }

    /// Whether it holds at this time of day, where `date` is not after that day's beginning and no start
    /// lies between the two. `None`: before every start.
    pub(crate) fn holds(self, date: Option<u64>, time_of_day: u64) -> bool {
        match self {
            Self::Always => true,
            Self::From(start) => date.is_some_and(|date| date >= start),
            Self::Daily(start, end) if end < start => time_of_day >= start || time_of_day < end,
            Self::Daily(start, end) => (start..end).contains(&time_of_day),
        }
    }
}

/// The beginning of a day (UTC) in nanoseconds since the Unix epoch: of `2026-03-13`. Days before the
/// epoch are its first.
pub(crate) fn date(text: &str) -> Option<u64> {
    let mut fields = text.split('-').map(|field| number(field).map(|value| (field.len(), value)));
    let ((4, year), (2, month), (2, day)) = (fields.next()??, fields.next()??, fields.next()??)
    else {
        return None;
    };
    let is_whole = fields.next().is_none() && is_date(year, month, day);
    is_whole.then(|| days_since_epoch(year, month, day).checked_mul(DAY))?
}

/// Whether the Gregorian calendar has this day.
pub(crate) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let days = match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    year >= 1 && (1..=days).contains(&day)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    let before = |year: u64| year * 365 + year / 4 - year / 100 + year / 400;
    let months: u64 =
        (1..month).filter_map(|month| (28..=31).rev().find(|&day| is_date(year, month, day))).sum();
    (before(year - 1) + months + day - 1).saturating_sub(before(1969))
}

/// Nanoseconds since midnight: of `16:30:00`, with up to nine decimals of the second.
fn time_of_day(text: &str) -> Option<u64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut fields = clock.split(':').map(number);
    let (hours, minutes, seconds) = (fields.next()??, fields.next()??, fields.next()??);
    if fields.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 || fraction.len() > 9 {
        return None;
    }
    let nanoseconds = number(fraction)? * 10_u64.pow(9 - u32::try_from(fraction.len()).ok()?);
    Some(((hours * 60 + minutes) * 60 + seconds) * SECOND + nanoseconds)
}

/// Digits only, and few.
fn number(text: &str) -> Option<u64> {
    let is_number = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{Condition, DAY, SECOND, date};

    #[test]
    fn dates_are_days_since_the_epoch() {
        for (text, days) in [
            ("1970-01-01", Some(0)),
            ("1970-03-01", Some(59)),
            ("1969-12-31", Some(0)),
            ("2000-02-29", Some(11_016)),
            ("2000-03-01", Some(11_017)),
            ("2026-11-21", Some(20_778)),
            ("2100-03-01", Some(47_541)),
            ("2100-02-29", None),
            ("2026-13-01", None),
            ("2026-00-10", None),
            ("2026-1-10", None),
            ("2026-01-10-1", None),
            ("9999-12-31", None),
            ("today", None),
        ] {
            assert_eq!(date(text), days.map(|days: u64| days * DAY), "{text}");
        }
    }

    #[test]
    fn times_of_day_have_an_end_outside() {
        let day = Condition::parse("00:30:00-16:30:00").unwrap();
        let night = Condition::parse("16:30:00-00:30:00").unwrap();
        for (time, is_day) in [
            (0, false),
            (1800 * SECOND - 1, false),
            (1800 * SECOND, true),
            (59_400 * SECOND - 1, true),
            (59_400 * SECOND, false),
        ] {
            assert_eq!(
                (day.holds(None, time), night.holds(None, time)),
                (is_day, !is_day),
                "{time}"
            );
        }
        let fine = Condition::parse("00:00:00.5-00:00:01");
        assert_eq!(fine, Some(Condition::Daily(SECOND / 2, SECOND)));
        assert_eq!(Condition::parse("24:00:00-01:00:00"), None);
        assert_eq!(Condition::parse("01:00-02:00"), None);
    }
}
