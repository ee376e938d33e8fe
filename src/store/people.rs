//! Who works here: people, the links that invite them, their sessions, and sign-ins that failed.
//!
//! Nothing here can be used by who reads it: passwords are kept as argon2 hashes, tokens as SHA-256.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value as Json, json};

use super::{
    Error, Row, Tx,
    staff_event::{Done, What, Who, note},
    tx,
};
use crate::{config::Role, knowledge::ShopId};

/// A person, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// His name, as the shift table and events write it.
    pub name: String,
    /// What he may do, and in which shops; `None`: as the settings say.
    pub given: Option<Given>,
    /// His password's hash; `None` until he has chosen one.
    pub password: Option<String>,
    /// Sessions opened before it was raised are dead.
    pub epoch: i64,
    /// He may not sign in.
    pub disabled: bool,
    /// Since when he is known.
    pub made_at: DateTime<Utc>,
}

/// What somebody may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// What he does.
    pub roles: Vec<Role>,
    /// The shops he works in; `None`: all, those that come later too.
    pub shops: Option<Vec<ShopId>>,
}

impl Given {
    fn told(&self) -> Json {
        let roles: Vec<&str> = self.roles.iter().map(|role| role.code()).collect();
        let shops = self
            .shops
            .as_ref()
            .map(|of| of.iter().map(ShopId::as_str).collect::<Vec<_>>());
        json!({ "roles": roles, "shops": shops })
    }
}

/// A link that works once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Whom it is for; `None`: whoever opens it becomes the first administrator.
    pub person: Option<String>,
}

/// A session that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub person: Kept,
    /// When it was opened.
    pub made_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
}

/// How long sessions live.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    /// Unused.
    pub idle: Duration,
    /// At the most.
    pub whole: Duration,
}

/// Why a link was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// It was used, has run out, or never was.
    Gone,
    /// Somebody has this name already.
    NameTaken,
}

const PERSON: &str =
    "p.name, p.roles, p.shops, p.password, p.epoch, p.disabled, p.made_at AS known_at";

fn read(row: &Row) -> Result<Kept, Error> {
    let given = match row.opt_text("roles")? {
        None => None,
        Some(_) => {
            let codes: Vec<String> = row.json("roles")?;
            let shops: Option<Vec<String>> = match row.opt_text("shops")? {
                Some(_) => Some(row.json("shops")?),
                None => None,
            };
            Some(Given {
                // A role that a newer version knows opens nothing here.
                roles: codes.iter().filter_map(|code| Role::parse(code)).collect(),
                shops: shops.map(|of| of.into_iter().map(ShopId::from).collect()),
            })
        }
    };
    Ok(Kept {
        name: row.string("name")?,
        given,
        password: row.opt_string("password")?,
        epoch: row.int("epoch")?,
        disabled: row.yes("disabled")?,
        made_at: row.time("known_at")?,
    })
}

/// The person of this name.
pub fn person(tx: &mut dyn Tx, name: &str) -> Result<Option<Kept>, Error> {
    let row = tx.first(
        &format!("SELECT {PERSON} FROM person p WHERE p.name = ?1"),
        &[name.into()],
    )?;
    row.as_ref().map(read).transpose()
}

/// Everybody, by name.
pub fn everybody(tx: &mut dyn Tx) -> Result<Vec<Kept>, Error> {
    tx.rows(
        &format!("SELECT {PERSON} FROM person p ORDER BY p.name"),
        &[],
    )?
    .iter()
    .map(read)
    .collect()
}

/// Invites somebody by a link whose token has this hash: a new person with what he is given (`None`: what the
/// settings give him), or one who is to choose a new password. Links he had before die.
pub fn invite(
    tx: &mut dyn Tx,
    who: &Who,
    name: &str,
    given: Option<&Given>,
    hash: &str,
    ends_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (roles, shops) = columns(given)?;
    tx.run(
        "INSERT INTO person (name, roles, shops, password, epoch, disabled, made_at) \
         VALUES (?1, ?2, ?3, NULL, 0, 0, ?4) ON CONFLICT (name) DO NOTHING",
        &[name.into(), roles.into(), shops.into(), now.into()],
    )?;
    link(tx, Some(name), &who.name, hash, ends_at, now)?;
    let after = json!({ "person": name, "invited": true, "given": given.map(Given::told) });
    noted(tx, who, What::Person, "", Json::Null, after, now)
}

/// A link by which the first administrator comes in; older ones of its kind die.
pub fn invite_first(
    tx: &mut dyn Tx,
    hash: &str,
    ends_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    link(tx, None, "", hash, ends_at, now)
}

fn link(
    tx: &mut dyn Tx,
    person: Option<&str>,
    by: &str,
    hash: &str,
    ends_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let same = match person {
        Some(_) => "person = ?1",
        None => "person IS NULL AND ?1 = ''",
    };
    tx.run(
        &format!("DELETE FROM invitation WHERE used_at IS NULL AND {same}"),
        &[person.unwrap_or_default().into()],
    )?;
    tx.run(
        "INSERT INTO invitation (hash, person, made_by, made_at, ends_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[hash.into(), person.into(), by.into(), now.into(), ends_at.into()],
    )?;
    Ok(())
}

/// A link that still works.
pub fn invitation(
    tx: &mut dyn Tx,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<Invitation>, Error> {
    open(tx, hash, now, "")
}

fn open(
    tx: &mut dyn Tx,
    hash: &str,
    now: DateTime<Utc>,
    lock: &str,
) -> Result<Option<Invitation>, Error> {
    let row = tx.first(
        &format!("SELECT hash, person FROM invitation WHERE hash = ?1 AND used_at IS NULL AND ends_at > ?2 {lock}"),
        &[hash.into(), now.into()],
    )?;
    row.map(|row| {
        Ok(Invitation {
            person: row.opt_string("person")?,
        })
    })
    .transpose()
}

/// Takes a link: the person has this password now, and his old sessions are dead. `name` is what the first
/// administrator calls himself; a link made for somebody knows who he is.
pub fn accept(
    tx: &mut dyn Tx,
    hash: &str,
    name: &str,
    password: &str,
    now: DateTime<Utc>,
) -> Result<Result<Kept, Spent>, Error> {
    let lock = tx.dialect().lock("FOR UPDATE");
    let Some(invitation) = open(tx, hash, now, lock)? else {
        return Ok(Err(Spent::Gone));
    };
    let first = invitation.person.is_none();
    let name = match &invitation.person {
        Some(name) => name.clone(),
        None => name.to_owned(),
    };
    if first {
        let given = Given {
            roles: vec![Role::Admin],
            shops: None,
        };
        let (roles, shops) = columns(Some(&given))?;
        let made = tx.run(
            "INSERT INTO person (name, roles, shops, password, epoch, disabled, made_at) \
             VALUES (?1, ?2, ?3, NULL, 0, 0, ?4) ON CONFLICT (name) DO NOTHING",
            &[(&name).into(), roles.into(), shops.into(), now.into()],
        )?;
        if made == 0 {
            return Ok(Err(Spent::NameTaken));
        }
    }
    tx.run(
        "UPDATE invitation SET used_at = ?2 WHERE hash = ?1",
        &[hash.into(), now.into()],
    )?;
    let who = Who {
        name: name.clone(),
        role: if first { "admin" } else { "" }.to_owned(),
    };
    set_password(tx, &who, &name, password, now)?;
    match person(tx, &name)? {
        Some(kept) if !kept.disabled => Ok(Ok(kept)),
        _ => Ok(Err(Spent::Gone)),
    }
}

/// Gives somebody a password; all his sessions are dead. Whether there is such a person.
pub fn set_password(
    tx: &mut dyn Tx,
    who: &Who,
    name: &str,
    password: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let set = tx.run(
        "UPDATE person SET password = ?2, epoch = epoch + 1 WHERE name = ?1",
        &[name.into(), password.into()],
    )?;
    if set == 0 {
        return Ok(false);
    }
    tx.run("DELETE FROM session WHERE person = ?1", &[name.into()])?;
    let after = json!({ "person": name, "password": true });
    noted(tx, who, What::Person, "", Json::Null, after, now)?;
    Ok(true)
}

/// Gives somebody other roles and shops; all his sessions are dead. Whether that changed anything.
pub fn set_given(
    tx: &mut dyn Tx,
    who: &Who,
    name: &str,
    given: &Given,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let Some(kept) = person(tx, name)? else {
        return Ok(false);
    };
    if kept.given.as_ref() == Some(given) {
        return Ok(false);
    }
    let (roles, shops) = columns(Some(given))?;
    tx.run(
        "UPDATE person SET roles = ?2, shops = ?3, epoch = epoch + 1 WHERE name = ?1",
        &[name.into(), roles.into(), shops.into()],
    )?;
    tx.run("DELETE FROM session WHERE person = ?1", &[name.into()])?;
    let mut before = kept.given.as_ref().map_or(Json::Null, Given::told);
    let mut after = given.told();
    for told in [&mut before, &mut after] {
        if told.is_object() {
            told["person"] = json!(name);
        }
    }
    noted(tx, who, What::Person, "", before, after, now)?;
    Ok(true)
}

/// Lets somebody sign in no more, or again. All his sessions and links are dead. Whether that changed anything.
pub fn set_disabled(
    tx: &mut dyn Tx,
    who: &Who,
    name: &str,
    disabled: bool,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let changed = tx.run(
        "UPDATE person SET disabled = ?2, epoch = epoch + 1 WHERE name = ?1 AND disabled <> ?2",
        &[name.into(), disabled.into()],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    tx.run("DELETE FROM session WHERE person = ?1", &[name.into()])?;
    tx.run(
        "DELETE FROM invitation WHERE person = ?1 AND used_at IS NULL",
        &[name.into()],
    )?;
    let told = |disabled: bool| json!({ "person": name, "disabled": disabled });
    noted(
        tx,
        who,
        What::Person,
        "",
        told(!disabled),
        told(disabled),
        now,
    )?;
    Ok(true)
}

/// Opens a session for somebody who proved who he is. `false` when he may not sign in any more, or what he may do
/// has changed since (`epoch`).
pub fn open_session(
    tx: &mut dyn Tx,
    who: &Who,
    epoch: i64,
    hash: &str,
    lifetime: Lifetime,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let known = person(tx, &who.name)?;
    if known.is_none_or(|kept| kept.disabled || kept.epoch != epoch) {
        return Ok(false);
    }
    tx.run(
        "DELETE FROM session WHERE seen_at <= ?1",
        &[(now - lifetime.idle).into()],
    )?;
    tx.run(
        "INSERT INTO session (hash, person, epoch, made_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?4)",
        &[hash.into(), (&who.name).into(), epoch.into(), now.into()],
    )?;
    noted(
        tx,
        who,
        What::SignIn,
        "",
        Json::Null,
        json!({ "signed_in": true }),
        now,
    )?;
    Ok(true)
}

/// The session whose token has this hash, while it lives.
pub fn session(
    tx: &mut dyn Tx,
    hash: &str,
    lifetime: Lifetime,
    now: DateTime<Utc>,
) -> Result<Option<Session>, Error> {
    let row = tx.first(
        &format!(
            "SELECT {PERSON}, s.made_at, s.seen_at FROM session s JOIN person p ON p.name = s.person \
             WHERE s.hash = ?1 AND s.epoch = p.epoch AND p.disabled = 0 AND s.made_at > ?2 AND s.seen_at > ?3"
        ),
        &[
            hash.into(),
            (now - lifetime.whole).into(),
            (now - lifetime.idle).into(),
        ],
    )?;
    row.map(|row| {
        Ok(Session {
            person: read(&row)?,
            made_at: row.time("made_at")?,
            seen_at: row.time("seen_at")?,
        })
    })
    .transpose()
}

/// A session was used.
pub fn touch(tx: &mut dyn Tx, hash: &str, now: DateTime<Utc>) -> Result<(), Error> {
    tx.run(
        "UPDATE session SET seen_at = ?2 WHERE hash = ?1 AND seen_at < ?2",
        &[hash.into(), now.into()],
    )?;
    Ok(())
}

/// Somebody signs out.
pub fn close_session(
    tx: &mut dyn Tx,
    who: &Who,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let closed = tx.run("DELETE FROM session WHERE hash = ?1", &[hash.into()])?;
    if closed == 0 {
        return Ok(());
    }
    noted(
        tx,
        who,
        What::SignIn,
        "",
        json!({ "signed_in": true }),
        json!({ "signed_in": false }),
        now,
    )
}

/// What failed sign-ins are counted by, and when that begins to cost time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Hashed: somebody may have typed his password where the name goes.
    pub key: String,
    /// So many failures cost nothing.
    pub free: i64,
}

/// The first pause after too many failures; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::seconds(30);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::minutes(15);
/// Failures are forgotten after so long without another.
const FORGOTTEN: Duration = Duration::hours(2);

/// Until when nothing is tried for any of these.
pub fn locked_until(
    tx: &mut dyn Tx,
    subjects: &[Subject],
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let mut until = None;
    for subject in subjects {
        let row = tx.first(
            "SELECT wait_until FROM sign_in_failure WHERE subject = ?1 AND wait_until > ?2",
            &[(&subject.key).into(), now.into()],
        )?;
        if let Some(row) = row {
            until = until.max(Some(row.time("wait_until")?));
        }
    }
    Ok(until)
}

/// Counts a sign-in as failed before it is tried, so that many at once are not tried for the price of one. How many
/// failures there are, when that costs a pause now.
pub fn charge(
    tx: &mut dyn Tx,
    subjects: &[Subject],
    now: DateTime<Utc>,
) -> Result<Option<i64>, Error> {
    tx.run(
        "DELETE FROM sign_in_failure WHERE last_at <= ?1",
        &[(now - FORGOTTEN).into()],
    )?;
    let mut paused = None;
    for subject in subjects {
        let row = tx.first(
            "INSERT INTO sign_in_failure (subject, n, last_at, wait_until) VALUES (?1, 1, ?2, 0) \
             ON CONFLICT (subject) DO UPDATE SET n = sign_in_failure.n + 1, last_at = excluded.last_at RETURNING n",
            &[(&subject.key).into(), now.into()],
        )?;
        let n = row.map_or(Ok(0), |row| row.int("n"))?;
        let over = n - subject.free;
        if over >= 0 {
            let doubled = FIRST_PAUSE * (1 << over.min(10));
            tx.run(
                "UPDATE sign_in_failure SET wait_until = ?2 WHERE subject = ?1",
                &[
                    (&subject.key).into(),
                    (now + doubled.min(LONGEST_PAUSE)).into(),
                ],
            )?;
            paused = paused.max(Some(n));
        }
    }
    Ok(paused)
}

/// Writes down that somebody tries to be a person there is, and how often by now.
pub fn suspect(
    tx: &mut dyn Tx,
    name: &str,
    failures: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let who = Who {
        name: name.to_owned(),
        role: String::new(),
    };
    let after = json!({ "signed_in": false, "failures": failures });
    noted(tx, &who, What::SignIn, "", Json::Null, after, now)
}

/// Takes back what a sign-in that succeeded was charged with.
pub fn uncharge(tx: &mut dyn Tx, subject: &Subject) -> Result<(), Error> {
    tx.run(
        "UPDATE sign_in_failure SET n = n - 1, wait_until = CASE WHEN n <= ?2 THEN 0 ELSE wait_until END WHERE subject = ?1",
        &[(&subject.key).into(), subject.free.into()],
    )?;
    Ok(())
}

/// Forgets the failures of whoever has signed in after all.
pub fn forgive(tx: &mut dyn Tx, subjects: &[Subject]) -> Result<(), Error> {
    for subject in subjects {
        tx.run(
            "DELETE FROM sign_in_failure WHERE subject = ?1",
            &[(&subject.key).into()],
        )?;
    }
    Ok(())
}

fn columns(given: Option<&Given>) -> Result<(Option<String>, Option<String>), Error> {
    let Some(given) = given else {
        return Ok((None, None));
    };
    let codes: Vec<&str> = given.roles.iter().map(|role| role.code()).collect();
    let shops = given
        .shops
        .as_ref()
        .map(|of| tx::json(&of.iter().map(ShopId::as_str).collect::<Vec<_>>()))
        .transpose()?;
    Ok((Some(tx::json(&codes)?), shops))
}

fn noted(
    tx: &mut dyn Tx,
    who: &Who,
    what: What,
    reason: &str,
    before: Json,
    after: Json,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = Done {
        what,
        shop: None,
        conversation: None,
        subject: None,
        reason,
        before,
        after,
    };
    note(tx, who, &done, now)
}
