//! What is loaded since when, what is wrong in the folder, and what a sentence would come to.

use axum::{
    extract::{Form, State as From},
    response::Response,
};
use minijinja::{Value, context};
use serde::Deserialize;

use super::{oops::Oops, page::Page, shown, visit::Visitor};
use crate::{
    desk::Suggestion,
    knowledge::{
        Knowledge, Severity, ShopId,
        reading::{Evidence, ReadIntent},
    },
    service::{switchboard::may, talk::Trial},
    web::State,
};

/// Characters of a sentence that is tried, at the most.
const LONGEST: usize = 500;
/// So many problems are listed.
const LISTED: usize = 100;

pub(super) async fn show(From(state): From<State>, visitor: Visitor) -> Result<Response, Oops> {
    page(&state, &visitor, "", None)
}

/// A sentence to be tried.
#[derive(Deserialize)]
pub(super) struct Sentence {
    #[serde(default)]
    text: String,
    #[serde(default)]
    shop: String,
}

pub(super) async fn try_sentence(
    From(state): From<State>,
    visitor: Visitor,
    Form(sentence): Form<Sentence>,
) -> Result<Response, Oops> {
    let text: String = sentence.text.trim().chars().take(LONGEST).collect();
    let shop = ShopId::from(sentence.shop.as_str());
    if !may(visitor.shops(), &shop) {
        return Err(Oops::NOT_FOUND);
    }
    if text.is_empty() {
        return page(&state, &visitor, "", None);
    }
    let trial = state.talk.try_sentence(shop.clone(), text.clone()).await?;
    page(&state, &visitor, &text, Some((shop, trial)))
}

fn page(
    state: &State,
    visitor: &Visitor,
    text: &str,
    tried: Option<(ShopId, Trial)>,
) -> Result<Response, Oops> {
    let current = state.switchboard.shelf.current();
    let knowledge = &current.knowledge;
    let now = state.switchboard.now();
    let zone = knowledge
        .shops()
        .first()
        .map_or(chrono_tz::Tz::Asia__Shanghai, |shop| shop.zone);
    let problems: Vec<Value> = current
        .problems
        .iter()
        .take(LISTED)
        .map(|problem| {
            context! {
                error => problem.severity == Severity::Error, file => problem.file.clone(), line => problem.line,
                column => problem.column, what => problem.what.clone(), mend => problem.mend.clone(),
            }
        })
        .collect();
    let errors = current
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    let shops: Vec<Value> = knowledge
        .shops()
        .iter()
        .filter(|shop| may(visitor.shops(), &shop.id))
        .map(|shop| context! { id => shop.id.to_string(), name => shop.name.clone() })
        .collect();
    let shop = tried
        .as_ref()
        .map(|(shop, _)| shop.to_string())
        .unwrap_or_default();
    let trial = tried
        .as_ref()
        .map(|(shop, trial)| trial_shown(knowledge, shop, trial));
    let context = context! {
        version => knowledge.version().short(), since => shown::moment(current.since, now, zone),
        shops, scripts => knowledge.scripts().len(), intents => knowledge.intents().len(),
        kinds => knowledge.case_kinds().len(), problems, errors,
        warnings => current.problems.len() - errors, more => current.problems.len().saturating_sub(LISTED),
        text, shop, trial,
    };
    Page::of(visitor, "knowledge.html", context)
        .at("/console/knowledge")
        .live(["knowledge".to_owned()])
        .write()
}

fn trial_shown(knowledge: &Knowledge, shop: &ShopId, trial: &Trial) -> Value {
    let zone = knowledge.shop_or_default(shop).zone;
    let understood: Vec<Value> = trial
        .reading
        .intents
        .iter()
        .map(|read| intent(knowledge, read))
        .collect();
    let suggestions: Vec<Value> = trial.decision.suggestions.iter().map(suggestion).collect();
    let fields: Vec<Value> = trial
        .reading
        .fields
        .0
        .iter()
        .map(|field| context! { kind => format!("{:?}", field.kind), value => field.value.clone() })
        .collect();
    let cases: Vec<Value> = trial
        .decision
        .cases
        .iter()
        .map(|case| context! { kind => case.kind.to_string(), note => case.note.clone(), draft => !case.open })
        .collect();
    context! {
        at => shown::moment(trial.at, trial.at, zone),
        cover => shown::cover(trial.coverage.cover), cover_reason => trial.coverage.reason.clone(),
        understood,
        runner_up => trial.reading.runner_up.as_ref().map(|read| intent(knowledge, read)),
        evidence => trial.reading.evidence.iter().map(|one| evidence(knowledge, one)).collect::<Vec<_>>(),
        fields,
        mood => trial.reading.mood.level,
        mood_words => trial.reading.mood.signals.iter().map(|signal| signal.word.clone()).collect::<Vec<_>>(),
        suggestions,
        verdict => trial.decision.because.verdict.code(),
        reply => trial.decision.reply.as_ref().map(|reply| reply.text.clone()),
        cases,
    }
}

/// An intent with its name.
pub(super) fn intent(knowledge: &Knowledge, read: &ReadIntent) -> Value {
    let name = knowledge
        .intent(&read.id)
        .map_or("", |intent| intent.name.as_str());
    context! { id => read.id.to_string(), name, score => percent(read.score) }
}

/// A suggestion's card.
pub(super) fn suggestion(suggestion: &Suggestion) -> Value {
    context! {
        script => suggestion.script.to_string(), title => suggestion.title.clone(), text => suggestion.text.clone(),
        pieces => pieces(&suggestion.text, &suggestion.missing), missing => suggestion.missing.clone(),
        score => percent(suggestion.score),
    }
}

/// A reply cut at its missing blanks: words and blanks in turn.
fn pieces(text: &str, missing: &[String]) -> Vec<Value> {
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let next = missing
            .iter()
            .map(|name| format!("【{name}】"))
            .filter_map(|blank| rest.find(&blank).map(|at| (at, blank.len())))
            .min();
        let Some((at, length)) = next else { break };
        let (before, from) = rest.split_at(at);
        let (blank, after) = from.split_at(length);
        pieces.push(context! { text => before, missing => false });
        pieces.push(context! { text => blank, missing => true });
        rest = after;
    }
    pieces.push(context! { text => rest, missing => false });
    pieces
}

pub(super) fn percent(score: f32) -> i64 {
    #[allow(clippy::cast_possible_truncation)]
    let whole = (score * 100.0).round() as i64;
    whole
}

/// A piece of evidence: its kind (`evidence.…` in the words), what it is for, and the words that counted.
pub(super) fn evidence(knowledge: &Knowledge, one: &Evidence) -> Value {
    let named = |id: &crate::knowledge::IntentId| {
        let name = knowledge.intent(id).map(|intent| intent.name.clone());
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| id.to_string())
    };
    let (kind, of, words, weight) = match one {
        Evidence::Keyword {
            intent,
            words,
            weight,
        } => ("keyword", named(intent), words.clone(), *weight),
        Evidence::Pattern {
            intent,
            pattern,
            weight,
        } => ("pattern", named(intent), pattern.clone(), *weight),
        Evidence::Sentence {
            intent,
            script,
            sentence,
            similarity,
        } => {
            let script = script.as_ref().and_then(|id| knowledge.script(id));
            let of = match (script, intent) {
                (Some(script), _) => script.title.clone(),
                (None, Some(intent)) => named(intent),
                (None, None) => String::new(),
            };
            ("sentence", of, sentence.clone(), *similarity)
        }
        Evidence::Excluded { intent, words } => ("excluded", named(intent), words.clone(), 0.0),
        Evidence::Context { intent } => ("context", named(intent), String::new(), 0.0),
    };
    context! { kind, of, words, weight => percent(weight) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn missing_blanks_are_cut_out() {
        let shown: Vec<(String, bool)> = pieces(
            "您的【订单号】【电话】好",
            &["电话".into(), "订单号".into()],
        )
        .iter()
        .map(|piece| {
            let text = piece.get_attr("text").unwrap().to_string();
            (text, piece.get_attr("missing").unwrap().is_true())
        })
        .collect();
        let cut = |text: &str, missing| (text.to_owned(), missing);
        assert_eq!(
            shown,
            [
                cut("您的", false),
                cut("【订单号】", true),
                cut("", false),
                cut("【电话】", true),
                cut("好", false)
            ]
        );
    }
}
