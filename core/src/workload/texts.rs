//! Text in, and what becomes of it: lines, vectors, blocks in a pool.

use super::{Checksum, Probe};
use crate::arena::Arena;
use crate::console::LineAssembler;
use crate::embed::{embed, embed_into};
use crate::limits::LINE_LIMIT;
use crate::meter::{Meter, Op};
use crate::text::TextPool;

/// Words of several languages, so that folding and characters of many bytes are part of the work.
const TEXT: &str = "The pump in hall 3 rattles when it starts cold; die Heizung im Keller verliert Druck, la clé du \
    local technique est chez le gardien, el ventilador de la cámara fría hace ruido, and the spare fuses are in the \
    drawer under the workbench next to the door of the store.";

/// How many components a wide vector has, as roles rank with.
const WIDE: usize = 512;

/// About `size` bytes of text, whole characters.
pub(super) fn text(size: usize) -> &'static str {
    TEXT.get(..TEXT.floor_char_boundary(size)).unwrap_or_default()
}

pub(super) fn run<P: Probe>(memory: &mut [u8], probe: &mut P) {
    for size in [8, 32, 64, 128, 192, 256] {
        let words = text(size);
        let elements = |vector: &[i8]| Checksum::default().bytes(vector.iter().map(|one| *one as u8)).get();
        probe.measure("embed", size as u32, &mut |meter| elements(&embed(words, meter)));
        probe.measure("embed-wide", size as u32, &mut |meter| elements(&embed_into::<WIDE, _>(words, meter)));
        probe.measure("line", size as u32, &mut |meter| line(words, meter));
    }
    memory.fill(0);
    let Ok(mut pool) = TextPool::carve(&mut Arena::new(memory), 64) else { return };
    for size in [16, 64, 128, 256] {
        let words = text(size);
        probe.measure("text-store-free", size as u32, &mut |meter| {
            let stored = pool.store(words, meter).unwrap_or_default();
            pool.free(stored, meter);
            u32::from(stored.length())
        });
        let Ok(stored) = pool.store(words, &mut ()) else { continue };
        probe.measure("text-equals", size as u32, &mut |meter| u32::from(pool.equals(stored, words, meter)));
        let mut buffer = [0; 256];
        probe.measure("text-read", size as u32, &mut |meter| {
            pool.read(stored, 0..size, &mut buffer, meter).len() as u32
        });
        pool.free(stored, &mut ());
    }
}

/// The bytes of a line through the assembler.
fn line<M: Meter>(words: &str, meter: &mut M) -> u32 {
    // The assembler has no meter: who feeds it reports.
    meter.record(Op::Receive, words.len() as u32 + 1);
    meter.record(Op::Fill, LINE_LIMIT as u32 / 4);
    let mut assembler = LineAssembler::default();
    let mut length = 0;
    for byte in words.bytes().chain([b'\n']) {
        if let Some(Ok(line)) = assembler.push(byte) {
            length = line.len() as u32;
        }
    }
    length
}
