//! One case on one screen: the customer's words, what is filled in, what is to be done, what happened, and every step
//! that this person may take now.

use axum::{
    extract::{Path, State as From},
    http::StatusCode,
    response::Response,
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use minijinja::{Value, context};

use super::{
    case_acts::Said, live::of_case, oops::Oops, page::Page, refusing, shown, visit::Visitor,
};
use crate::{
    desk::case::{Case, ORDER, ORDER_AMOUNT, Party, Refusal, State as Stands},
    knowledge::{
        case_kind::{Approval, CaseKind},
        money::yuan,
    },
    service::switchboard::{
        Refused,
        casework::{File, Shown},
    },
    store::staff_event::StaffEvent,
    web::{
        State,
        api::{
            case_shown::Sight,
            roles::{DESK, PROPOSE},
        },
    },
};

/// Events of the history that are shown, and lines.
const EVENTS: usize = 60;
/// Bytes of a customer's message that are shown.
const LONGEST: usize = 4_000;
/// Bytes that the customer's words, the lines and the history may each take.
const ROOM: usize = 20_000;
/// How a browser's field for a moment is filled.
const FIELD: &str = "%Y-%m-%dT%H:%M";
/// What events are called in the words (`act.…`).
pub(super) const ACTS: &[&str] = &[
    "open",
    "append",
    "order",
    "merge",
    "join",
    "split",
    "overdue",
    "confirm",
    "edit",
    "submit",
    "approve",
    "approve_orally",
    "reject",
    "claim",
    "release",
    "wait",
    "done",
    "close",
    "drop",
    "reopen",
    "postpone",
    "lapse",
];

pub(super) async fn show(
    From(state): From<State>,
    visitor: Visitor,
    Path(number): Path<String>,
) -> Result<Response, Oops> {
    let file = state.switchboard.case(visitor.hand(), number).await?;
    page(&state, &visitor, &file, None).await
}

/// An act that was refused, with all that was typed.
pub(super) struct Held<'h> {
    /// Which.
    pub(super) act: &'h str,
    pub(super) said: &'h Said,
    pub(super) refused: Refused,
}

/// The page; with why the last step was refused.
pub(super) async fn page(
    state: &State,
    visitor: &Visitor,
    file: &File,
    held: Option<Held<'_>>,
) -> Result<Response, Oops> {
    let now = state.switchboard.now();
    let (kept, case, kind) = (&file.shown.kept, &file.shown.kept.case, &file.shown.kind);
    let shop = state.switchboard.shop(&kept.shop).await?;
    let zone = shop.shop.zone;
    let sight = visitor.sight();
    let at = |moment| shown::moment(moment, now, zone);
    let talks = visitor.may(DESK);
    let words: Vec<Value> = match sight {
        Sight::Words => within(&file.causes, |cause| cause.text.len().min(LONGEST))
            .map(|cause| {
                let text = match cause.text.char_indices().find(|(at, _)| *at >= LONGEST) {
                    Some((at, _)) => format!("{}…", cause.text.get(..at).unwrap_or_default()),
                    None => cause.text.clone(),
                };
                context! { message => cause.message, conversation => cause.conversation, at => at(cause.at), text }
            })
            .collect(),
        _ => Vec::new(),
    };
    let lines: Vec<Value> = within(&file.lines, |line| line.note.len())
        .map(|line| {
            let fields = line.form.iter();
            let fields: Vec<Value> = fields
                .map(|(name, value)| context! { name, value => sight.value(name, value) })
                .collect();
            context! { at => at(line.at), who => line.who.clone(), text => sight.text(&line.note), fields }
        })
        .collect();
    let events: Vec<Value> = within(&file.events, |event| {
        event.reason.len() + event.before.to_string().len() + event.after.to_string().len()
    })
    .map(|event| happened(event, sight, now, zone))
    .collect();
    let seen = file.events.iter().map(|event| event.id).max().unwrap_or(0);
    // Where somebody else was quicker: what he did since.
    let since: Vec<Value> = match &held {
        Some(Held {
            said,
            refused: Refused::StaleCase(_),
            ..
        }) => {
            let from: i64 = said.get("event").parse().unwrap_or(0);
            let newer = file.events.iter().rev().filter(|event| event.id > from);
            newer
                .map(|event| happened(event, sight, now, zone))
                .collect()
        }
        _ => Vec::new(),
    };
    let doubles = match &held {
        Some(Held {
            refused: Refused::Case(Refusal::Double { numbers }),
            ..
        }) => numbers.clone(),
        _ => Vec::new(),
    };
    let refused = held
        .as_ref()
        .and_then(|held| refusing::sentence(&held.refused, visitor.visit.lang));
    let typed = |name: &str| held.as_ref().map_or("", |held| held.said.get(name));
    let consent = case.state.consent().map(|consent| {
        context! {
            by => consent.by.clone(), at => at(consent.at), comment => sight.text(&consent.comment),
            submitted_by => consent.submitted_by.clone(),
            oral => consent.oral.as_ref().map(|oral| context! { noted_by => oral.noted_by.clone(), until => at(oral.until), lapsed => oral.lapsed }),
        }
    });
    let told =
        |by: &str, when, text: &str| context! { by, at => at(when), text => sight.text(text) };
    let (sent, rejected, wait, end, into) = match &case.state {
        Stands::Review { by, at } => (Some(told(by, *at, "")), None, None, None, None),
        Stands::Rejected { by, at, comment } => {
            (None, Some(told(by, *at, comment)), None, None, None)
        }
        Stands::Waiting { wait, .. } => {
            let wait = context! { party => wait.party.code(), until => at(wait.until), note => sight.text(&wait.note) };
            (None, None, Some(wait), None, None)
        }
        Stands::Done { end, .. } | Stands::Closed { end, .. } => (
            None,
            None,
            None,
            Some(told(&end.by, end.at, &end.result)),
            None,
        ),
        Stands::Void { into, end } => {
            let end = told(&end.by, end.at, &end.result);
            (None, None, None, Some(end), into.clone())
        }
        _ => (None, None, None, None, None),
    };
    let me = visitor.colleague.name.as_str();
    let holder = other_hand(case, me, now);
    let review = review(visitor, &file.shown);
    let acts = acts(visitor, &file.shown, review, holder.is_some());
    let field = |moment: DateTime<Utc>| moment.with_timezone(&zone).format(FIELD).to_string();
    let context = context! {
        number => kept.number.clone(), version => kept.version, event => seen, kind => case.kind.to_string(),
        state => case.state.code(), money => kind.is_money(),
        amount => case.amount().map(yuan).unwrap_or_default(),
        order => kept.order().map(|order| sight.value(ORDER, order)).unwrap_or_default(),
        customer => kept.customer.as_deref().map(|name| sight.name(name)).unwrap_or_default(),
        shop => shop.shop.name.clone(), conversation => kept.conversation.filter(|_| talks), talks,
        author => case.author.clone(), handler => kept.handler.clone(), reviewer => case.reviewer.clone(),
        person => case.person.clone().unwrap_or_default(), mine => case.person.as_deref() == Some(me),
        held_until => case.held_until.filter(|until| *until > now).map(at), other => holder.unwrap_or_default(),
        opened => at(kept.opened_at), due => at(case.finish_due), first_due => at(kept.first_due),
        acted => kept.first_done_at.is_some(), first_late => kept.first_done_at.is_none() && kept.first_due <= now && case.state.is_living(),
        overdue => case.is_overdue(now), note => sight.text(&kept.note),
        words, lines, history => events, since, consent, sent, rejected, wait, end, into,
        fields => fields(case, kind, sight, held.as_ref()), steps => steps(case, kind),
        evidence => kind.evidence.clone(), acts, review, needs_review => kind.approval != Approval::None,
        parties => Party::ALL.iter().map(|party| party.code()).collect::<Vec<_>>(),
        latest => field(case.finish_due), doubles, refused => refused.unwrap_or_default(),
        refused_act => held.as_ref().map_or("", |held| held.act), lang_zh => lang_of(held.as_ref(), visitor),
        typed => context! {
            comment => typed("comment"), signature => typed("signature"), by => typed("by"), until => typed("until"),
            party => typed("party"), note => typed("note"), result => typed("result"), informed => typed("informed"),
            reason => typed("reason"), into => typed("into"),
        },
    };
    let status = match held {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    Page::of(visitor, "case.html", context)
        .at(format!("/console/cases/{}", kept.number))
        .live([of_case(&kept.number)])
        .status(status)
        .write()
}

/// As many of the first as a page has room for.
fn within<'a, T>(all: &'a [T], size: impl Fn(&T) -> usize + 'a) -> impl Iterator<Item = &'a T> {
    let mut room = ROOM;
    all.iter().take(EVENTS).take_while(move |one| {
        let fits = room > 0;
        room = room.saturating_sub(size(one) + 200);
        fits
    })
}

/// The sentence of a refusal about values comes in Chinese whatever the page speaks.
fn lang_of(held: Option<&Held<'_>>, visitor: &Visitor) -> bool {
    let chinese = held.is_some_and(|held| matches!(held.refused, Refused::Wrong { .. }));
    chinese && visitor.visit.lang.code() != "zh"
}

/// Somebody else who has it in hand.
fn other_hand(case: &Case, me: &str, now: DateTime<Utc>) -> Option<String> {
    let until = case.held_until.filter(|until| *until > now);
    let person = case.person.as_ref().filter(|name| name.as_str() != me);
    person.filter(|_| until.is_some()).cloned()
}

/// Whether this person may say yes: `yes`, or why not (`own`, `other`).
fn review(visitor: &Visitor, one: &Shown) -> &'static str {
    let case = &one.kept.case;
    let me = &visitor.colleague.name;
    let posts = visitor.hand().actor.posts;
    match one.kind.is_reviewed_by(&case.reviewer, &posts) {
        false => "other",
        true if case.author == *me || case.proposers.contains(me) => "own",
        true => "yes",
    }
}

/// The steps that this person may take, as far as his roles and where the case stands say. Whether the rest allows them
/// is judged when they are taken.
fn acts(visitor: &Visitor, one: &Shown, review: &str, other: bool) -> Vec<&'static str> {
    let (case, kind) = (&one.kept.case, &one.kind);
    let proposes = visitor.may(PROPOSE);
    let reviews = review == "yes";
    let oral = case
        .state
        .consent()
        .is_some_and(|consent| consent.oral.is_some());
    let held = case.person.is_some();
    let sends = kind.approval != Approval::None;
    let mut acts = match case.state {
        Stands::Draft => vec![("edit", true), ("confirm", proposes), ("drop", proposes)],
        Stands::Open => vec![
            ("edit", true),
            ("submit", proposes && sends),
            ("claim", true),
            ("release", held),
            ("postpone", true),
            ("drop", proposes),
        ],
        Stands::Review { .. } => vec![
            ("approve", reviews),
            ("reject", reviews),
            ("approve_orally", proposes),
            ("release", held),
            ("postpone", true),
        ],
        Stands::Approved { .. } => vec![
            ("approve", oral && reviews),
            ("edit", true),
            ("claim", true),
            ("postpone", true),
            ("reopen", proposes),
        ],
        Stands::Rejected { .. } => vec![
            ("edit", true),
            ("submit", proposes),
            ("close", true),
            ("postpone", true),
            ("drop", proposes),
        ],
        Stands::InHand { .. } | Stands::Waiting { .. } => vec![
            ("approve", oral && reviews),
            ("edit", true),
            ("done", true),
            ("wait", true),
            ("release", held),
            ("postpone", true),
            ("reopen", proposes),
        ],
        Stands::Done { .. } => vec![
            ("approve", oral && reviews),
            ("edit", true),
            ("close", true),
            ("reopen", proposes),
        ],
        Stands::Closed { .. } => vec![("reopen", proposes)],
        Stands::Void { .. } => Vec::new(),
    };
    if other {
        let leads = visitor.hand().actor.leads();
        acts.retain(|(act, _)| match *act {
            "approve" | "approve_orally" | "reject" => true,
            "release" => leads,
            _ => false,
        });
    }
    acts.into_iter()
        .filter_map(|(act, may)| may.then_some(act))
        .collect()
}

/// The fields of the form. What this person sees masked he does not write.
fn fields(case: &Case, kind: &CaseKind, sight: Sight, held: Option<&Held<'_>>) -> Vec<Value> {
    let mut names: Vec<&str> = kind.form();
    let more = kind
        .is_money()
        .then_some([ORDER, ORDER_AMOUNT])
        .into_iter()
        .flatten();
    for name in more.chain(case.form.iter().map(|(name, _)| name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
        .into_iter()
        .enumerate()
        .map(|(n, name)| {
            let stored = case.form.get(name).unwrap_or_default();
            let seen = match stored {
                "" => String::new(),
                stored => sight.value(name, stored),
            };
            let masked = seen != stored;
            let typed = held.and_then(|held| held.said.field(name));
            let value = match typed {
                Some(typed) if !masked => typed.to_owned(),
                _ => seen,
            };
            let listed = |list: &[String]| list.iter().any(|one| one == name);
            let wanted = match () {
                () if listed(&kind.needs) => "open",
                () if listed(&kind.to_review) => "review",
                () if listed(&kind.to_close) => "close",
                () => "",
            };
            let long = value.chars().count() > 20 || value.contains('\n');
            context! { n, name, value, masked, wanted, empty => stored.is_empty(), long }
        })
        .collect()
}

fn steps(case: &Case, kind: &CaseKind) -> Vec<Value> {
    let steps = kind.steps.iter().enumerate();
    steps
        .map(|(n, text)| context! { n, text => text.clone(), done => case.steps.contains(&n) })
        .collect()
}

/// Something that happened, with the values it changed.
fn happened(event: &StaffEvent, sight: Sight, now: DateTime<Utc>, zone: Tz) -> Value {
    let (was, became) = (
        sight.json(event.before.clone()),
        sight.json(event.after.clone()),
    );
    let act = event.after["act"].as_str().unwrap_or_default();
    let act = ACTS.iter().copied().find(|known| *known == act);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let values = became["form"].as_object().into_iter().flatten();
    let values: Vec<Value> = values
        .map(|(name, value)| context! { name => name.clone(), was => text(&was["form"][name]), became => text(value) })
        .collect();
    let state = event.after["state"]["state"].as_str();
    let state = state.and_then(|code| Stands::CODES.iter().copied().find(|known| *known == code));
    let changed = event.before["state"]["state"] != event.after["state"]["state"];
    // The sweep gives its own name as the reason.
    let reason = match event.reason.as_str() {
        "overdue" | "open" | "append" | "order" | "merge" | "join" => "",
        reason => reason,
    };
    context! {
        id => event.id, at => shown::moment(event.at, now, zone), who => event.who.name.clone(), bot => event.who.name == "bot",
        act => act.unwrap_or("other"), reason => sight.text(reason), line => text(&became["line"]),
        state => state.filter(|_| changed).unwrap_or_default(), values,
    }
}
