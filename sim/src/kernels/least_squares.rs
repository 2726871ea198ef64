//! Least squares with coefficients that are not negative.
//!
//! The active-set method of Lawson and Hanson ("Solving Least Squares Problems", 1974, chapter 23): a coefficient that the
//! plain solution makes negative is held at zero. A cost below nothing would be nonsense that happens to fit.

/// Rounds that a problem of a few dozen columns never needs.
const MAX_ROUNDS: usize = 1_000;

/// The `x >= 0` that minimises `|A x - b|`. `rows`: `[m][n]`, each with its `b`.
pub fn nonnegative(rows: &[(Vec<f64>, f64)], columns: usize) -> Vec<f64> {
    let mut solution = vec![0.0; columns];
    let mut free = vec![false; columns];
    for _ in 0..MAX_ROUNDS {
        let gradient = gradient(rows, &solution);
        let scale = gradient.iter().fold(0.0f64, |most, one| most.max(one.abs()));
        let entering =
            (0..columns).filter(|column| !free[*column] && gradient[*column] > 1e-10 * (1.0 + scale));
        let Some(entering) = entering.max_by(|a, b| gradient[*a].total_cmp(&gradient[*b])) else { break };
        if gradient[entering] < 1e-9 {
            break;
        }
        free[entering] = true;
        if !settle(rows, &mut solution, &mut free) {
            break;
        }
    }
    solution
}

/// Moves to the best solution over the free columns, dropping those that would go below zero; `false` where the columns
/// are dependent.
fn settle(rows: &[(Vec<f64>, f64)], solution: &mut [f64], free: &mut [bool]) -> bool {
    for _ in 0..=solution.len() {
        let Some(target) = solve(rows, free) else { return false };
        let negative = |column: &usize| free[*column] && target[*column] <= 0.0;
        let step = (0..solution.len())
            .filter(negative)
            .map(|column| solution[column] / (solution[column] - target[column]).max(f64::MIN_POSITIVE))
            .fold(1.0, f64::min);
        let done = (0..solution.len()).find(negative).is_none();
        for (held, target) in solution.iter_mut().zip(&target) {
            *held += step * (target - *held);
        }
        if done {
            break;
        }
        for (held, free) in solution.iter_mut().zip(free.iter_mut()) {
            if *free && *held <= 1e-9 {
                (*held, *free) = (0.0, false);
            }
        }
    }
    true
}

/// How the squared error falls with each coefficient.
fn gradient(rows: &[(Vec<f64>, f64)], solution: &[f64]) -> Vec<f64> {
    let mut gradient = vec![0.0; solution.len()];
    for (row, wanted) in rows {
        let residual = wanted - row.iter().zip(solution).map(|(a, x)| a * x).sum::<f64>();
        gradient.iter_mut().zip(row).for_each(|(sum, a)| *sum += a * residual);
    }
    gradient
}

/// The solution over the free columns by the normal equations, zero elsewhere.
fn solve(rows: &[(Vec<f64>, f64)], free: &[bool]) -> Option<Vec<f64>> {
    let chosen: Vec<usize> = (0..free.len()).filter(|column| free[*column]).collect();
    let product = |a: usize, b: usize| rows.iter().map(|(row, _)| row[a] * row[b]).sum::<f64>();
    let mut system: Vec<Vec<f64>> = chosen
        .iter()
        .map(|a| {
            let right = rows.iter().map(|(row, wanted)| row[*a] * wanted).sum::<f64>();
            chosen.iter().map(|b| product(*a, *b)).chain([right]).collect()
        })
        .collect();
    let values = eliminate(&mut system)?;
    let mut solution = vec![0.0; free.len()];
    chosen.iter().zip(values).for_each(|(column, value)| solution[*column] = value);
    Some(solution)
}

/// Gauss with the largest pivot; `None` where the equations are dependent.
fn eliminate(system: &mut [Vec<f64>]) -> Option<Vec<f64>> {
    let size = system.len();
    for column in 0..size {
        let pivot =
            (column..size).max_by(|a, b| system[*a][column].abs().total_cmp(&system[*b][column].abs()))?;
        system.swap(column, pivot);
        let pivot_row = system[column].clone();
        if pivot_row[column].abs() < 1e-12 {
            return None;
        }
        for (number, row) in system.iter_mut().enumerate().filter(|(number, _)| *number != column) {
            let factor = row[column] / pivot_row[column];
            debug_assert!(number < size);
            row.iter_mut().zip(&pivot_row).for_each(|(value, pivot)| *value -= factor * pivot);
        }
    }
    Some((0..size).map(|row| system[row][size] / system[row][row]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_what_the_numbers_were_made_of() {
        let rows: Vec<(Vec<f64>, f64)> = (1..20)
            .map(|n| {
                let n = f64::from(n);
                (vec![n, n * n, 1.0], 3.0 * n + 0.5 * n * n + 7.0)
            })
            .collect();
        let solution = nonnegative(&rows, 3);
        for (have, want) in solution.iter().zip([3.0, 0.5, 7.0]) {
            assert!((have - want).abs() < 1e-6, "{solution:?}");
        }
    }

    #[test]
    fn what_would_be_negative_is_zero_and_the_rest_fits_as_well_as_it_can() {
        let rows: Vec<(Vec<f64>, f64)> =
            (1..20).map(|n| (vec![f64::from(n), 1.0], f64::from(n) - 5.0)).collect();
        let solution = nonnegative(&rows, 2);
        assert_eq!(solution[1], 0.0);
        assert!(solution[0] > 0.0 && solution[0] < 1.0);
    }
}
