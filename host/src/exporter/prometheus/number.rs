//! Numbers as Go prints them: the text formats and attributes as text are defined by it.

/// A number of the classic text format.
pub(super) fn classic(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else if value == 0.0 {
        // Without the sign of a negative zero.
        "0".to_owned()
    } else {
        general(value)
    }
}

/// A number of OpenMetrics, where it can be seen that it is not whole.
pub(super) fn open_metrics(value: f64) -> String {
    let mut text = classic(value);
    if value.is_finite() && !text.contains(['e', '.']) {
        text.push_str(".0");
    }
    text
}

/// A number of an attribute, as JSON has it.
pub(super) fn attribute(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        };
    }
    format!("{value}")
}

/// From this power of ten on, and below 1e-4, numbers have an exponent.
const FIRST_EXPONENT: i32 = 6;

/// The shortest digits that give the number back; exponents have two digits at least.
fn general(value: f64) -> String {
    let text = format!("{value:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let Ok(exponent) = exponent.parse::<i32>() else { return text };
    if (-4..FIRST_EXPONENT).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_like_gos() {
        let cases = [
            (0.0, "0", "0.0"),
            (-0.0, "0", "0.0"),
            (1.0, "1", "1.0"),
            (-1.0, "-1", "-1.0"),
            (2.5, "2.5", "2.5"),
            (100_000.0, "100000", "100000.0"),
            (123_456.789, "123456.789", "123456.789"),
            (1e6, "1e+06", "1e+06"),
            (123_456_789.0, "1.23456789e+08", "1.23456789e+08"),
            (1e300, "1e+300", "1e+300"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "1e-05", "1e-05"),
            (-1.5e-7, "-1.5e-07", "-1.5e-07"),
            (f64::NAN, "NaN", "NaN"),
            (f64::INFINITY, "+Inf", "+Inf"),
            (f64::NEG_INFINITY, "-Inf", "-Inf"),
        ];
        for (value, in_classic, in_open_metrics) in cases {
            assert_eq!(classic(value), in_classic);
            assert_eq!(open_metrics(value), in_open_metrics);
        }
    }

    #[test]
    fn numbers_of_attributes_read_like_json() {
        let cases = [
            (0.5, "0.5"),
            (3.0, "3"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-7"),
            (0.000_001, "0.000001"),
            (f64::INFINITY, "Infinity"),
        ];
        for (value, want) in cases {
            assert_eq!(attribute(value), want);
        }
    }
}
