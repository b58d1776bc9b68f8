//! How well it works on interfaces as they are designed: traffic made of path templates.

use std::collections::{HashMap, HashSet};

use tamis_normalize::{Learning, Paths};

use crate::random::{Random, SEED};
use crate::values::value;
use crate::{NO_LEARNING, normalized};

const CORPUS: &str = include_str!("../corpus.txt");

const LEARNING: Learning = Learning { values: 50, memory_bytes: 4 << 20 };

/// Requests of each template before the measurement, and in it.
const TAUGHT: usize = 500;
const MEASURED: usize = 200;

/// What came out, in templates.
#[derive(Default, Clone, Copy, Debug)]
struct Score {
    templates: usize,
    /// All requests have one name, which no other template has.
    exact: usize,
    /// Of the static ones.
    static_paths: usize,
    masked: usize,
    /// Names of all requests that were measured: as many as templates would be best.
    names: usize,
}

impl Score {
    fn add(self, other: Self) -> Self {
        Self {
            templates: self.templates + other.templates,
            exact: self.exact + other.exact,
            static_paths: self.static_paths + other.static_paths,
            masked: self.masked + other.masked,
            names: self.names + other.names,
        }
    }

    fn print(self, what: &str) {
        let [exact, masked] = [
            100.0 * self.exact as f64 / self.templates as f64,
            100.0 * self.masked as f64 / self.static_paths as f64,
        ];
        eprintln!("{what}: {exact:.1} % exact, {masked:.1} % of static masked: {self:?}");
    }
}

#[test]
fn most_templates_are_grouped_exactly_and_static_paths_stay() {
    let services: Vec<Vec<&str>> = services();
    let all: Vec<&str> = services.iter().flatten().copied().collect();
    assert!(all.len() >= 400, "{} templates", all.len());

    let apart = |learning| {
        let scores = services.iter().map(|service| score(service, learning));
        scores.fold(Score::default(), Score::add)
    };
    let by_shape = apart(NO_LEARNING);
    by_shape.print("by shape alone");
    let learned = apart(LEARNING);
    learned.print("one for each service");
    let together = score(&all, LEARNING);
    together.print("one for all services");

    assert!(by_shape.exact * 100 >= by_shape.templates * 50, "{by_shape:?}");
    assert_eq!(by_shape.masked, 0, "{by_shape:?}");
    assert!(learned.exact * 100 >= learned.templates * 93, "{learned:?}");
    assert!(learned.masked * 100 <= learned.static_paths, "{learned:?}");
    assert!(together.exact * 100 >= together.templates * 93, "{together:?}");
    assert!(together.masked * 100 <= together.static_paths * 2, "{together:?}");
}

fn services() -> Vec<Vec<&'static str>> {
    let mut services = Vec::new();
    for line in CORPUS.lines() {
        if line.starts_with("==") {
            services.push(Vec::new());
        } else if let Some(service) = services.last_mut().filter(|_| line.starts_with('/')) {
            service.push(line);
        }
    }
    services
}

fn score(templates: &[&str], learning: Learning) -> Score {
    let mut random = Random(*SEED);
    let mut paths = Paths::new(learning, *SEED);
    for _ in 0..TAUGHT * templates.len() {
        let template = *random.pick(templates);
        normalized(&mut paths, &request(template, &mut random));
    }
    let mut names: Vec<HashSet<String>> = Vec::new();
    let mut owners: HashMap<String, usize> = HashMap::new();
    for template in templates {
        let requests = (0..MEASURED).map(|_| request(template, &mut random));
        let own: HashSet<String> =
            requests.map(|request| normalized(&mut paths, &request)).collect();
        for name in &own {
            *owners.entry(name.clone()).or_default() += 1;
        }
        names.push(own);
    }
    let mut score = Score { templates: templates.len(), names: owners.len(), ..Score::default() };
    for (template, own) in templates.iter().zip(&names) {
        let exact = own.len() == 1 && own.iter().all(|name| owners[name] == 1);
        score.exact += usize::from(exact);
        if !template.contains('{') {
            score.static_paths += 1;
            score.masked += usize::from(!own.contains(*template) || own.len() > 1);
        }
        if std::env::var("TAMIS_TEST_VERBOSE").is_ok() && !exact {
            eprintln!("{template}: {} names, such as {:?}", own.len(), own.iter().next());
        }
    }
    assert!(paths.memory() <= learning.memory_bytes);
    score
}

/// A path of a template.
fn request(template: &str, random: &mut Random) -> String {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (kind, after) = after.split_once('}').expect("a closing brace");
        path.push_str(before);
        path.push_str(&value(kind, random));
        rest = after;
    }
    path + rest
}
