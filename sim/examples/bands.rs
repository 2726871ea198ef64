use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::{self, Radio};
use ruvllm_esp_core::units::Bytes;
use ruvllm_esp_sim::device::{Device, Setup};
use ruvllm_esp_sim::emulator::board::{Port, Rom, Surroundings};
use ruvllm_esp_sim::exact::Exact;
use ruvllm_esp_sim::kernels::scripts;
use ruvllm_esp_sim::script::{Step, parse_step};

fn main() {
    let verbose = std::env::args().any(|a| a == "-v");
    for name in std::env::args().skip(1).filter(|a| a != "-v").collect::<Vec<_>>().iter().map(|s| s.as_str()) {
        let chip = chip::by_name(name).unwrap();
        let flash = std::fs::read(format!("target/dist/ruvllm-esp-{name}.bin")).unwrap();
        let rom = Rom::parse(&std::fs::read(Rom::find(name).unwrap()).unwrap()).unwrap();
        for script in scripts::CALIBRATION.into_iter().chain(scripts::DEMO).chain(scripts::GOLDEN) {
            let mut probe = Exact::boot(chip, &rom, flash.clone(), Surroundings::default()).unwrap();
            probe.configure(1, script.role).unwrap();
            let mut exact = Exact::boot(chip, &rom, flash.clone(), Surroundings::default()).unwrap();
            exact.configure(1, script.role).unwrap();
            let mem = probe.line(Ok("mem")).unwrap().text;
            let arena = mem.lines().find_map(|l| l.strip_prefix("arena: total=")).unwrap().split(' ').next().unwrap().parse().unwrap();
            let identity = Identity { chip, chip_id: 1, role: script.role, seed: 1 };
            let mut device = Device::boot(&Setup { identity, radio: Radio::Off, arena: Some(Bytes(arena)) }).unwrap();
            let (mut m, mut e, mut w, mut mi, mut ins) = (0u64, 0u64, 0u64, 0u64, 0u64);
            let (mut typed, mut written, mut lines) = (0u64, 0u64, 0u64);
            for line in script.text.lines() {
                match parse_step(line).unwrap() {
                    Step::Say(line) => {
                        let b = exact.board();
                        let (s0, w0, n0) = (b.machine().stats(), b.waited_for_room(Port::Usb).0, b.now());
                        if verbose { exact.board().misses(); exact.board().touched(); }
                        let r = exact.line(Ok(line)).unwrap();
                        let b = exact.board();
                        let (s1, w1, n1) = (b.machine().stats(), b.waited_for_room(Port::Usb).0, b.now());
                        let d = device.line(Ok(line)).unwrap();
                        if line != "mem" { assert_eq!(d.text, r.text); }
                        let (dm, de) = (d.cost.cycles.value.0, r.cost.cycles.value.0);
                        let misses = s1.cache_misses - s0.cache_misses;
                        if verbose {
                            let l: Vec<String> = exact.board().misses().iter().map(|l| format!("{:x}", 0x4200_0000 + l * 32)).collect();
                            let t: Vec<String> = exact.board().touched().iter().map(|l| format!("{:x}", 0x4200_0000 + l * 32)).collect();
                            println!("TOUCH {} {}", t.len(), t.join(" "));
                            println!("MISS {}", l.join(" "));
                            let c: String = device.counts().iter().map(|(o, n)| format!(" {}={n}", o.name())).collect();
                            println!("LINE {name} {} | {line} | model {dm} emu {de} waited {} misses {misses} ins {} total {} in {} out {} |{c}", script.name, w1 - w0, s1.instructions - s0.instructions, n1 - n0, line.len() + 1, r.text.len());
                        }
                        m += dm; e += de; w += w1 - w0; mi += misses; ins += s1.instructions - s0.instructions;
                        typed += line.len() as u64 + 1; written += r.text.len() as u64; lines += 1;
                    }
                    Step::Wait(time) => { exact.wait(time).unwrap(); device.wait(time) }
                    Step::Remark(_) => {}
                }
            }
            println!("{name} {:16} model {m:>10} emu {e:>10} off {:+.3} | waited {w} misses {mi} = {} cycles, ins {ins}, lines {lines} typed {typed} written {written}", script.name, m as f64 / e as f64 - 1.0, mi * 342);
        }
    }
}
