//! The comparison is fair: all find what is there, and speed is only given at the recall that was asked for.

use super::*;

const PLAN: Plan<'_> = Plan { sizes: &[300], queries: 20, turns: 1, seconds: 0.005, seed: 3 };

#[test]
fn every_index_reaches_every_level_and_none_with_less_effort_than_it_needs() {
    let comparison = run(PLAN, |_, _| {}).unwrap();
    assert_eq!(comparison.search.len(), Dataset::ALL.len() * LEVELS.len() * 4);
    for row in &comparison.search {
        assert!(row.ef_search.is_some() && row.recall >= row.level, "{row:?}");
        assert!(row.queries_per_second > 0.0 && row.ratio > 0.0, "{row:?}");
    }
    let ours = comparison.search.iter().filter(|row| row.index == "ours");
    assert!(ours.into_iter().all(|row| row.ratio == 1.0));
}

#[test]
fn all_find_the_same_where_the_search_is_exhaustive() {
    let mut source = VectorSource::new(Dataset::Random, 200, 5);
    let (vectors, queries) = (source.take_vectors(200), source.take_vectors(20));
    let data = Data { least: least(&vectors, &queries), vectors, queries };
    for named in &mut build(Dataset::Random, &data, 1, &mut Vec::new()) {
        assert_eq!(data.recall(&mut *named.index, 200), 1.0, "{}", named.name);
    }
}

#[test]
fn the_loops_over_f32_give_the_distances_of_ours() {
    let vectors = VectorSource::new(Dataset::Text, 2, 5).take_vectors(2);
    let floats: Vec<[f32; 64]> = vectors.iter().map(|vector| vector.map(f32::from)).collect();
    for contest in &distance::CONTESTS {
        let ours = (contest.ours)(&vectors[0], &vectors[1]) as f32;
        assert_eq!((contest.plain)(&floats[0], &floats[1]), ours, "{}", contest.metric);
        assert_eq!((contest.lanes)(&floats[0], &floats[1]), ours, "{}", contest.metric);
    }
}
