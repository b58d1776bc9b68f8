//! Whether a run of letters and digits was made by a machine.

/// Pairs of letters that words and abbreviations are made of: for each letter those that follow it.
const FOLLOWERS: [&str; 26] = [
    "bcdfgiklmnprstuvwxy",
    "abeijlorsuy",
    "acdehiklorstuy",
    "adegimnorsuvwy",
    "abcdefgiklmnpqrstuvwxy",
    "aefilortuy",
    "aeghilnorsuy",
    "aeiortuy",
    "abcdefgklmnoprstvxz",
    "aeosu",
    "aeilnosuy",
    "adefiklmopstuvy",
    "abeilmnopsuy",
    "acdefgiknostuvy",
    "abcdefgiklmnoprstuvwxy",
    "adehiklmoprstuy",
    "lu",
    "abcdefgiklmnoprstuvy",
    "acehiklmnopqstuwy",
    "acefhilmoprstuwy",
    "abcdefgilmnprst",
    "aeiop",
    "aehiklnors",
    "aceimpty",
    "abceilmnoprst",
    "aeilouyz",
];

static PLAUSIBLE: [u32; 26] = plausible();

const fn plausible() -> [u32; 26] {
    let mut table = [0; 26];
    let mut first = 0;
    while first < 26 {
        let followers = FOLLOWERS[first].as_bytes();
        let mut index = 0;
        while index < followers.len() {
            table[first] |= 1 << (followers[index] - b'a');
            index += 1;
        }
        first += 1;
    }
    table
}

fn is_plausible(first: u8, second: u8) -> bool {
    let [first, second] = [first | 0x20, second | 0x20].map(|byte| byte.wrapping_sub(b'a'));
    PLAUSIBLE.get(usize::from(first)).is_some_and(|followers| followers >> second & 1 == 1)
}

/// What tells a random run of letters and digits from words.
#[derive(Default)]
pub(crate) struct Measure {
    pub(crate) letters: usize,
    pub(crate) digits: usize,
    upper: usize,
    /// How often a letter follows a digit.
    pub(crate) turns: usize,
    /// Pairs of letters that no word has.
    odd: usize,
    /// Words of one or two letters in camel case.
    short: usize,
}

/// Separators are skipped: they end words and digits.
pub(crate) fn measure(bytes: &[u8]) -> Measure {
    let mut result = Measure::default();
    let mut before = b'-';
    let mut word = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if byte.is_ascii_digit() {
            result.digits += 1;
        } else if byte.is_ascii_alphabetic() {
            result.letters += 1;
            result.upper += usize::from(byte.is_ascii_uppercase());
            let begins = before.is_ascii_lowercase() && byte.is_ascii_uppercase();
            if begins {
                result.short += usize::from(index - word <= 2);
            } else if before.is_ascii_alphabetic() {
                result.odd += usize::from(!is_plausible(before, byte));
            } else {
                result.turns += usize::from(before.is_ascii_digit());
            }
            if begins || !before.is_ascii_alphabetic() {
                word = index;
            }
        }
        before = byte;
    }
    result
}

/// Runs shorter than this are told by other signs.
const TOKEN_MIN: usize = 12;
/// Without a digit more text is wanted: long names in camel case have odd pairs too.
const LETTERS_MIN: usize = 16;

impl Measure {
    fn evidence(&self) -> usize {
        self.odd + self.short + self.turns.saturating_sub(1)
    }

    /// For text with digits.
    fn is_strange(&self) -> bool {
        (self.odd + self.short + self.turns) * 3 > self.letters + self.digits
    }

    pub(crate) fn strange_pairs(&self) -> usize {
        self.odd + self.short
    }

    /// A long run that no word explains: base64url, nanoid, ULID, base 36. `prefixed`: it stands
    /// behind a prefix like `cus_`, and less is enough.
    pub(crate) fn is_token(&self, prefixed: bool) -> bool {
        let length = self.letters + self.digits;
        let mixed = self.upper > 0 && self.upper < self.letters;
        match self.digits {
            0 => length >= LETTERS_MIN && mixed && self.evidence() * 3 >= length,
            1 if !mixed => length >= TOKEN_MIN && self.is_strange(),
            _ if prefixed && mixed => length >= 10 && self.evidence() * 8 >= length,
            // Hardly words between that many digits.
            _ if self.turns >= 2 && self.digits * 2 >= length => length >= TOKEN_MIN,
            _ if self.turns >= 3 && self.digits * 3 >= length => length >= TOKEN_MIN,
            1 => length >= TOKEN_MIN && self.evidence() * 4 >= length,
            _ => length >= TOKEN_MIN && self.evidence() * 5 >= length,
        }
    }

    /// A short one: digits and letters change places more than once.
    pub(crate) fn is_short_code(&self) -> bool {
        let length = self.letters + self.digits;
        let [long, longer] = [6, 8].map(|length_min| (length_min..TOKEN_MIN).contains(&length));
        long && self.turns >= 2 && self.digits >= 3
            || longer && self.turns >= 2 && self.digits >= 2
            || longer && self.turns >= 1 && self.is_strange()
    }
}

/// Hexadecimal digits of a hash, an address, a UUID without dashes. Both a digit and a letter are
/// wanted, and more than a word with a number behind it (`decade80`).
pub(crate) fn is_hex(bytes: &[u8], length_min: usize) -> bool {
    if bytes.len() < length_min || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let word = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let named = word >= 3 && word + digits == bytes.len();
    let wanted = if bytes.len() < 12 { 2 } else { 1 };
    digits >= wanted && digits < bytes.len() && !named
}

pub(crate) fn is_0x(word: &[u8]) -> bool {
    matches!(word, [b'0', b'x' | b'X', digits @ ..]
        if !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit))
}
