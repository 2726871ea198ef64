//! A board without a board: the ROM's serial loader on a pseudo-terminal, and the firmware that it starts.
//!
//! It speaks the protocol as Espressif documents it (esptool, "Serial protocol"): SLIP frames, eight answers to a sync,
//! registers, flash that erases to ones and can only clear bits, MD5 of what is really there. After `FLASH_END` it is
//! the firmware: it prints the banner, reads the settings from its flash with the firmware's own code, and answers
//! `role`.

pub mod sample;

use md5::{Digest, Md5};
use portable_pty::{MasterPty, PtySize, native_pty_system};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_firmware_logic::config::{RECORD_BYTES, newest};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const END: u8 = 0xc0;
const SECTOR: usize = 0x1000;

/// What goes wrong, if anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// It never answers.
    Dead,
    /// It answers no more after this many blocks.
    SilentAfter(usize),
    /// The port is gone after this many blocks.
    GoneAfter(usize),
    /// A bit of what is written does not stick.
    StuckBit,
    /// The program says nothing.
    Mute,
    /// The port goes away when the program is spoken to.
    Unplugged,
    /// The banner is lost, as when nobody listens; it comes again after `chip reset`.
    LostBanner,
}

/// A board.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// Its chip, as the banner names it.
    pub chip: &'static str,
    /// Its number in image headers.
    pub chip_id: u32,
    /// The size of its flash, as the flash's id has it: 2 to this power.
    pub flash_power: u8,
    /// What goes wrong.
    pub trouble: Trouble,
}

/// A running board.
pub struct Running {
    /// The name of its port.
    pub port: String,
    /// Its flash.
    pub flash: Arc<Mutex<Vec<u8>>>,
    /// The bytes that it received.
    pub received: Arc<AtomicUsize>,
    /// The blocks that were written.
    pub blocks: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Board {
    /// An ESP32-C3 with 4 MiB and no trouble.
    pub const C3: Board = Board { chip: "esp32c3", chip_id: 5, flash_power: 22, trouble: Trouble::None };

    /// The same with trouble.
    pub fn with(self, trouble: Trouble) -> Self {
        Self { trouble, ..self }
    }

    /// Plugs it in, in its loader.
    pub fn plug_in(self) -> Running {
        self.start(false, Vec::new())
    }

    /// Plugs it in with a program running, and flash contents.
    pub fn running(self) -> Running {
        self.start(true, Vec::new())
    }

    /// Plugs it in, in its loader, with flash contents.
    pub fn with_flash(self, contents: Vec<u8>) -> Running {
        self.start(false, contents)
    }

    fn start(self, program: bool, mut contents: Vec<u8>) -> Running {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let master = native_pty_system().openpty(size).unwrap().master;
        let port = master.tty_name().unwrap().to_str().unwrap().to_string();
        contents.resize(1 << self.flash_power, 0xff);
        let running = Running {
            port,
            flash: Arc::new(Mutex::new(contents)),
            received: Arc::default(),
            blocks: Arc::default(),
            stop: Arc::default(),
        };
        let device = Device {
            board: self,
            writer: master.take_writer().unwrap(),
            reader: master.try_clone_reader().unwrap(),
            _master: master,
            flash: running.flash.clone(),
            received: running.received.clone(),
            blocks: running.blocks.clone(),
            registers: HashMap::new(),
            begun: (0, 0),
            program,
            banner_lost: false,
        };
        let stop = running.stop.clone();
        std::thread::spawn(move || device.run(&stop));
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

struct Device {
    board: Board,
    writer: Box<dyn Write + Send>,
    reader: Box<dyn Read + Send>,
    _master: Box<dyn MasterPty + Send>,
    flash: Arc<Mutex<Vec<u8>>>,
    received: Arc<AtomicUsize>,
    blocks: Arc<AtomicUsize>,
    registers: HashMap<u32, u32>,
    /// Offset and block size of the write under way.
    begun: (usize, usize),
    program: bool,
    banner_lost: bool,
}

impl Device {
    fn run(mut self, stop: &AtomicBool) {
        let (mut buffer, mut input) = ([0; 4096], Vec::new());
        while !stop.load(Ordering::SeqCst) {
            let Ok(length @ 1..) = self.reader.read(&mut buffer) else {
                // Nobody there.
                std::thread::sleep(Duration::from_millis(2));
                continue;
            };
            self.received.fetch_add(length, Ordering::SeqCst);
            input.extend_from_slice(&buffer[..length]);
            while let Some(end) =
                input.iter().position(|byte| *byte == if self.program { b'\n' } else { END })
            {
                let piece: Vec<u8> = input.drain(..=end).collect();
                let alive = if self.program { self.line(&piece) } else { self.frame(&unslip(&piece[..end])) };
                if !alive {
                    return;
                }
            }
        }
    }

    /// Answers one frame of the loader. False when the port goes away.
    fn frame(&mut self, frame: &[u8]) -> bool {
        let [0, operation, _, _, _, _, _, _, data @ ..] = frame else { return true };
        let word = |at: usize| {
            data.get(4 * at..4 * at + 4).map_or(0, |word| u32::from_le_bytes(word.try_into().unwrap()))
        };
        let offset = |at: usize| word(at) as usize;
        match (self.board.trouble, self.blocks.load(Ordering::SeqCst)) {
            (Trouble::Dead, _) => return true,
            (Trouble::SilentAfter(limit), blocks) if blocks >= limit => return true,
            (Trouble::GoneAfter(limit), blocks) if blocks >= limit => return false,
            _ => {}
        }
        match *operation {
            0x02 => {
                self.begun = (offset(3), offset(2));
                let (begin, length) = (offset(3), offset(0));
                self.flash.lock().unwrap()[begin..begin + length.next_multiple_of(SECTOR)].fill(0xff);
            }
            0x03 => self.write(&data[16..16 + offset(0)], offset(1)),
            0x04 => {
                self.answer(*operation, 0, &[]);
                self.program = word(0) == 0;
                self.boot();
                return true;
            }
            0x08 => (0..7).for_each(|_| self.answer(0x08, 0, &[])),
            0x09 => _ = self.registers.insert(word(0), word(1)),
            0x0a => {
                let value = self.register(word(0));
                self.answer(*operation, value, &[]);
                return true;
            }
            0x0e => {
                let bytes = self.flash.lock().unwrap()[offset(0)..offset(0) + 64].to_vec();
                self.answer(*operation, 0, &bytes);
                return true;
            }
            0x13 => {
                let digest = Md5::digest(&self.flash.lock().unwrap()[offset(0)..offset(0) + offset(1)]);
                let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                self.answer(*operation, 0, text.as_bytes());
                return true;
            }
            0x14 => {
                let mut info = vec![0; 12];
                info.extend(self.board.chip_id.to_le_bytes());
                info.extend([0; 4]);
                self.answer(*operation, 0, &info);
                return true;
            }
            _ => {}
        }
        self.answer(*operation, 0, &[]);
        true
    }

    /// Flash can only clear bits; only erasing sets them.
    fn write(&mut self, bytes: &[u8], sequence: usize) {
        let begin = self.begun.0 + sequence * self.begun.1;
        let mut flash = self.flash.lock().unwrap();
        for (cell, byte) in flash[begin..].iter_mut().zip(bytes) {
            *cell &= byte;
        }
        if self.board.trouble == Trouble::StuckBit {
            flash[begin] ^= 1;
        }
        self.blocks.fetch_add(1, Ordering::SeqCst);
    }

    fn register(&self, address: u32) -> u32 {
        match address {
            // The flash's id behind the SPI controller: its third byte is the power of its size.
            0x6000_2058 | 0x6000_3058 => u32::from(self.board.flash_power) << 16 | 0x4020,
            // The command register's busy bit is clear again at once.
            0x6000_2000 | 0x6000_3000 => 0,
            _ => self.registers.get(&address).copied().unwrap_or(0),
        }
    }

    fn answer(&mut self, operation: u8, value: u32, data: &[u8]) {
        let mut frame = vec![1, operation];
        frame.extend((data.len() as u16 + 4).to_le_bytes());
        frame.extend(value.to_le_bytes());
        frame.extend(data);
        frame.extend([0; 4]);
        self.send_bytes(&slip(&frame));
    }

    fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.writer.write_all(bytes).and_then(|()| self.writer.flush());
    }

    fn boot(&mut self) {
        let lost =
            self.board.trouble == Trouble::LostBanner && !std::mem::replace(&mut self.banner_lost, true);
        if !self.program || lost || self.board.trouble == Trouble::Mute {
            return;
        }
        let (role, id) = self.identity();
        let chip = self.board.chip;
        let banner = format!(
            "ESP-ROM:{chip}\r\nruvllm-esp 0.1.0\nvariant={chip} role={role} chip_id={id} sram_kb=313\n[ready] type 'help' for commands\n"
        );
        self.send_bytes(banner.as_bytes());
    }

    /// One line to the program. False when the port goes away.
    fn line(&mut self, line: &[u8]) -> bool {
        match self.board.trouble {
            Trouble::Mute => return true,
            Trouble::Unplugged => return false,
            _ => {}
        }
        let text = String::from_utf8_lossy(line);
        match text.trim_matches(|character: char| character.is_control() || character == ' ') {
            "role" => {
                let (role, _) = self.identity();
                self.send_bytes(format!("role: {role}\n").as_bytes());
            }
            "chip reset" => self.boot(),
            "panic" => self.send_bytes(b"[panic] at 0x42010020\n"),
            _ => {}
        }
        true
    }

    /// Role and number, as the settings in flash have them.
    fn identity(&self) -> (&'static str, u16) {
        let flash = self.flash.lock().unwrap();
        let copies = [0x9000, 0xa000].map(|at| flash[at..at + RECORD_BYTES].try_into().unwrap());
        let settings = newest(&copies).settings.unwrap_or_default();
        let role = settings.role().and_then(RoleKind::by_name).unwrap_or(RoleKind::HnswIndexer);
        (role.name(), settings.chip_id.unwrap_or(0))
    }
}

fn slip(frame: &[u8]) -> Vec<u8> {
    let escaped = frame.iter().flat_map(|byte| match *byte {
        END => vec![0xdb, 0xdc],
        0xdb => vec![0xdb, 0xdd],
        byte => vec![byte],
    });
    [END].into_iter().chain(escaped).chain([END]).collect()
}

fn unslip(bytes: &[u8]) -> Vec<u8> {
    let (mut frame, mut escaped) = (Vec::new(), false);
    for byte in bytes {
        match (escaped, byte) {
            (true, 0xdc) => frame.push(END),
            (true, 0xdd) => frame.push(0xdb),
            (false, 0xdb) => {}
            (_, byte) => frame.push(*byte),
        }
        escaped = !escaped && *byte == 0xdb;
    }
    frame
}
