//! Decoded blocks: straight runs of operations, chained by index.
//!
//! A block begins anywhere and ends at the first unconditional jump, before a system instruction, or when it is full.
//! A conditional branch does not end it: not taken it is just another operation, taken it leaves the block. What
//! leaves needs to be known at that moment only, so each operation carries what has come to pass up to and including
//! it (instructions, cycles when every branch so far fell through), and the block it last led to. Blocks are never
//! dropped one by one; when code changes, all go.

use super::bus::Bus;
use super::decode;
use super::execute::Core;
use super::operation::{Kind, Operation};
use super::pipeline::Pipeline;

/// No block.
pub const NONE: u32 = u32::MAX;
/// Instructions in a block at most.
const LONGEST: usize = 64;
/// Operations in all blocks at most; beyond it everything is decoded again.
const CAPACITY: usize = 1 << 18;
/// Slots of the address table; a power of two.
const TABLE: usize = 1 << 14;

/// What there is to know about an operation when the program leaves its block there.
#[derive(Clone, Copy, Debug)]
pub struct Exit {
    /// Where the instruction stands.
    pub pc: u32,
    /// The block that this exit last led to, or [`NONE`].
    pub next: u32,
    /// Cycles from the start of the block, this operation included, every branch not taken.
    pub cycles: u16,
    /// Cycles to add when the branch is taken.
    pub taken_extra: i16,
    /// Instructions from the start of the block, this one included.
    pub instructions: u16,
}

/// A run of operations, as ranges into the arenas of [`Blocks`].
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub pc: u32,
    pub first: u32,
    pub end: u32,
    /// Cycles that passing through takes at most, waits not counted.
    pub bound: u32,
}

/// All decoded blocks.
#[derive(Debug)]
pub struct Blocks {
    pub operations: Vec<Operation>,
    pub exits: Vec<Exit>,
    pub blocks: Vec<Block>,
    table: Vec<u32>,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { operations: Vec::new(), exits: Vec::new(), blocks: Vec::new(), table: vec![NONE; TABLE] }
    }
}

const fn slot(pc: u32) -> usize {
    (pc >> 1) as usize & (TABLE - 1)
}

impl Blocks {
    /// The block that begins at `pc`.
    #[inline(always)]
    pub fn find(&self, pc: u32) -> Option<u32> {
        let index = *self.table.get(slot(pc))?;
        let block = self.blocks.get(index as usize)?;
        if block.pc == pc { Some(index) } else { None }
    }

    /// Forgets every block.
    pub fn clear(&mut self) {
        self.operations.clear();
        self.exits.clear();
        self.blocks.clear();
        self.table.fill(NONE);
    }

    /// The block that begins at `pc`, decoded if need be. `None` where the plain interpreter has to execute the first
    /// instruction: a system instruction, or nothing that can be fetched.
    pub fn find_or_decode(
        &mut self,
        pc: u32,
        bus: &mut Bus,
        core: Core,
        timed: bool,
        stops: &[u32],
    ) -> Option<u32> {
        if let Some(index) = self.find(pc) {
            return Some(index);
        }
        if self.operations.len() > CAPACITY {
            self.clear();
            bus.clear_code();
        }
        let first = self.operations.len();
        let mut builder = Builder {
            blocks: self,
            timed,
            core,
            pipeline: Pipeline::default(),
            spent: 0,
            count: 0,
            line: None,
        };
        builder.build(pc, bus, stops);
        if builder.count == 0 {
            self.operations.truncate(first);
            self.exits.truncate(first);
            return None;
        }
        Some(self.add(pc, first, core))
    }

    fn add(&mut self, pc: u32, first: usize, core: Core) -> u32 {
        let index = self.blocks.len() as u32;
        let spent = self.exits.last().map_or(0, |exit| exit.cycles);
        let bound = u32::from(spent) + u32::from(core.costs.worst());
        self.blocks.push(Block { pc, first: first as u32, end: self.operations.len() as u32, bound });
        if let Some(entry) = self.table.get_mut(slot(pc)) {
            *entry = index;
        }
        index
    }

    /// Notes that the exit of operation `operation` leads to `block`.
    pub fn link(&mut self, operation: u32, block: u32) {
        if let Some(exit) = self.exits.get_mut(operation as usize) {
            exit.next = block;
        }
    }

    /// The loads still in flight when the operations of `block` before `operation` have executed, no branch taken.
    pub fn pipeline_before(&self, block: u32, operation: u32, core: Core) -> Pipeline {
        let mut pipeline = Pipeline::default();
        let Some(block) = self.blocks.get(block as usize) else { return pipeline };
        for index in block.first..operation.min(block.end) {
            let (Some(&done), Some(exit)) =
                (self.operations.get(index as usize), self.exits.get(index as usize))
            else {
                break;
            };
            if !matches!(done.kind, Kind::Line | Kind::End) {
                pipeline.issue(exit.pc, done, core.costs);
            }
        }
        pipeline
    }
}

/// A block in the making.
struct Builder<'a> {
    blocks: &'a mut Blocks,
    timed: bool,
    core: Core,
    pipeline: Pipeline,
    spent: u16,
    count: u16,
    /// The flash line that the block is being fetched from.
    line: Option<u32>,
}

impl Builder<'_> {
    fn build(&mut self, start: u32, bus: &mut Bus, stops: &[u32]) {
        let mut pc = start;
        while usize::from(self.count) < LONGEST && !(pc != start && stops.contains(&pc)) {
            let Ok(raw) = bus.fetch(pc) else { break };
            let decoded = decode::decode(pc, raw, self.core.atomics);
            let (operation, length) = (decoded.operation, u32::from(decoded.length));
            if operation.is_system() {
                return self.stop(pc);
            }
            bus.mark_code(pc, length);
            self.fetch_from(pc, length, bus);
            self.push(pc, operation);
            pc = pc.wrapping_add(length);
            if matches!(operation.kind, Kind::Jal | Kind::Jalr) {
                return;
            }
        }
        // A load still in flight would be lost on the way to the next block.
        if !self.pipeline.is_idle() {
            return self.stop(pc);
        }
        self.note(pc, Operation::new(Kind::End, 0, 0, 0, pc), 0);
    }

    /// Leaves the instruction at `pc` to the plain interpreter.
    fn stop(&mut self, pc: u32) {
        self.note(pc, Operation::illegal(0), 0);
    }

    /// Touches the flash lines of an instruction when they are others than the one before.
    fn fetch_from(&mut self, pc: u32, length: u32, bus: &Bus) {
        let Some((first, last)) = bus.outer.lines_of(pc, length).filter(|_| self.timed) else { return };
        if self.line != Some(last) {
            self.note(pc, Operation::new(Kind::Line, 0, 0, (last - first) as u8, first), 0);
            self.line = Some(last);
        }
    }

    fn push(&mut self, pc: u32, operation: Operation) {
        let costs = self.core.costs;
        let cycles = if self.timed { self.pipeline.issue(pc, operation, costs) } else { 1 };
        self.spent = self.spent.saturating_add(cycles);
        self.count += 1;
        let taken = self.timed && operation.is_branch();
        self.note(pc, operation, if taken { costs.taken_extra(pc, operation.immediate) } else { 0 });
    }

    fn note(&mut self, pc: u32, operation: Operation, taken_extra: i16) {
        self.blocks.operations.push(operation);
        let (cycles, instructions) = (self.spent, self.count);
        self.blocks.exits.push(Exit { pc, next: NONE, cycles, taken_extra, instructions });
    }
}
