//! Tables (CSV) with places: every cell knows its line and its character column.

use super::{
    form::Written,
    problem::{Place, Report, one_of},
    yaml::Key,
};

/// A row of a table; cells are asked for by their Chinese heading.
pub(super) struct Row {
    line: u32,
    cells: Vec<(&'static str, Written)>,
}

impl Row {
    /// The line on which the row begins.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// The whole row as a place.
    pub(super) fn place(&self) -> Place {
        Place::line(self.line)
    }

    /// A cell, unless it is empty.
    pub(super) fn cell(&self, heading: &str) -> Option<&Written> {
        self.cells
            .iter()
            .find(|(name, cell)| *name == heading && !cell.text.is_empty())
            .map(|(_, cell)| cell)
    }

    /// The text of a cell; empty when there is none.
    pub(super) fn text(&self, heading: &str) -> String {
        self.cell(heading)
            .map(|cell| cell.text.clone())
            .unwrap_or_default()
    }

    /// A cell that must be filled (reported otherwise).
    pub(super) fn need(&self, heading: &str, report: &mut Report) -> Option<&Written> {
        let cell = self.cell(heading);
        if cell.is_none() {
            let at = self
                .cells
                .iter()
                .find(|(name, _)| *name == heading)
                .map_or(self.place(), |(_, cell)| cell.place);
            report.error(
                at,
                format!("“{heading}”这一格是空的"),
                "填上这一格，或删掉整行",
            );
        }
        cell
    }

    /// The words of a cell, separated by `、`.
    pub(super) fn words(&self, heading: &str) -> Vec<String> {
        self.cell(heading)
            .map(|cell| {
                cell.text
                    .split('、')
                    .map(str::trim)
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default()
    }
}

/// The rows of a table without its heading. `needed` are the headings it cannot do without.
pub(super) fn rows(text: &str, headings: &[Key], needed: &[&str], report: &mut Report) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut columns: Option<Vec<Option<&'static str>>> = None;
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    let mut lines = Lines {
        text,
        at: 0,
        line: 1,
        unclosed: None,
    };
    loop {
        match reader.read_record(&mut record) {
            Ok(false) | Err(_) => break, // The text is UTF-8 and rows may be of any length: nothing can fail.
            Ok(true) => {}
        }
        let Some(position) = record.position() else {
            break;
        };
        let cells = lines.cells(position.byte() as usize, &record);
        if let Some(at) = lines.unclosed {
            report.error(
                at,
                "这一格的英文双引号没有收尾，后面的行都被它吞掉了",
                "在这一格的末尾补上英文双引号",
            );
            break;
        }
        if cells.iter().all(|cell| cell.text.is_empty()) {
            continue;
        }
        let line = cells.first().map_or(0, |cell| cell.place.line);
        let Some(columns) = &columns else {
            match heading(&cells, headings, needed, report) {
                Some(found) => columns = Some(found),
                None => return Vec::new(),
            }
            continue;
        };
        if let Some(extra) = cells
            .iter()
            .skip(columns.len())
            .find(|cell| !cell.text.is_empty())
        {
            report.error(
                extra.place,
                format!("这一行比表头多一格：“{}”", extra.text),
                "格子里有英文逗号时，用英文双引号把这一格括起来",
            );
        }
        rows.push(Row {
            line,
            cells: columns
                .iter()
                .zip(cells)
                .filter_map(|(name, cell)| Some(((*name)?, cell)))
                .collect(),
        });
    }
    if columns.is_none() {
        report.error(
            Place::line(1),
            "表格是空的",
            format!("第一行写表头：{}", names(headings)),
        );
    }
    rows
}

fn names(headings: &[Key]) -> String {
    headings.iter().map(|h| h.0).collect::<Vec<_>>().join(",")
}

fn heading(
    cells: &[Written],
    headings: &[Key],
    needed: &[&str],
    report: &mut Report,
) -> Option<Vec<Option<&'static str>>> {
    let at = Place::line(cells.first().map_or(1, |cell| cell.place.line));
    if let [only] = cells
        && only.text.contains(['\t', ';', '；', '，'])
    {
        report.error(
            at,
            "表头没有用英文逗号隔开",
            format!("表头写成：{}", names(headings)),
        );
        return None;
    }
    let mut columns: Vec<Option<&'static str>> = Vec::new();
    for cell in cells {
        let known = headings
            .iter()
            .find(|(zh, en)| cell.text == *zh || cell.text.eq_ignore_ascii_case(en));
        let name = match known {
            Some((zh, _)) if columns.contains(&Some(*zh)) => {
                report.error(cell.place, format!("“{zh}”这一列写了两次"), "只留一列");
                None
            }
            Some((zh, _)) => Some(*zh),
            None if cell.text.is_empty() => None,
            None => {
                let all = headings.iter().flat_map(|(zh, en)| [*zh, *en]);
                report.error(
                    cell.place,
                    format!("不认识的列“{}”", cell.text),
                    one_of(&cell.text, all),
                );
                None
            }
        };
        columns.push(name);
    }
    let missing: Vec<&str> = needed
        .iter()
        .copied()
        .filter(|need| !columns.contains(&Some(*need)))
        .collect();
    if missing.is_empty() {
        return Some(columns);
    }
    report.error(
        at,
        format!("表头缺少这几列：{}", missing.join("、")),
        format!("第一行写成：{}", names(headings)),
    );
    None
}

/// Finds the places of a record's cells in the text; records come in order.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    /// A cell whose quote was never closed, so that it holds all that follows.
    unclosed: Option<Place>,
}

impl Lines<'_> {
    fn cells(&mut self, start: usize, record: &csv::StringRecord) -> Vec<Written> {
        // The reader skips empty lines before a record but places the record at the first of them.
        let rest = self.text.get(start..).unwrap_or_default();
        let start = start + rest.len() - rest.trim_start_matches('\n').len();
        self.line += self
            .text
            .get(self.at..start)
            .unwrap_or_default()
            .matches('\n')
            .count() as u32;
        self.at = start;
        let mut place = Place {
            line: self.line,
            column: 1,
        };
        let mut chars = self.text.get(start..).unwrap_or_default().chars();
        let mut out = Vec::with_capacity(record.len());
        for cell in record {
            out.push(Written {
                text: cell.trim().to_owned(),
                place,
            });
            // Quotes count in a cell that begins with one.
            let (mut begins, mut counts, mut open) = (true, false, false);
            let mut closed = false;
            for c in chars.by_ref() {
                place.column += 1;
                counts |= c == '"' && begins;
                begins = false;
                open ^= c == '"' && counts;
                if c == '\n' {
                    place = Place {
                        line: place.line + 1,
                        column: 1,
                    };
                }
                if !open && matches!(c, ',' | '\n') {
                    closed = true;
                    break;
                }
            }
            if open && !closed && cell.contains('\n') {
                self.unclosed = out.last().map(|cell: &Written| cell.place);
            }
        }
        out
    }
}
