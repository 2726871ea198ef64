//! Distances over vectors and bit strings of several lengths.

use super::Probe;
use crate::arena::Arena;
use crate::kernel::distance::{dot, hamming, manhattan, squared_euclidean};
use oorandom::Rand32;

/// The longest input, in elements.
const LONGEST: usize = 1024;
/// The longest bit string, in words.
const LONGEST_WORDS: usize = 128;

pub(super) fn run<P: Probe>(memory: &mut [u8], probe: &mut P) {
    let mut arena = Arena::new(memory);
    let (Ok(a), Ok(b)) = (arena.slice::<i8>("a", LONGEST as u32), arena.slice::<i8>("b", LONGEST as u32))
    else {
        return;
    };
    let (Ok(words_a), Ok(words_b)) =
        (arena.slice::<u32>("a", LONGEST_WORDS as u32), arena.slice::<u32>("b", LONGEST_WORDS as u32))
    else {
        return;
    };
    let mut random = Rand32::new(1);
    a.iter_mut().chain(b.iter_mut()).for_each(|element| *element = (random.rand_u32() >> 24) as i8);
    words_a.iter_mut().chain(words_b.iter_mut()).for_each(|word| *word = random.rand_u32());
    for size in [16, 32, 64, 128, 256, 512, LONGEST] {
        let (a, b) = (a.get(..size).unwrap_or_default(), b.get(..size).unwrap_or_default());
        probe.measure("dot", size as u32, &mut |meter| dot(a, b, meter) as u32);
        probe.measure("squared-euclidean", size as u32, &mut |meter| squared_euclidean(a, b, meter) as u32);
        probe.measure("manhattan", size as u32, &mut |meter| manhattan(a, b, meter) as u32);
    }
    for size in [2, 8, 16, 32, LONGEST_WORDS] {
        let (a, b) = (words_a.get(..size).unwrap_or_default(), words_b.get(..size).unwrap_or_default());
        probe.measure("hamming", size as u32, &mut |meter| hamming(a, b, meter));
    }
}
