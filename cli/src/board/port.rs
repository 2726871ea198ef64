//! Which serial ports there are, and which one is meant.
//!
//! A port that somebody names is taken as named, however unlikely it looks. Otherwise every port that is seen gets a
//! verdict, so that "none found" can say what was there and why it was passed over.

use super::usb::{self, Likelihood};
use crate::configuration::{self, PORT};
use crate::error::{CliError, Stop};
use crate::output::Output;
use schemars::JsonSchema;
use serde::Serialize;
use serialport::{SerialPortInfo, SerialPortType, UsbPortInfo};
use std::io::{BufRead, Write};

/// A port that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DetectedPort {
    /// Its name, as the system has it.
    pub port: String,
    /// Its USB id, `vendor:product` in hexadecimal.
    pub usb: Option<String>,
    /// What the device calls itself.
    pub product: Option<String>,
    /// Its serial number: tells two boards of a kind apart.
    pub serial_number: Option<String>,
    /// Is it taken for a board?
    pub board: bool,
    /// Why, or why not.
    pub why: String,
    #[serde(skip)]
    likelihood: Option<Likelihood>,
}

/// The port to use.
#[derive(Clone, Debug)]
pub struct SelectedPort {
    /// Its name.
    pub name: String,
    /// What USB says about it; zeros where it is no USB port.
    pub usb: UsbPortInfo,
}

impl DetectedPort {
    fn judge(info: SerialPortInfo) -> Self {
        let port = info.port_name;
        match info.port_type {
            SerialPortType::UsbPort(usb) => Self::usb(port, usb),
            SerialPortType::BluetoothPort => Self::other(port, "skipped: Bluetooth"),
            SerialPortType::PciPort => Self::other(port, "skipped: a port of this machine's own (PCI)"),
            SerialPortType::Unknown => Self::other(port, "skipped: not on USB"),
        }
    }

    fn usb(port: String, info: UsbPortInfo) -> Self {
        let known = usb::known(info.vid, info.pid);
        // macOS shows each device twice; the `tty.` one waits for a carrier that no board has.
        let shadow = port.contains("/tty.");
        let why = match known {
            Some(_) if shadow => "skipped: use the port beside it whose name has `cu.`".to_string(),
            Some(known) => known.name.to_string(),
            None => "skipped: its USB id is not known as a board's; name it with --port".to_string(),
        };
        Self {
            port,
            usb: Some(format!("{:04x}:{:04x}", info.vid, info.pid)),
            product: info.product,
            serial_number: info.serial_number,
            board: known.is_some() && !shadow,
            why,
            likelihood: known.filter(|_| !shadow).map(|known| known.likelihood),
        }
    }

    fn other(port: String, why: &str) -> Self {
        Self {
            port,
            usb: None,
            product: None,
            serial_number: None,
            board: false,
            why: why.into(),
            likelihood: None,
        }
    }
}

/// Every port that the system shows.
///
/// # Errors
/// `port::cannot-list`.
pub fn seen() -> Result<Vec<DetectedPort>, CliError> {
    // A container without the directory would otherwise end the whole program.
    if cfg!(target_os = "linux") && !std::path::Path::new("/sys/class/tty").is_dir() {
        return Ok(Vec::new());
    }
    let ports = serialport::available_ports().map_err(|error| {
        CliError::runtime("port::cannot-list", format!("cannot list serial ports: {error}"))
    })?;
    let mut seen: Vec<DetectedPort> = ports.into_iter().map(DetectedPort::judge).collect();
    seen.sort_by(|a, b| b.board.cmp(&a.board).then_with(|| a.port.cmp(&b.port)));
    Ok(seen)
}

/// The port of `option`, then of [`PORT`], then of the configuration files, then the only board there is, then the one that is picked.
///
/// # Errors
/// `port::none`, `port::several`, `port::cannot-list`.
pub fn choose(option: Option<&str>, output: &Output) -> Result<SelectedPort, Stop> {
    if let Some(resolved) = configuration::find(option, "--port", PORT)? {
        return Ok(named(resolved.text()));
    }
    let seen = seen()?;
    let boards: Vec<&DetectedPort> = seen.iter().filter(|port| port.board).collect();
    // Espressif's own ids are boards for certain; a bridge counts only where there is none.
    let sure = boards.iter().filter_map(|port| port.likelihood).max();
    let best: Vec<&DetectedPort> = boards.into_iter().filter(|port| port.likelihood == sure).collect();
    match best.as_slice() {
        [] => Err(none(&seen).into()),
        [only] => Ok(named(&only.port)),
        several if output.interactive => pick(several),
        several => {
            let names: Vec<&str> = several.iter().map(|port| port.port.as_str()).collect();
            let text = format!("{} boards are there: {}", names.len(), names.join(", "));
            Err(CliError::usage("port::several", text)
                .help(format!("name one: --port NAME, or {PORT}=NAME"))
                .into())
        }
    }
}

/// A port by its name, exactly.
pub fn named(name: &str) -> SelectedPort {
    let ports = serialport_list();
    let usb = ports.into_iter().find(|port| port.port_name == name).and_then(|port| match port.port_type {
        SerialPortType::UsbPort(usb) => Some(usb),
        _ => None,
    });
    let nothing = UsbPortInfo { vid: 0, pid: 0, serial_number: None, manufacturer: None, product: None };
    SelectedPort { name: name.to_string(), usb: usb.unwrap_or(nothing) }
}

fn serialport_list() -> Vec<SerialPortInfo> {
    if cfg!(target_os = "linux") && !std::path::Path::new("/sys/class/tty").is_dir() {
        return Vec::new();
    }
    serialport::available_ports().unwrap_or_default()
}

fn none(seen: &[DetectedPort]) -> CliError {
    let mut text = String::from("no board found");
    for port in seen {
        text += &format!("\n  {}: {}", port.port, port.why);
    }
    let help = if cfg!(target_os = "linux") {
        "plug one in with a cable that carries data; a port can be named with --port; `ruvllm-esp doctor` checks groups and drivers"
    } else {
        "plug one in with a cable that carries data; a bridge may need its driver (CP210x, CH34x); a port can be named with --port"
    };
    CliError::runtime("port::none", text).help(help)
}

/// Asks on the terminal.
fn pick(ports: &[&DetectedPort]) -> Result<SelectedPort, Stop> {
    let mut screen = anstream::stderr().lock();
    for (number, port) in ports.iter().enumerate() {
        let product = port.product.as_deref().unwrap_or_default();
        let serial = port.serial_number.as_deref().unwrap_or_default();
        writeln!(screen, "{:3}  {}  {}  {product}  {serial}", number + 1, port.port, port.why)?;
    }
    loop {
        write!(screen, "which board? [1-{}] ", ports.len())?;
        screen.flush()?;
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line)? == 0 {
            return Err(CliError::interrupted("port::none-picked", "no board was picked").into());
        }
        let chosen = line.trim().parse::<usize>().ok().and_then(|number| ports.get(number.checked_sub(1)?));
        if let Some(port) = chosen {
            return Ok(named(&port.port));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usb(port: &str, vid: u16, pid: u16) -> DetectedPort {
        let info = UsbPortInfo { vid, pid, serial_number: None, manufacturer: None, product: None };
        DetectedPort::judge(SerialPortInfo {
            port_name: port.into(),
            port_type: SerialPortType::UsbPort(info),
        })
    }

    #[test]
    fn every_port_has_a_verdict_and_a_reason() {
        let board = usb("/dev/ttyACM0", 0x303a, 0x1001);
        assert!(board.board && board.why == "USB-Serial-JTAG" && board.usb.as_deref() == Some("303a:1001"));
        let shadow = usb("/dev/tty.usbmodem1", 0x303a, 0x1001);
        assert!(!shadow.board && shadow.why.contains("cu."), "{shadow:?}");
        let mouse = usb("/dev/ttyACM1", 0x046d, 0xc52b);
        assert!(!mouse.board && mouse.why.contains("--port"), "{mouse:?}");
        let own = DetectedPort::judge(SerialPortInfo {
            port_name: "ttyS0".into(),
            port_type: SerialPortType::PciPort,
        });
        assert!(!own.board && own.why.starts_with("skipped"));
    }

    #[test]
    fn nothing_found_says_what_was_seen() {
        let text = none(&[usb("/dev/ttyACM1", 0x046d, 0xc52b)]).to_string();
        assert!(text.contains("/dev/ttyACM1: skipped"), "{text}");
    }

    #[test]
    fn a_named_port_is_taken_as_named() {
        assert_eq!(named("/dev/no-such-port").name, "/dev/no-such-port");
    }
}
