//! A chip's facts as lines of text, in the order in which a reader asks for them.

use ruvllm_esp_core::chip::{Cache, Chip, Current, Radios, Region, Sourced};
use ruvllm_esp_core::units::Bytes;

/// One line of the detail view.
#[derive(Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub name: String,
    /// The value with its unit.
    pub value: String,
    /// How far to trust it; `-` where there is no value to trust.
    pub confidence: &'static str,
    /// Where it is from.
    pub source: String,
}

/// Every fact of `chip`.
pub fn facts(chip: &Chip) -> Vec<Fact> {
    let mut facts = Facts { chip: chip.name, facts: Vec::new() };
    add_core(&mut facts, chip);
    add_memory(&mut facts, chip);
    add_ports(&mut facts, chip);
    add_power(&mut facts, chip);
    facts.facts
}

struct Facts {
    chip: &'static str,
    facts: Vec<Fact>,
}

impl Facts {
    fn add<T: Copy>(&mut self, name: &str, fact: &Sourced<T>, show: impl FnOnce(T) -> String) {
        self.facts.push(Fact {
            name: name.to_string(),
            value: show(fact.value),
            confidence: fact.confidence.name(),
            source: source(fact.source, self.chip),
        });
    }

    /// A fact that no source gives.
    fn unknown(&mut self, name: &str) {
        let (value, source) = ("unknown".to_string(), "no source found".to_string());
        self.facts.push(Fact { name: name.to_string(), value, confidence: "-", source });
    }
}

fn add_core(facts: &mut Facts, chip: &Chip) {
    facts.add("cores", &chip.cores, |cores| cores.to_string());
    facts.add("instruction set", &chip.isa, |isa| isa.name().to_string());
    facts.add("rust target", &chip.target, str::to_string);
    facts.add("highest clock", &chip.clock, |clock| format!("{} MHz", clock.get() / 1_000_000));
    facts.add("fpu (f32)", &chip.fpu, |fpu| yes_no(fpu).to_string());
    facts.add("simd", &chip.simd, |simd| simd.unwrap_or("no").to_string());
    facts.add("hardware loops", &chip.hardware_loops, |loops| yes_no(loops).to_string());
    facts.add("compare-and-swap", &chip.compare_and_swap, |swap| yes_no(swap).to_string());
}

fn add_memory(facts: &mut Facts, chip: &Chip) {
    let memory = &chip.memory;
    facts.add("datasheet RAM", &memory.datasheet, bytes);
    facts.add("main region", &memory.main, region);
    facts.add("reclaimed region", &memory.reclaimed, region);
    if let Some(instruction) = &memory.instruction {
        facts.add("instruction RAM", instruction, region);
    }
    facts.add("RTC RAM, fast", &memory.rtc_fast, region);
    if let Some(slow) = &memory.rtc_slow {
        facts.add("RTC RAM, slow", slow, region);
    }
    facts.add("minimal firmware", &chip.firmware, bytes);
    facts.add("least stack", &chip.stack_minimum, bytes);
    for (radio, cost) in [("ESP-NOW", &chip.radio_costs.espnow), ("Wi-Fi", &chip.radio_costs.wifi)] {
        facts.add(&format!("{radio}, static"), &cost.fixed, bytes);
        facts.add(&format!("{radio}, heap"), &cost.heap, bytes);
    }
    for of in chip.caches {
        facts.add(&format!("{} cache", of.value.kind.name()), of, cache);
    }
    facts.add("typical flash", &chip.flash.typical, |size| format!("{} MiB", size.get() / 1_048_576));
    match &chip.flash.line_fill {
        Some(fill) => facts.add("flash line fill", fill, |cycles| format!("{cycles} cycles")),
        None => facts.unknown("flash line fill"),
    }
}

fn add_ports(facts: &mut Facts, chip: &Chip) {
    let address = |base: Option<u32>| base.map_or("no".to_string(), |base| format!("0x{base:08x}"));
    facts.add("radios", &chip.radios, radios);
    facts.add("UARTs", &chip.uarts, |bases| {
        bases.iter().map(|base| format!("0x{base:08x}")).collect::<Vec<_>>().join(" ")
    });
    facts.add("low-power UART", &chip.low_power_uart, address);
    facts.add("USB-Serial-JTAG", &chip.usb_serial_jtag, address);
    facts.add("USB OTG", &chip.usb_otg, |otg| yes_no(otg).to_string());
}

fn add_power(facts: &mut Facts, chip: &Chip) {
    facts.add("one core busy", &chip.power.run, current);
    match &chip.power.idle {
        Some(idle) => facts.add("idle", idle, current),
        None => facts.unknown("idle"),
    }
    facts.add("radio sends", &chip.power.send, current);
    facts.add("radio listens", &chip.power.receive, current);
}

/// `source` with the chip's name instead of its placeholder.
pub fn source(source: &str, chip: &str) -> String {
    source.replace("<chip>", chip)
}

/// `yes` or `no`.
pub const fn yes_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// KiB with one decimal where it is not zero.
pub fn kib(size: Bytes) -> String {
    let tenths = (u64::from(size.get()) * 10 + 512) / 1_024;
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// The radios by name.
pub fn radios(radios: Radios) -> String {
    let names = [
        (radios.wifi, "Wi-Fi"),
        (radios.bluetooth_le, "BLE"),
        (radios.bluetooth_classic, "BT"),
        (radios.ieee802154, "802.15.4"),
    ];
    names.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}

fn bytes(size: Bytes) -> String {
    size.to_string()
}

fn region(region: Region) -> String {
    format!("{} at 0x{:08x}", region.size, region.base)
}

fn cache(cache: Cache) -> String {
    let ways = cache.ways.map_or(String::new(), |ways| format!(", {ways}-way"));
    format!("{} KiB, lines of {}{ways}", cache.size.get() / 1_024, cache.line)
}

fn current(current: Current) -> String {
    let milli = |micro: u32| {
        let text = format!("{}.{}", micro / 1_000, micro % 1_000 / 100);
        text.strip_suffix(".0").map_or(text.clone(), str::to_string)
    };
    if current.low == current.high {
        return format!("{} mA", milli(current.typical.get()));
    }
    format!("{}-{} mA", milli(current.low.get()), milli(current.high.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_with_at_most_one_decimal() {
        assert_eq!(kib(Bytes(1_024)), "1");
        assert_eq!(kib(Bytes(452_112)), "441.5");
        assert_eq!(current(Current::range(51_200, 65_900)), "51.2-65.9 mA");
        assert_eq!(current(Current::range(95_000, 95_000)), "95 mA");
    }
}
