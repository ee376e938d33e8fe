//! Replies with blanks: `{{名称|备用文字}}` and nothing else.

/// A reply, cut into words and blanks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// In order.
    pub parts: Vec<Part>,
}

/// A piece of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words as they are.
    Words(String),
    /// A blank.
    Blank {
        /// Its name.
        name: String,
        /// What stands there when it is empty; `None` shows it as missing.
        fallback: Option<String>,
    },
}

/// A reply with its blanks filled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filled {
    /// The text; a missing blank shows as `【名称】`.
    pub text: String,
    /// Blanks that nothing filled and that have no fallback.
    pub missing: Vec<String>,
    /// Blanks that were filled with a value rather than a fallback.
    pub filled: Vec<String>,
}

impl Reply {
    /// Fills the blanks; `value` says what a name stands for, if anything.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Filled {
        let mut out = Filled::default();
        for part in &self.parts {
            match part {
                Part::Words(words) => out.text.push_str(words),
                Part::Blank { name, fallback } => match (value(name), fallback) {
                    (Some(value), _) if !value.is_empty() => {
                        out.text.push_str(&value);
                        out.filled.push(name.clone());
                    }
                    (_, Some(fallback)) => out.text.push_str(fallback),
                    _ => {
                        out.text.push_str(&format!("【{name}】"));
                        out.missing.push(name.clone());
                    }
                },
            }
        }
        out
    }
}
