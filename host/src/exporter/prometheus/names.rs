//! Names of metrics and labels, by the rules for OTLP in Prometheus: characters, units, types.

use super::settings::Translation;

/// What the name of a metric depends on beside its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameKind {
    Counter,
    Gauge,
    Other,
}

const UNITS: &[(&str, &str)] = &[
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tibibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("1", ""),
    ("%", "percent"),
];

/// Units behind a slash.
const PER_UNITS: &[(&str, &str)] = &[
    ("s", "second"),
    ("m", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
];

/// The name of the family of a metric; none where nothing of the name is left.
pub(super) fn metric_name(
    translation: Translation,
    namespace: &str,
    name: &str,
    unit: &str,
    kind: NameKind,
) -> Option<String> {
    let made = match (translation.utf8, translation.suffixes) {
        (true, false) => prefixed(namespace, name),
        (true, true) => with_suffixes(prefixed(namespace, name), unit, kind),
        (false, true) => from_words(namespace, name, unit, kind),
        (false, false) => replaced(namespace, name),
    };
    let says_something = translation.utf8 || made == name || made.contains(|c| c != '_');
    (!made.is_empty() && says_something).then_some(made)
}

/// The name of the label of an attribute; none where nothing of the key is left, and for names that
/// Prometheus keeps for itself.
pub(super) fn label_name(utf8: bool, key: &str) -> Option<String> {
    let mut name: String = if utf8 {
        key.to_owned()
    } else {
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
    };
    if !utf8 && name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert_str(0, "key_");
    }
    (name.contains(|c| c != '_') && is_label_name(&name)).then_some(name)
}

/// Whether Prometheus takes it as the name of a label.
pub(crate) fn is_label_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with("__")
}

fn prefixed(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}_{name}") }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == ':'
}

/// The name in words of plain characters, then unit and type, joined by underscores.
fn from_words(namespace: &str, name: &str, unit: &str, kind: NameKind) -> String {
    let mut words: Vec<&str> =
        name.split(|c| !is_plain(c)).filter(|word| !word.is_empty()).collect();
    let (main, per) = unit_suffixes(unit);
    let (main, per) = (clean(main), clean(&per));
    let per = if per == "per_" { "" } else { per.strip_suffix('_').unwrap_or(&per) };
    let main = if per.is_empty() { &*main } else { main.strip_suffix('_').unwrap_or(&main) };
    for suffix in [main, per] {
        if !suffix.is_empty() && !words.contains(&suffix) {
            words.push(suffix);
        }
    }
    if let Some(suffix) = type_suffix(unit, kind) {
        words.retain(|word| *word != suffix);
        words.push(suffix);
    }
    if !namespace.is_empty() {
        words.insert(0, namespace);
    }
    digit_first(words.join("_"))
}

/// The name with runs of other characters replaced by an underscore, and nothing appended.
fn replaced(namespace: &str, name: &str) -> String {
    let replace = |text: &str| {
        let parts = text.split(|c| !is_plain(c) && c != '_').filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("_")
    };
    if namespace.is_empty() {
        digit_first(replace(name))
    } else {
        format!("{}_{}", replace(namespace), replace(name))
    }
}

/// Unit and type behind a name whose characters stay.
fn with_suffixes(mut name: String, unit: &str, kind: NameKind) -> String {
    let (main, per) = unit_suffixes(unit);
    let last = type_suffix(unit, kind);
    // What the name ends in already moves to its place.
    for suffix in last.into_iter().chain((!per.is_empty()).then_some(&*per)) {
        trim_suffix(&mut name, suffix);
    }
    if !name.ends_with(main) {
        name = format!("{name}_{main}");
    }
    for suffix in (!per.is_empty()).then_some(&*per).into_iter().chain(last) {
        name = format!("{name}_{suffix}");
    }
    name
}

fn trim_suffix(name: &mut String, suffix: &str) {
    if name.ends_with(suffix)
        && name.len() > suffix.len() + 1
        && name.is_char_boundary(name.len() - suffix.len() - 1)
    {
        name.truncate(name.len() - suffix.len() - 1);
    }
}

fn type_suffix(unit: &str, kind: NameKind) -> Option<&'static str> {
    match kind {
        NameKind::Counter => Some("total"),
        // Counters of things often have the unit "1", which is no ratio.
        NameKind::Gauge if unit == "1" => Some("ratio"),
        NameKind::Gauge | NameKind::Other => None,
    }
}

/// The words of a unit, before and behind its slash. Annotations in braces say nothing.
fn unit_suffixes(unit: &str) -> (&str, String) {
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    let word = |unit: &'_ str, words: &[(&str, &'static str)]| -> Option<&'static str> {
        words.iter().find(|(short, _)| *short == unit).map(|(_, word)| *word)
    };
    let said = |unit: &'_ str| !unit.is_empty() && !unit.contains(['{', '}']);
    let (main, per) = (main.trim(), per.trim());
    let main = if said(main) { word(main, UNITS).unwrap_or(main) } else { "" };
    let per = if said(per) { word(per, PER_UNITS).unwrap_or(per) } else { "" };
    (main, if per.is_empty() { String::new() } else { format!("per_{per}") })
}

/// Other characters as underscores, never two together and none in front.
fn clean(unit: &str) -> String {
    let mut out = String::with_capacity(unit.len());
    for c in unit.chars().map(|c| if is_plain(c) { c } else { '_' }) {
        if c != '_' || !(out.is_empty() || out.ends_with('_')) {
            out.push(c);
        }
    }
    out
}

fn digit_first(name: String) -> String {
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Translation = Translation { suffixes: true, utf8: false };
    const PLAIN: Translation = Translation { suffixes: false, utf8: false };
    const UTF8: Translation = Translation { suffixes: true, utf8: true };
    const AS_IS: Translation = Translation { suffixes: false, utf8: true };

    #[test]
    fn metrics_are_called_what_the_collector_calls_them() {
        use NameKind::{Counter, Gauge, Other};
        // Translation, namespace, name, unit, kind; what comes of it.
        let cases = [
            (WORDS, "", "http.server.duration", "ms", Other, "http_server_duration_milliseconds"),
            (WORDS, "", "requests", "1", Counter, "requests_total"),
            (WORDS, "", "requests.total.count", "", Counter, "requests_count_total"),
            (WORDS, "", "cpu.utilization", "1", Gauge, "cpu_utilization_ratio"),
            (WORDS, "", "ratio.of.it", "1", Gauge, "of_it_ratio"),
            (WORDS, "", "disk.io", "By/s", Gauge, "disk_io_bytes_per_second"),
            (WORDS, "", "disk.bytes", "By", Gauge, "disk_bytes"),
            (WORDS, "", "speed", "m/m", Gauge, "speed_meters_per_minute"),
            (WORDS, "", "x", "{packets}/s", Gauge, "x_per_second"),
            (WORDS, "", "x", "By/{op}", Gauge, "x_bytes"),
            (WORDS, "", "x", "foo--bar", Gauge, "x_foo_bar"),
            (WORDS, "", "x", "/__", Gauge, "x"),
            (WORDS, "", "2.fast", "", Gauge, "_2_fast"),
            (WORDS, "", "a__b..c", "", Gauge, "a_b_c"),
            (WORDS, "my-ns", "a.b", "", Gauge, "my-ns_a_b"),
            (PLAIN, "", "a__b..c-d", "By", Counter, "a__b_c_d"),
            (PLAIN, "my.ns", "9a", "", Gauge, "my_ns_9a"),
            (PLAIN, "", "9a", "", Gauge, "_9a"),
            (UTF8, "", "a.b", "By/s", Counter, "a.b_bytes_per_second_total"),
            (UTF8, "ns", "a.total", "s", Counter, "ns_a_seconds_total"),
            (UTF8, "", "load.ratio", "1", Gauge, "load_ratio"),
            (UTF8, "", "été.bytes", "By", Gauge, "été.bytes"),
            (AS_IS, "", "a.total", "s", Counter, "a.total"),
        ];
        for (translation, namespace, name, unit, kind, want) in cases {
            let made = metric_name(translation, namespace, name, unit, kind);
            assert_eq!(made.as_deref(), Some(want), "{name} in {unit:?}");
        }
    }

    #[test]
    fn a_name_of_which_nothing_is_left_is_none() {
        for name in ["", "...", "é"] {
            assert_eq!(metric_name(WORDS, "", name, "", NameKind::Gauge), None, "{name:?}");
        }
        assert_eq!(metric_name(PLAIN, "", "__", "", NameKind::Gauge).as_deref(), Some("__"));
        assert_eq!(metric_name(AS_IS, "", "", "", NameKind::Gauge), None);
    }

    #[test]
    fn labels_keep_letters_and_digits() {
        let cases = [
            (false, "http.method", Some("http_method")),
            (false, "a..b", Some("a__b")),
            (false, "1st", Some("key_1st")),
            (false, "_private", Some("_private")),
            (false, "été", Some("_t_")),
            (false, "__name__", None),
            (false, "...", None),
            (false, "", None),
            (true, "http.method", Some("http.method")),
            (true, "1st", Some("1st")),
            (true, "_", None),
        ];
        for (utf8, key, want) in cases {
            assert_eq!(label_name(utf8, key).as_deref(), want, "{key:?}");
        }
    }
}
