//! scratch
#[cfg(test)]
mod tests {
    use super::super::dataset::*;
    use ruvllm_esp_core::arena::Arena;
    use ruvllm_esp_core::index::flat::Flat;
    use ruvllm_esp_core::index::hnsw::{Hnsw, Shape};
    use ruvllm_esp_core::index::*;
    use ruvllm_esp_core::meter::*;
    use std::time::Instant;

    fn recall(flat: &Flat, index: &impl Index, queries: &[Vector], effort: u32) -> (f64, f64) {
        let (mut found, mut total) = (0, 0);
        let mut counts = Counts::default();
        for q in queries {
            let mut e = [Hit::default(); 10];
            let n = flat.search(q, 0, &mut e, &mut ());
            let mut h = [Hit::default(); 10];
            let m = index.search(q, effort, &mut h, &mut counts);
            let worst = e[n - 1].similarity;
            found += h[..m].iter().filter(|h| h.similarity >= worst).count().min(n);
            total += n;
        }
        (found as f64 / total as f64, counts.of(Op::Mac) as f64 / 64.0 / queries.len() as f64)
    }

    #[test]
    fn explore() {
        for dataset in [Dataset::Random, Dataset::Clustered, Dataset::Text, Dataset::Tight] {
            for n in [256u32, 1000, 10000] {
                let mut source = Source::new(dataset, n, 1);
                let data = source.take_vectors(n as usize);
                let queries = source.take_vectors(200);
                let mut m1 = vec![0u8; n as usize * 120 + 20000];
                let mut m2 = m1.clone();
                let mut flat = Flat::carve(&mut Arena::new(&mut m1), n, 64).unwrap();
                let mut hnsw = Hnsw::carve(
                    &mut Arena::new(&mut m2),
                    Shape { capacity: n, dimensions: 64, beam: 2048, seed: 7 },
                )
                .unwrap();
                if std::env::var("K").is_ok() && dataset != Dataset::Tight {
                    continue;
                }
                let t = Instant::now();
                let mut ops = Counts::default();
                for v in &data {
                    flat.insert(v, &mut ()).unwrap();
                    hnsw.insert(v, &mut ops).unwrap();
                }
                println!(
                    "{} {n} build {:?} dots/insert {}",
                    dataset.name(),
                    t.elapsed(),
                    ops.of(Op::Mac) / 64 / u64::from(n)
                );
                let selves = data
                    .iter()
                    .enumerate()
                    .filter(|(i, v)| {
                        let mut h = [Hit::default(); 10];
                        let k = hnsw.search(&v[..], 64, &mut h, &mut ());
                        let own: i32 = v.iter().map(|e| i32::from(*e) * i32::from(*e)).sum();
                        !h[..k].iter().any(|h| h.slot == *i as u32)
                            && !h[..k].iter().all(|h| h.similarity >= own)
                    })
                    .count();
                println!("  not findable at 64: {selves}");
                for ef in [16, 32, 64, 128, 256, 512, 1024, 2048] {
                    let t = Instant::now();
                    let (r, d) = recall(&flat, &hnsw, &queries, ef);
                    println!("  ef {ef} recall {r:.4} dots {d:.0} {:?}", t.elapsed() / 200);
                    if r >= 0.995 {
                        break;
                    }
                }
            }
        }
    }

    #[test]
    fn tight() {
        for (dataset, n, seed) in
            [(Dataset::Tight, 10000u32, 1), (Dataset::Tight, 10000u32, 2), (Dataset::Tight, 4000u32, 3)]
        {
            let mut source = Source::new(dataset, n, seed);
            let data = source.take_vectors(n as usize);
            let mut m1 = vec![0u8; n as usize * 120 + 20000];
            let mut m2 = m1.clone();
            let mut flat = Flat::carve(&mut Arena::new(&mut m1), n, 64).unwrap();
            let mut hnsw = Hnsw::carve(
                &mut Arena::new(&mut m2),
                Shape { capacity: n, dimensions: 64, beam: 2048, seed: 7 },
            )
            .unwrap();
            for v in &data {
                flat.insert(v, &mut ()).unwrap();
                hnsw.insert(v, &mut ()).unwrap();
            }
            for ef in [10, 32, 64, 128, 256, 512] {
                let mut misses = vec![];
                for (i, v) in data.iter().enumerate() {
                    let mut h = [Hit::default(); 10];
                    let k = hnsw.search(&v[..], ef, &mut h, &mut ());
                    let own: i32 = v.iter().map(|e| i32::from(*e) * i32::from(*e)).sum();
                    if !h[..k].iter().any(|h| h.slot == i as u32)
                        && !h[..k].iter().all(|h| h.similarity >= own)
                    {
                        let mut e = [Hit::default(); 200];
                        flat.search(v, 0, &mut e, &mut ());
                        misses.push((e.iter().position(|e| e.slot == i as u32), h[0].similarity, own));
                    }
                }
                println!("{n} {seed} ef {ef}: {} {:?}", misses.len(), &misses[..misses.len().min(8)]);
            }
        }
    }
}
