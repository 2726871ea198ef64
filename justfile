# Everything there is to do with this repository. `just` alone lists it.

set windows-shell := ["powershell.exe", "-NoLogo", "-Command"]

[private]
default:
    @just --list

# All checks, as continuous integration runs them
check:
    bash .ci/run

# What is slow or rare, as it runs every night
nightly:
    bash .ci/nightly

# The tests
test *ARGUMENTS:
    cargo test --workspace {{ARGUMENTS}}

# Write the golden transcripts again; read the difference before it is committed
[unix]
bless:
    BLESS=1 cargo test -p ruvllm-esp-sim --test transcripts
    TRYCMD=overwrite cargo test -p ruvllm-esp --test manual
    BLESS=1 cargo test -p ruvllm-esp --bin ruvllm-esp tui::tests::looks
    BLESS=1 cargo test -p ruvllm-esp --bin ruvllm-esp tui::tests::document
    git diff --stat -- fixtures cli/tests docs README.md

# Write the golden transcripts again; read the difference before it is committed
[windows]
bless:
    $env:BLESS = "1"; cargo test -p ruvllm-esp-sim --test transcripts
    $env:TRYCMD = "overwrite"; cargo test -p ruvllm-esp --test manual
    git diff --stat -- fixtures cli/tests

# Fit the costs of the emulated chips to the cycles of the core's machine code; read the difference before it is committed
calibrate:
    cargo run -p ruvllm-esp -- build --variant esp32c3,esp32c6 --out target/dist
    cargo run -p ruvllm-esp -- bench calibrate --write --images target/dist
    git diff --stat -- sim/src/cost core/src/chip

# Look at the gates, as in `just gates G2 --variant esp32c3`
gates GATES='all' *ARGUMENTS:
    cargo run -p ruvllm-esp -- bench --gates {{GATES}} {{ARGUMENTS}}

# The benchmarks of this machine
bench *ARGUMENTS:
    cargo bench -p ruvllm-esp-benches {{ARGUMENTS}}

# Feed the console arbitrary bytes for a while (needs nightly and cargo-fuzz)
fuzz TARGET='console' SECONDS='60':
    cd core && cargo +nightly fuzz run {{TARGET}} -- -max_total_time={{SECONDS}}

# The documentation, private items included
docs:
    cargo doc --workspace --no-deps --document-private-items --open
