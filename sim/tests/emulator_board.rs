//! What a program sees of a whole chip on a board: resets and their causes, timers, interrupts, flash.
//!
//! The programs are a few instructions instead of the mask ROM, and say what they see over UART0.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use ruvllm_esp_sim::emulator::assemble::*;
use ruvllm_esp_sim::emulator::board::{Board, BoardConfig, Cause, Halt, Port, Rom, milliseconds};
use ruvllm_esp_sim::emulator::{EmulatedChip, chip};
use ruvllm_esp_sim::exact::{Exact, ExactError};

const CHIPS: [&EmulatedChip; 2] = [&chip::ESP32C3, &chip::ESP32C6];

/// Addresses that differ between the chips.
struct Addresses {
    reset_cause: u32,
    watchdog: u32,
    systimer: u32,
    /// The map of SYSTIMER's first alarm, and the controller's enable, priority of line 5 and threshold.
    interrupts: [u32; 4],
    software_reset: u32,
    timer_group: u32,
    spi1: u32,
    /// The start of the mapped flash.
    flash: u32,
}

const C3: Addresses = Addresses {
    reset_cause: 0x6000_8038,
    watchdog: 0x6000_8090,
    systimer: 0x6002_3000,
    interrupts: [0x600c_2000 + 4 * 37, 0x600c_2104, 0x600c_2114 + 4 * 5, 0x600c_2194],
    software_reset: 0x6000_8000,
    timer_group: 0x6001_f000,
    spi1: 0x6000_2000,
    flash: 0x3c00_0000,
};
const C6: Addresses = Addresses {
    reset_cause: 0x600b_0410,
    watchdog: 0x600b_1c00,
    systimer: 0x6000_a000,
    interrupts: [0x6001_0000 + 4 * 57, 0x2000_1000, 0x2000_1010 + 4 * 5, 0x2000_1090],
    software_reset: 0x600b_1034,
    timer_group: 0x6000_8000,
    spi1: 0x6000_3000,
    flash: 0x4200_0000,
};

fn addresses(chip: &EmulatedChip) -> Addresses {
    if chip.name == "esp32c3" { C3 } else { C6 }
}

/// Instructions in the making. T0 to T2 are scratch.
#[derive(Default)]
struct Program(Vec<u32>);

impl Program {
    fn load(mut self, register: u32, value: u32) -> Self {
        self.0.push(lui(register, value.wrapping_add(0x800)));
        self.0.push(addi(register, register, (value << 20) as i32 >> 20));
        self
    }

    fn poke(self, address: u32, value: u32) -> Self {
        self.load(T0, address).load(T1, value).then(&[sw(T1, T0, 0)])
    }

    /// Sends the lowest byte of the word at `address`, shifted right.
    fn tell(self, address: u32, shift: i32) -> Self {
        let program = self.load(T0, address).then(&[lw(T1, T0, 0), srli(T1, T1, shift)]);
        program.load(T0, 0x6000_0000).then(&[sw(T1, T0, 0)])
    }

    fn then(mut self, instructions: &[u32]) -> Self {
        self.0.extend(instructions);
        self
    }

    /// After a start that was no power-on, nothing more.
    fn only_at_power_on(self, addresses: &Addresses) -> Self {
        let program = self.load(T0, addresses.reset_cause).then(&[lw(T1, T0, 0), addi(T2, ZERO, 1)]);
        program.then(&[beq(T1, T2, 8), jal(ZERO, 0)])
    }

    fn board(self, chip: &'static EmulatedChip) -> Board {
        let flash: Vec<u8> = (0..1u32 << 20).map(|at| (at >> 16) as u8).collect();
        let code = bytes(&self.then(&[jal(ZERO, 0)]).0);
        Board::new(chip, &Rom::of_code(code), flash, BoardConfig::default()).unwrap()
    }
}

fn causes(board: &Board) -> Vec<Cause> {
    board.starts().iter().map(|start| start.cause).collect()
}

#[test]
fn a_watchdog_that_nobody_feeds_resets_the_chip_and_the_chip_knows() {
    for chip in CHIPS {
        let addresses = addresses(chip);
        let program = Program::default().tell(addresses.reset_cause, 0).only_at_power_on(&addresses);
        // Its first stage: 2 x 136 counts of the slow clock, then a reset of the core.
        let program = program.poke(addresses.watchdog + 4, 136).poke(addresses.watchdog, 1 << 31 | 3 << 28);
        let mut board = program.board(chip);
        assert_eq!(board.run_for(milliseconds(100)), Halt::TimeOut);
        assert_eq!(causes(&board), [Cause::PowerOn, Cause::LowPowerWatchdogCore], "{}", chip.name);
        assert_eq!(board.take_serial_out(Port::Uart0), [1, 9]);
        let after = board.starts()[1].at;
        assert!((milliseconds(2)..milliseconds(3)).contains(&after), "{after}");
    }
}

#[test]
fn the_super_watchdog_bites_within_a_second() {
    for chip in CHIPS {
        let mut board = Program::default().board(chip);
        board.run_for(milliseconds(1_000));
        assert_eq!(causes(&board), [Cause::PowerOn, Cause::SuperWatchdog]);
    }
}

#[test]
fn a_timer_groups_watchdog_and_software_reset_too() {
    for chip in CHIPS {
        let addresses = addresses(chip);
        let start = || Program::default().tell(addresses.reset_cause, 0).only_at_power_on(&addresses);
        let watchdog = start()
            .poke(addresses.timer_group + 0x50, 1000)
            .poke(addresses.timer_group + 0x48, 1 << 31 | 3 << 29);
        let mut board = watchdog.board(chip);
        board.run_for(milliseconds(10));
        assert_eq!(board.take_serial_out(Port::Uart0), [1, 7], "{}", chip.name);
        let mut board = start().poke(addresses.software_reset, 1 << 31).board(chip);
        board.run_for(milliseconds(10));
        assert_eq!(board.take_serial_out(Port::Uart0), [1, 3], "{}", chip.name);
        assert_eq!(causes(&board), [Cause::PowerOn, Cause::SoftwareCore]);
    }
}

#[test]
fn an_alarm_interrupts_at_its_time() {
    for chip in CHIPS {
        let Addresses { systimer, interrupts: [map, enable, priority, threshold], .. } = addresses(chip);
        // Vector 5 of the table at the reset vector's address is the handler; the program jumps over it.
        let handler = Program::default().poke(0x6000_0000, 0x21).poke(systimer + 0x6c, 1).then(&[MRET]);
        let mut code = vec![jal(ZERO, 4 * 64); 1];
        code.resize(5, EBREAK);
        code.push(jal(ZERO, 4 * 3));
        code.resize(8, EBREAK);
        code.extend(handler.0);
        code.resize(64, EBREAK);
        let program = Program(code).load(T0, 0x4000_0001).then(&[csrrw(ZERO, 0x305, T0)]);
        let program = program.poke(map, 5).poke(priority, 3).poke(threshold, 1).poke(enable, 1 << 5);
        // 10 ms at 16 MHz.
        let program = program.poke(systimer + 0x34, 1 << 30 | 160_000).poke(systimer + 0x64, 1);
        let program =
            program.poke(systimer, 0x4600_0000 | 1 << 24).load(T0, 8).then(&[csrrs(ZERO, 0x300, T0)]);
        let mut board = program.then(&[WFI, jal(ZERO, -4)]).board(chip);
        assert_eq!(board.run_for(milliseconds(55)), Halt::TimeOut);
        assert_eq!(board.take_serial_out(Port::Uart0), b"!!!!!", "{}", chip.name);
        assert!(board.instructions() < 1_000, "it slept");
    }
}

#[test]
fn pages_of_the_flash_show_where_they_are_mapped() {
    for chip in CHIPS {
        let Addresses { flash, .. } = addresses(chip);
        let map = |program: Program, entry: u32, page: u32| match chip.name {
            "esp32c3" => program.poke(0x600c_5000 + 4 * entry, page),
            _ => program.poke(0x6000_2380, entry).poke(0x6000_237c, 1 << 9 | page),
        };
        let program = map(map(Program::default(), 0, 3), 2, 7).tell(flash, 0).tell(flash + 0x2_fffc, 24);
        let mut board = map(program, 0, 5).tell(flash, 0).board(chip);
        board.run_for(milliseconds(5));
        assert_eq!(board.take_serial_out(Port::Uart0), [3, 7, 5], "{}", chip.name);
    }
}

#[test]
fn what_is_programmed_shows_and_outlives_the_power() {
    for chip in CHIPS {
        let Addresses { flash, spi1, .. } = addresses(chip);
        let program = match chip.name {
            "esp32c3" => Program::default().poke(0x600c_5000, 7),
            _ => Program::default().poke(0x6000_2380, 0).poke(0x6000_237c, 1 << 9 | 7),
        };
        // Write enable, then four bytes: 7 & 0x05 stays.
        let program = program.tell(flash, 0).poke(spi1, 1 << 30).poke(spi1 + 4, 4 << 24 | 0x7_0000);
        let mut board = program.poke(spi1 + 0x58, 0x0505_0505).poke(spi1, 1 << 25).tell(flash, 0).board(chip);
        board.run_for(milliseconds(5));
        assert_eq!(board.take_serial_out(Port::Uart0), [7, 5], "{}", chip.name);
        board.power_cycle();
        board.run_for(milliseconds(5));
        assert_eq!(board.take_serial_out(Port::Uart0), [5, 5]);
        assert_eq!(board.flash()[0x7_0000..0x7_0005], [5, 5, 5, 5, 7]);
        assert_eq!(causes(&board), [Cause::PowerOn, Cause::PowerOn]);
    }
}

#[test]
fn registers_that_are_not_modelled_are_listed() {
    let mut board = Program::default().poke(0x6000_9004, 2).tell(0x6007_0000, 0).board(&chip::ESP32C3);
    board.run_for(milliseconds(1));
    let list: Vec<_> = board.unmodelled().iter().map(|register| (register.address, register.block)).collect();
    assert_eq!(list, [(0x6000_9004, Some("IO_MUX")), (0x6007_0000, None)]);
}

#[test]
fn time_that_is_skipped_moves_the_clocks_and_not_the_watchdogs() {
    let addresses = C3;
    let program =
        Program::default().poke(addresses.watchdog + 4, 13_600).poke(addresses.watchdog, 1 << 31 | 3 << 28);
    let mut board = program.board(&chip::ESP32C3);
    board.run_for(milliseconds(10));
    board.skip(milliseconds(3_600_000));
    assert!(board.now() > milliseconds(3_600_000));
    board.run_for(milliseconds(100));
    assert_eq!(causes(&board), [Cause::PowerOn]);
    board.run_for(milliseconds(120));
    assert_eq!(causes(&board), [Cause::PowerOn, Cause::LowPowerWatchdogCore]);
}

/// The ADC and the I2C controller of each chip.
const CONVERTERS: [(u32, u32); 2] = [(0x6004_0000, 0x6001_3000), (0x6000_e000, 0x6000_4000)];

#[test]
fn a_conversion_ends_and_an_i2c_address_is_not_acknowledged() {
    for (chip, (adc, i2c)) in CHIPS.into_iter().zip(CONVERTERS) {
        let program =
            Program::default().tell(adc + 0x44, 24).poke(adc + 0x20, 1 << 31 | 1 << 29).tell(adc + 0x44, 24);
        // Start, one byte with its acknowledgement checked, stop.
        let program = program
            .poke(i2c + 0x58, 6 << 11)
            .poke(i2c + 0x5c, 1 << 11 | 1 << 8 | 1)
            .poke(i2c + 0x60, 2 << 11);
        let mut board = program.poke(i2c + 0x04, 1 << 4 | 1 << 5).tell(i2c + 0x20, 4).board(chip);
        board.run_for(milliseconds(5));
        assert_eq!(board.take_serial_out(Port::Uart0), [0, 0x80, 0x48], "{}", chip.name);
    }
}

#[test]
fn the_register_that_is_polled_most_is_known() {
    let program = Program::default().load(T0, 0x6004_0044).then(&[lw(T1, T0, 0), jal(ZERO, -4)]);
    let mut board = program.board(&chip::ESP32C3);
    board.run_for(milliseconds(1));
    let (address, reads, block) = board.most_read().unwrap();
    assert_eq!((address, block), (0x6004_0044, Some("APB_SARADC")));
    assert!(reads > 100, "{reads}");
    board.forget_reads();
    assert_eq!(board.most_read(), None);
}

#[test]
fn a_chip_that_restarts_over_and_over_is_reported_with_its_last_output() {
    let mut program = Program::default().load(T0, 0x6000_0000);
    for byte in b"I (1) boot: hello\nE (7) boot: broken\n" {
        program = program.load(T1, u32::from(*byte)).then(&[sw(T1, T0, 0)]);
    }
    // A reset of the whole chip.
    let code = bytes(&program.poke(0x6000_8000, 1 << 31).then(&[jal(ZERO, 0)]).0);
    let esp32c3 = ruvllm_esp_core::chip::by_name("esp32c3").unwrap();
    let booted = Exact::boot(esp32c3, &Rom::of_code(code), vec![0xff; 1 << 20], BoardConfig::default());
    let Err(ExactError::NoConsole(failure)) = booted else { panic!("{booted:?}") };
    assert_eq!((failure.starts, failure.error.as_deref()), (7, Some("E (7) boot: broken")));
    assert!(failure.waited < milliseconds(1_000), "{failure}");
}
