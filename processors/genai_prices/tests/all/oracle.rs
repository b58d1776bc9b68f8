//! Beside genai-prices itself: the same model, and the same price to the last decimal, or both refuse.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tamis_genai_prices::{Amount, Book, Table, Unit};

use crate::questions::{Question, World};
use crate::random::Random;
use crate::{SEED, book};

/// Questions by random names, besides three about every model by its id.
const RANDOM: usize = 10_000;

#[test]
fn genai_prices_answers_the_same() {
    let Some(mut oracle) = start() else {
        eprintln!("TAMIS_TEST_PYTHON is not set (`cargo xtask test` sets it): not compared");
        return;
    };
    let mut lines = BufReader::new(oracle.stdout.take().unwrap()).lines();
    let world = lines.next().expect("the oracle fails: is genai-prices installed?").unwrap();
    let world = World::read(&world);
    let table = Table::built_in().unwrap();
    let source = format!("genai-prices {} (", world.version);
    assert!(table.version().starts_with(&source), "{source}: run `cargo xtask prices`");
    let models: usize = world.providers.iter().map(|provider| provider.models.len()).sum();
    assert_eq!(table.models(), models, "run `cargo xtask prices`");
    let questions = questions(&world);
    let mut stdin = oracle.stdin.take().unwrap();
    let asked: String = questions.iter().map(|question| format!("{}\n", question.json())).collect();
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let answers: Vec<String> = lines.map(Result::unwrap).collect();
    writer.join().unwrap().unwrap();
    assert!(oracle.wait().unwrap().success(), "the oracle fails");
    assert_eq!(answers.len(), questions.len());
    compare(&questions, &answers);
}

fn start() -> Option<Child> {
    let python = std::env::var_os("TAMIS_TEST_PYTHON")?;
    let oracle = Command::new(&python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/oracle/answer.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    Some(oracle.unwrap_or_else(|error| panic!("TAMIS_TEST_PYTHON={}: {error}", python.display())))
}

fn questions(world: &World) -> Vec<Question> {
    let mut random = Random(*SEED);
    let mut questions = Vec::new();
    let mut all = Vec::new();
    for provider in &world.providers {
        for model in &provider.models {
            questions.extend((0..3).map(|_| world.about(&mut random, provider, model)));
            all.push((provider, model));
        }
    }
    for _ in 0..RANDOM {
        // Providers with few models as often as those with many.
        let (provider, model) = if random.once_in(2) {
            *random.pick(&all)
        } else {
            let provider = random.pick(&world.providers);
            (provider, random.pick(&provider.models))
        };
        questions.push(world.around(&mut random, provider, model));
    }
    questions
}

fn compare(questions: &[Question], answers: &[String]) {
    let mut book = book();
    let mut different = Vec::new();
    let (mut priced, mut unknown, mut unpriceable) = (0, 0, 0);
    for (question, answer) in questions.iter().zip(answers) {
        let theirs = serde_json::from_str(answer).unwrap();
        match Answer::of(&mut book, question) {
            Answer::Priced { .. } => priced += 1,
            Answer::Unknown => unknown += 1,
            Answer::Unpriceable => unpriceable += 1,
        }
        let (ours, theirs) = (Answer::of(&mut book, question), Answer::read(&theirs));
        if ours != theirs {
            different.push(format!("{}\n  {ours:?}\n  not {theirs:?}: {answer}", question.json()));
        }
    }
    let seed = *SEED;
    eprintln!("seed {seed}: {priced} priced, {unpriceable} unpriceable, {unknown} unknown");
    let (count, shown) = (different.len(), different.get(..10).unwrap_or(&different).join("\n"));
    assert!(different.is_empty(), "seed {seed}: {count} different:\n{shown}");
    assert!(priced >= 10_000 && unpriceable >= 200 && unknown >= 1_000, "seed {seed}");
}

#[derive(Debug, PartialEq)]
enum Answer {
    Priced { provider: String, model: String, total: Amount, input: Amount, output: Amount },
    Unknown,
    Unpriceable,
}

impl Answer {
    fn of(book: &mut Book, question: &Question) -> Self {
        let pairs: Vec<(&str, &str)> =
            question.context.iter().map(|(name, value)| (&**name, &**value)).collect();
        let Some(model) = book.find_in(question.provider.as_deref(), &question.model, &pairs)
        else {
            return Self::Unknown;
        };
        let mut usage = question.usage.clone();
        if usage.get(Unit::InputTokens).is_some_and(|count| count % 2 == 0) {
            // Makes no difference: this is one call, whatever is reported.
            usage.set(Unit::Requests, 3);
        }
        // What is less than a microsecond makes no difference, and nothing is at its very beginning.
        let nanoseconds = question.time * 1_000 + question.time % 2 * 999;
        let Ok(cost) = book.price(model, nanoseconds, &usage) else {
            return Self::Unpriceable;
        };
        let sum = |amounts: &[Amount]| {
            amounts.iter().try_fold(Amount::ZERO, |sum, &part| sum.checked_add(part)).unwrap()
        };
        let input = [cost.input, cost.cache_read, cost.cache_write];
        let output = [cost.output, cost.reasoning];
        let parts = [&input[..], &output, &[cost.other]].concat();
        assert_eq!(sum(&parts), cost.total, "{}", question.json());
        Self::Priced {
            provider: book.provider_id(model).to_owned(),
            model: book.model_id(model).to_owned(),
            total: cost.total,
            input: sum(&input),
            output: sum(&output),
        }
    }

    fn read(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let amount = |name| text(name).parse().unwrap();
        match answer.get("refused").and_then(Value::as_str) {
            Some("unknown") => Self::Unknown,
            Some(_) => Self::Unpriceable,
            None => {
                let total: Amount = amount("total");
                // A part of the total has no digits beyond those that an amount holds beside it.
                let part = |part: Amount| match total.checked_sub(part) {
                    Some(_) => part,
                    None => part.rounded(total.decimals()),
                };
                Self::Priced {
                    provider: text("provider"),
                    model: text("model"),
                    total,
                    input: part(amount("input")),
                    output: part(amount("output")),
                }
            }
        }
    }
}
