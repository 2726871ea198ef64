//! What the console of a board says, read as text.
//!
//! A simulated chip reports typed events. A board, and an image on an emulated one, send text alone: this file is where
//! that text is read, and the only one.

use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_sim::fleet::telemetry::RoleEvent;

/// `name=value` words.
pub fn fields(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split_whitespace().filter_map(|word| word.split_once('='))
}

/// The value of a field.
pub fn field<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    fields(line).find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// Is it the line of the banner that says which chip it is: `variant=V role=R chip_id=N sram_kb=K`?
pub fn is_banner(line: &str) -> bool {
    line.starts_with("variant=")
}

/// The role that a reply to `set-role`, or a banner, says the chip has now.
pub fn new_role(text: &str) -> Option<RoleKind> {
    text.lines().rev().find_map(|line| match line.strip_prefix("role set to ") {
        Some(rest) => RoleKind::by_name(rest.split([' ', ',']).next()?),
        None => field(line, "role").filter(|_| is_banner(line)).and_then(RoleKind::by_name),
    })
}

/// Is the field of `stats` called so the number of items of some role?
#[cfg_attr(not(feature = "tui"), allow(dead_code, reason = "the display asks for it"))]
pub fn counts_items(field: &str) -> bool {
    RoleKind::ALL.iter().any(|role| role.info().counter == field)
}

/// What a reply says of a sample or a text that was judged: `NORMAL`, `ANOMALY`, `ONGOING`, `WARMUP`.
pub fn verdict(reply: &str) -> Option<&'static str> {
    let word = reply.split_ascii_whitespace().next()?;
    ["NORMAL", "ANOMALY", "ONGOING", "WARMUP"].into_iter().find(|verdict| *verdict == word)
}

/// The verdict on a line as an event: `ANOMALY ... score=S threshold=T ...`, or `distance=D` for a text.
#[cfg_attr(not(feature = "tui"), allow(dead_code, reason = "the display asks for it"))]
pub fn judged(line: &str) -> Option<RoleEvent> {
    // An episode raises one alarm, where it begins.
    let is_alarm = match verdict(line)? {
        "NORMAL" | "ONGOING" => false,
        "ANOMALY" => true,
        _ => return None,
    };
    let score = field(line, "score").or_else(|| field(line, "distance"))?;
    Some(RoleEvent::Judged(thousandths(score)?, thousandths(field(line, "threshold")?)?, is_alarm))
}

/// What an answer to a question is shown as: the line of its best result, or that there is none. Lines that begin with the
/// marks of the two are results, other lines of the reply are not.
#[cfg_attr(not(feature = "tui"), allow(dead_code, reason = "the display asks for it"))]
pub fn answer(line: &str) -> Option<RoleEvent> {
    if let Some(result) = line.strip_prefix("  id=") {
        let (id, rest) = result.split_once(' ')?;
        let (value, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let (name, value) = value.split_once('=')?;
        // The archivist says the type first.
        let (name, value, text) = match name {
            "type" => {
                let (score, text) = text.split_once(' ')?;
                let (name, value) = score.split_once('=')?;
                (name, value, text)
            }
            _ => (name, value, text),
        };
        let score = thousandths(value).filter(|_| name == "score")?;
        return Some(RoleEvent::Result(None, format!("id={id}"), score, Some(text.into())));
    }
    if let Some(hits) = line.strip_prefix("hits: ") {
        let hits = if hits == "(none)" { 0 } else { hits.split(',').count() };
        return Some(RoleEvent::Results(u8::try_from(hits).unwrap_or(u8::MAX)));
    }
    match line.strip_prefix("top: ")? {
        "(no match)" | "(no recall)" => Some(RoleEvent::Results(0)),
        _ => Some(RoleEvent::Results(1)),
    }
}

/// `0.307` and `12` in thousandths, without a detour over floats.
fn thousandths(text: &str) -> Option<i32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let whole: i32 = whole.parse().ok()?;
    whole.checked_mul(1000)?.checked_add(sign * digits.parse::<i32>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_read_with_its_score() {
        let line = "ANOMALY episode=1 channel=2 kind=shape score=1.307 threshold=0.295 severity=0.5959";
        assert_eq!(
            (verdict(line), judged(line)),
            (Some("ANOMALY"), Some(RoleEvent::Judged(1_307, 295, true)))
        );
        let ongoing =
            "ONGOING episode=1 samples=2 channel=2 kind=shape score=0.4 threshold=0.295 severity=0.59";
        assert_eq!(judged(ongoing), Some(RoleEvent::Judged(400, 295, false)));
        assert_eq!(judged("NORMAL distance=0.12 threshold=0.5"), Some(RoleEvent::Judged(120, 500, false)));
        assert_eq!((verdict("WARMUP remaining=3"), judged("WARMUP remaining=3")), (Some("WARMUP"), None));
        assert_eq!((verdict("normal"), judged("added id=0")), (None, None));
        assert_eq!(
            [thousandths("-0.5"), thousandths("x"), thousandths("99999999")],
            [Some(-500), None, None]
        );
    }

    #[test]
    fn answers_are_read_of_every_role() {
        let result =
            |score, text: &str| Some(RoleEvent::Result(None, "id=3".into(), score, Some(text.into())));
        assert_eq!(answer("hits: 3,1"), Some(RoleEvent::Results(2)));
        assert_eq!(answer("hits: (none)"), Some(RoleEvent::Results(0)));
        assert_eq!(answer("top: (no match)"), Some(RoleEvent::Results(0)));
        assert_eq!(answer("  id=3 score=0.75 the pump"), result(750, "the pump"));
        assert_eq!(answer("  id=3 type=fact score=0.5 the pump"), result(500, "the pump"));
        assert_eq!(
            [answer("  id=3 the pump"), answer("  id=3 type=fact the pump"), answer("added id=3")],
            [None, None, None]
        );
    }

    #[test]
    fn a_role_is_read_where_the_chip_says_that_it_has_changed() {
        let alias = |text| new_role(text).map(RoleKind::alias);
        assert_eq!(alias("role set to RagRetriever, 3 items discarded\n"), Some("rag"));
        let start = "I (1) boot: x\nruvllm-esp 0.1.0\nvariant=esp32c3 role=HnswIndexer chip_id=0 sram_kb=313\n[ready]\n";
        assert_eq!(alias(start), Some("hnsw"));
        assert_eq!(alias("role: HnswIndexer\n"), None);
        assert!(counts_items("anomaly_samples") && !counts_items("ops"));
    }
}
