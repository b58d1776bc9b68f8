//! Values as they stand in paths, by kind.

use crate::random::Random;

const HEX: &str = "0123456789abcdef";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const BASE36: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BASE62: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// What Kubernetes makes names of.
const POD: &str = "bcdfghjklmnpqrstvwxz2456789";

const NAMES: [&str; 40] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "karl",
    "laura", "mallory", "nina", "oscar", "peggy", "quentin", "rupert", "sybil", "trent", "ursula",
    "victor", "wendy", "xavier", "yvonne", "zoe", "amara", "bjorn", "chen", "dmitri", "elif",
    "fatima", "goran", "hiroshi", "ines", "jamal", "kofi", "lars", "mei", "noor",
];

const NOUNS: [&str; 60] = [
    "apple", "arrow", "autumn", "bicycle", "blue", "bottle", "branch", "bridge", "cabin", "candle",
    "castle", "cedar", "cloud", "copper", "coral", "cotton", "desk", "dragon", "eagle", "ember",
    "falcon", "feather", "flower", "forest", "garden", "glass", "golden", "harbor", "helmet",
    "island", "jacket", "jasmine", "kettle", "lantern", "leather", "lemon", "maple", "marble",
    "meadow", "mirror", "mountain", "ocean", "olive", "orange", "order", "paper", "pepper",
    "purple", "rabbit", "river", "rocket", "service", "shirt", "silver", "stone", "sunset",
    "tiger", "velvet", "walnut", "winter",
];

const ROLES: [&str; 14] = [
    "api",
    "worker",
    "web",
    "db",
    "cache",
    "gateway",
    "frontend",
    "backend",
    "proxy",
    "scheduler",
    "importer",
    "mailer",
    "prod",
    "staging",
];

const REGIONS: [&str; 10] = [
    "us-east-1",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
    "europe-west3",
    "us-central1",
    "asia-south1",
    "northeurope",
    "westus2",
    "sa-east-1",
];

const LANGUAGES: [&str; 16] = [
    "en", "de", "fr", "es", "it", "pt-BR", "zh-CN", "ja", "ko", "Rust", "Go", "Python", "Java",
    "C++", "Ruby", "Kotlin",
];

pub(crate) fn value(kind: &str, random: &mut Random) -> String {
    match kind {
        "int" => (random.next() >> (24 + random.below(40))).to_string(),
        "snowflake" => (100_000_000_000_000_000 + (random.next() >> 8)).to_string(),
        "account" => random.text(DIGITS, 12),
        "uuid" => uuid(random),
        "hex" | "hash" => random.text(HEX, 32),
        "hex16" => random.text(HEX, 16),
        "sha" => {
            let length = *random.pick(&[7, 40, 40, 40]);
            random.text(HEX, length)
        }
        "digest" => format!("sha256:{}", random.text(HEX, 64)),
        "ulid" => format!("01{}", random.text(CROCKFORD, 24)),
        "base32" => random.text(CAPITALS, 14),
        "token" => {
            let length = *random.pick(&[22, 28, 33, 43]);
            random.text(BASE64URL, length)
        }
        "prefixed" => {
            let prefix = *random.pick(&["cus", "ch", "pi", "in", "sub", "evt", "price", "msg"]);
            let length = *random.pick(&[14, 24]);
            format!("{prefix}_{}", random.text(BASE62, length))
        }
        "code" => {
            let length = 6 + random.below(5);
            random.text(BASE36, length)
        }
        "channel" => format!("C{}", random.text(CAPITALS, 10)),
        "pnr" => random.text(CAPITALS, 6),
        "iata" => random.text(UPPER, 3),
        "flight" => format!("{}{}", random.text(UPPER, 2), random.below(9000) + 1),
        "currency" => random.pick(&["EUR", "USD", "GBP", "JPY", "CHF", "SEK"]).to_string(),
        "tracking" => format!("1Z{}", random.text(CAPITALS, 16)),
        "sku" => format!("{}-{}", random.text(UPPER, 3), random.below(100_000)),
        "ticket" => {
            let project = *random.pick(&["OPS", "SHOP", "WEB"]);
            format!("{project}-{}", random.below(20_000))
        }
        "order" => format!("ORD-2024-{:06}", random.below(1_000_000)),
        _ => words(kind, random),
    }
}

fn words(kind: &str, random: &mut Random) -> String {
    let [name, noun, other, role] =
        [&NAMES[..], &NOUNS, &NOUNS, &ROLES].map(|from| *random.pick(from));
    let number = random.below(1000);
    match kind {
        "user" => match random.below(6) {
            0 => format!("{name}{number}"),
            1 => format!("{name}-{noun}"),
            2 => format!("{name}_{other}"),
            3 => format!("{noun}{name}"),
            4 => random.text(LOWER, 7),
            _ => format!("{name}{}", random.below(90) + 10),
        },
        "name" => match random.below(4) {
            0 => format!("{noun}-{other}"),
            1 => format!("{noun}.{role}"),
            2 => format!("{noun}{other}"),
            _ => format!("{noun}-{role}-{}", random.below(9)),
        },
        "object" => match random.below(4) {
            0 => format!("{noun}-{role}"),
            1 => format!("{noun}-{other}-{role}"),
            2 => format!("{noun}{number}"),
            _ => format!("{noun}-{other}"),
        },
        "slug" => match random.below(3) {
            0 => format!("{noun}-{other}"),
            1 => format!("{noun}-{other}-{}", random.below(50)),
            _ => format!("the-{noun}-of-{name}"),
        },
        "pod" => format!("{noun}-{role}-{}-{}", random.text(POD, 9), random.text(POD, 5)),
        "node" => match random.below(2) {
            0 => format!("ip-10-{}-{}-{}.ec2.internal", number % 256, number % 7, number % 200),
            _ => format!("{noun}-pool-{}", random.text(POD, 4)),
        },
        "email" => format!("{name}.{noun}{number}@example.com"),
        "file" => {
            let extension = *random.pick(&["jpg", "png", "pdf", "csv"]);
            format!("{noun}-{other}-{number}.{extension}")
        }
        "class" => format!("com.acme.{noun}.{}Service", capitalized(other)),
        "date" => format!("2024-{:02}-{:02}", number % 12 + 1, number % 28 + 1),
        "version" => format!("v{}.{}.{}", number % 9, number % 30, random.below(20)),
        "region" => (*random.pick(&REGIONS)).to_owned(),
        "language" => (*random.pick(&LANGUAGES)).to_owned(),
        "phone" => format!("+49{}", random.text(DIGITS, 10)),
        "latlong" => format!("{}.{:04},{}.{:04}", number % 90, number, number % 180, number * 7),
        "ip" => format!("10.{}.{}.{}", number % 256, random.below(256), random.below(256)),
        "mac" => (0..6).map(|_| random.text(HEX, 2)).collect::<Vec<_>>().join(":"),
        _ => panic!("no kind {kind}"),
    }
}

fn uuid(random: &mut Random) -> String {
    let parts = [8, 4, 4, 4, 12].map(|length| random.text(HEX, length));
    parts.join("-")
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}
