//! Variables that override the file.

use std::path::PathBuf;

use super::{
    Config, DATABASE_MEND, LISTEN_MEND, LISTEN_WRONG, LogFormat, PROXY_MEND, Secret, Wrong,
    database,
    notify::{PUBLIC_URL_MEND, public_url},
    person::{self, NAME_MEND as PERSON_MEND, Person, ROLES_MEND, SHOPS_MEND},
    proxy,
    source::{self, MODE_MEND, NAME_MEND, SECRETS_MEND, Source, TOKENS_MEND, URL_MEND},
};

/// Applies the variables; what is wrong goes into `wrong`.
pub(super) fn apply(
    config: &mut Config,
    env: &impl Fn(&str) -> Option<String>,
    wrong: &mut Vec<Wrong>,
) {
    let mut environment = Environment { env, wrong };
    environment.take("JIEBAN_LISTEN", LISTEN_MEND, |text| {
        config.listen = text.parse().map_err(|_| LISTEN_WRONG)?;
        Ok(())
    });
    environment.take("JIEBAN_DATA", "", |text| {
        config.data = PathBuf::from(text);
        Ok(())
    });
    environment.take("JIEBAN_KNOWLEDGE", "", |text| {
        config.knowledge = PathBuf::from(text);
        Ok(())
    });
    environment.take("JIEBAN_PUBLISH", "write \"true\" or \"false\"", |text| {
        config.publish = text.parse().map_err(|_| "this is neither")?;
        Ok(())
    });
    environment.take("JIEBAN_DATABASE", DATABASE_MEND, |text| {
        config.database = database(text).ok_or("this is no database")?;
        Ok(())
    });
    environment.take("JIEBAN_DATABASE_CONNECTIONS", "write 1 or more", |text| {
        config.database_connections = match text.parse() {
            Ok(0) | Err(_) => return Err("this is no number of connections".to_owned()),
            Ok(n) => n,
        };
        Ok(())
    });
    environment.take("JIEBAN_LOG", "", |text| {
        config.log = text.to_owned();
        Ok(())
    });
    environment.take("JIEBAN_LOG_FORMAT", "write \"text\" or \"json\"", |text| {
        config.log_format = match text {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            _ => return Err("this is no log format".to_owned()),
        };
        Ok(())
    });
    environment.take("JIEBAN_TRUSTED_PROXIES", PROXY_MEND, |text| {
        config.trusted_proxies = list(text)
            .map(proxy)
            .collect::<Option<_>>()
            .ok_or("not all are addresses")?;
        Ok(())
    });
    environment.sources(config);
    environment.people(config);
    environment.take("JIEBAN_PUBLIC_URL", PUBLIC_URL_MEND, |text| {
        config.alarms.public_url = Some(public_url(text)?);
        Ok(())
    });
    for (name, notify) in &mut config.notify {
        let stem = format!("JIEBAN_NOTIFY_{}", name.to_uppercase().replace('-', "_"));
        environment.take(&format!("{stem}_URL"), URL_MEND, |text| {
            notify.take_url(text)
        });
        environment.take(&format!("{stem}_SECRET"), SECRETS_MEND, |text| {
            notify.take_secrets(vec![Secret::from(text)])
        });
    }
}

pub(super) const PEOPLE_MEND: &str =
    "write a name of at most 40 characters without blanks, such as mei or \"小美\"";

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

struct Environment<'a, E> {
    env: &'a E,
    wrong: &'a mut Vec<Wrong>,
}

impl<E: Fn(&str) -> Option<String>> Environment<'_, E> {
    fn sources(&mut self, config: &mut Config) {
        if let Some(names) = (self.env)("JIEBAN_SOURCES").filter(|names| !names.trim().is_empty()) {
            if config
                .sources
                .values()
                .all(|source| *source == Source::default())
            {
                config.sources.clear();
            }
            for name in list(&names) {
                if source::name_fits(name) {
                    config.sources.entry(name.to_owned()).or_default();
                } else {
                    self.say("JIEBAN_SOURCES", "this is no name for a source", NAME_MEND);
                }
            }
        }
        for (name, source) in &mut config.sources {
            let stem = format!("JIEBAN_SOURCE_{}", name.to_uppercase().replace('-', "_"));
            let secrets = |text: &str| list(text).map(Secret::from).collect::<Vec<_>>();
            for key in ["SECRET", "SECRETS"] {
                self.take(&format!("{stem}_{key}"), SECRETS_MEND, |text| {
                    source.secrets.clear();
                    source.take_secrets(secrets(text))
                });
            }
            for key in ["TOKEN", "TOKENS"] {
                self.take(&format!("{stem}_{key}"), TOKENS_MEND, |text| {
                    source.tokens.clear();
                    source.take_tokens(secrets(text))
                });
            }
            self.take(&format!("{stem}_REPLY_URL"), URL_MEND, |text| {
                source.take_reply_url(text)
            });
            self.take(&format!("{stem}_MODE"), MODE_MEND, |text| {
                source.take_mode(text)
            });
        }
    }

    fn people(&mut self, config: &mut Config) {
        let names = (self.env)("JIEBAN_PEOPLE").unwrap_or_default();
        for name in list(&names) {
            if person::entry_fits(name) {
                config
                    .people
                    .entry(name.to_owned())
                    .or_insert_with(|| Person {
                        name: name.to_owned(),
                        ..Person::default()
                    });
            } else {
                self.say("JIEBAN_PEOPLE", "this is no name for a person", PEOPLE_MEND);
            }
        }
        for (name, person) in &mut config.people {
            let stem = format!("JIEBAN_PERSON_{}", name.to_uppercase().replace('-', "_"));
            self.take(&format!("{stem}_NAME"), PERSON_MEND, |text| {
                person.take_name(text)
            });
            for key in ["ROLE", "ROLES"] {
                self.take(&format!("{stem}_{key}"), ROLES_MEND, |text| {
                    person.take_roles(list(text))
                });
            }
            self.take(&format!("{stem}_SHOPS"), SHOPS_MEND, |text| {
                person.take_shops(list(text))
            });
            for key in ["TOKEN", "TOKENS"] {
                self.take(&format!("{stem}_{key}"), TOKENS_MEND, |text| {
                    person.tokens.clear();
                    person.take_tokens(list(text).map(Secret::from).collect())
                });
            }
        }
    }

    /// Hands a variable that is set and not empty to `apply`.
    fn take(&mut self, name: &str, mend: &str, apply: impl FnOnce(&str) -> Result<(), String>) {
        let Some(text) = (self.env)(name).filter(|text| !text.trim().is_empty()) else {
            return;
        };
        if let Err(what) = apply(text.trim()) {
            self.say(name, &what, mend);
        }
    }

    fn say(&mut self, name: &str, what: &str, mend: &str) {
        self.wrong.push(Wrong {
            place: name.to_owned(),
            what: what.to_owned(),
            mend: mend.to_owned(),
        });
    }
}
