//! Criterion benchmarks live beside this file; it only gives the package a target.
