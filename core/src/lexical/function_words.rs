//! Words that carry the sentence and not its subject.
//!
//! Two lists. `FUNCTION`: articles, pronouns, prepositions, auxiliaries, question words. `GENERIC`: words of almost any
//! question or note, such as "day" or "need". English, German, Spanish and French, folded (no accents), sorted, so that
//! a word is found by bisection. A word that is a noun in another of the four (bin, son, hat) is in neither. In other languages the frequency of a word in the stored texts has to do alone.

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

/// The part of the word of these letters.
pub(super) fn part_of(letters: &[u16]) -> Part {
    let is_in = |list: &[&str]| {
        list.binary_search_by(|entry| entry.bytes().map(u16::from).cmp(letters.iter().copied())).is_ok()
    };
    if is_in(FUNCTION) {
        Part::Function
    } else if is_in(GENERIC) {
        Part::Generic
    } else {
        Part::Subject
    }
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
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_lists_are_sorted_and_folded() {
        for list in [FUNCTION, GENERIC] {
            assert!(list.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(list.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())));
        }
    }

    #[test]
    fn a_word_has_its_part() {
        let part = |word: &str| part_of(&word.bytes().map(u16::from).collect::<Vec<_>>());
        assert_eq!(part("where"), Part::Function);
        assert_eq!(part("pourquoi"), Part::Function);
        assert_eq!(part("day"), Part::Generic);
        assert_eq!(part("compressor"), Part::Subject);
        assert_eq!(part(""), Part::Subject);
    }
}
