//! Settings: built-in defaults, then `jieban.toml`, then the environment; the later wins.
//!
//! A key nobody knows is an error with its line, because a silent typo is the worst answer. Secrets never
//! leave [`Secret`]: not in errors, not in logs, not in `Debug`.

mod chat;
mod environment;
mod file;
mod notify;
mod person;
pub mod secret;
mod source;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;

pub use chat::{CHAT, Chat};
pub use notify::{Alarms, Notify, NotifyKind};
pub use person::{FIRST_PERSON, Person, Role};
pub use secret::{BadSecret, Secret, first_chat_secret, first_secret, first_token};
pub use source::{DEFAULT_SOURCE, Source};

/// Where settings are looked for when no other file is named.
pub const FILE: &str = "jieban.toml";

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where the doors are. `JIEBAN_LISTEN`.
    pub listen: SocketAddr,
    /// The folder this service writes to. `JIEBAN_DATA`.
    pub data: PathBuf,
    /// The folder editors write to. `JIEBAN_KNOWLEDGE`.
    pub knowledge: PathBuf,
    /// Whether this service reads that folder and publishes it, or follows the one that does. `JIEBAN_PUBLISH`.
    pub publish: bool,
    /// What keeps it. `JIEBAN_DATABASE`.
    pub database: Database,
    /// Connections to a database server. `JIEBAN_DATABASE_CONNECTIONS`.
    pub database_connections: u32,
    /// What is logged, as `tracing` filters say it. `JIEBAN_LOG`.
    pub log: String,
    /// How it is logged. `JIEBAN_LOG_FORMAT`.
    pub log_format: LogFormat,
    /// Peers whose `X-Forwarded-For` is believed; none by default. `JIEBAN_TRUSTED_PROXIES`, comma-separated.
    pub trusted_proxies: Vec<IpNet>,
    /// What a door bears.
    pub limits: Limits,
    /// Who may post, by name. Never empty.
    pub sources: BTreeMap<String, Source>,
    /// Chats on shops' own sites, by name; none by default.
    pub chats: BTreeMap<String, Chat>,
    /// Who works with it, by the name of his entry. When nobody is named, `serve` makes [`FIRST_PERSON`].
    pub people: BTreeMap<String, Person>,
    /// When somebody is told, and where he says that he cares.
    pub alarms: Alarms,
    /// Who is told, by name.
    pub notify: BTreeMap<String, Notify>,
}

/// What keeps the house's memory.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file in the data folder.
    Sqlite,
    /// A Postgres server; the address may hold a password.
    Postgres(Secret),
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgres",
        })
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What a door bears before it says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body: usize,
    /// How long a request may take to arrive, and then to be worked on, beyond the wait it asked for.
    pub request: Duration,
    /// How long a connection may take over a request's headers, or idle between two requests.
    pub header: Duration,
    /// Requests a second of one source, in the long run.
    pub source_rate: u32,
    /// Requests of one source at once.
    pub source_burst: u32,
    /// Failed sign-ins of one peer a minute before they are answered 429.
    pub failed_sign_ins: u32,
    /// Open connections; more wait to be accepted.
    pub connections: usize,
    /// Requests at work or waiting; more are answered 503.
    pub in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            request: Duration::from_secs(30),
            header: Duration::from_secs(10),
            source_rate: 5_000,
            source_burst: 10_000,
            failed_sign_ins: 30,
            connections: 4_096,
            in_flight: 2_048,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8700)),
            data: PathBuf::from("data"),
            knowledge: PathBuf::from("knowledge"),
            publish: true,
            database: Database::Sqlite,
            database_connections: 8,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            sources: BTreeMap::from([(DEFAULT_SOURCE.to_owned(), Source::default())]),
            chats: BTreeMap::new(),
            people: BTreeMap::new(),
            alarms: Alarms::default(),
            notify: BTreeMap::new(),
        }
    }
}

/// Settings that cannot be used: every one of them at once.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(Wrong::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<Wrong>);

/// One setting that cannot be used. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}\n  mend: {mend}")]
pub struct Wrong {
    /// `file:line`, or the name of the variable.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl Config {
    /// Reads the settings. `path` is the file, when there is one; `env` looks up a variable.
    ///
    /// Paths in the file are relative to the file's folder, paths in variables to the working directory.
    /// Sources are those of the file and of `JIEBAN_SOURCES` (names, comma-separated); with neither there is
    /// one, [`DEFAULT_SOURCE`], whose secret [`first_secret`] makes. People are those of the file and of
    /// `JIEBAN_PEOPLE`; with neither there is one, [`FIRST_PERSON`], whose token [`first_token`] makes.
    pub fn load(
        path: Option<&Path>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let mut wrong = Vec::new();
        if let Some(path) = path {
            file::read(path, &mut config, &mut wrong);
        }
        environment::apply(&mut config, &env, &mut wrong);
        for (name, source) in &config.sources {
            if name != DEFAULT_SOURCE && source.secrets.is_empty() && source.tokens.is_empty() {
                wrong.push(Wrong {
                    place: format!("source {name}"),
                    what: "it has nothing to sign in with".to_owned(),
                    mend: "give it secrets, secret_files, tokens or token_files".to_owned(),
                });
            }
        }
        for (name, person) in &config.people {
            let lacks = match (person.tokens.is_empty(), person.roles.is_empty()) {
                (true, _) => ("nothing to sign in with", "tokens or token_files"),
                (_, true) => ("no role", "roles"),
                _ => continue,
            };
            wrong.push(Wrong {
                place: format!("person {name}"),
                what: format!("he has {}", lacks.0),
                mend: format!("give him {}", lacks.1),
            });
        }
        // What is wrong with a line was said already.
        let said = !wrong.is_empty();
        for (name, notify) in config.notify.iter().filter(|_| !said) {
            let (what, mend) = if notify.url.reveal().is_empty() {
                ("it has no address", "give it url or url_file".to_owned())
            } else if notify.kind == NotifyKind::Webhook && notify.secrets.is_empty() {
                (
                    "nothing signs what it gets",
                    format!("give it secret or secret_file; {}", source::SECRETS_MEND),
                )
            } else {
                continue;
            };
            wrong.push(Wrong {
                place: format!("notify {name}"),
                what: what.to_owned(),
                mend,
            });
        }
        if wrong.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(wrong))
        }
    }

    /// The folder with the secrets this service made itself.
    pub fn secrets_folder(&self) -> PathBuf {
        self.data.join("secrets")
    }

    /// Whether [`DEFAULT_SOURCE`] is served and still has nothing to sign in with, so that [`first_secret`] is due.
    pub fn needs_first_secret(&self) -> bool {
        self.sources
            .get(DEFAULT_SOURCE)
            .is_some_and(|source| source.secrets.is_empty() && source.tokens.is_empty())
    }

    /// Whether a chat is served whose cookies nothing signs yet, so that [`first_chat_secret`] is due.
    pub fn needs_chat_secret(&self) -> bool {
        self.chats.values().any(|chat| chat.secrets.is_empty())
    }

    /// Whether nobody may sign in yet, so that [`first_token`] is due.
    pub fn needs_first_person(&self) -> bool {
        self.people.is_empty()
    }
}

fn database(text: &str) -> Option<Database> {
    if text == "sqlite" {
        return Some(Database::Sqlite);
    }
    (text.starts_with("postgres://") || text.starts_with("postgresql://"))
        .then(|| Database::Postgres(Secret::from(text)))
}

fn proxy(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

const LISTEN_WRONG: &str = "listen: this is no address with a port";
const LISTEN_MEND: &str = "write an address and a port, such as \"127.0.0.1:8700\"";
const DATABASE_MEND: &str = "write \"sqlite\" or \"postgres://user:password@host/name\"";
const PROXY_MEND: &str = "write addresses such as \"10.0.0.1\" or networks such as \"10.0.0.0/8\"";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::fs;

    use super::*;
    use crate::knowledge::Mode;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const TOKEN: &str = "a-token-of-some-length";

    fn load(toml: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, toml).unwrap();
        fs::write(
            folder.path().join("key"),
            format!("# the bridge\n{SECRET}\n"),
        )
        .unwrap();
        Config::load(Some(&path), |name| {
            env.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_is_a_working_house() {
        let config = Config::load(None, |_| None).unwrap();
        assert_eq!(config, Config::default());
        assert_eq!(config.listen.to_string(), "127.0.0.1:8700");
        assert!(config.trusted_proxies.is_empty());
        assert!(config.needs_first_secret() && config.needs_first_person());
        assert_eq!(config.secrets_folder(), Path::new("data/secrets"));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let config = load(
            &format!(
                "listen = \"0.0.0.0:1\"\nlog_format = \"json\"\ntrusted_proxies = [\"10.0.0.1\", \"fd00::/8\"]\n\
                 [limits]\nbody_bytes = 2048\nheader_seconds = 3\n\
                 [sources.desk-one]\nsecrets = [\"{SECRET}\"]\nmode = \"assist\"\n"
            ),
            &[
                ("JIEBAN_LISTEN", "127.0.0.1:9"),
                ("JIEBAN_DATABASE", "postgres://u:hunter2hunter2@h/db"),
                ("JIEBAN_SOURCES", "desk-two"),
                ("JIEBAN_SOURCE_DESK_ONE_REPLY_URL", "http://127.0.0.1:4/x"),
                ("JIEBAN_SOURCE_DESK_TWO_TOKEN", TOKEN),
                ("JIEBAN_LOG", ""),
            ],
        )
        .unwrap();
        assert_eq!(config.listen.port(), 9);
        assert_eq!(config.log, "info", "an empty variable is not set");
        assert_eq!(config.log_format, LogFormat::Json);
        assert_eq!(config.limits.body, 2048);
        assert_eq!(config.limits.header, Duration::from_secs(3));
        assert_eq!(config.trusted_proxies.len(), 2);
        assert_eq!(
            config.sources.keys().collect::<Vec<_>>(),
            ["desk-one", "desk-two"]
        );
        let one = &config.sources["desk-one"];
        assert_eq!(one.mode, Some(Mode::Assist));
        assert_eq!(one.reply_url.as_deref(), Some("http://127.0.0.1:4/x"));
        assert_eq!(one.secrets.len(), 1);
        assert_eq!(config.sources["desk-two"].tokens.len(), 1);
        assert!(!config.needs_first_secret());
        let shown = format!("{config:?}");
        for secret in ["MfKQ", TOKEN, "hunter2"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn people_have_roles_shops_and_tokens_of_their_own() {
        let config = load(
            &format!(
                "[people.mei]\nname = \"小美\"\nroles = [\"客服\", \"agent\", \"supervisor\"]\nshops = [\"main\"]\n\
                 token_files = [\"key\"]\n[people.boss]\nroles = [\"admin\"]\ntokens = [\"{TOKEN}\"]\n"
            ),
            &[
                ("JIEBAN_PEOPLE", "night"),
                ("JIEBAN_PERSON_NIGHT_TOKEN", TOKEN),
                ("JIEBAN_PERSON_NIGHT_ROLES", "agent, 主管"),
                ("JIEBAN_PERSON_NIGHT_NAME", "小丽"),
                ("JIEBAN_PERSON_BOSS_SHOPS", "main,second"),
            ],
        )
        .unwrap();
        let people: Vec<(&str, &[Role], Option<usize>)> = config
            .people
            .values()
            .map(|person| {
                let shops = person.shops.as_ref().map(Vec::len);
                (person.name.as_str(), person.roles.as_slice(), shops)
            })
            .collect();
        assert_eq!(
            people,
            [
                ("boss", &[Role::Admin][..], Some(2)),
                ("小美", &[Role::Agent, Role::Supervisor], Some(1)),
                ("小丽", &[Role::Agent, Role::Supervisor], None),
            ]
        );
        assert_eq!(config.people["mei"].tokens[0].reveal(), SECRET);
        assert!(!format!("{config:?}").contains(TOKEN));
        assert!(!config.needs_first_person());
    }

    #[test]
    fn paths_in_the_file_lie_beside_it() {
        let config = load(
            "data = \"var\"\n[sources.a]\nsecret_files = [\"key\"]\n",
            &[("JIEBAN_KNOWLEDGE", "here")],
        )
        .unwrap();
        assert!(config.data.is_absolute() && config.data.ends_with("var"));
        assert_eq!(config.knowledge, Path::new("here"));
        assert_eq!(config.sources["a"].secrets[0].reveal(), SECRET);
    }

    #[test]
    fn every_mistake_has_a_line_and_a_mend() {
        for (toml, line, says) in [
            (
                "listen = \"127.0.0.1:1\"\nlisen = 3\n",
                ":2:",
                "unknown field `lisen`",
            ),
            ("[limits]\n\nbody = 3\n", ":3:", "unknown field `body`"),
            (
                "[sources.a]\nsecret = \"x\"\n",
                ":2:",
                "unknown field `secret`",
            ),
            ("listen = \"nowhere\"\n", ":1:", "no address"),
            ("listen = 5\n", ":1:", "wrong type or form"),
            ("listen = [\n", ":", "array"),
            ("[limits]\nbody_bytes = 0\n", ":2:", "body_bytes"),
            ("[sources.\"a b\"]\ntokens = []\n", ":1:", "name"),
            ("[sources.a]\nmode = \"loud\"\n", ":2:", "mode"),
            ("[sources.a]\nreply_url = \"ftp://x\"\n", ":2:", "reply_url"),
            (
                "[sources.a]\nsecret_files = [\"gone\"]\n",
                ":2:",
                "secret_files",
            ),
            ("[sources.a]\nsecrets = [\"whsec_!\"]\n", ":2:", "secrets"),
            ("[sources.a]\ntokens = [\"short\"]\n", ":2:", "tokens"),
            ("database = \"mysql://x\"\n", ":1:", "database"),
            ("trusted_proxies = [\"all\"]\n", ":1:", "trusted_proxies"),
            ("[people.\"小 美\"]\nroles = []\n", ":1:", "name"),
            ("[people.mei]\nroles = [\"boss\"]\n", ":2:", "roles"),
            ("[people.mei]\ntokens = [\"short\"]\n", ":2:", "tokens"),
            ("[people.mei]\nshops = [\"\"]\n", ":2:", "shops"),
            (
                "[people.mei]\nrole = [\"agent\"]\n",
                ":2:",
                "unknown field `role`",
            ),
            (
                "[people.mei]\nroles = [\"agent\"]\n",
                "person mei",
                "sign in",
            ),
            ("[alarms]\nwait_minutes = 0\n", ":2:", "wait_minutes"),
            ("[alarms]\npublic_url = \"here\"\n", ":2:", "public_url"),
            ("[notify.a]\nkind = \"pager\"\n", ":2:", "wrong type"),
            ("[notify.a]\nkind = \"wecom\"\n", "notify a", "no address"),
            (
                "[notify.a]\nkind = \"wecom\"\nurl = \"http://h/x\"\nsecret = \"x\"\n",
                ":4:",
                "secret",
            ),
            (
                "[notify.a]\nkind = \"feishu\"\nurl = \"http://h/x\"\nquiet = \"8-8\"\n",
                ":4:",
                "quiet",
            ),
            (
                "[notify.a]\nkind = \"feishu\"\nurl = \"http://h/x\"\nlevels = [\"loud\"]\n",
                ":4:",
                "levels",
            ),
            (
                "[notify.a]\nkind = \"webhook\"\nurl = \"http://h/x\"\n",
                "notify a",
                "signs",
            ),
        ] {
            let error = load(toml, &[]).expect_err(toml).to_string();
            assert!(
                error.contains(line) && error.contains(says),
                "{toml}: {error}"
            );
            assert!(error.contains("mend: "), "{error}");
        }
        let error = load("", &[("JIEBAN_LISTEN", "x"), ("JIEBAN_SOURCES", "a")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("JIEBAN_LISTEN: "), "{error}");
    }

    #[test]
    fn a_mistake_about_a_secret_does_not_show_it() {
        let canary = "whsec_CANARYCANARYCANARYCANARYCANARY";
        for toml in [
            format!("[sources.a]\nsecrets = {{ x = \"{canary}\" }}\n"),
            format!("[sources.a]\nsecrets = [[\"{canary}\"]]\n"),
            format!("[sources.a]\nsecrets = [\"{canary}!\"]\n"),
            format!("[sources.a]\nmode = \"{canary}\"\n"),
            format!("[notify.a]\nkind = \"wecom\"\nurl = {{ x = \"{canary}\" }}\n"),
            format!("[notify.a]\nkind = \"wecom\"\nurl = \"{canary}\"\n"),
            format!("[notify.a]\nkind = \"wecom\"\nurl = \"http://h/\"\nsecret = \"{canary}\"\n"),
            format!("[sources.a]\nreply_url = \"{canary}\"\n"),
            format!("[sources.a]\nsecrets = [\"{canary}\n"),
            format!("listen = \"{canary}\"\n"),
            format!("database = \"{canary}\"\n"),
            "[sources.a]\ntokens = 4242424242424242\n".to_owned(),
        ] {
            let error = load(&toml, &[]).expect_err(&toml).to_string();
            assert!(
                !error.contains("CANARY") && !error.contains("4242"),
                "{toml}: {error}"
            );
        }
    }

    #[test]
    fn who_is_told_is_read_and_its_address_never_shown() {
        let config = load(
            "[alarms]\npublic_url = \"https://jieban.example/\"\nwait_minutes = 4\n[alarms.shops]\nmain = 6\n\
             [notify.desk]\nkind = \"dingtalk\"\nurl = \"https://h/send?access_token=CANARY\"\nsecret = \"SECx\"\n\
             levels = [\"urgent\", \"安全\"]\nquiet = \"22:00-08:30\"\npeople = [\"a\"]\n\
             [notify.boss]\nkind = \"webhook\"\nsecret_file = \"key\"\n",
            &[("JIEBAN_NOTIFY_BOSS_URL", "http://127.0.0.1:4/CANARY")],
        )
        .unwrap();
        let url = config.alarms.public_url.as_deref();
        assert_eq!(url, Some("https://jieban.example"));
        assert_eq!(
            (config.alarms.wait_minutes, config.alarms.shops["main"]),
            (4, 6)
        );
        let desk = &config.notify["desk"];
        assert_eq!(desk.kind, NotifyKind::DingTalk);
        assert_eq!(desk.levels.len(), 2);
        assert_eq!(desk.quiet.unwrap().1.to_string(), "08:30:00");
        let boss = &config.notify["boss"];
        assert!(boss.url.reveal().ends_with("CANARY") && boss.secrets.len() == 1);
        let shown = format!("{config:?}");
        assert!(
            !shown.contains("CANARY") && !shown.contains("SECx"),
            "{shown}"
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_said() {
        let error = Config::load(Some(Path::new("/nowhere/jieban.toml")), |_| None).unwrap_err();
        assert!(error.to_string().contains("/nowhere/jieban.toml"));
    }
}
