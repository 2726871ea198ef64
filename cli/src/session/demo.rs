//! A bundled scenario for each role: a story in real lines of the console.

use super::LineSource;
use super::lines::Lines;
use super::samples::Samples;
use crate::error::Stop;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_sim::kernels::scripts::DEMO;

const PUMP: &str = include_str!("../../../fixtures/demo/pump.csv");
const PUMP_REMARK: &str = "A pump, one sample a minute. After six hours a bearing begins to fail.";

/// The scenario of a role.
///
/// # Errors
/// When a bundled log is malformed.
pub fn source(role: RoleKind) -> Result<Box<dyn LineSource>, Stop> {
    if role.takes_samples() {
        return Ok(Box::new(Samples::bundled(PUMP, "pump.csv", PUMP_REMARK)?));
    }
    let text = DEMO.iter().find(|script| script.role == role).map_or("", |script| script.text);
    Ok(Box::new(Lines::new(text.as_bytes(), "demo")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Event;

    #[test]
    fn every_role_has_a_scenario_of_some_length() {
        for role in RoleKind::ALL {
            let mut source = source(role).unwrap();
            let events = std::iter::from_fn(|| source.next().unwrap());
            let lines = events
                .filter(|event| match event {
                    Event::Line(Ok(line)) => !line.is_empty(),
                    event => matches!(event, Event::Sample(_)),
                })
                .count();
            assert!(lines >= 8, "{}: {lines}", role.alias());
        }
    }
}
