//! A chip as JSON: every fact an object of value, confidence and source.

use super::fact::source;
use ruvllm_esp_core::chip::{Budget, Cache, Chip, Current, Radio, RadioCost, Radios, Region, Sourced};
use schemars::JsonSchema;
use serde::Serialize;

/// A fact and its origin.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FactReport<T> {
    value: T,
    confidence: &'static str,
    source: String,
}

/// Turns facts into reports, with the chip's name in their sources.
#[derive(Clone, Copy)]
struct Reporter(&'static str);

impl Reporter {
    fn of<T: Copy, R>(self, fact: &Sourced<T>, value: impl FnOnce(T) -> R) -> FactReport<R> {
        let (confidence, source) = (fact.confidence.name(), source(fact.source, self.0));
        FactReport { value: value(fact.value), confidence, source }
    }

    fn plain<T: Copy>(self, fact: &Sourced<T>) -> FactReport<T> {
        self.of(fact, |value| value)
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct RegionReport {
    base: u32,
    bytes: u32,
}

impl From<Region> for RegionReport {
    fn from(region: Region) -> Self {
        Self { base: region.base, bytes: region.size.get() }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct MemoryReport {
    datasheet_bytes: FactReport<u32>,
    main: FactReport<RegionReport>,
    reclaimed: FactReport<RegionReport>,
    instruction: Option<FactReport<RegionReport>>,
    rtc_fast: FactReport<RegionReport>,
    rtc_slow: Option<FactReport<RegionReport>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RadioCostReport {
    static_bytes: FactReport<u32>,
    heap_bytes: FactReport<u32>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct CacheReport {
    kind: &'static str,
    bytes: u32,
    line_bytes: u32,
    ways: Option<u8>,
}

impl From<Cache> for CacheReport {
    fn from(cache: Cache) -> Self {
        Self {
            kind: cache.kind.name(),
            bytes: cache.size.get(),
            line_bytes: cache.line.get(),
            ways: cache.ways,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct RadiosReport {
    wifi: bool,
    bluetooth_le: bool,
    bluetooth_classic: bool,
    ieee802154: bool,
}

impl From<Radios> for RadiosReport {
    fn from(radios: Radios) -> Self {
        let Radios { wifi, bluetooth_le, bluetooth_classic, ieee802154 } = radios;
        Self { wifi, bluetooth_le, bluetooth_classic, ieee802154 }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct CurrentReport {
    typical: u32,
    low: u32,
    high: u32,
}

impl From<Current> for CurrentReport {
    fn from(current: Current) -> Self {
        Self { typical: current.typical.get(), low: current.low.get(), high: current.high.get() }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct PowerReport {
    run: FactReport<CurrentReport>,
    idle: Option<FactReport<CurrentReport>>,
    send: FactReport<CurrentReport>,
    receive: FactReport<CurrentReport>,
}

/// Where the RAM of a chip goes, in bytes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BudgetReport {
    total: u32,
    firmware: u32,
    stack: u32,
    radio_static: u32,
    radio_heap: u32,
    radio_heap_main: u32,
    radio_heap_reclaimed: u32,
    arena: u32,
    reclaimed_free: u32,
    missing: u32,
}

impl From<Budget> for BudgetReport {
    fn from(budget: Budget) -> Self {
        Self {
            total: budget.total.get(),
            firmware: budget.firmware.get(),
            stack: budget.stack.get(),
            radio_static: budget.radio_fixed.get(),
            radio_heap: budget.radio_heap.get(),
            radio_heap_main: budget.radio_heap_main.get(),
            radio_heap_reclaimed: budget.radio_heap_reclaimed.get(),
            arena: budget.arena.get(),
            reclaimed_free: budget.reclaimed_free.get(),
            missing: budget.missing.get(),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct ByRadio<T> {
    off: T,
    espnow: T,
    wifi: T,
}

/// All that is known of a chip.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChipReport {
    name: &'static str,
    title: &'static str,
    cores: FactReport<u8>,
    isa: FactReport<&'static str>,
    target: FactReport<&'static str>,
    clock_hz: FactReport<u32>,
    fpu: FactReport<bool>,
    simd: FactReport<Option<&'static str>>,
    hardware_loops: FactReport<bool>,
    compare_and_swap: FactReport<bool>,
    memory: MemoryReport,
    firmware_bytes: FactReport<u32>,
    min_stack_bytes: FactReport<u32>,
    espnow: RadioCostReport,
    wifi: RadioCostReport,
    caches: Vec<FactReport<CacheReport>>,
    typical_flash_bytes: FactReport<u32>,
    flash_line_fill_cycles: Option<FactReport<u32>>,
    radios: FactReport<RadiosReport>,
    uarts: FactReport<&'static [u32]>,
    low_power_uart: FactReport<Option<u32>>,
    usb_serial_jtag: FactReport<Option<u32>>,
    usb_otg: FactReport<bool>,
    current_ua: PowerReport,
    arena: ByRadio<BudgetReport>,
}

impl ChipReport {
    /// The report of `chip`.
    pub fn new(chip: &Chip) -> Self {
        let report = Reporter(chip.name);
        Self {
            name: chip.name,
            title: chip.title,
            cores: report.plain(&chip.cores),
            isa: report.of(&chip.isa, |isa| isa.name()),
            target: report.plain(&chip.target),
            clock_hz: report.of(&chip.clock, |clock| clock.get()),
            fpu: report.plain(&chip.fpu),
            simd: report.plain(&chip.simd),
            hardware_loops: report.plain(&chip.hardware_loops),
            compare_and_swap: report.plain(&chip.compare_and_swap),
            memory: memory(report, chip),
            firmware_bytes: report.of(&chip.firmware, |size| size.get()),
            min_stack_bytes: report.of(&chip.stack_minimum, |size| size.get()),
            espnow: radio_cost(report, &chip.radio_costs.espnow),
            wifi: radio_cost(report, &chip.radio_costs.wifi),
            caches: chip.caches.iter().map(|cache| report.of(cache, CacheReport::from)).collect(),
            typical_flash_bytes: report.of(&chip.flash.typical, |size| size.get()),
            flash_line_fill_cycles: chip.flash.line_fill.map(|fill| report.plain(&fill)),
            radios: report.of(&chip.radios, RadiosReport::from),
            uarts: report.plain(&chip.uarts),
            low_power_uart: report.plain(&chip.low_power_uart),
            usb_serial_jtag: report.plain(&chip.usb_serial_jtag),
            usb_otg: report.plain(&chip.usb_otg),
            current_ua: power(report, chip),
            arena: arena(chip),
        }
    }
}

fn memory(report: Reporter, chip: &Chip) -> MemoryReport {
    let memory = &chip.memory;
    let region = |fact: &Sourced<Region>| report.of(fact, RegionReport::from);
    MemoryReport {
        datasheet_bytes: report.of(&memory.datasheet, |size| size.get()),
        main: region(&memory.main),
        reclaimed: region(&memory.reclaimed),
        instruction: memory.instruction.as_ref().map(region),
        rtc_fast: region(&memory.rtc_fast),
        rtc_slow: memory.rtc_slow.as_ref().map(region),
    }
}

fn radio_cost(report: Reporter, cost: &RadioCost) -> RadioCostReport {
    RadioCostReport {
        static_bytes: report.of(&cost.fixed, |size| size.get()),
        heap_bytes: report.of(&cost.heap, |size| size.get()),
    }
}

fn power(report: Reporter, chip: &Chip) -> PowerReport {
    let current = |fact: &Sourced<Current>| report.of(fact, CurrentReport::from);
    PowerReport {
        run: current(&chip.power.run),
        idle: chip.power.idle.as_ref().map(current),
        send: current(&chip.power.send),
        receive: current(&chip.power.receive),
    }
}

fn arena(chip: &Chip) -> ByRadio<BudgetReport> {
    let [off, espnow, wifi] = Radio::ALL.map(|radio| chip.arena_budget(radio).into());
    ByRadio { off, espnow, wifi }
}
