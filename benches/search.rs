//! Search and insertion of every index, over embedded texts.

use criterion::{Criterion, criterion_group, criterion_main};
use ruvllm_esp_benches::quick;
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::index::hnsw::Shape;
use ruvllm_esp_core::index::{AnyIndex, Hit, Index, Kind};
use ruvllm_esp_core::units::Bytes;
use ruvllm_esp_sim::evaluation::dataset::{Dataset, VectorSource};
use ruvllm_esp_sim::memory::Memory;
use std::hint::black_box;

const SIZES: [u32; 2] = [256, 1_000];
const NEIGHBOURS: usize = 10;
/// The width of an approximate search: all of them then find 95 of 100 true neighbours, or more.
const EF_SEARCH: u32 = 96;

fn indexes(criterion: &mut Criterion) {
    for kind in Kind::ALL {
        for items in SIZES {
            one(criterion, kind, items);
        }
    }
}

fn one(criterion: &mut Criterion, kind: Kind, items: u32) {
    let mut source = VectorSource::new(Dataset::Text, items, 1);
    let (vectors, queries) = (source.take_vectors(items as usize), source.take_vectors(64));
    let mut memory = Memory::new(Bytes(items * 120 + 16 * 1024));
    let shape = Shape { capacity: items + 1, dimensions: 64, max_ef_search: EF_SEARCH, seed: 1 };
    let Ok(mut index) = AnyIndex::carve(&mut Arena::new(memory.as_mut()), kind, shape) else { return };
    vectors.iter().for_each(|vector| _ = index.insert(vector, &mut ()));
    let mut turn = queries.iter().cycle();
    criterion.bench_function(&format!("search/{}/{items}", kind.name()), |bencher| {
        bencher.iter(|| {
            let mut hits = [Hit::default(); NEIGHBOURS];
            turn.next().map(|query| index.search(black_box(query), EF_SEARCH, &mut hits, &mut ()))
        })
    });
    let mut turn = queries.iter().cycle();
    criterion.bench_function(&format!("replace/{}/{items}", kind.name()), |bencher| {
        bencher.iter(|| turn.next().map(|vector| index.update(items / 2, black_box(vector), &mut ())))
    });
}

criterion_group! { name = benches; config = quick(); targets = indexes }
criterion_main!(benches);
