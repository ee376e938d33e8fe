//! Reading `key: value` forms: known keys in two languages, each once, each of its kind.

use super::{
    problem::{Place, Report, one_of},
    words::Word,
    yaml::{Key, Node, Value},
};

/// Words and where they stand.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) place: Place,
}

/// A form whose keys are known. Fields are asked for by their Chinese key.
pub(super) struct Form<'n> {
    place: Place,
    fields: Vec<(Key, Place, &'n Node)>,
}

impl<'n> Form<'n> {
    /// Opens a form: unknown and doubled keys are reported. `None` (reported) when it is no form at all.
    pub(super) fn open(node: &'n Node, keys: &[Key], report: &mut Report) -> Option<Self> {
        let Value::Map(pairs) = &node.value else {
            let what = match node.value {
                Value::Nothing => "这里是空的",
                _ => "这里应该是一行行的“键: 值”",
            };
            let keys: Vec<&str> = keys.iter().map(|k| k.0).collect();
            report.error(node.place, what, format!("可以写的键：{}", keys.join("、")));
            return None;
        };
        let mut fields: Vec<(Key, Place, &Node)> = Vec::new();
        for (key, value) in pairs {
            let Value::Text(name) = &key.value else {
                report.error(key.place, "冒号前面应该是一个键", "把它写成“键: 值”");
                continue;
            };
            let Some(known) = keys.iter().find(|(zh, en)| name == zh || name == en) else {
                let all = keys.iter().flat_map(|(zh, en)| [*zh, *en]);
                report.error(key.place, format!("不认识的键“{name}”"), one_of(name, all));
                continue;
            };
            if let Some((_, first, _)) = fields.iter().find(|(k, ..)| k == known) {
                report.error(
                    key.place,
                    format!("“{}”写了两次（第 {} 行已经写过）", known.0, first.line),
                    format!("只留一个（{} 和 {} 是同一个键）", known.0, known.1),
                );
                continue;
            }
            fields.push((*known, key.place, value));
        }
        Some(Self {
            place: node.place,
            fields,
        })
    }

    /// Where the form begins.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Where a key stands, when it was written.
    pub(super) fn key_place(&self, key: &str) -> Option<Place> {
        self.fields
            .iter()
            .find(|(k, ..)| k.0 == key)
            .map(|(_, place, _)| *place)
    }

    /// The value of a key, unless it is missing or empty.
    pub(super) fn node(&self, key: &str) -> Option<&'n Node> {
        self.fields
            .iter()
            .find(|(k, ..)| k.0 == key)
            .map(|(.., node)| *node)
            .filter(|node| !matches!(node.value, Value::Nothing))
    }

    /// Reports a key that must be there and is not. `example` is a value as one would write it.
    pub(super) fn missing(&self, key: &str, example: &str, report: &mut Report) {
        let at = self.key_place(key).unwrap_or(Place::line(self.place.line));
        let what = match self.key_place(key) {
            Some(_) => format!("“{key}”是空的"),
            None => format!("缺少“{key}”"),
        };
        report.error(at, what, format!("写一行“{key}: {example}”"));
    }

    /// One line of words.
    pub(super) fn text(&self, key: &str, report: &mut Report) -> Option<Written> {
        let node = self.node(key)?;
        let text = words(node, report, &format!("“{key}”应该只写一段文字"))?;
        (!text.text.is_empty()).then_some(text)
    }

    /// One line of words that must be there.
    pub(super) fn need(&self, key: &str, example: &str, report: &mut Report) -> Option<Written> {
        match self.node(key) {
            Some(node) => match words(node, report, &format!("“{key}”应该只写一段文字"))?
            {
                text if text.text.is_empty() => {
                    self.missing(key, example, report);
                    None
                }
                text => Some(text),
            },
            None => {
                self.missing(key, example, report);
                None
            }
        }
    }

    /// A word of a closed list.
    pub(super) fn word<T: Word>(&self, key: &str, report: &mut Report) -> Option<T> {
        let written = self.text(key, report)?;
        read_word(&written, &format!("“{key}”"), report)
    }

    /// A list of words; a single word counts as a list of one.
    pub(super) fn list(&self, key: &str, report: &mut Report) -> Vec<Written> {
        let Some(node) = self.node(key) else {
            return Vec::new();
        };
        match &node.value {
            Value::List(items) => items
                .iter()
                .filter_map(|item| words(item, report, &format!("“{key}”的每一项应该是一段文字")))
                .filter(|item| !item.text.is_empty())
                .collect(),
            _ => words(node, report, &format!("“{key}”应该是一个列表"))
                .filter(|item| !item.text.is_empty())
                .into_iter()
                .collect(),
        }
    }

    /// A list whose items are a word, or a list of words that belong together.
    pub(super) fn groups(&self, key: &str, report: &mut Report) -> Vec<Vec<Written>> {
        let Some(node) = self.node(key) else {
            return Vec::new();
        };
        let single = std::slice::from_ref(node);
        let items = match &node.value {
            Value::List(items) => items,
            _ => single,
        };
        items
            .iter()
            .map(|item| {
                let parts = match &item.value {
                    Value::List(parts) => parts.as_slice(),
                    _ => std::slice::from_ref(item),
                };
                parts
                    .iter()
                    .filter_map(|part| {
                        words(part, report, &format!("“{key}”里应该是词，或者 [词, 词]"))
                    })
                    .filter(|part| !part.text.is_empty())
                    .collect::<Vec<_>>()
            })
            .filter(|group| !group.is_empty())
            .collect()
    }

    /// A number within bounds.
    pub(super) fn number(
        &self,
        key: &str,
        least: f64,
        most: f64,
        report: &mut Report,
    ) -> Option<f64> {
        let written = self.text(key, report)?;
        match super::dates::fold(&written.text).parse::<f64>() {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                report.error(
                    written.place,
                    format!(
                        "“{key}”应该是 {least} 到 {most} 的数字，这里是“{}”",
                        written.text
                    ),
                    "改成数字",
                );
                None
            }
        }
    }
}

/// A word of a closed list, wherever it stands.
pub(super) fn read_word<T: Word>(written: &Written, name: &str, report: &mut Report) -> Option<T> {
    let word = T::read(&written.text.trim().to_lowercase());
    if word.is_none() {
        report.error(
            written.place,
            format!("{name}不能是“{}”", written.text),
            one_of(&written.text, T::SPELLINGS.iter().copied()),
        );
    }
    word
}

fn words(node: &Node, report: &mut Report, wrong: &str) -> Option<Written> {
    match &node.value {
        Value::Text(text) => Some(Written {
            text: text.trim().to_owned(),
            place: node.place,
        }),
        Value::Nothing => None,
        Value::Map(_) => {
            report.error(
                node.place,
                wrong,
                "内容里有英文冒号加空格“: ”时，用英文引号把整句括起来",
            );
            None
        }
        Value::List(_) => {
            report.error(
                node.place,
                wrong,
                "内容以 [ 或 - 开头时，用英文引号把整句括起来",
            );
            None
        }
    }
}
