//! Where chips and links stand in the drawing.
//!
//! A link of two chips is a line between them; a link of many is a point in their midst with a spoke to each. Chips of
//! one medium stand round it; where all links join two chips they stand on one circle, so that a ring looks like a ring
//! and a mesh like a mesh; a chip that alone is on every such link stands in the centre: a star.

use ruvllm_esp_sim::fleet::view::FleetView;
use std::f64::consts::TAU;

/// A point in the drawing: from -1 to 1, to the right and upwards.
pub type Point = (f64, f64);

/// Where everything is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The chips, by index.
    pub chips: Vec<Point>,
    /// The middle of each link, by index.
    pub links: Vec<Point>,
}

/// What the links form, in a word or two.
pub fn name(view: &FleetView) -> String {
    let media = view.links.iter().filter(|link| link.members.len() > 2).count();
    let (chips, links) = (view.chips.len(), view.links.len());
    let most =
        (0..chips).map(|chip| view.links.iter().filter(|link| link.members.contains(&chip)).count()).max();
    match (media, links) {
        (_, 0) => "none".into(),
        (0, 1) => "one wire".into(),
        (0, _) if hub(view).is_some() => "star".into(),
        (0, _) if links == chips && most == Some(2) => "ring".into(),
        (0, _) if links + 1 == chips && most == Some(2) => "chain".into(),
        (0, _) if links * 2 == chips * (chips - 1) => "full mesh".into(),
        (0, _) => "mesh".into(),
        (1, 1) => "one medium".into(),
        (media, _) if media == links => format!("{media} media"),
        (1, _) => "one medium and wires".into(),
        (media, _) => format!("{media} media and wires"),
    }
}

/// Lays everything out.
pub fn layout(view: &FleetView) -> Drawing {
    let media: Vec<usize> = (0..view.links.len())
        .filter(|link| view.links.get(*link).is_some_and(|link| link.members.len() > 2))
        .collect();
    let chips = if media.is_empty() { circle(view) } else { clusters(view, &media) };
    let links =
        view.links.iter().map(|link| mean(link.members.iter().filter_map(|chip| chips.get(*chip)))).collect();
    let mut drawing = Drawing { chips, links };
    // A single medium is drawn in the centre.
    if let ([only], Some(index)) =
        (media.as_slice(), media.first().and_then(|only| drawing.links.get_mut(*only)))
    {
        let _ = only;
        *index = (0.0, 0.0);
    }
    drawing
}

/// All on one circle, but the hub of a star.
fn circle(view: &FleetView) -> Vec<Point> {
    let hub = hub(view);
    let rim = view.chips.len() - usize::from(hub.is_some());
    let mut next = 0;
    (0..view.chips.len())
        .map(|chip| {
            if hub == Some(chip) {
                return (0.0, 0.0);
            }
            next += 1;
            on_circle((0.0, 0.0), 1.0, next - 1, rim)
        })
        .collect()
}

/// The one chip that is on every link, where there are at least three.
fn hub(view: &FleetView) -> Option<usize> {
    let [first, rest @ ..] = view.links.as_slice() else { return None };
    let everywhere = |chip: &&usize| rest.iter().all(|link| link.members.contains(chip));
    first.members.iter().find(everywhere).copied().filter(|_| rest.len() >= 2)
}

/// Each medium has its circle; who is on several stands between them.
fn clusters(view: &FleetView, media: &[usize]) -> Vec<Point> {
    let several = media.len() > 1;
    let radius = if several { 0.9 / (media.len() as f64).sqrt().max(1.6) } else { 1.0 };
    let centre = |cluster: usize| {
        if several { on_circle((0.0, 0.0), 1.0 - radius, cluster, media.len()) } else { (0.0, 0.0) }
    };
    let on = |chip: usize| -> Vec<usize> {
        let medium = |cluster: &usize| {
            media
                .get(*cluster)
                .and_then(|link| view.links.get(*link))
                .is_some_and(|link| link.members.contains(&chip))
        };
        (0..media.len()).filter(medium).collect()
    };
    let memberships: Vec<Vec<usize>> = (0..view.chips.len()).map(on).collect();
    let alone = |cluster: usize| memberships.iter().filter(|on| on.as_slice() == [cluster]).count();
    let mut next = vec![0; media.len()];
    let mut transport = 0;
    let strangers = memberships.iter().filter(|on| on.is_empty()).count();
    memberships
        .iter()
        .map(|on| match on.as_slice() {
            [] => {
                transport += 1;
                (-1.0 + 2.0 * (transport as f64) / (strangers as f64 + 1.0), -1.0)
            }
            [cluster] => {
                let index = next.get_mut(*cluster).map_or(0, |index| {
                    *index += 1;
                    *index - 1
                });
                on_circle(centre(*cluster), radius, index, alone(*cluster))
            }
            several => mean(several.iter().map(|cluster| centre(*cluster)).collect::<Vec<_>>().iter()),
        })
        .collect()
}

/// The first at the top, and on clockwise.
fn on_circle((x, y): Point, radius: f64, index: usize, of: usize) -> Point {
    let angle = TAU * index as f64 / of.max(1) as f64;
    (x + radius * angle.sin(), y + radius * angle.cos())
}

fn mean<'p>(points: impl Iterator<Item = &'p Point>) -> Point {
    let (sum, count) =
        points.fold(((0.0, 0.0), 0.0), |((x, y), count), point| ((x + point.0, y + point.1), count + 1.0));
    if count > 0.0 { (sum.0 / count, sum.1 / count) } else { (0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_sim::fleet::view::{ChipView, LinkView};

    fn fleet(chips: usize, links: &[&[usize]]) -> FleetView {
        let link = |members: &&[usize]| LinkView { members: members.to_vec(), ..LinkView::default() };
        FleetView {
            chips: vec![ChipView::default(); chips],
            links: links.iter().map(link).collect(),
            ..FleetView::default()
        }
    }

    fn radius(point: &Point) -> f64 {
        point.0.hypot(point.1)
    }

    #[test]
    fn a_ring_is_a_circle_a_star_has_a_centre_and_a_bus_is_one() {
        let ring = layout(&fleet(4, &[&[0, 1], &[1, 2], &[2, 3], &[3, 0]]));
        assert!(ring.chips.iter().all(|chip| (radius(chip) - 1.0).abs() < 1e-9), "{ring:?}");
        let names = [
            name(&fleet(4, &[&[0, 1], &[1, 2], &[2, 3], &[3, 0]])),
            name(&fleet(4, &[&[2, 0], &[1, 2], &[2, 3]])),
            name(&fleet(4, &[&[0, 1], &[1, 2], &[2, 3]])),
            name(&fleet(5, &[&[0, 1, 2, 3]])),
            name(&fleet(1, &[])),
        ];
        assert_eq!(names, ["ring", "star", "chain", "one medium", "none"]);
        let star = layout(&fleet(4, &[&[2, 0], &[1, 2], &[2, 3]]));
        assert!(radius(&star.chips[2]) < 1e-9 && radius(&star.chips[0]) > 0.9, "{star:?}");
        let bus = layout(&fleet(5, &[&[0, 1, 2, 3]]));
        assert!(radius(&bus.links[0]) < 1e-9 && radius(&bus.chips[1]) > 0.9, "{bus:?}");
    }

    #[test]
    fn everything_is_inside_and_no_two_chips_stand_on_each_other() {
        let members: Vec<Vec<usize>> =
            vec![(0..20).collect(), (20..40).collect(), (40..60).collect(), vec![0, 20, 40]];
        let links: Vec<&[usize]> = members.iter().map(Vec::as_slice).collect();
        let drawing = layout(&fleet(62, &links));
        assert!(drawing.chips.iter().all(|(x, y)| x.abs() <= 1.0 && y.abs() <= 1.0), "{drawing:?}");
        for (index, chip) in drawing.chips.iter().enumerate().filter(|(index, _)| *index > 0) {
            let nearest =
                drawing.chips[..index].iter().map(|other| (chip.0 - other.0).hypot(chip.1 - other.1));
            assert!(nearest.fold(9.0, f64::min) > 1e-3, "chip {index} in {drawing:?}");
        }
        assert_eq!(layout(&FleetView::default()), Drawing { chips: vec![], links: vec![] });
    }
}
