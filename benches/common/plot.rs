//! A drawing of growth: how fast ours and something bare are, by size, both axes in powers of ten.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 80.0;
const BOTTOM: f64 = 50.0;
const TOP: f64 = 40.0;
const RIGHT: f64 = 110.0;

/// One size, and how many a second of bare and of ours.
pub type Point = (f64, f64, f64);

/// Draws into `benches/growth/NAME.svg`.
pub fn draw(name: &str, title: &str, unit: &str, points: &[Point]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/growth");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.svg"));
    fs::write(&path, svg(title, unit, points)).unwrap();
    println!("{name}: drawn into {}", path.display());
}

fn svg(title: &str, unit: &str, points: &[Point]) -> String {
    let tens = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = (low.log10().floor(), high.log10().ceil());
        (low, high.max(low + 1.0))
    };
    let (x_low, x_high) = tens(&mut points.iter().map(|point| point.0));
    let (y_low, y_high) = tens(&mut points.iter().flat_map(|point| [point.1, point.2]));
    let x = |size: f64| LEFT + (size.log10() - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT);
    let y = |rate: f64| HEIGHT - BOTTOM - (rate.log10() - y_low) / (y_high - y_low) * (HEIGHT - BOTTOM - TOP);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{title} ({unit})</text>\n"
    );
    let mut line = |from: (f64, f64), to: (f64, f64)| {
        writeln!(
            out,
            "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"#ddd\" fill=\"none\"/>",
            from.0, from.1, to.0, to.1
        )
        .unwrap();
    };
    let powers = |low: f64, high: f64| {
        std::iter::successors(Some(low), |power| Some(power + 1.0)).take_while(move |power| *power <= high)
    };
    for power in powers(x_low, x_high) {
        let at = x(10_f64.powf(power));
        line((at, TOP), (at, HEIGHT - BOTTOM));
    }
    for power in powers(y_low, y_high) {
        let at = y(10_f64.powf(power));
        line((LEFT, at), (WIDTH - RIGHT, at));
    }
    for power in powers(x_low, x_high) {
        let at = x(10_f64.powf(power));
        writeln!(out, "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">10<tspan dy=\"-5\" font-size=\"9\">{power}</tspan></text>", HEIGHT - BOTTOM + 18.0).unwrap();
    }
    for power in powers(y_low, y_high) {
        let at = y(10_f64.powf(power)) + 4.0;
        writeln!(out, "<text x=\"{:.1}\" y=\"{at:.1}\" text-anchor=\"end\">10<tspan dy=\"-5\" font-size=\"9\">{power}</tspan></text>", LEFT - 6.0).unwrap();
    }
    for (name, colour, rate) in [
        ("bare", "#888", (|point: &Point| point.1) as fn(&Point) -> f64),
        ("jalon", "#0b5", |point: &Point| point.2),
    ] {
        let way: Vec<String> =
            points.iter().map(|point| format!("{:.1},{:.1}", x(point.0), y(rate(point)))).collect();
        let Some(last) = points.last() else { continue };
        writeln!(
            out,
            "<polyline points=\"{}\" stroke=\"{colour}\" stroke-width=\"2\" fill=\"none\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{name}</text>",
            way.join(" "),
            x(last.0) + 8.0,
            y(rate(last)) + 4.0
        )
        .unwrap();
    }
    out + "</svg>\n"
}
