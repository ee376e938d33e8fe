//! Takes a JSON object apart, and remembers what nobody took.

use serde_json::{Map, Value};

use super::{LONGEST_ID, Refusal};

/// Paths nobody took. Bounded: an answer is no copy of the request.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    paths: Vec<String>,
    more: usize,
}

const MOST_PATHS: usize = 50;
const LONGEST_PATH: usize = 120;

impl Ignored {
    pub(super) fn add(&mut self, path: &str) {
        if self.paths.len() < MOST_PATHS {
            self.paths.push(path.chars().take(LONGEST_PATH).collect());
        } else {
            self.more += 1;
        }
    }

    pub(super) fn into_paths(mut self) -> Vec<String> {
        if self.more > 0 {
            self.paths.push(format!("and {} more", self.more));
        }
        self.paths
    }
}

/// The fields of one object that have not been taken yet. What is left when it is dropped is ignored.
pub(super) struct Fields<'i> {
    map: Map<String, Value>,
    path: String,
    pub(super) ignored: &'i mut Ignored,
}

impl Drop for Fields<'_> {
    fn drop(&mut self) {
        for (key, value) in &self.map {
            if !value.is_null() {
                self.ignored.add(&format!("{}{key}", self.path));
            }
        }
    }
}

impl<'i> Fields<'i> {
    pub(super) fn new(map: Map<String, Value>, path: &str, ignored: &'i mut Ignored) -> Self {
        Self {
            map,
            path: path.to_owned(),
            ignored,
        }
    }

    /// Where a field of this object is.
    pub(super) fn at(&self, key: &str) -> String {
        format!("{}{key}", self.path)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    pub(super) fn holds_object(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(Value::is_object)
    }

    /// Takes the first of `names` that is there and not null, with its path.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<(String, Value)> {
        let name = names.iter().copied().find(|name| self.has(name))?;
        Some((self.at(name), self.map.remove(name)?))
    }

    /// Drops a field that by contract nobody reads.
    pub(super) fn discard(&mut self, name: &str) {
        self.map.remove(name);
    }

    /// Takes an id: a text or a whole number, digit by digit. Blank is none.
    pub(super) fn id(&mut self, names: &[&str]) -> Result<Option<String>, Refusal> {
        let Some((field, value)) = self.take(names) else {
            return Ok(None);
        };
        let id = match value {
            Value::String(text) => clean(&text).trim().to_owned(),
            // A number beyond 64 bits has been rounded already: its last digits are not the sender's.
            Value::Number(number) if !number.is_f64() => number.to_string(),
            _ => {
                return Err(Refusal::wrong(
                    &field,
                    &format!("{field} must be a text or a whole number of up to 64 bits"),
                    "send ids as texts in quotes",
                    "编号请用带引号的字符串发送",
                ));
            }
        };
        let length = id.chars().count();
        if length > LONGEST_ID {
            return Err(Refusal::wrong(
                &field,
                &format!("{field} has {length} characters; ids have at most {LONGEST_ID}"),
                "send the platform's own id, or a hash of a long one",
                "编号最长 200 个字符；过长请改用平台原始编号或其哈希值",
            ));
        }
        Ok((!id.is_empty()).then_some(id))
    }

    /// Takes a word or a sentence; a number stands for its digits. Blank is none.
    pub(super) fn text(&mut self, names: &[&str]) -> Result<Option<String>, Refusal> {
        let Some((field, value)) = self.take(names) else {
            return Ok(None);
        };
        let text = match value {
            Value::String(text) => clean(&text),
            Value::Number(number) => number.to_string(),
            _ => {
                return Err(Refusal::wrong(
                    &field,
                    &format!("{field} must be a text"),
                    "send it as a text in quotes",
                    "请用带引号的字符串发送",
                ));
            }
        };
        Ok((!text.trim().is_empty()).then_some(text))
    }

    /// Takes a person's name, cut to a length that fits on a screen.
    pub(super) fn name(&mut self, names: &[&str]) -> Result<Option<String>, Refusal> {
        Ok(self
            .text(names)?
            .map(|text| text.trim().chars().take(LONGEST_ID).collect()))
    }

    /// Takes an object apart in turn.
    pub(super) fn object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Fields<'_>) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        match self.take(&[name]) {
            None => Ok(None),
            Some((field, Value::Object(map))) => {
                read(Fields::new(map, &format!("{field}."), self.ignored)).map(Some)
            }
            Some((field, _)) => Err(Refusal::wrong(
                &field,
                &format!("{field} must be an object"),
                "send an object in braces, or leave it out",
                "该字段必须是 JSON 对象，或不要发送",
            )),
        }
    }
}

/// NUL characters cannot be kept by every store, and no customer types them.
fn clean(text: &str) -> String {
    text.replace('\0', "")
}
