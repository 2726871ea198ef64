//! Products of matrices of f32, row-major, in tiles that the compiler turns into vector instructions.
//!
//! Each element is summed up in the order of the inner dimension, whatever the tile it falls into: a row gives the same
//! bits alone and among others.

/// Columns of a tile.
const COLUMNS: usize = 8;
/// Rows of a tile.
const ROWS: usize = 4;

/// Adds the product of `a`: `[rows][inner]` and `b`: `[inner][columns]` to `c`: `[rows][columns]`.
pub fn add_product(c: &mut [f32], a: &[f32], b: &[f32], inner: usize, columns: usize) {
    if inner == 0 || columns == 0 {
        return;
    }
    let mut panel = vec![[0.0f32; COLUMNS]; inner];
    for first in (0..columns).step_by(COLUMNS) {
        let width = COLUMNS.min(columns - first);
        for (to, row) in panel.iter_mut().zip(b.chunks_exact(columns)) {
            to[..width].copy_from_slice(&row[first..first + width]);
        }
        let mut a_tiles = a.chunks_exact(ROWS * inner);
        let mut c_tiles = c.chunks_exact_mut(ROWS * columns);
        for (a, c) in a_tiles.by_ref().zip(c_tiles.by_ref()) {
            let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &a[row * inner..(row + 1) * inner]);
            for (sums, row) in tile(rows, &panel).iter().zip(c.chunks_exact_mut(columns)) {
                row[first..first + width].iter_mut().zip(sums).for_each(|(c, sum)| *c += sum);
            }
        }
        let rest =
            a_tiles.remainder().chunks_exact(inner).zip(c_tiles.into_remainder().chunks_exact_mut(columns));
        for (a, row) in rest {
            let [sums] = tile([a], &panel);
            row[first..first + width].iter_mut().zip(sums).for_each(|(c, sum)| *c += sum);
        }
    }
}

/// The products of some rows with a panel of columns.
#[inline(always)]
fn tile<const R: usize>(rows: [&[f32]; R], panel: &[[f32; COLUMNS]]) -> [[f32; COLUMNS]; R] {
    let rows = rows.map(|row| &row[..panel.len()]);
    let mut sums = [[0.0f32; COLUMNS]; R];
    for (at, columns) in panel.iter().enumerate() {
        for (sums, row) in sums.iter_mut().zip(rows) {
            let value = row[at];
            for (sum, column) in sums.iter_mut().zip(columns) {
                *sum += value * column;
            }
        }
    }
    sums
}

/// `a`: `[rows][columns]` as `[columns][rows]`.
pub fn transposed(a: &[f32], columns: usize) -> Vec<f32> {
    let rows = a.len().checked_div(columns).unwrap_or(0);
    let mut out = vec![0.0; a.len()];
    for (row, values) in a.chunks_exact(columns.max(1)).enumerate() {
        for (value, to) in values.iter().zip(out.iter_mut().skip(row).step_by(rows.max(1))) {
            *to = *value;
        }
    }
    out
}

/// The dot product, summed in eight lanes.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0.0f32; 8];
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

/// Adds `factor * b` to `a`.
pub fn add_scaled(a: &mut [f32], factor: f32, b: &[f32]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * b);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn values(count: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::new(seed);
        (0..count).map(|_| random.unit() - 0.5).collect()
    }

    #[test]
    fn the_product_is_that_of_the_definition_bit_for_bit() {
        for (rows, inner, columns) in [(1, 1, 1), (4, 96, 8), (7, 13, 19), (36, 96, 288), (5, 288, 7)] {
            let (a, b) = (values(rows * inner, 1), values(inner * columns, 2));
            let mut c = values(rows * columns, 3);
            let before = c.clone();
            add_product(&mut c, &a, &b, inner, columns);
            for row in 0..rows {
                for column in 0..columns {
                    let sum = (0..inner)
                        .fold(0.0f32, |sum, at| sum + a[row * inner + at] * b[at * columns + column]);
                    assert_eq!(c[row * columns + column], before[row * columns + column] + sum);
                }
            }
        }
    }

    #[test]
    fn transposed_twice_is_the_same() {
        let a = values(7 * 5, 1);
        let across = transposed(&a, 5);
        assert_eq!(across[1], a[5]);
        assert_eq!(transposed(&across, 7), a);
    }
}
