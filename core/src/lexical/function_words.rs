//! Words that carry the sentence and not its subject.
//!
//! Two lists. `FUNCTION`: articles, pronouns, prepositions, auxiliaries, question words. `GENERIC`: words of almost any
//! question or note, such as "day" or "need". English, German, Spanish and French, folded (no accents). A word that is a
//! noun in another of the four (bin, son, hat) is in neither. In other languages the frequency of a word in the stored
//! texts has to do alone.
//!
//! A chip has the hashes of the words alone, sorted when the program is compiled: 4 bytes a word instead of its letters
//! and their address, and a comparison is one of two numbers. A word outside the lists with the hash of one in them is
//! one in ten million.

use super::word::{Word, hash_of};

/// What a word does in a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// It says what the question is about.
    #[default]
    Subject,
    /// It occurs in questions about anything.
    Generic,
    /// It holds the sentence together.
    Function,
}

/// Comparisons that it takes to look a word up in both lists.
pub(super) const PART_COMPARISONS: u32 = FUNCTION.len().ilog2() + GENERIC.len().ilog2() + 2;

/// The part of `word`.
pub(super) fn part_of(word: &Word) -> Part {
    if FUNCTION_HASHES.binary_search(&word.hash).is_ok() {
        Part::Function
    } else if GENERIC_HASHES.binary_search(&word.hash).is_ok() {
        Part::Generic
    } else {
        Part::Subject
    }
}

static FUNCTION_HASHES: [u32; FUNCTION.len()] = sorted_hashes(FUNCTION);
static GENERIC_HASHES: [u32; GENERIC.len()] = sorted_hashes(GENERIC);

/// Runs in the compiler, where an index out of bounds is an error of compilation.
const fn sorted_hashes<const N: usize>(words: &[&str]) -> [u32; N] {
    let mut sorted = [0; N];
    let mut length = 0;
    while length < N {
        let hash = hash_of(words[length].as_bytes());
        let mut at = length;
        while at > 0 && sorted[at - 1] > hash {
            sorted[at] = sorted[at - 1];
            at -= 1;
        }
        sorted[at] = hash;
        length += 1;
    }
    sorted
}

#[rustfmt::skip]
const FUNCTION: &[&str] = &[
    "a", "aber", "about", "ai", "al", "als", "am", "an", "and", "are", "as", "at", "au", "auch", "auf",
    "aus", "aux", "avec", "avoir", "be", "been", "bei", "being", "bist", "but", "by", "c", "can", "ce",
    "ces", "cet", "cette", "combien", "comme", "comment", "como", "con", "could", "cual", "cuales",
    "cuando", "cuanta", "cuanto", "cuantos", "d", "dann", "dans", "das", "de", "debe", "dein", "deine",
    "del", "dem", "den", "der", "des", "dich", "did", "die", "diese", "dieser", "dieses", "do", "does",
    "doit", "donde", "du", "ein", "eine", "einem", "einen", "einer", "eines", "el", "ella", "elle", "elles",
    "ellos", "en", "er", "era", "es", "esa", "ese", "est", "esta", "estaba", "estan", "estar", "estas",
    "este", "esto", "estos", "et", "etait", "etre", "euch", "for", "from", "fue", "ha", "habe", "haben",
    "had", "han", "has", "hatte", "have", "hay", "he", "her", "here", "him", "his", "how", "i", "ich", "if",
    "ihn", "ihr", "il", "ils", "im", "in", "into", "is", "ist", "it", "its", "j", "je", "just", "kann",
    "kein", "keine", "konnen", "l", "la", "las", "le", "les", "leur", "leurs", "ll", "lo", "los", "m", "ma",
    "mais", "mas", "may", "me", "mein", "meine", "mes", "mi", "mich", "might", "mis", "mit", "muss",
    "mussen", "must", "muy", "my", "n", "nach", "ne", "nicht", "no", "noch", "nos", "nosotros", "not",
    "notre", "nous", "nur", "o", "oder", "of", "off", "on", "ont", "or", "ou", "our", "out", "over", "par",
    "para", "pas", "pero", "peut", "peux", "plus", "por", "pourquoi", "puede", "puedo", "qu", "quand",
    "que", "quel", "quelle", "quelles", "quels", "qui", "quien", "quoi", "re", "s", "sa", "sans", "schon",
    "se", "sein", "seine", "ser", "ses", "shall", "she", "should", "si", "sie", "sin", "sind", "so",
    "sobre", "soll", "sont", "sous", "su", "sur", "sus", "t", "ta", "tambien", "te", "tes", "than", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "too", "tres", "tu",
    "uber", "um", "un", "una", "unas", "und", "une", "unos", "uns", "unser", "unsere", "unter", "up", "us",
    "usted", "ve", "very", "von", "vor", "vos", "votre", "vous", "wann", "waren", "warum", "was", "we",
    "welche", "welcher", "welches", "wem", "wen", "wenn", "wer", "werden", "were", "what", "when", "where",
    "which", "who", "whom", "whose", "why", "wie", "wieviel", "will", "wir", "wird", "with", "wo", "would",
    "y", "ya", "yo", "you", "your", "zu", "zum", "zur",
];

#[rustfmt::skip]
const GENERIC: &[&str] = &[
    "again", "all", "any", "appelle", "beaucoup", "bekommen", "besoin", "bitte", "brauche", "braucht",
    "call", "called", "color", "colour", "day", "days", "dia", "dias", "faire", "fait", "faut", "favor",
    "find", "finde", "finden", "geht", "get", "gets", "gibt", "give", "go", "goes", "hace", "hacer",
    "happen", "happens", "heisst", "help", "heure", "heures", "hora", "horas", "jour", "jours", "keep",
    "know", "lange", "left", "let", "like", "llama", "long", "machen", "macht", "make", "many", "more",
    "much", "mucho", "muchos", "name", "names", "necesita", "necesito", "need", "needs", "nom", "nombre",
    "oft", "often", "one", "people", "place", "plait", "please", "put", "quiero", "sagen", "some",
    "souvent", "still", "tage", "take", "tell", "temps", "tengo", "thing", "things", "tiene", "time",
    "times", "use", "veces", "veux", "viel", "viele", "want", "way", "wissen", "zeit",
];

#[cfg(test)]
mod tests {
    use super::super::word::Cutter;
    use super::*;

    fn part(text: &str) -> Part {
        let mut found = Word::default();
        let mut cutter = Cutter::default();
        cutter.cut(text, &mut (), &mut |word, _| found = *word);
        cutter.end(&mut (), &mut |word, _| found = *word);
        part_of(&found)
    }

    #[test]
    fn the_lists_are_sorted_and_folded_and_each_word_is_found() {
        for (list, of) in [(FUNCTION, Part::Function), (GENERIC, Part::Generic)] {
            assert!(list.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(list.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())));
            assert!(list.iter().all(|word| part(word) == of));
        }
    }

    #[test]
    fn a_word_has_its_part() {
        assert_eq!(part("where"), Part::Function);
        assert_eq!(part("pourquoi"), Part::Function);
        assert_eq!(part("Étaient"), Part::Subject);
        assert_eq!(part("Était"), Part::Function);
        assert_eq!(part("day"), Part::Generic);
        assert_eq!(part("compressor"), Part::Subject);
        assert_eq!(part(""), Part::Subject);
    }
}
