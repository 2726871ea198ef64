//! The wire as a whole: golden bytes, any message, hostile bytes, lossy links.

mod any;
mod encryption;
mod exchange;
mod golden;
mod hostile;
