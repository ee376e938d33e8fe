//! The shape of `jieban.toml`.

use std::{
    collections::BTreeMap,
    fmt, fs,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use toml::Spanned;

use super::{
    Config, DATABASE_MEND, LISTEN_MEND, LISTEN_WRONG, LogFormat, PROXY_MEND, Secret, Source, Wrong,
    chat::FileChat,
    database,
    environment::PEOPLE_MEND,
    notify::{FileAlarms, FileNotify},
    person::{self, NAME_MEND as PERSON_MEND, Person, ROLES_MEND, SHOPS_MEND},
    proxy,
    source::{self, MODE_MEND, NAME_MEND, SECRETS_MEND, TOKENS_MEND, URL_MEND},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<Spanned<String>>,
    data: Option<PathBuf>,
    knowledge: Option<PathBuf>,
    database: Option<Spanned<String>>,
    database_connections: Option<Spanned<u32>>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    publish: Option<bool>,
    trusted_proxies: Option<Spanned<Vec<String>>>,
    limits: Option<FileLimits>,
    #[serde(default)]
    sources: BTreeMap<Spanned<String>, FileSource>,
    #[serde(default)]
    chat: BTreeMap<Spanned<String>, FileChat>,
    #[serde(default)]
    people: BTreeMap<Spanned<String>, FilePerson>,
    alarms: Option<FileAlarms>,
    #[serde(default)]
    notify: BTreeMap<Spanned<String>, FileNotify>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLimits {
    body_bytes: Option<Spanned<u32>>,
    request_seconds: Option<Spanned<u32>>,
    header_seconds: Option<Spanned<u32>>,
    source_per_second: Option<Spanned<u32>>,
    source_burst: Option<Spanned<u32>>,
    failed_sign_ins_per_minute: Option<Spanned<u32>>,
    connections: Option<Spanned<u32>>,
    in_flight: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSource {
    secrets: Option<Spanned<Secrets>>,
    secret_files: Option<Spanned<Vec<PathBuf>>>,
    tokens: Option<Spanned<Secrets>>,
    token_files: Option<Spanned<Vec<PathBuf>>>,
    reply_url: Option<Spanned<String>>,
    mode: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePerson {
    name: Option<Spanned<String>>,
    roles: Option<Spanned<Vec<String>>>,
    shops: Option<Spanned<Vec<String>>>,
    tokens: Option<Spanned<Secrets>>,
    token_files: Option<Spanned<Vec<PathBuf>>>,
}

/// One secret or several. Written by hand because a derived one would show the secret it could not read.
pub(super) struct Secrets(pub(super) Vec<Secret>);

impl<'de> Deserialize<'de> for Secrets {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Secrets;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of texts in quotes")
            }

            fn visit_str<E>(self, text: &str) -> Result<Secrets, E> {
                Ok(Secrets(vec![Secret::from(text)]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Secrets, A::Error> {
                let mut secrets = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    secrets.push(Secret::from(text));
                }
                Ok(Secrets(secrets))
            }
        }
        from.deserialize_any(OneOrMore)
    }
}

/// Reads `path` into `config`; what is wrong goes into `wrong`.
pub(super) fn read(path: &Path, config: &mut Config, wrong: &mut Vec<Wrong>) {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            wrong.push(Wrong {
                place: path.display().to_string(),
                what: error.to_string(),
                mend: "name a readable file in UTF-8, or none".to_owned(),
            });
            return;
        }
    };
    let mut reader = Reader {
        path,
        text: &text,
        wrong,
    };
    if let Err(error) = toml::from_str::<toml::Table>(&text) {
        return reader.not_toml(&error);
    }
    match toml::from_str::<File>(&text) {
        Ok(file) => reader.apply(file, config),
        Err(error) => reader.cannot_read(&error),
    }
}

pub(super) struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    wrong: &'a mut Vec<Wrong>,
}

impl Reader<'_> {
    fn apply(&mut self, file: File, config: &mut Config) {
        let set = |here: &mut PathBuf, path: Option<PathBuf>, beside: &Self| {
            if let Some(path) = path {
                *here = beside.beside(&path);
            }
        };
        set(&mut config.data, file.data, self);
        set(&mut config.knowledge, file.knowledge, self);
        if let Some(text) = file.listen {
            match text.get_ref().parse() {
                Ok(listen) => config.listen = listen,
                Err(_) => self.say(text.span(), LISTEN_WRONG, LISTEN_MEND),
            }
        }
        config.log_format = file.log_format.unwrap_or(config.log_format);
        config.publish = file.publish.unwrap_or(config.publish);
        if let Some(log) = file.log {
            config.log = log;
        }
        if let Some(text) = file.database {
            match database(text.get_ref()) {
                Some(database) => config.database = database,
                None => self.say(text.span(), "database: this is no database", DATABASE_MEND),
            }
        }
        self.count(file.database_connections, "database_connections", |n| {
            config.database_connections = n;
        });
        if let Some(list) = file.trusted_proxies {
            match list.get_ref().iter().map(|text| proxy(text)).collect() {
                Some(proxies) => config.trusted_proxies = proxies,
                None => self.say(
                    list.span(),
                    "trusted_proxies: not all are addresses",
                    PROXY_MEND,
                ),
            }
        }
        if let Some(limits) = file.limits {
            self.limits(limits, config);
        }
        if !file.sources.is_empty() {
            config.sources.clear();
        }
        for (name, shape) in file.sources {
            if !source::name_fits(name.get_ref()) {
                self.say(name.span(), "this is no name for a source", NAME_MEND);
                continue;
            }
            let source = self.source(shape);
            config.sources.insert(name.into_inner(), source);
        }
        for (name, shape) in file.chat {
            self.chat(name, shape, config);
        }
        for (name, shape) in file.people {
            if !person::entry_fits(name.get_ref()) {
                self.say(name.span(), "this is no name for a person", PEOPLE_MEND);
                continue;
            }
            let name = name.into_inner();
            let person = self.person(&name, shape);
            config.people.insert(name, person);
        }
        if let Some(alarms) = file.alarms {
            self.alarms(alarms, config);
        }
        for (name, shape) in file.notify {
            self.notify(name, shape, config);
        }
    }

    fn limits(&mut self, file: FileLimits, config: &mut Config) {
        let limits = &mut config.limits;
        let seconds = |n: u32| Duration::from_secs(n.into());
        self.count(file.body_bytes, "body_bytes", |n| limits.body = n as usize);
        self.count(file.request_seconds, "request_seconds", |n| {
            limits.request = seconds(n)
        });
        self.count(file.header_seconds, "header_seconds", |n| {
            limits.header = seconds(n)
        });
        self.count(file.source_per_second, "source_per_second", |n| {
            limits.source_rate = n
        });
        self.count(file.source_burst, "source_burst", |n| {
            limits.source_burst = n
        });
        self.count(
            file.failed_sign_ins_per_minute,
            "failed_sign_ins_per_minute",
            |n| {
                limits.failed_sign_ins = n;
            },
        );
        self.count(file.connections, "connections", |n| {
            limits.connections = n as usize
        });
        self.count(file.in_flight, "in_flight", |n| {
            limits.in_flight = n as usize
        });
    }

    fn source(&mut self, file: FileSource) -> Source {
        let mut source = Source::default();
        if let Some(secrets) = file.secrets {
            let span = secrets.span();
            let taken = source.take_secrets(secrets.into_inner().0);
            self.check(taken, span, "secrets", SECRETS_MEND);
        }
        if let Some(files) = file.secret_files {
            let span = files.span();
            let taken = self
                .files(&files.into_inner())
                .and_then(|found| source.take_secrets(found));
            self.check(taken, span, "secret_files", SECRETS_MEND);
        }
        if let Some(tokens) = file.tokens {
            let span = tokens.span();
            let taken = source.take_tokens(tokens.into_inner().0);
            self.check(taken, span, "tokens", TOKENS_MEND);
        }
        if let Some(files) = file.token_files {
            let span = files.span();
            let taken = self
                .files(&files.into_inner())
                .and_then(|found| source.take_tokens(found));
            self.check(taken, span, "token_files", TOKENS_MEND);
        }
        if let Some(url) = file.reply_url {
            let taken = source.take_reply_url(url.get_ref());
            self.check(taken, url.span(), "reply_url", URL_MEND);
        }
        if let Some(mode) = file.mode {
            let taken = source.take_mode(mode.get_ref());
            self.check(taken, mode.span(), "mode", MODE_MEND);
        }
        source
    }

    fn person(&mut self, name: &str, file: FilePerson) -> Person {
        let mut person = Person {
            name: name.to_owned(),
            ..Person::default()
        };
        if let Some(name) = file.name {
            let taken = person.take_name(name.get_ref());
            self.check(taken, name.span(), "name", PERSON_MEND);
        }
        if let Some(roles) = file.roles {
            let taken = person.take_roles(roles.get_ref().iter().map(String::as_str));
            self.check(taken, roles.span(), "roles", ROLES_MEND);
        }
        if let Some(shops) = file.shops {
            let taken = person.take_shops(shops.get_ref().iter().map(String::as_str));
            self.check(taken, shops.span(), "shops", SHOPS_MEND);
        }
        if let Some(tokens) = file.tokens {
            let span = tokens.span();
            let taken = person.take_tokens(tokens.into_inner().0);
            self.check(taken, span, "tokens", TOKENS_MEND);
        }
        if let Some(files) = file.token_files {
            let span = files.span();
            let taken = self
                .files(&files.into_inner())
                .and_then(|found| person.take_tokens(found));
            self.check(taken, span, "token_files", TOKENS_MEND);
        }
        person
    }

    pub(super) fn files(&self, paths: &[PathBuf]) -> Result<Vec<Secret>, String> {
        let mut all = Vec::new();
        for path in paths {
            all.extend(source::secrets_in(&self.beside(path))?);
        }
        Ok(all)
    }

    fn beside(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    pub(super) fn count(&mut self, value: Option<Spanned<u32>>, key: &str, take: impl FnOnce(u32)) {
        match value {
            Some(n) if *n.get_ref() == 0 => {
                self.say(
                    n.span(),
                    &format!("{key}: nothing works with 0"),
                    "write 1 or more",
                );
            }
            Some(n) => take(n.into_inner()),
            None => {}
        }
    }

    pub(super) fn check(
        &mut self,
        taken: Result<(), String>,
        span: Range<usize>,
        key: &str,
        mend: &str,
    ) {
        if let Err(what) = taken {
            self.say(span, &format!("{key}: {what}"), mend);
        }
    }

    /// The grammar names what it expected and never quotes what it read.
    fn not_toml(&mut self, error: &toml::de::Error) {
        let what = format!("this is not TOML: {}", error.message());
        self.say(error.span().unwrap_or(0..0), &what, "see https://toml.io");
    }

    /// A key or a type nobody expects. Here the message may quote the value it stumbled over, which may be a
    /// secret: only names of keys and what was expected are kept.
    fn cannot_read(&mut self, error: &toml::de::Error) {
        let message = error.message();
        let expected = message
            .rsplit_once(", expected ")
            .map(|(_, expected)| expected);
        let (what, mend) = if message.starts_with("unknown field") {
            let what = message.split_once(", ").map_or(message, |(what, _)| what);
            let known = expected.unwrap_or("nothing").trim_start_matches("one of ");
            (what, format!("known here: {known}"))
        } else {
            let mend = expected.unwrap_or("another value; see the example in README.md");
            (
                "the value has the wrong type or form",
                format!("write {mend}"),
            )
        };
        self.say(error.span().unwrap_or(0..0), what, &mend);
    }

    pub(super) fn say(&mut self, at: Range<usize>, what: &str, mend: &str) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        self.wrong.push(Wrong {
            place: format!("{}:{line}", self.path.display()),
            what: what.to_owned(),
            mend: mend.to_owned(),
        });
    }
}
