//! Words cut into what values are made of: numbers, words, signs.
//!
//! `90s`, `21.5C`, `7pm`, `1h30m`, `twenty-one` are cut where digits meet letters and at hyphens between letters.

/// The most tokens of one value.
pub const MAX_TOKENS: usize = 24;

/// A piece of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Word(&'t str),
    /// Digits: the value in thousandths, and how many digits stand before the point.
    Number {
        thousandths: i64,
        digits: u8,
        is_whole: bool,
    },
    Sign(char),
}

/// The tokens of a span.
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    list: [Token<'t>; MAX_TOKENS],
    count: usize,
}

impl Default for Tokens<'_> {
    fn default() -> Self {
        Self { list: [Token::Sign(' '); MAX_TOKENS], count: 0 }
    }
}

impl<'t> Tokens<'t> {
    /// Cuts words; none where they are too many or hold what no value has.
    pub fn read(&mut self, words: &[&'t str]) -> Option<()> {
        words.iter().try_for_each(|word| self.read_word(word))
    }

    /// What there is.
    pub fn list(&self) -> &[Token<'t>] {
        self.list.get(..self.count).unwrap_or_default()
    }

    fn read_word(&mut self, word: &'t str) -> Option<()> {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '0'..='9' => self.read_number(rest)?,
                _ if first.is_alphabetic() => {
                    let is_inside = |letter: char| letter.is_alphabetic() || "'\u{2019}".contains(letter);
                    let length = rest.find(|letter| !is_inside(letter)).unwrap_or(rest.len());
                    self.push(Token::Word(rest.get(..length)?))?;
                    length
                }
                // A hyphen inside a word parts it; before digits it is a minus.
                '-' | '\u{2010}' | '\u{2212}' if rest.len() == word.len() => {
                    self.push(Token::Sign('-'))?;
                    first.len_utf8()
                }
                '-' | '\u{2010}' | ',' | '.' | '!' | '?' | ';' | '\u{b0}' | '\u{ba}' => first.len_utf8(),
                '%' | ':' | '+' | '/' => {
                    self.push(Token::Sign(first))?;
                    first.len_utf8()
                }
                _ => return None,
            };
            rest = rest.get(length..)?;
        }
        Some(())
    }

    /// Digits with an optional fraction; gives their length in bytes.
    fn read_number(&mut self, text: &str) -> Option<usize> {
        let (mut whole, mut fraction, mut scale) = (0_i64, 0_i64, 1_i64);
        let (mut decimals, mut has_comma) = (0, false);
        let (mut digits, mut length, mut is_whole) = (0_u8, 0, true);
        let mut rest = text.bytes().peekable();
        while let Some(byte) = rest.next() {
            match byte {
                b'0'..=b'9' if is_whole => {
                    (whole, digits) = (whole * 10 + i64::from(byte - b'0'), digits.checked_add(1)?);
                    if digits > 9 {
                        return None;
                    }
                }
                b'0'..=b'9' => {
                    decimals += 1;
                    if scale < 1000 {
                        (fraction, scale) = (fraction * 10 + i64::from(byte - b'0'), scale * 10);
                    }
                }
                b'.' | b',' if is_whole && rest.peek().is_some_and(u8::is_ascii_digit) => {
                    (is_whole, has_comma) = (false, byte == b',');
                }
                _ => break,
            }
            length += 1;
        }
        // "1,000" is a thousand to one reader and one to another.
        if has_comma && decimals == 3 {
            return None;
        }
        self.push(Token::Number { thousandths: whole * 1000 + fraction * (1000 / scale), digits, is_whole })?;
        Some(length)
    }

    fn push(&mut self, token: Token<'t>) -> Option<()> {
        *self.list.get_mut(self.count)? = token;
        self.count += 1;
        Some(())
    }
}

/// Tokens being read. Copying one is a bookmark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'c> {
    rest: &'c [Token<'c>],
}

/// Words before a value that mean nothing.
const FILLER: &[&str] =
    &["to", "at", "the", "about", "around", "for", "of", "in", "by", "until", "its", "exactly"];

impl<'c> Cursor<'c> {
    pub fn new(rest: &'c [Token<'c>]) -> Self {
        Self { rest }
    }

    /// Behind words that mean nothing.
    pub fn after_filler(mut self) -> Self {
        while self.eat_one_of(FILLER) {}
        self
    }

    pub fn is_done(self) -> bool {
        self.rest.is_empty()
    }

    /// The value, where nothing is left.
    pub fn done<T>(self, value: T) -> Option<T> {
        self.is_done().then_some(value)
    }

    pub fn peek(self) -> Option<Token<'c>> {
        self.rest.first().copied()
    }

    pub fn next(&mut self) -> Option<Token<'c>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Takes the next token where it is this word.
    pub fn eat(&mut self, word: &str) -> bool {
        self.eat_one_of(&[word])
    }

    /// Takes the next token where it is one of these words.
    pub fn eat_one_of(&mut self, words: &[&str]) -> bool {
        self.eat_mapped(|word| words.iter().any(|one| one.eq_ignore_ascii_case(word)).then_some(())).is_some()
    }

    /// Takes the next words where they are these.
    pub fn eat_all(&mut self, words: &[&str]) -> bool {
        let mut ahead = *self;
        let is_there = words.iter().all(|word| ahead.eat(word));
        if is_there {
            *self = ahead;
        }
        is_there
    }

    /// Takes the next token where it is this sign.
    pub fn eat_sign(&mut self, sign: char) -> bool {
        let is_it = self.peek() == Some(Token::Sign(sign));
        if is_it {
            self.next();
        }
        is_it
    }

    /// Takes the next token where it is a word that `map` knows.
    pub fn eat_mapped<T>(&mut self, map: impl Fn(&str) -> Option<T>) -> Option<T> {
        let Some(Token::Word(word)) = self.peek() else { return None };
        let found = map(word)?;
        self.next();
        Some(found)
    }
}
