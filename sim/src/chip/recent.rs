//! How busy something was lately.

use ruvllm_esp_core::units::Nanos;

/// Over how long a load is taken.
pub const SPAN: Nanos = Nanos(250_000_000);

/// Busy time in the span that runs, and in the one before. Times come in ascending order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recent {
    span: u64,
    now: Nanos,
    before: Nanos,
}

impl Recent {
    /// It was busy for `time` from `at` on; all of it counts for the span in which it began.
    pub fn busy(&mut self, at: Nanos, time: Nanos) {
        let span = at.get() / SPAN.get();
        if span > self.span {
            let before = if span == self.span + 1 { self.now } else { Nanos(0) };
            *self = Self { span, now: Nanos(0), before };
        }
        self.now += time;
    }

    /// The busy share of the last full span, in thousandths.
    pub fn load(&self, now: Nanos) -> u16 {
        let busy = match (now.get() / SPAN.get()).saturating_sub(self.span) {
            0 => self.before,
            1 => self.now,
            _ => Nanos(0),
        };
        (busy.get().saturating_mul(1000) / SPAN.get()).min(1000) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_that_of_the_span_before_and_fades() {
        let mut recent = Recent::default();
        let at = |spans: u64| Nanos(SPAN.get() * spans);
        recent.busy(at(3), Nanos(SPAN.get() / 4));
        assert_eq!([recent.load(at(3)), recent.load(at(4)), recent.load(at(5))], [0, 250, 0]);
        recent.busy(at(4), Nanos(SPAN.get() / 2));
        assert_eq!([recent.load(at(4)), recent.load(at(5))], [250, 500]);
        recent.busy(at(9), Nanos(1));
        assert_eq!(recent.load(at(9)), 0);
    }
}
