//! What people do with a case on its page, one form an act: the same verbs as the API's doors.

use std::collections::BTreeSet;

use axum::{
    extract::{Form, MatchedPath, Path, State as From},
    response::Response,
};

use super::{
    case::{Held, page},
    coverage::local,
    oops::Oops,
    page::done,
    refusing,
    visit::Visitor,
};
use crate::{
    desk::case::{Act, Case, Form as Values, ORDER, Party, Refusal, act::Changes},
    knowledge::Speaker,
    service::switchboard::{
        Refused,
        casework::{File, Wanted},
    },
    store::chat::Chat,
    web::State,
};

/// Messages that a case opened from a conversation is linked with, at the most.
const LINKED: usize = 10;

/// A form, as it was sent.
pub(super) struct Said(Vec<(String, String)>);

impl Said {
    /// What stands in a field of the form; nothing where it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// All that stands under one name.
    fn all(&self, name: &str) -> Vec<String> {
        let of = self.0.iter().filter(|(known, _)| known == name);
        of.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// What was typed for a field of the case.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut typed = self.0.iter().filter_map(|(known, value)| {
            let known = known.strip_prefix("f.")?;
            Some((known, value.as_str()))
        });
        typed
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Values that differ from what the case holds.
    fn changes(&self, case: &Case) -> Changes {
        let typed = self.0.iter().filter_map(|(name, value)| {
            // A browser writes its lines with CR LF.
            let value = value.replace("\r\n", "\n").trim().to_owned();
            Some((name.strip_prefix("f.")?.to_owned(), value))
        });
        typed
            .filter(|(name, value)| case.form.get(name).unwrap_or_default() != value)
            .collect()
    }

    /// The steps that are ticked, where the form has them and they differ from what the case holds.
    fn steps(&self, case: &Case) -> Option<BTreeSet<usize>> {
        if self.get("steps").is_empty() {
            return None;
        }
        let ticked = self.all("step");
        let steps = ticked.iter().filter_map(|step| step.parse().ok()).collect();
        (steps != case.steps).then_some(steps)
    }
}

/// Does what the address says.
pub(super) async fn act(
    From(state): From<State>,
    visitor: Visitor,
    Path(number): Path<String>,
    matched: MatchedPath,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Oops> {
    let said = Said(fields);
    let what = matched.as_str().rsplit('/').next().unwrap_or_default();
    let number_asked = number.clone();
    let file = state.switchboard.case(visitor.hand(), number).await?;
    let refused = match go(&state, &visitor, &file, what, &said).await {
        Ok((to, word)) => return Ok(done(&to, word)),
        Err(Stopped::Oops(oops)) => return Err(oops),
        Err(Stopped::Refused(refused)) => refused,
    };
    if refusing::sentence(&refused, visitor.visit.lang).is_none() {
        return Err(refused.into());
    }
    // As it stands now.
    let file = state.switchboard.case(visitor.hand(), number_asked).await?;
    let act = what.replace('-', "_");
    let held = Held {
        act: &act,
        said: &said,
        refused,
    };
    page(&state, &visitor, &file, Some(held)).await
}

/// Why nothing was done.
enum Stopped {
    Refused(Refused),
    Oops(Oops),
}

impl std::convert::From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// Where to go then, and what to say there.
async fn go(
    state: &State,
    visitor: &Visitor,
    file: &File,
    what: &str,
    said: &Said,
) -> Result<(String, &'static str), Stopped> {
    let kept = &file.shown.kept;
    let board = &state.switchboard;
    let here = format!("/console/cases/{}", kept.number);
    let unreadable = || Stopped::Oops(Oops::UNREADABLE);
    // Nobody acts on what he has not seen.
    let mut version: i64 = said.get("version").parse().map_err(|_| unreadable())?;
    let number = || kept.number.clone();
    let text = |name: &str| said.get(name).replace("\r\n", "\n");
    let until = || local(state, &kept.shop, said.get("until"));
    let sooner = || Refused::Wrong {
        field: "until",
        what: "写上时间".to_owned(),
    };
    let changes = said.changes(&kept.case);
    let steps = said.steps(&kept.case);
    let edited = !changes.is_empty() || steps.is_some();
    let (act, word) = match what {
        "edit" if !edited => return Ok((here, "done.case-saved")),
        "edit" => (Act::Edit { changes, steps }, "done.case-saved"),
        "confirm" => (Act::Confirm { changes }, "done.case-confirmed"),
        "submit" => {
            // What was typed is kept, whatever the reviewer's door says.
            if edited {
                let edit = Act::Edit { changes, steps };
                let seen = Some(version);
                let saved = board.act_on_case(visitor.hand(), number(), seen, edit);
                version = saved.await?.kept.version;
            }
            let despite = said.all("despite");
            (Act::Submit { despite }, "done.case-submitted")
        }
        "approve" => {
            let act = Act::Approve {
                comment: text("comment"),
                signature: text("signature"),
                despite: said.all("despite"),
            };
            (act, "done.case-approved")
        }
        "approve-orally" => {
            let act = Act::ApproveOrally {
                by: text("by"),
                comment: text("comment"),
                until: until()?,
            };
            (act, "done.case-orally")
        }
        "reject" => {
            let comment = text("comment");
            (Act::Reject { comment }, "done.case-rejected")
        }
        "claim" => (Act::Claim, "done.case-claimed"),
        "release" => (Act::Release, "done.case-released"),
        "wait" => {
            let party = Party::ALL.iter().copied();
            let mut party = party.filter(|party| party.code() == said.get("party"));
            let act = Act::Wait {
                party: party.next().ok_or_else(unreadable)?,
                until: until()?.ok_or_else(sooner)?,
                note: text("note"),
            };
            (act, "done.case-waits")
        }
        "done" => {
            let result = text("result");
            (Act::Done { result, changes }, "done.case-done")
        }
        "close" => (Act::Close { changes }, "done.case-closed"),
        "drop" => {
            let reason = text("reason");
            (Act::Drop { reason }, "done.case-dropped")
        }
        "reopen" => {
            let reason = text("reason");
            (Act::Reopen { reason }, "done.case-reopened")
        }
        "postpone" => {
            let act = Act::Postpone {
                until: until()?.ok_or_else(sooner)?,
                informed: text("informed"),
                reason: text("reason"),
            };
            (act, "done.case-postponed")
        }
        "lines" => {
            board
                .append_to_case(visitor.hand(), number(), text("note"))
                .await?;
            return Ok((here, "done.case-appended"));
        }
        _ => return Err(unreadable()),
    };
    // Who has spoken about one goes on to the next.
    let to = match act {
        Act::Approve { .. } | Act::Reject { .. } => "/console/review".to_owned(),
        _ => here,
    };
    board
        .act_on_case(visitor.hand(), number(), Some(version), act)
        .await?;
    Ok((to, word))
}

/// Opens a case from a conversation. What still lacks fields is opened as a draft, to be filled in and confirmed.
pub(super) async fn open(
    From(state): From<State>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Oops> {
    let said = Said(fields);
    let chat = state.talk.chat(visitor.shops(), id).await?;
    let wanted = |draft: bool| Wanted {
        kind: said.get("kind").to_owned(),
        conversation: Some(id),
        messages: last_turn(&chat),
        form: Values::of([(ORDER, said.get("order"))]),
        note: said.get("note").replace("\r\n", "\n"),
        draft,
        ..Wanted::default()
    };
    let board = &state.switchboard;
    let (opened, word) = match board.open_case(visitor.hand(), wanted(false)).await {
        Err(Refused::Case(Refusal::Missing(_))) => (
            board.open_case(visitor.hand(), wanted(true)).await?,
            "done.case-drafted",
        ),
        opened => (opened?, "done.case-opened"),
    };
    let (shown, fresh) = opened;
    let word = if fresh { word } else { "done.case-joined" };
    Ok(done(&format!("/console/cases/{}", shown.kept.number), word))
}

/// What the customer said last, until somebody else spoke.
fn last_turn(chat: &Chat) -> Vec<i64> {
    let said = chat.messages.iter().rev();
    let before = said.skip_while(|said| said.speaker != Speaker::Customer);
    let turn = before.take_while(|said| said.speaker == Speaker::Customer);
    turn.map(|said| said.id).take(LINKED).collect()
}
