//! The questions that a chip answered: those typed at its console, and those of other chips among its last messages.

use super::chip::essence;
use crate::tui::app::App;
use ruvllm_esp_sim::fleet::view::{ChipDetail, MessageView, QuestionView};

/// A question of another chip, and what its answer will have in common with it.
struct Asked {
    other: Option<u16>,
    request: String,
    question: QuestionView,
}

/// All of them, oldest first.
pub fn all(app: &App, typed: &[QuestionView], detail: &ChipDetail) -> Vec<QuestionView> {
    let mut questions = for_others(app, &detail.messages);
    questions.extend(typed.iter().cloned());
    questions.sort_by_key(|question| question.at);
    questions
}

fn for_others(app: &App, messages: &[MessageView]) -> Vec<QuestionView> {
    let mut asked: Vec<Asked> = Vec::new();
    for message in messages {
        let text = essence(&message.text);
        let request =
            text.split(' ').find(|word| word.starts_with("request=")).unwrap_or_default().to_string();
        let has = |verb: &str| text.split(' ').any(|word| word == verb);
        if !message.outgoing && (has("search") || has("recall")) {
            let text = format!("{} asks: {}", name(app, message.other), without(&text, &request));
            let question = QuestionView { at: message.at, text, answer: "no answer sent".into() };
            asked.push(Asked { other: message.other, request, question });
        } else if message.outgoing && (has("search-reply") || has("recall-reply")) {
            let is_it = |one: &&mut Asked| one.other == message.other && one.request == request;
            if let Some(one) = asked.iter_mut().rev().find(is_it) {
                one.question.answer = without(&text, &request);
            }
        }
    }
    asked.into_iter().map(|one| one.question).collect()
}

/// The name of the chip with this address.
fn name(app: &App, id: Option<u16>) -> String {
    let Some(id) = id else { return "the fleet".into() };
    app.view.chips.iter().find(|chip| chip.id == id).map_or(format!("chip {id}"), |chip| chip.name.clone())
}

/// A message without the words that only the chips need.
fn without(text: &str, request: &str) -> String {
    let dull = ["search", "recall", "search-reply", "recall-reply", request];
    let starts = ["count=", "deadline_ms=", "with_text=", "partial=false", "kind=none"];
    let words = text
        .split(' ')
        .filter(|word| !dull.contains(word) && !starts.iter().any(|dull| word.starts_with(dull)));
    // Hundreds of digits tell nobody what was asked.
    let words = words.map(|word| match word {
        word if word.starts_with("query=0x") => "by a vector",
        "hits=[]" => "nothing found",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::demonstration::{house, seen};
    use ruvllm_esp_core::units::Micros;

    #[test]
    fn questions_of_other_chips_are_found_among_the_messages() {
        let app = seen((80, 24), 10, house);
        let header = "source=1 destination=4 boot=3 sequence=9 embedder=1 flags=none";
        let message = |at, outgoing, text: &str| MessageView {
            at: Micros(at),
            outgoing,
            other: Some(1),
            text: format!("{header} {text}"),
            bytes: 40,
        };
        let detail = ChipDetail {
            messages: vec![
                message(5, false, "recall request=7 count=4 deadline_ms=900 kind=none text=\"the key\""),
                message(6, true, "hello role=rag"),
                message(7, true, "recall-reply request=7 partial=false hits=[4:1 800 \"on the hook\"]"),
                message(9, false, "search request=8 count=4 deadline_ms=900 with_text=true query=0x7f80"),
                message(10, true, "search-reply request=8 partial=false hits=[]"),
            ],
            ..ChipDetail::default()
        };
        let typed = QuestionView { at: Micros(8), text: "recall me".into(), answer: "top: you".into() };
        let all = all(&app, &[typed], &detail);
        let texts: Vec<_> = all.iter().map(|one| (one.text.as_str(), one.answer.as_str())).collect();
        let expected = [
            ("kitchen asks: text=\"the key\"", "hits=[4:1 800 \"on the hook\"]"),
            ("recall me", "top: you"),
            ("kitchen asks: by a vector", "nothing found"),
        ];
        assert_eq!(texts, expected);
    }
}
