//! The chip's place in its fleet: frames between the link and the agent.
//!
//! One turn takes what has arrived and hands over one frame to send, so the console comes round as often as ever.

use crate::link::{FleetLink, Link, Traffic};

/// The link, where it is open.
pub struct Fleet {
    link: Option<&'static mut FleetLink>,
}

impl Fleet {
    /// On `link`, or alone.
    pub fn new(link: Option<&'static mut FleetLink>) -> Self {
        Self { link }
    }

    /// Takes what has arrived, and sends what is to be sent.
    pub fn turn(&mut self) {
        let Some(link) = &mut self.link else { return };
        link.poll(&mut |_| {});
    }

    /// What crossed the link, where it is open.
    pub fn traffic(&self) -> Option<Traffic> {
        self.link.as_ref().map(|link| link.traffic())
    }
}
