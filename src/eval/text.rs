//! A report for the terminal: figures and tables, without pictures and rows.

use std::fmt::Write;

use super::report::{Report, Table};

/// The report as aligned text.
pub fn terminal(report: &Report, english: bool) -> String {
    let mut out = String::new();
    for section in &report.sections {
        let title = section.title.pick(english);
        let _ = writeln!(out, "\n{title}  {}", section.source);
        let figures: Vec<Vec<String>> = section
            .figures
            .iter()
            .map(|figure| {
                vec![
                    figure.name.pick(english).to_owned(),
                    figure.shown(),
                    format!("n={}", figure.rows),
                ]
            })
            .collect();
        align(&mut out, &figures);
        for table in &section.tables {
            out.push('\n');
            align(&mut out, &with_head(table, english));
        }
        for note in &section.notes {
            let _ = writeln!(out, "  {}", note.pick(english));
        }
    }
    out
}

fn with_head(table: &Table, english: bool) -> Vec<Vec<String>> {
    let head = table
        .head
        .iter()
        .map(|name| name.pick(english).to_owned())
        .collect();
    std::iter::once(head)
        .chain(table.rows.iter().cloned())
        .collect()
}

/// Columns as wide as their widest cell; the first to the left, the others to the right.
fn align(out: &mut String, rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter()
                .filter_map(|row| row.get(at))
                .map(|c| width(c))
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in rows {
        let mut line = String::from(" ");
        for (at, (cell, wide)) in row.iter().zip(&widths).enumerate() {
            let blank = " ".repeat(wide - width(cell));
            let (left, right) = if at == 0 {
                ("", blank.as_str())
            } else {
                (blank.as_str(), "")
            };
            let _ = write!(line, " {left}{cell}{right} ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// How many columns a text takes: Han characters and their marks take two.
pub(crate) fn width(text: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3fffd}');
    text.chars().map(|c| 1 + usize::from(wide(c))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::report::{Both, Figure, Section};

    #[test]
    fn columns_stand_under_each_other() {
        let mut section = Section::new(Both::new("分类", "labels"), "a.jsonl");
        section.figures.push(Figure::new(
            Both::new("准确率", "accuracy"),
            (0.5, 0.05),
            100,
        ));
        section
            .figures
            .push(Figure::new(Both::new("宏平均", "macro"), (0.25, 0.0), 7));
        section.tables.push(Table {
            head: vec![Both::new("标签", "label"), Both::same("F1")],
            rows: vec![vec!["payment".into(), "0.900".into()]],
        });
        let report = Report {
            knowledge: "abc".into(),
            at: "now".into(),
            sections: vec![section],
        };
        insta::assert_snapshot!(terminal(&report, false), @r"

        分类  a.jsonl
          准确率  0.500 ± 0.050  n=100
          宏平均  0.250 ± 0.000    n=7

          标签        F1
          payment  0.900
        ");
        assert!(terminal(&report, true).contains("accuracy"));
    }
}
