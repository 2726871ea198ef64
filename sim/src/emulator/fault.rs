//! What can go wrong in a program, as data.

use std::fmt;

/// Why an instruction could not complete. The discriminants are the `mcause` codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u32)]
pub enum Cause {
    InstructionAccess = 1,
    IllegalInstruction = 2,
    Breakpoint = 3,
    LoadMisaligned = 4,
    LoadAccess = 5,
    StoreMisaligned = 6,
    StoreAccess = 7,
    EnvironmentCall = 11,
}

impl Cause {
    /// The `mcause` code.
    pub const fn code(self) -> u32 {
        self as u32
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InstructionAccess => "no instruction can be fetched here",
            Self::IllegalInstruction => "illegal instruction",
            Self::Breakpoint => "breakpoint instruction",
            Self::LoadMisaligned => "misaligned atomic load",
            Self::LoadAccess => "load from an address where nothing can be read",
            Self::StoreMisaligned => "misaligned atomic store",
            Self::StoreAccess => "store to an address where nothing can be written",
            Self::EnvironmentCall => "environment call",
        })
    }
}

/// An exception: what the trap handler is told, or the end of the run when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Fault {
    pub cause: Cause,
    /// Where the instruction stands.
    pub pc: u32,
    /// Its bits; 0 when it could not be fetched.
    pub instruction: u32,
    /// The address that was accessed, `pc` for fetches, 0 where none applies.
    pub address: u32,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cause, pc, instruction, address } = self;
        write!(f, "{cause}: pc {pc:#010x}, instruction {instruction:#010x}, address {address:#010x}")
    }
}

impl std::error::Error for Fault {}
