//! Pictures as inline SVG, drawn with the page's own colours.

use std::fmt::Write;

use super::{
    html::escape,
    labels::Confusion,
    report::{Both, Picture},
};

/// The side of a cell of a matrix.
const CELL: usize = 46;
/// Room for the names beside a matrix.
const NAMES: usize = 110;
/// The width and height of a curve's field, and the room around it.
const FIELD: (f64, f64, f64) = (520.0, 260.0, 44.0);
/// At most this many lines have a colour of their own.
const COLOURS: usize = 6;

/// The picture as an `<svg>` element.
pub fn svg(picture: &Picture) -> String {
    match picture {
        Picture::Matrix(confusion) => matrix(confusion),
        Picture::Curve {
            axis,
            at,
            lines,
            mark,
        } => curve(axis, at, lines, *mark),
    }
}

/// Rows are what was wanted, columns what was foretold; a row's darkness is its share.
fn matrix(confusion: &Confusion) -> String {
    let side = confusion.labels.len() * CELL;
    let (wide, high) = (NAMES + side + 8, NAMES + side + 8);
    let mut out = format!(
        "<svg class=\"matrix\" viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" role=\"img\">"
    );
    for (row, label) in confusion.labels.iter().enumerate() {
        let name = escape(label);
        let (x, y) = (NAMES - 8, NAMES + row * CELL + CELL / 2 + 4);
        let _ = write!(
            out,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{name}</text>"
        );
        let (x, y) = (NAMES + row * CELL + CELL / 2, NAMES - 8);
        let _ = write!(
            out,
            "<text x=\"{x}\" y=\"{y}\" transform=\"rotate(-45 {x} {y})\">{name}</text>"
        );
        let all = confusion.rows(row).max(1);
        for (column, count) in confusion.counts.get(row).into_iter().flatten().enumerate() {
            let (x, y) = (NAMES + column * CELL, NAMES + row * CELL);
            let share = *count as f64 / all as f64;
            let class = if row == column { "right" } else { "wrong" };
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{CELL}\" fill-opacity=\"{share:.2}\"><title>{name} → {}: {count}</title></rect>",
                escape(confusion.labels.get(column).map_or("", String::as_str)),
            );
            if *count > 0 {
                let (x, y) = (x + CELL / 2, y + CELL / 2 + 4);
                let _ = write!(
                    out,
                    "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{count}</text>"
                );
            }
        }
    }
    out.push_str("</svg>");
    out
}

fn curve(axis: &Both, at: &[f64], lines: &[(Both, Vec<f64>)], mark: Option<f64>) -> String {
    let (wide, high, room) = FIELD;
    let x = |value: f64| room + value.clamp(0.0, 1.0) * wide;
    let y = |value: f64| 12.0 + (1.0 - value.clamp(0.0, 1.0)) * high;
    let (full, tall) = (room + wide + 16.0, high + 56.0);
    let mut out = format!(
        "<svg class=\"curve\" viewBox=\"0 0 {full} {tall}\" width=\"{full}\" height=\"{tall}\" role=\"img\">"
    );
    for step in 0..=5u8 {
        let value = f64::from(step) / 5.0;
        let (left, right, level) = (x(0.0), x(1.0), y(value));
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{level:.1}\" y2=\"{level:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value:.1}</text>",
            left - 8.0,
            level + 4.0,
            x(value),
            high + 30.0,
        );
    }
    if let Some(mark) = mark {
        let place = x(mark);
        let _ = write!(
            out,
            "<line class=\"mark\" x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"12\" y2=\"{:.1}\"/>",
            y(0.0)
        );
    }
    for (nth, (_, heights)) in lines.iter().enumerate() {
        let points: Vec<String> = at
            .iter()
            .zip(heights)
            .map(|(place, height)| format!("{:.1},{:.1}", x(*place), y(*height)))
            .collect();
        let _ = write!(
            out,
            "<polyline class=\"line c{}\" points=\"{}\"/>",
            nth % COLOURS,
            points.join(" ")
        );
    }
    let _ = write!(
        out,
        "<text class=\"zh\" x=\"{0:.1}\" y=\"{1:.1}\" text-anchor=\"middle\">{2}</text><text class=\"en\" x=\"{0:.1}\" y=\"{1:.1}\" text-anchor=\"middle\">{3}</text></svg>",
        x(0.5),
        high + 48.0,
        escape(&axis.zh),
        escape(&axis.en),
    );
    out.push_str("<ul class=\"legend\">");
    for (nth, (name, _)) in lines.iter().enumerate() {
        let _ = write!(
            out,
            "<li class=\"c{}\"><span class=\"zh\">{}</span><span class=\"en\">{}</span></li>",
            nth % COLOURS,
            escape(&name.zh),
            escape(&name.en)
        );
    }
    out.push_str("</ul>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_has_a_cell_for_every_pair() {
        let confusion = Confusion {
            labels: vec!["a".into(), "<b>".into()],
            counts: vec![vec![3, 1], vec![0, 2]],
        };
        let drawn = svg(&Picture::Matrix(confusion));
        assert_eq!(drawn.matches("<rect").count(), 4);
        assert!(drawn.contains("a → &lt;b&gt;: 1"), "{drawn}");
        assert!(!drawn.contains("<b>"), "{drawn}");
        assert!(drawn.contains("fill-opacity=\"0.75\""), "{drawn}");
    }

    #[test]
    fn a_curve_has_a_line_for_every_name() {
        let drawn = svg(&Picture::Curve {
            axis: Both::new("匹配线", "fits"),
            at: vec![0.0, 1.0],
            lines: vec![
                (Both::same("a"), vec![1.0, 0.0]),
                (Both::same("b"), vec![0.5, 2.0]),
            ],
            mark: Some(0.6),
        });
        assert_eq!(drawn.matches("<polyline").count(), 2);
        assert!(drawn.contains("44.0,12.0 564.0,272.0"), "{drawn}");
        assert!(drawn.contains("匹配线"), "{drawn}");
    }
}
