//! The table as a plot: a line per peer, the fastest first, a dot per workload, a mark at the geometric
//! mean, on a logarithmic scale.

use crate::table::Table;
use crate::workloads::race::ratio;

const LEFT: f64 = 120.0;
const WIDTH: f64 = 600.0;
const TOP: f64 = 12.0;
const LINE: f64 = 30.0;

const OURS: &str = "#c2410c";
const THEIRS: &str = "#475569";

/// The plot as SVG.
pub fn svg(table: &Table) -> String {
    let mut order: Vec<(usize, f64)> = (0..table.columns.len())
        .filter_map(|column| Some((column, table.mean(column)?)))
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let scale = Scale::of(table);
    let bottom = TOP + LINE * order.len() as f64;
    let (w, h) = (LEFT + WIDTH + 60.0, bottom + 45.0);
    let mut lines = vec![
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" font-family="sans-serif" font-size="13">"#
        ),
        format!(r#"<rect width="{w}" height="{h}" fill="white"/>"#),
    ];
    lines.extend(scale.axis(bottom));
    for (at, &(column, mean)) in order.iter().enumerate() {
        let y = TOP + LINE * (at as f64 + 0.5);
        lines.extend(peer(table, &scale, (column, mean), y));
    }
    lines.push("</svg>\n".to_owned());
    lines.join("\n")
}

/// Powers of ten from left to right.
struct Scale {
    lowest: f64,
    highest: f64,
}

impl Scale {
    fn of(table: &Table) -> Self {
        let rows = table.rows.iter();
        let all: Vec<f64> = rows
            .flat_map(|row| row.ratios.iter().flatten().copied())
            .collect();
        let lowest = all.iter().copied().fold(1.0, f64::min).log10().floor();
        let highest = all.iter().copied().fold(10.0, f64::max).log10().ceil();
        Self { lowest, highest }
    }

    fn x(&self, ratio: f64) -> f64 {
        LEFT + WIDTH * (ratio.log10() - self.lowest) / (self.highest - self.lowest)
    }

    fn axis(&self, bottom: f64) -> Vec<String> {
        let mut lines = Vec::new();
        for power in self.lowest as i32..=self.highest as i32 {
            let value = 10f64.powi(power);
            let (x, y) = (self.x(value), bottom + 18.0);
            lines.push(format!(
                r##"<path d="M{x:.1} {TOP}V{bottom}" stroke="#ddd"/><text x="{x:.1}" y="{y}" text-anchor="middle" fill="#666">{value}</text>"##
            ));
        }
        let (x, y) = (LEFT + WIDTH / 2.0, bottom + 36.0);
        lines.push(format!(
            r##"<text x="{x}" y="{y}" text-anchor="middle" fill="#666">times of native Rust: a dot per workload, a bar at their geometric mean</text>"##
        ));
        lines
    }
}

/// The line of one column.
fn peer(table: &Table, scale: &Scale, (column, mean): (usize, f64), y: f64) -> Vec<String> {
    let color = if column == 0 { OURS } else { THEIRS };
    let (x, below) = (LEFT - 10.0, y + 4.0);
    let mut lines = vec![format!(
        r#"<text x="{x}" y="{below}" text-anchor="end" fill="{color}">{}</text>"#,
        table.columns[column]
    )];
    for row in &table.rows {
        if let Some(value) = row.ratios[column] {
            let (x, name, value) = (scale.x(value), &row.name, ratio(value));
            lines.push(format!(
                r#"<circle cx="{x:.1}" cy="{y}" r="4" fill="{color}" fill-opacity="0.35"><title>{name} {value}</title></circle>"#
            ));
        }
    }
    let (x, above, right) = (scale.x(mean), y - 10.0, LEFT + WIDTH + 12.0);
    lines.push(format!(
        r#"<path d="M{x:.1} {above}v20" stroke="{color}" stroke-width="3"/><text x="{right}" y="{below}" fill="{color}">{}</text>"#,
        ratio(mean)
    ));
    lines
}
