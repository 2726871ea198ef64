//! AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019), with a warm-up and a linear decay.

use rayon::prelude::*;

/// Weights that one task updates; sums over pieces are in this order too.
const PIECE: usize = 8_192;
/// The two averages forget a tenth and a fiftieth a step.
const BETA: [f32; 2] = [0.9, 0.98];
/// Keeps a step finite where a derivative was always zero.
const EPSILON: f32 = 1e-8;
/// A longer derivative is cut to this length.
const MAX_NORM: f64 = 1.0;

/// How large the steps are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// The largest rate.
    pub rate: f32,
    /// Steps until it is reached.
    pub warm_up: u32,
    /// All steps; at the last the rate is zero.
    pub steps: u32,
    /// Share of a weight that is taken away in a step at rate 1.
    pub decay: f32,
}

impl Schedule {
    /// The rate of a step, counted from 0.
    fn rate(&self, step: u32) -> f32 {
        let up = (step + 1) as f32 / self.warm_up.max(1) as f32;
        let down =
            self.steps.saturating_sub(step) as f32 / self.steps.saturating_sub(self.warm_up).max(1) as f32;
        self.rate * up.min(down).min(1.0)
    }
}

/// The averages of the derivatives and of their squares.
#[derive(Clone, Debug)]
pub struct AdamW {
    schedule: Schedule,
    step: u32,
    means: Vec<f32>,
    squares: Vec<f32>,
    /// The powers of [`BETA`].
    powers: [f32; 2],
}

impl AdamW {
    /// Before the first step.
    pub fn new(weights: usize, schedule: Schedule) -> Self {
        Self { schedule, step: 0, means: vec![0.0; weights], squares: vec![0.0; weights], powers: [1.0; 2] }
    }

    /// Takes a step against `derivative`.
    pub fn step(&mut self, weights: &mut [f32], derivative: &[f32]) {
        let squares: Vec<f64> =
            derivative.par_chunks(PIECE).map(|piece| piece.iter().map(|d| f64::from(d * d)).sum()).collect();
        let norm = squares.iter().sum::<f64>().sqrt();
        let cut = if norm > MAX_NORM { (MAX_NORM / norm) as f32 } else { 1.0 };
        self.powers = [self.powers[0] * BETA[0], self.powers[1] * BETA[1]];
        let corrections = self.powers.map(|power| 1.0 / (1.0 - power));
        let rate = self.schedule.rate(self.step);
        let keep = 1.0 - rate * self.schedule.decay;
        self.step += 1;
        let pieces = weights.par_chunks_mut(PIECE).zip(derivative.par_chunks(PIECE));
        let averages = self.means.par_chunks_mut(PIECE).zip(self.squares.par_chunks_mut(PIECE));
        pieces.zip(averages).for_each(|((weights, derivative), (means, squares))| {
            let all = weights.iter_mut().zip(derivative).zip(means.iter_mut().zip(squares));
            for ((weight, derivative), (mean, square)) in all {
                let derivative = derivative * cut;
                *mean = BETA[0] * *mean + (1.0 - BETA[0]) * derivative;
                *square = BETA[1] * *square + (1.0 - BETA[1]) * derivative * derivative;
                let deviation = (*square * corrections[1]).sqrt() + EPSILON;
                *weight = *weight * keep - rate * corrections[0] * *mean / deviation;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls() {
        let schedule = Schedule { rate: 2.0, warm_up: 4, steps: 12, decay: 0.0 };
        let rates: Vec<f32> = [0, 3, 8, 11, 12].into_iter().map(|step| schedule.rate(step)).collect();
        assert_eq!(rates, [0.5, 2.0, 1.0, 0.25, 0.0]);
    }

    #[test]
    fn it_finds_the_lowest_point_of_a_bowl() {
        let mut weights = vec![3.0, -2.0];
        let schedule = Schedule { rate: 0.1, warm_up: 10, steps: 400, decay: 0.0 };
        let mut adam = AdamW::new(2, schedule);
        for _ in 0..400 {
            let derivative = [weights[0] - 1.0, 10.0 * (weights[1] - 0.5)];
            adam.step(&mut weights, &derivative);
        }
        assert!((weights[0] - 1.0).abs() < 0.01 && (weights[1] - 0.5).abs() < 0.01, "{weights:?}");
    }

    #[test]
    fn weights_that_nothing_needs_decay() {
        let mut weights = vec![1.0];
        let mut adam = AdamW::new(1, Schedule { rate: 0.1, warm_up: 1, steps: 11, decay: 0.5 });
        (0..11).for_each(|_| adam.step(&mut weights, &[0.0]));
        assert!((0.5..0.9).contains(&weights[0]), "{weights:?}");
    }
}
