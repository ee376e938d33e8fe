//! A measurement as people and machines read it: figures with their errors, tables, pictures, and the rows
//! that went wrong.

use serde::Serialize;

use super::share::Share;

/// Words in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Both {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Both {
    /// Chinese and English.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// The same in both.
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            zh: text.clone(),
            en: text,
        }
    }

    /// One of them.
    pub fn pick(&self, english: bool) -> &str {
        if english { &self.en } else { &self.zh }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// What it is.
    pub name: Both,
    /// Its value.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
    /// Over so many rows.
    pub rows: usize,
    /// Digits after the point.
    #[serde(skip)]
    pub digits: usize,
}

impl Figure {
    /// A value with its error.
    pub fn new(name: Both, (value, error): (f64, f64), rows: usize) -> Self {
        Self {
            name,
            value,
            error,
            rows,
            digits: 3,
        }
    }

    /// A share with its binomial error.
    pub fn share(name: Both, share: Share) -> Self {
        Self::new(name, (share.value(), share.error()), share.of)
    }

    /// `.812 ± .015`, or with other digits.
    pub fn shown(&self) -> String {
        let digits = self.digits;
        format!("{:.digits$} ± {:.digits$}", self.value, self.error)
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// The columns.
    pub head: Vec<Both>,
    /// The rows, as shown.
    pub rows: Vec<Vec<String>>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// Rows by label and foretold label.
    Matrix(super::labels::Confusion),
    /// Lines over one axis; everything lies in `0..=1`.
    Curve {
        /// What the axis is.
        axis: Both,
        /// Where the lines' points stand on it.
        at: Vec<f64>,
        /// Each line's name and heights.
        lines: Vec<(Both, Vec<f64>)>,
        /// A place on the axis to point at.
        mark: Option<f64>,
    },
}

/// A row to look at: one that went wrong, or one that a person should read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Which row.
    pub id: String,
    /// What the customer said.
    pub said: String,
    /// What would have been right.
    pub wanted: String,
    /// What came of it.
    pub got: String,
    /// The evidence.
    pub because: Vec<String>,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// What was measured.
    pub title: Both,
    /// On what: a file's name.
    pub source: String,
    /// How to read it.
    pub notes: Vec<Both>,
    /// What came of it.
    pub figures: Vec<Figure>,
    /// More of it.
    pub tables: Vec<Table>,
    /// Drawn.
    pub pictures: Vec<Picture>,
    /// Rows to look at, under what they show.
    pub examples: Vec<(Both, Vec<Example>)>,
}

impl Section {
    /// A measurement of which nothing is known yet.
    pub fn new(title: Both, source: impl Into<String>) -> Self {
        Self {
            title,
            source: source.into(),
            notes: Vec::new(),
            figures: Vec::new(),
            tables: Vec::new(),
            pictures: Vec::new(),
            examples: Vec::new(),
        }
    }
}

/// All that was measured with one snapshot of the knowledge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The knowledge.
    pub knowledge: String,
    /// When, as shown.
    pub at: String,
    /// The measurements.
    pub sections: Vec<Section>,
}
