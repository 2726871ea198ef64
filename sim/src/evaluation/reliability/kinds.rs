//! The kinds of faults, each a fleet and what is done to it.

use super::trial::{Outcome, Setup, Trial};
use crate::fleet::Fault;
use crate::scenario::{Hostility, Permille};
use ruvllm_esp_core::units::Micros;

/// One kind of fault.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What is done.
    pub faults: &'static str,
    /// Does the manual promise that nothing is lost?
    pub promised: bool,
    /// Long runs are made with fewer seeds.
    pub max_seeds: u64,
    /// After how many seeds the sizes of fleets come again.
    pub sizes: u64,
    /// Makes a run.
    pub run: fn(u64) -> Result<Outcome, String>,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const ANY: u64 = u64::MAX;

/// All kinds, in the order of the table.
pub const KINDS: [Kind; 22] = [
    Kind {
        name: "loss",
        faults: "0 to 40% of frames lost at each receiver; one chip dies",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: loss,
    },
    Kind {
        name: "one at a time",
        faults: "8 to 40 chips, half of them full, 10% loss; six die 30 s apart",
        promised: true,
        max_seeds: ANY,
        sizes: 5,
        run: one_at_a_time,
    },
    Kind {
        name: "rolling reboots",
        faults: "10% loss; every chip boots, 30 s apart",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: rolling_reboots,
    },
    Kind {
        name: "reboot storm",
        faults: "one chip boots 30 times, once a second",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: reboot_storm,
    },
    Kind {
        name: "power cuts",
        faults: "every chip without power for 20 s, 50 s apart, while texts are given",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: power_cuts,
    },
    Kind {
        name: "partition",
        faults: "two halves for 60 s, texts given in both; after it heals a chip dies",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: partition,
    },
    Kind {
        name: "link cut",
        faults: "nothing passes for 40 s; then a chip dies",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: link_cut,
    },
    Kind {
        name: "corruption",
        faults: "20% of frames with bits changed; a chip dies",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: corruption,
    },
    Kind {
        name: "duplication",
        faults: "30% of frames arrive twice; two chips die 60 s apart",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: duplication,
    },
    Kind {
        name: "reordering",
        faults: "30% of frames come up to 100 ms late; two chips die 60 s apart",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: reordering,
    },
    Kind {
        name: "skewed clocks",
        faults: "clocks up to 5% fast or slow; two chips die 30 s apart",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: skewed_clocks,
    },
    Kind {
        name: "babbler",
        faults: "a chip sends without end for 20 s; 30 s later another dies",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: babbler,
    },
    Kind {
        name: "replayed frames",
        faults: "a stranger sends again what it received; two chips die 60 s apart",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: |seed| hostile(seed, &[Hostility::Replay]),
    },
    Kind {
        name: "forged frames",
        faults: "a stranger changes what it received; two chips die 60 s apart",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: |seed| hostile(seed, &[Hostility::Forge]),
    },
    Kind {
        name: "insider frames",
        faults: "a stranger with the key sends frames under wrong boot numbers; two chips die 60 s apart",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: |seed| hostile(seed, &[Hostility::Insider]),
    },
    Kind {
        name: "duplicate numbers",
        faults: "two boards with one number; a chip dies",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: duplicate_numbers,
    },
    Kind {
        name: "rollovers",
        faults: "clocks and boot numbers pass 2^31 and 2^32 of ms, us, s and ticks; every chip boots, one dies",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: rollovers,
    },
    Kind {
        name: "three copies",
        faults: "three copies; two of eight chips die at once, and two more 60 s later",
        promised: true,
        max_seeds: ANY,
        sizes: 1,
        run: three_copies,
    },
    Kind {
        name: "sizes",
        faults: "2 to 250 chips; one dies and comes back",
        promised: true,
        max_seeds: ANY,
        sizes: 6,
        run: sizes,
    },
    Kind {
        name: "60 days",
        faults: "two chips; one boots every day",
        promised: true,
        max_seeds: 1,
        sizes: 1,
        run: sixty_days,
    },
    Kind {
        name: "third loss",
        faults: "three copies; two of eight chips die at once, and a third 1 s later",
        promised: false,
        max_seeds: ANY,
        sizes: 1,
        run: third_loss,
    },
    Kind {
        name: "two at once",
        faults: "two copies; two of eight chips die at once",
        promised: false,
        max_seeds: ANY,
        sizes: 1,
        run: two_at_once,
    },
];

fn seconds(count: u64) -> Micros {
    Micros::seconds(count)
}

/// Chips die and stay away, `gap` apart.
fn die(trial: &mut Trial, victims: &[usize], gap: Micros) {
    for chip in victims {
        trial.inject(Fault::Crash { chip: *chip });
        trial.wait(gap);
    }
}

fn loss(seed: u64) -> Result<Outcome, String> {
    let setup = Setup { loss: (seed % 5 * 100) as u16, ..Setup::default() };
    let mut trial = Trial::new(setup, seed)?;
    trial.give(60);
    trial.wait(seconds(30));
    let order = trial.shuffled();
    die(&mut trial, &order[..1], seconds(60));
    Ok(trial.end())
}

fn one_at_a_time(seed: u64) -> Result<Outcome, String> {
    let chips = [8, 12, 16, 24, 40][seed as usize % 5];
    let mut trial = Trial::new(Setup { chips, loss: 100, small: true, ..Setup::default() }, seed)?;
    trial.fill_small();
    trial.wait(seconds(30));
    // The large chips are those with odd numbers; the rest of them has to have room for everything.
    let mut large = 0;
    let mut order = trial.shuffled();
    order.retain(|index| {
        large += index % 2;
        index.is_multiple_of(2) || large <= 2
    });
    order.truncate(6);
    die(&mut trial, &order, seconds(30));
    Ok(trial.end())
}

fn rolling_reboots(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup { loss: 100, ..Setup::default() }, seed)?;
    trial.give(80);
    trial.wait(seconds(30));
    for chip in trial.shuffled() {
        trial.inject(Fault::Reboot { chip });
        trial.wait(seconds(30));
    }
    Ok(trial.end())
}

fn reboot_storm(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup::default(), seed)?;
    trial.give(60);
    trial.wait(seconds(10));
    let order = trial.shuffled();
    for _ in 0..30 {
        trial.inject(Fault::Reboot { chip: order[0] });
        trial.wait(seconds(1));
    }
    trial.wait(seconds(30));
    die(&mut trial, &order[1..2], seconds(30));
    Ok(trial.end())
}

fn power_cuts(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup::default(), seed)?;
    trial.give(40);
    trial.wait(seconds(30));
    for chip in trial.shuffled() {
        trial.inject(Fault::PowerCut { chip, lasts: None });
        trial.give(10);
        trial.wait(seconds(18));
        trial.inject(Fault::Reboot { chip });
        trial.wait(seconds(30));
    }
    Ok(trial.end())
}

fn partition(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup::default(), seed)?;
    trial.give(40);
    let order = trial.shuffled();
    trial.inject(Fault::Partition { groups: vec![order[..4].to_vec(), order[4..].to_vec()] });
    trial.give(40);
    trial.wait(seconds(52));
    trial.inject(Fault::Heal);
    trial.wait(seconds(60));
    die(&mut trial, &order[3..5], seconds(60));
    Ok(trial.end())
}

fn link_cut(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup::default(), seed)?;
    trial.give(60);
    trial.inject(Fault::Cut { link: 0 });
    trial.give(10);
    trial.wait(seconds(38));
    trial.inject(Fault::Mend { link: 0 });
    trial.wait(seconds(60));
    let order = trial.shuffled();
    die(&mut trial, &order[..1], seconds(30));
    Ok(trial.end())
}

fn corruption(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup::default(), seed)?;
    trial.inject(Fault::Corruption { link: 0, share: Some(Permille(200)) });
    trial.give(60);
    trial.wait(seconds(30));
    let order = trial.shuffled();
    die(&mut trial, &order[..1], seconds(60));
    Ok(trial.end())
}

fn skewed_clocks(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup { skew: 50_000, ..Setup::default() }, seed)?;
    trial.give(60);
    trial.wait(seconds(20));
    let order = trial.shuffled();
    die(&mut trial, &order[..2], seconds(30));
    Ok(trial.end())
}

fn babbler(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup::default(), seed)?;
    trial.give(60);
    let order = trial.shuffled();
    trial.inject(Fault::Jam { chip: order[0] });
    trial.give(20);
    trial.wait(seconds(16));
    trial.inject(Fault::Calm { chip: order[0] });
    trial.wait(seconds(30));
    die(&mut trial, &order[1..2], seconds(30));
    Ok(trial.end())
}

fn hostile(seed: u64, who: &'static [Hostility]) -> Result<Outcome, String> {
    two_die(Setup { hostile: who, ..Setup::default() }, seed)
}

fn two_die(setup: Setup, seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(setup, seed)?;
    trial.give(60);
    trial.wait(seconds(30));
    let order = trial.shuffled();
    die(&mut trial, &order[..2], seconds(60));
    Ok(trial.end())
}

fn three_copies(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup { replicas: 3, ..Setup::default() }, seed)?;
    trial.give(60);
    trial.wait(seconds(30));
    let order = trial.shuffled();
    for pair in order.chunks(2).take(2) {
        die(&mut trial, pair, Micros(0));
        trial.wait(seconds(60));
    }
    Ok(trial.end())
}

fn sizes(seed: u64) -> Result<Outcome, String> {
    let chips = [2, 3, 5, 20, 60, 250][seed as usize % 6];
    let mut trial = Trial::new(Setup { chips, ..Setup::default() }, seed)?;
    // Heartbeats are as far apart as there are chips; everybody is to know everybody.
    let spell = seconds(20 + chips as u64 / 3);
    trial.wait(spell);
    trial.give(40);
    trial.wait(spell);
    let chip = trial.shuffled()[0];
    trial.inject(Fault::Crash { chip });
    trial.wait(spell + spell);
    trial.inject(Fault::Reboot { chip });
    trial.wait(spell);
    Ok(trial.end())
}

fn sixty_days(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup { chips: 2, ..Setup::default() }, seed)?;
    trial.give(30);
    for day in 0..60 {
        trial.wait(seconds(86_400));
        trial.inject(Fault::Reboot { chip: day % 2 });
        trial.wait(seconds(60));
        trial.give(2);
    }
    Ok(trial.end())
}

fn duplication(seed: u64) -> Result<Outcome, String> {
    two_die(Setup { duplication: 300, ..Setup::default() }, seed)
}

fn reordering(seed: u64) -> Result<Outcome, String> {
    two_die(Setup { reordering: 300, ..Setup::default() }, seed)
}

/// Two boards under one number are one chip to the others, so one loss is borne and not one after the other.
fn duplicate_numbers(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup { hostile: &[Hostility::Duplicate], ..Setup::default() }, seed)?;
    trial.give(60);
    trial.wait(seconds(30));
    let order = trial.shuffled();
    die(&mut trial, &order[..1], seconds(60));
    Ok(trial.end())
}

/// What counts of time and of boots pass: 2^31 and 2^32 of us, ms, s and ticks of 65,536 us; 2^15 and 2^16 boots, and more.
const TIMES: [u64; 8] = [
    1 << 31,
    1 << 32,
    1_000 << 31,
    1_000 << 32,
    1_000_000 << 31,
    1_000_000 << 32,
    65_536 << 31,
    65_536 << 32,
];
const BOOTS: [u32; 5] = [0, (1 << 15) - 2, (1 << 16) - 2, (1 << 31) - 2, u32::MAX - 2];

/// Each boot of each chip passes it a minute later.
fn rollovers(seed: u64) -> Result<Outcome, String> {
    let clock = Micros(TIMES[seed as usize % TIMES.len()] - 60_000_000);
    let boots = BOOTS[seed as usize % BOOTS.len()];
    let mut trial = Trial::new(Setup { clock, boots, ..Setup::default() }, seed)?;
    trial.give(60);
    trial.wait(seconds(60));
    for chip in trial.shuffled() {
        trial.inject(Fault::Reboot { chip });
        trial.give(5);
        trial.wait(seconds(34));
    }
    trial.wait(seconds(60));
    let order = trial.shuffled();
    die(&mut trial, &order[..1], seconds(60));
    Ok(trial.end())
}

/// Three copies, two chips gone, and a third before the copies are made again.
fn third_loss(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup { replicas: 3, ..Setup::default() }, seed)?;
    trial.give(60);
    trial.wait(seconds(30));
    let order = trial.shuffled();
    die(&mut trial, &order[..2], Micros(0));
    trial.wait(seconds(1));
    die(&mut trial, &order[2..3], seconds(60));
    Ok(trial.end())
}

fn two_at_once(seed: u64) -> Result<Outcome, String> {
    let mut trial = Trial::new(Setup::default(), seed)?;
    trial.give(60);
    trial.wait(seconds(30));
    let order = trial.shuffled();
    die(&mut trial, &order[..2], Micros(0));
    trial.wait(seconds(30));
    Ok(trial.end())
}
