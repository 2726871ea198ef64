//! What counted work costs on a chip: cycles, time and energy, each with its band.
//!
//! A kernel reports steps ([`Op`]); a chip's table holds a cost for each. A cost follows from the instructions that
//! the step compiles to ([`riscv`], [`xtensa`], [`steps`]) and from what each kind of instruction costs on that chip (one
//! file a chip); on the chips whose machine code is emulated it is then fitted to the cycles counted ([`fitted`]). An operation without a known cost is an error that names it; there is no
//! default cost. All arithmetic is on integers, so a cost is the same on every host.

pub mod calibrated;
pub mod esp32;
pub mod esp32c3;
pub mod esp32c6;
pub mod esp32s2;
pub mod esp32s3;
pub mod fitted;
pub mod icache;
pub mod riscv;
pub mod sequence;
pub mod steps;
pub mod xtensa;

use crate::figure::{Banded, Figure, Kind};
use fitted::Calibration;
use icache::{CacheLoss, CodeSize};
use ruvllm_esp_core::chip::{Chip, Current};
use ruvllm_esp_core::meter::{Counts, Op};
use ruvllm_esp_core::units::{Cycles, Hertz, Microamps, Nanojoules, Nanos};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, AddAssign};
use thiserror::Error;

/// The supply voltage of all five chips, in millivolts.
pub const SUPPLY_MILLIVOLTS: u32 = 3_300;

/// What one step of an operation costs, in thousandths of a cycle: `low <= cycles <= high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CycleCost {
    /// The best estimate.
    pub cycles: u32,
    /// Not less than this.
    pub low: u32,
    /// Not more than this.
    pub high: u32,
    /// The instructions that the cost stands for.
    pub sequence: &'static str,
    /// Where the costs of those instructions are from.
    pub source: &'static str,
}

/// In cycles, to a tenth: `9.0 (6.3-11.7)`.
impl fmt::Display for CycleCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [value, low, high] = [self.cycles, self.low, self.high].map(|millicycles| {
            let tenths = (u64::from(millicycles) + 50) / 100;
            format!("{}.{}", tenths / 10, tenths % 10)
        });
        write!(f, "{value} ({low}-{high})")
    }
}

/// An operation without a cost on a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no cost for `{}` on {chip}", op.name())]
pub struct UnknownCost {
    /// The chip.
    pub chip: &'static str,
    /// The operation.
    pub op: Op,
}

/// A cost for each operation, or its absence.
pub type CycleCosts = [Option<CycleCost>; Op::ALL.len()];

/// What work costs on one chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostTable {
    /// Its name, as in [`Chip::name`].
    pub chip: &'static str,
    /// The clock that turns cycles into time.
    pub clock: Hertz,
    /// The current that turns time into energy.
    pub run: Current,
    /// By the discriminant of [`Op`].
    pub cycle_costs: CycleCosts,
    /// What was fitted to the chip's emulated cycles, where it is emulated.
    pub calibration: Option<&'static Calibration>,
    /// The code that commands take out of flash.
    pub code_size: CodeSize,
    /// What the flash cache loses.
    pub cache_loss: &'static CacheLoss,
}

/// The table of every chip, in the order of [`ruvllm_esp_core::chip::ALL`].
pub const ALL: [&CostTable; 5] =
    [&esp32::TABLE, &esp32s2::TABLE, &esp32s3::TABLE, &esp32c3::TABLE, &esp32c6::TABLE];

/// The table of `chip`.
pub fn table(chip: &Chip) -> Option<&'static CostTable> {
    ALL.into_iter().find(|table| table.chip == chip.name)
}

impl CostTable {
    /// The table of `chip` at its highest clock, its code and its cache taken to be those of ESP32-C3.
    pub const fn new(chip: &Chip, cycle_costs: CycleCosts) -> Self {
        Self {
            chip: chip.name,
            clock: chip.clock.value,
            run: chip.power.run.value,
            cycle_costs,
            calibration: None,
            code_size: calibrated::ESP32C3.code_size,
            cache_loss: esp32c3::CACHE_LOSS,
        }
    }

    /// The table of an emulated chip, at fitted costs.
    pub const fn fitted(
        chip: &Chip,
        instructions: CycleCosts,
        calibration: &'static Calibration,
        cache_loss: &'static CacheLoss,
    ) -> Self {
        let (calibrated, code_size) = (Some(calibration), calibration.code_size);
        let table = Self::new(chip, calibration.apply(instructions));
        Self { calibration: calibrated, code_size, cache_loss, ..table }
    }

    /// What one step of `op` costs.
    ///
    /// # Errors
    /// [`UnknownCost`] where it is unknown.
    pub fn cycle_cost(&self, op: Op) -> Result<CycleCost, UnknownCost> {
        self.cycle_costs.get(op as usize).copied().flatten().ok_or(UnknownCost { chip: self.chip, op })
    }

    /// The operations without a cost.
    pub fn gaps(&self) -> impl Iterator<Item = Op> + '_ {
        Op::ALL.into_iter().filter(|op| self.cycle_cost(*op).is_err())
    }

    /// What `counts` cost.
    ///
    /// # Errors
    /// [`UnknownCost`] when an operation was counted that has no cost.
    pub fn cost(&self, counts: &Counts) -> Result<Cost, UnknownCost> {
        Ok(self.cost_of(self.millicycles(counts)?))
    }

    /// What a single console line costs that did `counts`. Its band is wider than that of a session, in which errors of its
    /// lines cancel.
    ///
    /// # Errors
    /// As for [`CostTable::cost`].
    pub fn line_cost(&self, counts: &Counts) -> Result<Cost, UnknownCost> {
        let mut total = self.millicycles(counts)?;
        if total.value > 0 {
            let margin = u128::from(fitted::LINE_CYCLES) * 1_000;
            total = Banded {
                low: total.low.saturating_sub(margin),
                high: total.high.saturating_add(margin),
                ..total
            };
        }
        Ok(self.cost_of(total))
    }

    fn millicycles(&self, counts: &Counts) -> Result<Banded<u128>, UnknownCost> {
        let mut total = Banded { value: 0u128, low: 0, high: 0 };
        for (op, count) in counts.iter() {
            let cycle_cost = self.cycle_cost(op)?;
            let of = |cycles: u32| u128::from(count) * u128::from(cycles);
            total +=
                Banded { value: of(cycle_cost.cycles), low: of(cycle_cost.low), high: of(cycle_cost.high) };
        }
        Ok(total)
    }

    /// The time and energy of this many cycles, which are known.
    pub fn cost_of_cycles(&self, cycles: u64) -> Cost {
        let millicycles = u128::from(cycles) * 1_000;
        let cost = self.cost_of(Banded { value: millicycles, low: millicycles, high: millicycles });
        Cost { cycles: Banded::exact(cost.cycles.value), time: Banded::exact(cost.time.value), ..cost }
    }

    /// The time of a number of thousandths of a cycle, to the nearest nanosecond.
    pub fn time(&self, millicycles: u128) -> Nanos {
        let nanos = (millicycles.saturating_mul(1_000_000) + self.hertz() / 2) / self.hertz();
        Nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn hertz(&self) -> u128 {
        u128::from(self.clock.get()).max(1)
    }

    /// Cycles, time and energy of a number of thousandths of a cycle.
    fn cost_of(&self, millicycles: Banded<u128>) -> Cost {
        let Banded { value, low, high } = millicycles;
        let hertz = self.hertz();
        let time = |part: u128| (part.saturating_mul(1_000_000), hertz);
        // mV x uA = nW, and nW x ns = 1e-9 nJ.
        let energy = |part: u128, current: Microamps| {
            let watts = u128::from(SUPPLY_MILLIVOLTS) * u128::from(current.get());
            (part.saturating_mul(watts), hertz * 1_000)
        };
        Cost {
            cycles: divided((value, 1_000), (low, 1_000), (high, 1_000)).map(Cycles),
            time: divided(time(value), time(low), time(high)).map(Nanos),
            energy: divided(
                energy(value, self.run.typical),
                energy(low, self.run.low),
                energy(high, self.run.high),
            )
            .map(Nanojoules),
        }
    }
}

/// Three fractions as whole numbers: the value to the nearest, the band outwards.
fn divided(value: (u128, u128), low: (u128, u128), high: (u128, u128)) -> Banded<u64> {
    let narrow = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
    Banded {
        value: narrow(value.0.saturating_add(value.1 / 2) / value.1),
        low: narrow(low.0 / low.1),
        high: narrow(high.0.div_ceil(high.1)),
    }
}

impl<U> Banded<U> {
    fn map<T>(self, unit: impl Fn(U) -> T) -> Banded<T> {
        Banded { value: unit(self.value), low: unit(self.low), high: unit(self.high) }
    }
}

/// What work costs, modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Cycles of one core.
    pub cycles: Banded<Cycles>,
    /// Time at the chip's clock.
    pub time: Banded<Nanos>,
    /// Energy at 3.3 V and the chip's run current, radio off.
    pub energy: Banded<Nanojoules>,
}

impl Cost {
    /// The mean over `count` equal pieces of work.
    #[must_use]
    pub fn divided_by(self, count: u32) -> Self {
        let count = u64::from(count.max(1));
        let Self { cycles, time, energy } = self;
        Self {
            cycles: cycles.map(|part| Cycles(part.0 / count)),
            time: time.map(|part| Nanos(part.0 / count)),
            energy: energy.map(|part| Nanojoules(part.0 / count)),
        }
    }
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            cycles: self.cycles + other.cycles,
            time: self.time + other.time,
            energy: self.energy + other.energy,
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// The fields of a cost in JSON.
pub fn cost_schema(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "cycles": generator.subschema_for::<Figure<Cycles>>(),
            "time": generator.subschema_for::<Figure<Nanos>>(),
            "energy": generator.subschema_for::<Figure<Nanojoules>>()
        },
        "required": ["cycles", "time", "energy"]
    })
}

impl JsonSchema for Cost {
    fn schema_name() -> Cow<'static, str> {
        "Cost".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        cost_schema(generator)
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Cost", 3)?;
        fields.serialize_field("cycles", &self.cycles.tagged(Kind::Modelled))?;
        fields.serialize_field("time", &self.time.tagged(Kind::Modelled))?;
        fields.serialize_field("energy", &self.energy.tagged(Kind::Modelled))?;
        fields.end()
    }
}

#[cfg(test)]
mod tests;
