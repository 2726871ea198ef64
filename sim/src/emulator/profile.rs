//! Where the cycles went: by function, and by call stack.
//!
//! Calls are followed as the calling convention has them (`jal` and `jalr` that write `ra` call, `jalr` through `ra`
//! returns), traps as calls of the handler. A jump into another function without a link is a tail call and replaces
//! the top of the stack. Cycles of an instruction belong to the function it lies in.

use super::elf::Symbols;
use super::execute::Retired;
use super::machine::Observer;
use super::operation::{Kind, SINK};
use std::collections::BTreeMap;
use std::io::{self, Write};

const LINKS: [u8; 2] = [1, 5];
/// Frames kept; deeper calls count for the frame at this depth.
const DEEPEST: usize = 128;

/// A function on a particular stack of callers.
#[derive(Debug)]
struct Node {
    function: Option<usize>,
    parent: usize,
    children: BTreeMap<Option<usize>, usize>,
    cycles: u64,
}

/// Cycles and instructions of one function.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct FunctionCost {
    pub name: String,
    pub cycles: u64,
    pub instructions: u64,
}

/// An observer that adds up cycles.
#[derive(Debug)]
pub struct Profile {
    symbols: Symbols,
    nodes: Vec<Node>,
    current: usize,
    depth: usize,
    totals: BTreeMap<Option<usize>, (u64, u64)>,
    /// The next instruction is the first of a called function.
    is_called: bool,
    /// The function found last, and where: most instructions are in the same one.
    last: Option<(u32, Option<usize>)>,
}

impl Profile {
    /// Nothing counted yet.
    pub fn new(symbols: Symbols) -> Self {
        let root = Node { function: None, parent: 0, children: BTreeMap::new(), cycles: 0 };
        let nodes = vec![root];
        Self { symbols, nodes, current: 0, depth: 0, totals: BTreeMap::new(), is_called: true, last: None }
    }

    /// Cycles by function, the most expensive first.
    pub fn functions(&self) -> Vec<FunctionCost> {
        let mut costs: Vec<FunctionCost> = self
            .totals
            .iter()
            .map(|(&function, &(cycles, instructions))| FunctionCost {
                name: self.name(function).to_owned(),
                cycles,
                instructions,
            })
            .collect();
        costs.sort_by(|a, b| b.cycles.cmp(&a.cycles).then_with(|| a.name.cmp(&b.name)));
        costs
    }

    /// One line a stack, `outer;inner cycles`, as flame graph tools read it.
    pub fn write_folded(&self, out: &mut impl Write) -> io::Result<()> {
        for (index, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.cycles != 0) {
            let mut names = Vec::new();
            let mut at = index;
            while let Some(frame) = self.nodes.get(at).filter(|_| at != 0) {
                names.push(self.name(frame.function));
                at = frame.parent;
            }
            names.reverse();
            writeln!(out, "{} {}", names.join(";"), node.cycles)?;
        }
        Ok(())
    }

    fn name(&self, function: Option<usize>) -> &str {
        function.and_then(|index| self.symbols.get(index)).map_or("[unknown]", |symbol| symbol.name.as_str())
    }

    fn function_at(&mut self, pc: u32) -> Option<usize> {
        match self.last {
            Some((at, function)) if at == pc => function,
            _ => {
                let function = self.symbols.function_at(pc);
                self.last = Some((pc, function));
                function
            }
        }
    }

    fn enter(&mut self, parent: usize, function: Option<usize>) {
        let added = self.nodes.len();
        let Some(node) = self.nodes.get_mut(parent) else { return };
        let child = *node.children.entry(function).or_insert(added);
        if child == added {
            self.nodes.push(Node { function, parent, children: BTreeMap::new(), cycles: 0 });
        }
        self.current = child;
    }

    /// Makes the current frame that of `function`.
    fn arrive(&mut self, function: Option<usize>) {
        let (is_same, parent) =
            self.nodes.get(self.current).map_or((false, 0), |node| (node.function == function, node.parent));
        if std::mem::take(&mut self.is_called) && (self.depth < DEEPEST || self.current == 0) {
            self.depth += 1;
            self.enter(self.current, function);
        } else if !is_same {
            self.enter(parent, function);
        }
    }

    fn give_back(&mut self) {
        let parent = self.nodes.get(self.current).map_or(0, |node| node.parent);
        if parent != 0 {
            self.current = parent;
            self.depth = self.depth.saturating_sub(1);
        }
    }
}

impl Observer for Profile {
    fn retired(&mut self, retired: &Retired) {
        let function = self.function_at(retired.pc);
        self.arrive(function);
        if let Some(node) = self.nodes.get_mut(self.current) {
            node.cycles += retired.cycles;
        }
        let total = self.totals.entry(function).or_insert((0, 0));
        *total = (total.0 + retired.cycles, total.1 + 1);
        let operation = retired.operation;
        let is_jump = matches!(operation.kind, Kind::Jal | Kind::Jalr);
        if retired.trapped.is_some() || is_jump && LINKS.contains(&operation.rd) {
            self.is_called = true;
        } else if operation.kind == Kind::Mret
            || operation.kind == Kind::Jalr && operation.rd == SINK && LINKS.contains(&operation.rs1)
        {
            self.give_back();
        }
    }

    fn interrupted(&mut self) {
        self.is_called = true;
    }
}
