//! What traffic teaches.

use tamis_normalize::{Learning, Paths};

use crate::normalized;

fn paths(values: usize) -> Paths {
    Paths::new(Learning { values, memory_bytes: 1 << 20 }, 7)
}

/// Names that only learning can tell: `xqa`, `xqb`, ... `xqaa`.
fn name(index: usize) -> String {
    let letter = |index: usize| (b'a' + (index % 26) as u8) as char;
    let mut name = format!("xq{}", letter(index));
    if index >= 26 {
        name.push(letter(index / 26 - 1));
    }
    name
}

fn teach(paths: &mut Paths, names: usize, path: impl Fn(&str) -> String) {
    for index in 0..names {
        normalized(paths, &path(&name(index)));
    }
}

#[test]
fn a_position_becomes_id_with_one_value_more_than_the_bound() {
    let mut paths = paths(5);
    for index in 0..5 {
        let path = format!("/people/{}", name(index));
        assert_eq!(normalized(&mut paths, &path), path);
    }
    // All known still have their names, however often they come.
    assert_eq!(normalized(&mut paths, "/people/xqa"), "/people/xqa");
    assert_eq!(normalized(&mut paths, "/people/xqf"), "/people/{id}");
    assert_eq!(normalized(&mut paths, "/people/xqa"), "/people/{id}");
    assert_eq!(normalized(&mut paths, "/people/never-seen"), "/people/{id}");
}

#[test]
fn only_behind_the_prefix_where_it_was_learned() {
    let mut paths = paths(5);
    teach(&mut paths, 6, |name| format!("/people/{name}"));
    assert_eq!(normalized(&mut paths, "/people/xqz"), "/people/{id}");
    assert_eq!(normalized(&mut paths, "/places/xqz"), "/places/xqz");
    assert_eq!(normalized(&mut paths, "/xqz"), "/xqz");
}

#[test]
fn a_prefix_is_normalised() {
    let mut paths = paths(5);
    for index in 0..6 {
        normalized(&mut paths, &format!("/orders/{index}/{}", name(index)));
    }
    assert_eq!(normalized(&mut paths, "/orders/77/xqz"), "/orders/{id}/{id}");
}

#[test]
fn nothing_is_learned_with_a_bound_of_0() {
    let mut paths = paths(0);
    teach(&mut paths, 200, |name| format!("/people/{name}"));
    assert_eq!(normalized(&mut paths, "/people/xqa"), "/people/xqa");
    assert_eq!(paths.memory(), 0);
}

#[test]
fn what_lies_below_is_merged_and_goes_on_being_learned() {
    let mut paths = paths(5);
    teach(&mut paths, 5, |name| format!("/people/{name}/likes/{name}"));
    assert_eq!(normalized(&mut paths, "/people/xqa/likes/xqa"), "/people/xqa/likes/xqa");
    // One person more: six persons have one child `likes`, which has five children.
    normalized(&mut paths, "/people/xqf/likes/xqa");
    assert_eq!(normalized(&mut paths, "/people/xqa/likes/xqb"), "/people/{id}/likes/xqb");
    normalized(&mut paths, "/people/xqa/likes/xqg");
    assert_eq!(normalized(&mut paths, "/people/xqa/likes/xqb"), "/people/{id}/likes/{id}");
}

#[test]
fn merging_makes_too_many_of_few() {
    let mut paths = paths(5);
    // Two children each, and together twelve.
    teach(&mut paths, 6, |name| format!("/people/{name}/{name}a"));
    teach(&mut paths, 6, |name| format!("/people/{name}/{name}b"));
    normalized(&mut paths, "/people/xqz");
    assert_eq!(normalized(&mut paths, "/people/xqa/other"), "/people/{id}/{id}");
}

#[test]
fn common_words_do_not_count_and_stay() {
    let mut paths = paths(5);
    for word in ["me", "search", "export", "settings", "groups", "invite", "v2", "import"] {
        let path = format!("/people/{word}");
        assert_eq!(normalized(&mut paths, &path), path);
    }
    teach(&mut paths, 6, |name| format!("/people/{name}"));
    assert_eq!(normalized(&mut paths, "/people/me"), "/people/me");
    assert_eq!(normalized(&mut paths, "/people/xqa"), "/people/{id}");
    // One that comes later too: it must not matter what was first.
    assert_eq!(normalized(&mut paths, "/people/statistics"), "/people/statistics");
    assert_eq!(normalized(&mut paths, "/people/statistics/xqa"), "/people/statistics/xqa");
}

#[test]
fn what_most_requests_ask_for_stays() {
    let mut paths = paths(20);
    for index in 0..20 {
        normalized(&mut paths, "/people/zzz-often");
        normalized(&mut paths, "/people/line-items");
        normalized(&mut paths, &format!("/people/{}", name(index)));
    }
    normalized(&mut paths, "/people/xqzz");
    assert_eq!(normalized(&mut paths, "/people/zzz-often"), "/people/zzz-often");
    assert_eq!(normalized(&mut paths, "/people/line-items"), "/people/line-items");
    assert_eq!(normalized(&mut paths, "/people/xqa"), "/people/{id}");
}

#[test]
fn where_ids_are_what_may_be_one_is_one() {
    let mut paths = paths(50);
    assert_eq!(normalized(&mut paths, "/codes/k7xmop"), "/codes/k7xmop");
    for id in 0..16 {
        normalized(&mut paths, &format!("/codes/{id}"));
    }
    assert_eq!(normalized(&mut paths, "/codes/q7wert"), "/codes/{id}");
    // A name that was given stays.
    assert_eq!(normalized(&mut paths, "/codes/k7xmop"), "/codes/k7xmop");
    assert_eq!(normalized(&mut paths, "/codes/purchase"), "/codes/purchase");
}

#[test]
fn hosts_are_learned_as_one_but_never_masked() {
    let mut paths = paths(5);
    for index in 0..5 {
        let url = format!("https://{}.example.com/people/{}", name(index), name(index));
        assert_eq!(normalized(&mut paths, &url), url);
    }
    // With the sixth host they are one, with six persons.
    let url = "https://xqf.example.com/people/xqf";
    assert_eq!(normalized(&mut paths, url), "https://xqf.example.com/people/{id}");
    let url = "https://new.example.com/people/xqz";
    assert_eq!(normalized(&mut paths, url), "https://new.example.com/people/{id}");
    assert_eq!(normalized(&mut paths, "/people/xqz"), "/people/xqz");
}

#[test]
fn actions_and_extensions_stay_where_the_name_goes() {
    let mut paths = paths(5);
    teach(&mut paths, 6, |name| format!("/v1/rooms/{name}:book"));
    assert_eq!(normalized(&mut paths, "/v1/rooms/xqz:book"), "/v1/rooms/{id}:book");
    assert_eq!(normalized(&mut paths, "/v1/rooms/xqz"), "/v1/rooms/{id}");
    assert_eq!(normalized(&mut paths, "/v1/rooms/xqz.json"), "/v1/rooms/{id}.json");
    // Too many actions are values.
    teach(&mut paths, 6, |name| format!("/v1/rooms/xqa:{name}"));
    assert_eq!(normalized(&mut paths, "/v1/rooms/xqa:xqz"), "/v1/rooms/{id}:{id}");
}

#[test]
fn other_seeds_learn_the_same() {
    let names = |seed| {
        let mut paths = Paths::new(Learning { values: 5, memory_bytes: 1 << 20 }, seed);
        teach(&mut paths, 100, |name| format!("/a/{name}/b/{name}"));
        (normalized(&mut paths, "/a/x/b/y"), paths.snapshot())
    };
    assert_eq!(names(1), names(2));
}
