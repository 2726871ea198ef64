//! What a sentinel notices is remembered by archivists.

use super::net::Net;
use crate::event::ChipEvent;
use crate::federation::Topology;
use crate::role::RoleKind;
use crate::units::Micros;
use std::format;

#[test]
fn an_alarm_is_reported_to_all_and_kept_by_two_archivists() {
    let roles = [
        RoleKind::HnswIndexer,
        RoleKind::AnomalySentinel,
        RoleKind::MemoryArchivist,
        RoleKind::MemoryArchivist,
    ];
    let mut net = Net::of(&roles, Topology::Mesh, 1);
    net.run(Micros::seconds(4));
    let normal = [
        "the pump hums evenly",
        "the pump hums a little louder than usual",
        "pressure is steady at four bar",
        "the gearbox runs warm",
        "the pump hums quietly",
        "pressure is steady at five bar",
        "the gearbox runs cool",
        "the belt runs straight",
    ];
    for text in normal.iter().cycle().take(24) {
        net.handle_line(1, &format!("learn {text}"));
    }
    let verdict = net.handle_line(1, "check oil is dripping from the gearbox onto the floor");
    assert!(verdict.starts_with("ANOMALY"), "{verdict}");
    // It goes on, and is told once a second.
    net.handle_line(1, "check oil is dripping from the gearbox onto the floor");
    net.run(Micros::seconds(1));
    let said = net.read(1);
    assert_eq!(said, "fleet: alarm stored item=2.1 copies=2\n");
    assert_eq!(net.chips[1].agent.fleet().unwrap().alarms, 2);
    assert!(net.read(0).contains("fleet: alarm from=2 score="), "the coordinator shows it");
    for slot in [0, 2, 3] {
        let received = |event: &ChipEvent| matches!(event, ChipEvent::Alarm { from: 2, .. });
        assert!(net.chips[slot].log.0.iter().any(received));
    }
    net.handle_line(0, "fleet recall oil dripping from the gearbox onto the floor");
    net.run(Micros::seconds(2));
    let reply = net.read(0);
    assert!(reply.contains(" alarm 1 of chip 2: score "), "{reply}");
}
