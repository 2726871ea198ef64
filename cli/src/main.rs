//! The `ruvllm-esp` command line.

fn main() {}
