//! The floors of recall.

use super::*;

#[test]
fn show() {
    let report = run(
        Plan { sizes: &[32, 64, 128, 256, 512, 1000, 2000, 4000, 10000], queries: 60, seed: 1 },
        |_, _| (),
    );
    for row in &report.rows {
        println!(
            "{:9} {:5} {:8} effort {:4} recall {:.4} bytes {:.2} c3 {:.0} s3 {:.0}",
            row.dataset.name(),
            row.items,
            row.index,
            row.effort,
            row.recall,
            row.bytes_per_item,
            row.cycles(cycles(&crate::cost::esp32c3::TABLE)).unwrap_or(-1.0),
            row.cycles(cycles(&crate::cost::esp32s3::TABLE)).unwrap_or(-1.0)
        );
    }
    for table in crate::cost::ALL {
        for c in report.crossover(cycles(table)) {
            println!(
                "{} {}: {:?}",
                table.chip,
                c.dataset.name(),
                c.overtakings.iter().map(|o| (o.index, o.other, o.items)).collect::<Vec<_>>()
            );
        }
    }
}
