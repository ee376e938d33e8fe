//! One conversation: what was said and understood, what could be answered, and the answer.

use axum::{
    extract::{Form, Path, Query, State as From},
    http::StatusCode,
    response::Response,
};
use minijinja::{Value, context};
use serde::Deserialize;

use super::{
    inbox::said_by,
    knowledge::{evidence, intent, suggestion},
    live::of_conversation,
    oops::Oops,
    page::{Page, done},
    shown,
    visit::Visitor,
};
use crate::{
    config::Role,
    desk::{OwnerAct, Suggestion},
    knowledge::{
        Knowledge,
        forbidden::{Ban, Finding},
        reading::Evidence,
    },
    service::talk::Written,
    store::{chat::Chat, speaking::Words},
    web::{State, api::roles::OpensTo},
};

const DESK: OpensTo = OpensTo::Roles(&[Role::Agent, Role::Supervisor, Role::Admin]);
/// Bytes that the messages of a page may take, with what stands around each; the oldest are left out.
const ROOM: usize = 56 * 1024;
/// Bytes of one message that are shown: three times the longest rant that customers write.
const LONGEST: usize = 12_000;
/// So many cards are shown.
const CARDS: usize = 3;
/// So many cases, and characters of each one's note: the rest stands on its own page.
const CASES: usize = 8;
const NOTE: usize = 300;
/// A source that fetched replies within this time will fetch the next.
const FETCHES: i64 = 90;

/// What the box is to hold.
#[derive(Deserialize)]
pub(super) struct Fill {
    /// The number of a card, from 1.
    fill: Option<usize>,
}

pub(super) async fn show(
    From(state): From<State>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Query(fill): Query<Fill>,
) -> Result<Response, Oops> {
    let chat = state.talk.chat(visitor.shops(), id).await?;
    let text = fill
        .fill
        .and_then(|n| chat.suggestions.get(n.checked_sub(1)?))
        .map(|suggestion| suggestion.text.clone());
    page(
        &state,
        &visitor,
        &chat,
        Held {
            text: text.unwrap_or_default(),
            ..Held::default()
        },
    )
    .await
}

/// What was not sent, and why.
#[derive(Default)]
struct Held {
    text: String,
    /// Somebody else answered; his name, where it is known.
    answered: Option<Option<String>>,
    findings: Vec<Finding>,
    missing: Option<String>,
}

async fn page(state: &State, visitor: &Visitor, chat: &Chat, held: Held) -> Result<Response, Oops> {
    let now = state.switchboard.now();
    let shop = state.switchboard.shop(&chat.home.shop).await?;
    let zone = shop.shop.zone;
    let knowledge = state.switchboard.shelf.knowledge();
    let mut room = ROOM;
    let fitting = chat.messages.iter().rev().take_while(|said| {
        room = room.saturating_sub(said.text.len().min(LONGEST) + 400);
        room > 0
    });
    let from = chat.messages.len() - fitting.count().max(1).min(chat.messages.len());
    let messages: Vec<Value> = chat
        .messages
        .iter()
        .skip(from)
        .map(|said| {
            let ours = !matches!(said_by(said.speaker), "customer" | "system");
            context! {
                id => said.id, speaker => said_by(said.speaker), ours, sender => said.sender.clone().unwrap_or_default(),
                kind => said.kind.code(), text => cut(&said.text), at => shown::moment(said.at, now, zone),
                state => said.state.clone().unwrap_or_default(), crossed => said.crossed,
            }
        })
        .collect();
    let unsaid: Vec<Value> = chat
        .unsaid
        .iter()
        .map(|unsaid| {
            context! {
                text => cut(&unsaid.text), state => unsaid.state.clone(), sender => unsaid.sender.clone().unwrap_or_default(),
                error => unsaid.error.clone().unwrap_or_default(), at => shown::moment(unsaid.not_before, now, zone),
            }
        })
        .collect();
    let cards: Vec<Value> = chat
        .suggestions
        .iter()
        .take(CARDS)
        .map(|one| context! { matched => matched(&knowledge, chat, one), ..suggestion(one) })
        .collect();
    let because = chat.because.as_ref().map(|because| {
        context! {
            intents => because.intents.iter().map(|read| intent(&knowledge, read)).collect::<Vec<_>>(),
            runner_up => because.runner_up.as_ref().map(|read| intent(&knowledge, read)),
            evidence => because.evidence.iter().map(|one| evidence(&knowledge, one)).collect::<Vec<_>>(),
            mood => because.mood.level, cover => shown::cover(because.cover), cover_reason => because.cover_reason.clone(),
            verdict => because.verdict.code(), version => because.knowledge.short(),
        }
    });
    let cases: Vec<Value> = chat
        .cases
        .iter()
        .rev()
        .take(CASES)
        .map(|case| {
            context! {
                number => case.number.clone(), kind => case.kind.to_string(), state => case.state.clone(), handler => case.handler.clone(),
                note => case.note.chars().take(NOTE).collect::<String>(), due => shown::moment(case.finish_due, now, zone),
                late => case.finish_due < now && !matches!(case.state.as_str(), "done" | "closed"),
            }
        })
        .collect();
    let posts = visitor.hand().actor.posts;
    let kinds: Vec<String> = knowledge
        .case_kinds()
        .iter()
        .filter(|kind| kind.is_seen_by(&posts))
        .map(|kind| kind.id.to_string())
        .collect();
    let (pushes, fetched) = state.reach(&chat.home.source);
    let fetches = fetched.is_some_and(|at| (now - at).num_seconds() < FETCHES);
    let ownership = chat.home.ownership.as_ref();
    let owner = ownership.map(|said| {
        let act = match said.act {
            OwnerAct::Take => "take",
            OwnerAct::Pin => "pin",
            OwnerAct::HandBack => "hand_back",
            OwnerAct::End => "end",
        };
        context! { act, agent => said.agent.clone(), at => shown::moment(said.at, now, zone) }
    });
    let mine = ownership.is_some_and(|said| {
        said.agent == visitor.colleague.name && matches!(said.act, OwnerAct::Take | OwnerAct::Pin)
    });
    let warned = !held.findings.is_empty();
    let blocked = held
        .findings
        .iter()
        .any(|finding| finding.ban == Ban::Block);
    let findings: Vec<Value> = held
        .findings
        .iter()
        .map(|finding| {
            context! {
                written => finding.written.clone(), reason => finding.reason.clone(), instead => finding.instead.clone(),
                block => finding.ban == Ban::Block,
            }
        })
        .collect();
    let (answered, by) = match held.answered {
        Some(by) => (true, by.unwrap_or_default()),
        None => (false, String::new()),
    };
    let status = match warned || answered || held.missing.is_some() {
        true => StatusCode::CONFLICT,
        false => StatusCode::OK,
    };
    let context = context! {
        id => chat.home.id, customer => chat.customer.clone().unwrap_or_default(), external => chat.home.external.clone(),
        order => chat.order.clone().unwrap_or_default(), shop => shop.shop.name.clone(), platform => shown::platform(chat.home.platform),
        source => chat.home.source.clone(), mode => chat.lowered.map_or_else(|| shown::mode(shop.mode()), shown::mode),
        stopped => shop.stopped(), answers => shown::answers(shop.answers()),
        cover => shown::cover(shop.coverage.cover), cover_reason => shop.coverage.reason,
        until => shop.coverage.until.map(|at| shown::moment(at, now, zone)),
        wait => chat.home.waiting_since.map(|since| shown::wait(since, now)),
        clocked => shop.coverage.cover.is_staffed(),
        reason => chat.queued.as_ref().map(|(reason, _)| reason.code()).unwrap_or_default(),
        owner, mine, decided => chat.decided, messages, unsaid, cards, because, cases, kinds,
        reaches => pushes || fetches, pushes,
        seen => chat.messages.iter().map(|said| said.id).max().unwrap_or(0),
        text => held.text, answered, answered_by => by, findings, warned, blocked,
        missing => held.missing.unwrap_or_default(),
    };
    Page::of(visitor, "conversation.html", context)
        .at(format!("/console/conversations/{}", chat.home.id))
        .live([of_conversation(chat.home.id)])
        .status(status)
        .write()
}

/// A message as far as it is shown.
fn cut(text: &str) -> String {
    match text.char_indices().find(|(at, _)| *at >= LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The words that brought a suggestion up.
fn matched(knowledge: &Knowledge, chat: &Chat, suggestion: &Suggestion) -> Vec<String> {
    let Some(because) = &chat.because else {
        return Vec::new();
    };
    let of = knowledge
        .script(&suggestion.script)
        .and_then(|script| script.intent.clone());
    let mut words: Vec<String> = Vec::new();
    for one in &because.evidence {
        let word = match one {
            Evidence::Keyword { intent, words, .. } if Some(intent) == of.as_ref() => words,
            Evidence::Sentence {
                script: Some(script),
                sentence,
                ..
            } if *script == suggestion.script => sentence,
            Evidence::Sentence {
                script: None,
                intent,
                sentence,
                ..
            } if intent.is_some() && *intent == of => sentence,
            _ => continue,
        };
        if !words.contains(word) && words.len() < 4 {
            words.push(word.clone());
        }
    }
    words
}

/// What is to be sent.
#[derive(Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    text: String,
    #[serde(default)]
    seen: i64,
    /// He has read the warning about his words.
    #[serde(default)]
    confirmed: String,
    /// He has read what somebody else answered.
    #[serde(default)]
    anyway: String,
}

pub(super) async fn send(
    From(state): From<State>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Oops> {
    let chat = state.talk.chat(visitor.shops(), id).await?;
    // A browser writes its lines with CR LF.
    let text = sent.text.replace("\r\n", "\n");
    let missing = chat
        .suggestions
        .iter()
        .flat_map(|suggestion| &suggestion.missing)
        .find(|name| text.contains(&format!("【{name}】")));
    if let Some(missing) = missing {
        let held = Held {
            missing: Some(missing.clone()),
            text,
            ..Held::default()
        };
        return page(&state, &visitor, &chat, held).await;
    }
    let words = Words {
        text: text.clone(),
        script: None,
        seen: sent.seen,
        anyway: !sent.anyway.is_empty(),
    };
    let confirmed = !sent.confirmed.is_empty();
    let written = state
        .talk
        .write(visitor.who(DESK), visitor.shops(), id, words, confirmed)
        .await?;
    let held = match written {
        Written::Done => {
            return Ok(done(&format!("/console/conversations/{id}"), "done.sent"));
        }
        Written::Answered(by) => Held {
            text,
            answered: Some(by),
            ..Held::default()
        },
        Written::Warned(findings) => Held {
            text,
            findings,
            ..Held::default()
        },
    };
    let chat = state.talk.chat(visitor.shops(), id).await?;
    page(&state, &visitor, &chat, held).await
}

/// What somebody says about whose it is.
#[derive(Deserialize)]
pub(super) struct Owned {
    act: String,
}

pub(super) async fn own(
    From(state): From<State>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Form(owned): Form<Owned>,
) -> Result<Response, Oops> {
    let (act, word) = match owned.act.as_str() {
        "take" => (OwnerAct::Take, "done.taken"),
        "pin" => (OwnerAct::Pin, "done.pinned"),
        "hand_back" => (OwnerAct::HandBack, "done.handed-back"),
        "end" => (OwnerAct::End, "done.chat-ended"),
        _ => return Err(Oops::UNREADABLE),
    };
    state
        .switchboard
        .own(
            visitor.who(DESK),
            visitor.shops().clone(),
            id,
            act,
            String::new(),
        )
        .await?;
    let to = match act {
        OwnerAct::End => "/console/inbox".to_owned(),
        _ => format!("/console/conversations/{id}"),
    };
    Ok(done(&to, word))
}
