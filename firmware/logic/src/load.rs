//! How busy the chip was lately, for those who decide what to ask of it.

/// The span that is looked at, in microseconds.
const SPAN: u64 = 1_000_000;

/// Time spent at work, counted up over one span after another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    begun: u64,
    worked: u64,
}

impl Load {
    /// Work took this many microseconds.
    pub fn work(&mut self, micros: u64) {
        self.worked = self.worked.saturating_add(micros);
    }

    /// At the end of a span, the share of it that was work, in hundredths; a new span begins then.
    pub fn at(&mut self, now: u64) -> Option<u8> {
        let span = now.saturating_sub(self.begun);
        if span < SPAN {
            return None;
        }
        let Load { worked, .. } = core::mem::replace(self, Self { begun: now, worked: 0 });
        u8::try_from((worked.saturating_mul(100) / span).min(100)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_reported_once_and_the_next_begins_empty() {
        let mut load = Load::default();
        load.work(200_000);
        assert_eq!(load.at(999_999), None);
        load.work(50_000);
        assert_eq!(load.at(1_000_000), Some(25));
        assert_eq!(load.at(1_000_001), None);
        assert_eq!(load.at(2_000_000), Some(0));
    }

    #[test]
    fn work_that_outlasts_a_span_fills_it() {
        let mut load = Load::default();
        load.work(5_000_000);
        assert_eq!(load.at(5_000_000), Some(100));
        load.work(u64::MAX);
        assert_eq!(load.at(6_000_000), Some(100));
    }
}
