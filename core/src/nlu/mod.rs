//! Plain words to calls: what may be called, what words mean, and the best valid call.
//!
//! A tool file (host, `sim::tools`) becomes a [`schema`]: which tools there are, their arguments, types, ranges and the
//! words for each value. An encoder scores each tool and tags each word. The [`automaton`] turns these scores into the
//! best call that the schema allows, or asks for what is missing. [`value`] turns words into typed values.
//!
//! What always holds: integers only, fixed memory, no allocation. A call that the automaton makes passes
//! [`call::Call::check`], whatever the scores are.

pub mod automaton;
pub mod call;
pub mod kind;
mod letters;
pub mod limits;
pub mod record;
pub mod schema;
mod segment;
pub mod sentence;
pub mod value;
