//! What holds between operations holds after any sequence of them.

use super::layers::slots;
use super::*;
use crate::index::flat::Flat;
use crate::index::model::{self, Model};
use oorandom::Rand32;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::vec;
use std::vec::Vec;

const SHAPE: Shape = Shape { capacity: 0, dimensions: 64, max_ef_search: 128, seed: 3 };

fn memory(capacity: u32) -> Vec<u8> {
    vec![0; capacity as usize * 112 + 2_000]
}

/// Vectors of norm 127 around a few centres, `spread` from 0 (all at the centres) to 100 (no centres).
fn vector(random: &mut Rand32, centres: u32, spread: i32) -> [i8; 64] {
    let mut centre = Rand32::new(u64::from(random.rand_range(0..centres)));
    let draw = |random: &mut Rand32, range: i32| random.rand_range(0..(2 * range + 1) as u32) as i32 - range;
    let elements: [i32; 64] =
        core::array::from_fn(|_| draw(&mut centre, 1000) * (100 - spread) + draw(random, 1000) * spread);
    let norm = elements.iter().map(|e| i64::from(*e) * i64::from(*e)).sum::<i64>().isqrt().max(1);
    elements.map(|element| (i64::from(element) * 127 / norm) as i8)
}

/// Everything that must hold: the tree spans the nodes, links are between nodes, duplicates are equal to their nodes.
fn check(index: &Hnsw<'_>, stored: &BTreeMap<u32, Vec<i8>>) {
    let graph = &index.graph;
    assert_eq!(index.len() as usize, stored.len());
    let is_node = |slot: &u32| graph.parent(*slot) != 0 && !graph.is_duplicate(*slot);
    let nodes: BTreeSet<u32> = (0..index.capacity()).filter(is_node).collect();
    let duplicates: Vec<u32> = nodes.iter().flat_map(|node| graph.duplicates(*node)).collect();
    assert_eq!(nodes.len() + duplicates.len(), stored.len());
    for node in &nodes {
        assert!(graph.has_root(*node, &mut ()), "{node} is cut off from the root");
        assert!(graph.duplicates(*node).all(|duplicate| index.vector(duplicate) == index.vector(*node)));
        assert!(graph.duplicates(*node).is_sorted());
        assert_eq!(graph.find_equal(graph.store.row(*node), &mut ()), Some(*node));
        for level in 0..=graph.layers.level_of(*node) {
            assert!(slots(graph.layers.row(level, *node)).all(|link| nodes.contains(&link) && link != *node));
        }
    }
    assert_eq!(reached(index, nodes.first().copied()), nodes, "layer 0 is not of one piece");
    stored.iter().for_each(|(slot, vector)| assert_eq!(index.vector(*slot), Some(&vector[..])));
}

/// The nodes that are reached on layer 0.
fn reached(index: &Hnsw<'_>, from: Option<u32>) -> BTreeSet<u32> {
    let mut found: BTreeSet<u32> = from.into_iter().collect();
    let mut queue: VecDeque<u32> = from.into_iter().collect();
    while let Some(node) = queue.pop_front() {
        queue.extend(slots(index.graph.layers.layer_0(node)).filter(|link| found.insert(*link)));
    }
    found
}

/// How many stored items a search for their own vectors does not find, with no more candidates than hits.
fn lost(index: &Hnsw<'_>, stored: &BTreeMap<u32, Vec<i8>>) -> usize {
    let is_lost = |slot: &u32, vector: &[i8]| {
        let mut hits = [Hit::default(); 10];
        let found = index.search(vector, 0, &mut hits, &mut ());
        let own = crate::kernel::distance::dot(vector, vector, &mut ());
        let is_there = hits[..found].iter().any(|hit| hit.slot == *slot);
        !is_there && (found < 10 || hits.iter().any(|hit| hit.similarity < own))
    };
    stored.iter().filter(|(slot, vector)| is_lost(slot, vector)).count()
}

#[test]
fn an_item_takes_at_most_112_bytes_at_any_capacity() {
    let constant = 16 + 4 * 128;
    for capacity in [64, 100, 256, 1_000, 4_000, 10_000, 65_534] {
        let mut memory = memory(capacity);
        let mut arena = Arena::new(&mut memory);
        let before = arena.free().get();
        Hnsw::carve(&mut arena, Shape { capacity, ..SHAPE }).unwrap();
        let used = before - arena.free().get() - constant;
        assert!(
            used <= 112 * capacity,
            "{} bytes an item at {capacity}",
            f64::from(used) / f64::from(capacity)
        );
    }
    let mut memory = vec![0; 8_000_000];
    assert!(Hnsw::carve(&mut Arena::new(&mut memory), Shape { capacity: 65_535, ..SHAPE }).is_err());
}

#[test]
fn every_item_is_found_after_ten_times_the_capacity_of_changes() {
    for (centres, spread) in [(1, 100), (20, 40), (7, 2), (30, 0)] {
        let capacity = 300;
        let mut memory = memory(capacity);
        let mut index = Hnsw::carve(&mut Arena::new(&mut memory), Shape { capacity, ..SHAPE }).unwrap();
        let (mut random, mut stored) = (Rand32::new(9), BTreeMap::new());
        for _ in 0..10 * capacity {
            let vector = vector(&mut random, centres, spread);
            if stored.len() as u32 == capacity {
                assert_eq!(index.insert(&vector, &mut ()), Err(Full { capacity }));
                let victim = random.rand_range(0..capacity);
                assert!(index.remove(victim, &mut ()));
                stored.remove(&victim);
            }
            stored.insert(index.insert(&vector, &mut ()).unwrap(), vector.to_vec());
        }
        check(&index, &stored);
        assert_eq!(lost(&index, &stored), 0, "of {centres} centres, spread {spread}");
        while let Some((slot, _)) = stored.pop_first() {
            assert!(index.remove(slot, &mut ()));
        }
        check(&index, &stored);
    }
}

#[test]
fn far_tight_clusters_are_all_entered() {
    let capacity = 1_000;
    for centres in [5, 30, 100, 200] {
        let mut memory = memory(capacity);
        let mut index = Hnsw::carve(&mut Arena::new(&mut memory), Shape { capacity, ..SHAPE }).unwrap();
        let mut random = Rand32::new(4);
        for _ in 0..capacity {
            index.insert(&vector(&mut random, centres, 4), &mut ()).unwrap();
        }
        for _ in 0..300 {
            let (query, mut hits) = (vector(&mut random, centres, 4), [Hit::default()]);
            index.search(&query, 32, &mut hits, &mut ());
            let there =
                (0..capacity).any(|slot| index.graph.store.similarity(&query, slot, &mut ()) > 15_000);
            assert_eq!(hits[0].similarity > 15_000, there, "ended in the wrong one of {centres} clusters");
        }
    }
}

#[test]
fn a_beam_as_wide_as_the_index_is_exact() {
    let capacity = 128;
    let (mut memory, mut flat_memory) = (memory(capacity), memory(capacity));
    let mut index = Hnsw::carve(&mut Arena::new(&mut memory), Shape { capacity, ..SHAPE }).unwrap();
    let mut flat = Flat::carve(&mut Arena::new(&mut flat_memory), capacity, 64).unwrap();
    let mut random = Rand32::new(5);
    for _ in 0..capacity {
        let vector = vector(&mut random, 3, 3);
        assert_eq!(index.insert(&vector, &mut ()), flat.insert(&vector, &mut ()));
    }
    for _ in 0..50 {
        let query = vector(&mut random, 3, 50);
        let (mut hits, mut exact) = ([Hit::default(); 20], [Hit::default(); 20]);
        assert_eq!(index.search(&query, 128, &mut hits, &mut ()), 20);
        flat.search(&query, 0, &mut exact, &mut ());
        assert_eq!(hits, exact);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = |seed| {
        let mut memory = vec![0; 60_000];
        let shape = Shape { capacity: 400, seed, ..SHAPE };
        let mut random = Rand32::new(1);
        for turn in 0..400 {
            // Carved again for each command, as a role does it.
            let mut index = Hnsw::carve(&mut Arena::new(&mut memory), shape).unwrap();
            index.insert(&vector(&mut random, 9, 50), &mut ()).unwrap();
            index.remove(turn / 3, &mut ());
        }
        memory
    };
    assert!(run(1) == run(1));
    assert!(run(1) != run(2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_sequence_keeps_the_graph_whole(steps in proptest::collection::vec(model::any_step(3, 24), 1..400)) {
        let mut memory = memory(24);
        let shape = Shape { capacity: 24, dimensions: 3, ..SHAPE };
        let mut index = Hnsw::carve(&mut Arena::new(&mut memory), shape).unwrap();
        let mut model = Model::new(3);
        for step in &steps {
            model.check(&mut index, step)?;
            check(&index, &model.stored);
        }
    }
}
