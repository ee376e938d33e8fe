//! What people do with cases: one door an act.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State as From, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    asked::{Asked, Name},
    case_shown::CaseShown,
    cases::CaseAsked,
    insider::Insider,
};
use crate::{
    desk::case::{Act, Party},
    web::{State, problem::Problem},
};

async fn act(
    state: &State,
    insider: &Insider,
    number: String,
    version: Option<i64>,
    act: Act,
) -> Result<Json<CaseShown>, Problem> {
    let now = state.switchboard.now();
    let shown = state
        .switchboard
        .act_on_case(insider.hand(), number, version, act)
        .await?;
    Ok(Json(CaseShown::of(&shown, insider.sight(), now)))
}

/// Values to fill in.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldsAsked {
    /// The version you saw.
    version: Option<i64>,
    /// Values by the names of its kind's fields; an empty one takes the field out.
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

/// Values to fill in, and steps that are done.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditAsked {
    /// The version you saw.
    version: Option<i64>,
    /// Values by the names of its kind's fields; an empty one takes the field out.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// All steps that are done, from 0; left out, they stay.
    steps: Option<BTreeSet<usize>>,
}

/// An act that says nothing more.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenAsked {
    /// The version you saw.
    version: Option<i64>,
}

/// To the reviewer.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitAsked {
    /// The version you saw.
    version: Option<i64>,
    /// Numbers of cases on the same order that were looked at, and are no doubles.
    #[serde(default)]
    despite: Vec<String>,
}

/// The reviewer's yes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApproveAsked {
    /// The version you saw; must be said, so that nobody approves what he has not seen.
    version: i64,
    /// Why.
    comment: String,
    /// Your own name.
    signature: String,
    /// Numbers of cases on the same order that you looked at, and are no doubles.
    #[serde(default)]
    despite: Vec<String>,
}

/// A yes by word of mouth.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OralAsked {
    /// The version you saw.
    version: Option<i64>,
    /// Who said yes.
    by: String,
    /// What he said.
    comment: String,
    /// Until when it holds without his signature; 24 hours unless it is said, seven days at the most.
    until: Option<DateTime<Utc>>,
}

/// The reviewer's no.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectAsked {
    /// The version you saw.
    version: Option<i64>,
    /// Why.
    comment: String,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonAsked {
    /// The version you saw.
    version: Option<i64>,
    /// Why.
    reason: String,
}

/// For whom it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartyCode {
    /// 顾客.
    Customer,
    /// 仓库.
    Warehouse,
    /// 快递.
    Carrier,
    /// 财务.
    Finance,
}

/// It waits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitAsked {
    /// The version you saw.
    version: Option<i64>,
    /// For whom.
    r#for: PartyCode,
    /// Until when; not after it is due.
    until: DateTime<Utc>,
    /// For what.
    #[serde(default)]
    note: String,
}

/// It is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DoneAsked {
    /// The version you saw.
    version: Option<i64>,
    /// What came of it.
    result: String,
    /// Values by the names of its kind's fields.
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

/// It is due later.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PostponeAsked {
    /// The version you saw.
    version: Option<i64>,
    /// Until when.
    until: DateTime<Utc>,
    /// How and when the customer was told.
    informed: String,
    /// Why.
    reason: String,
}

/// The case it goes on in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeAsked {
    /// The version you saw.
    version: Option<i64>,
    /// That case's number.
    into: String,
}

/// One more line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppendAsked {
    /// The words.
    note: String,
}

/// A draft is right: it is opened. What it lacks can be given with it.
#[utoipa::path(
    post, path = "/v1/cases/{number}/confirm", tag = "cases", params(("number" = String, Path)), request_body = FieldsAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn confirm(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<FieldsAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Confirm {
        changes: asked.fields,
    };
    act(&state, &insider, number, version, wanted).await
}

/// Values are filled in, steps ticked.
#[utoipa::path(
    patch, path = "/v1/cases/{number}", tag = "cases", params(("number" = String, Path)), request_body = EditAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn edit(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<EditAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Edit {
        changes: asked.fields,
        steps: asked.steps,
    };
    act(&state, &insider, number, version, wanted).await
}

/// It goes to the reviewer.
#[utoipa::path(
    post, path = "/v1/cases/{number}/submit", tag = "cases", params(("number" = String, Path)), request_body = SubmitAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn submit(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<SubmitAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Submit {
        despite: asked.despite,
    };
    act(&state, &insider, number, version, wanted).await
}

/// The reviewer says yes, with a comment and his name. Nobody approves what he proposed.
#[utoipa::path(
    post, path = "/v1/cases/{number}/approve", tag = "cases", params(("number" = String, Path)), request_body = ApproveAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn approve(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<ApproveAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = Some(asked.version);
    let wanted = Act::Approve {
        comment: asked.comment,
        signature: asked.signature,
        despite: asked.despite,
    };
    act(&state, &insider, number, version, wanted).await
}

/// Somebody said yes by word of mouth (口头同意，待补签). It cannot be closed before he signs, and lapses.
#[utoipa::path(
    post, path = "/v1/cases/{number}/approve-orally", tag = "cases", params(("number" = String, Path)), request_body = OralAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn approve_orally(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<OralAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::ApproveOrally {
        by: asked.by,
        comment: asked.comment,
        until: asked.until,
    };
    act(&state, &insider, number, version, wanted).await
}

/// The reviewer says no.
#[utoipa::path(
    post, path = "/v1/cases/{number}/reject", tag = "cases", params(("number" = String, Path)), request_body = RejectAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn reject(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<RejectAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Reject {
        comment: asked.comment,
    };
    act(&state, &insider, number, version, wanted).await
}

/// It is mine: others keep their hands off for half an hour after whatever I last did with it.
#[utoipa::path(
    post, path = "/v1/cases/{number}/claim", tag = "cases", params(("number" = String, Path)), request_body = SeenAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn claim(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<SeenAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Claim;
    act(&state, &insider, number, version, wanted).await
}

/// It is nobody's. A supervisor may release what others hold.
#[utoipa::path(
    post, path = "/v1/cases/{number}/release", tag = "cases", params(("number" = String, Path)), request_body = SeenAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn release(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<SeenAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Release;
    act(&state, &insider, number, version, wanted).await
}

/// It waits for somebody, until a moment.
#[utoipa::path(
    post, path = "/v1/cases/{number}/wait", tag = "cases", params(("number" = String, Path)), request_body = WaitAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn wait(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<WaitAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Wait {
        party: asked.r#for.into(),
        until: asked.until,
        note: asked.note,
    };
    act(&state, &insider, number, version, wanted).await
}

/// It is done. Who proposed a payment does not make it.
#[utoipa::path(
    post, path = "/v1/cases/{number}/done", tag = "cases", params(("number" = String, Path)), request_body = DoneAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn done(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<DoneAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Done {
        result: asked.result,
        changes: asked.fields,
    };
    act(&state, &insider, number, version, wanted).await
}

/// It is over; refused, with their names, while fields are empty.
#[utoipa::path(
    post, path = "/v1/cases/{number}/close", tag = "cases", params(("number" = String, Path)), request_body = FieldsAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn close(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<FieldsAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Close {
        changes: asked.fields,
    };
    act(&state, &insider, number, version, wanted).await
}

/// It never was one.
#[utoipa::path(
    post, path = "/v1/cases/{number}/drop", tag = "cases", params(("number" = String, Path)), request_body = ReasonAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn drop_it(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<ReasonAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Drop {
        reason: asked.reason,
    };
    act(&state, &insider, number, version, wanted).await
}

/// It begins again, and is reviewed again.
#[utoipa::path(
    post, path = "/v1/cases/{number}/reopen", tag = "cases", params(("number" = String, Path)), request_body = ReasonAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn reopen(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<ReasonAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Reopen {
        reason: asked.reason,
    };
    act(&state, &insider, number, version, wanted).await
}

/// It is due later, and the customer knows.
#[utoipa::path(
    post, path = "/v1/cases/{number}/postpone", tag = "cases", params(("number" = String, Path)), request_body = PostponeAsked,
    responses((status = 200, body = CaseShown), (status = 404, description = "no such case, or not for you"), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn postpone(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<PostponeAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let version = asked.version;
    let wanted = Act::Postpone {
        until: asked.until,
        informed: asked.informed,
        reason: asked.reason,
    };
    act(&state, &insider, number, version, wanted).await
}

/// Another demand of the same words becomes a case of its own, about the same order.
#[utoipa::path(
    post, path = "/v1/cases/{number}/split", tag = "cases", params(("number" = String, Path)), request_body = CaseAsked,
    responses((status = 201, body = CaseShown), (status = 200, body = CaseShown, description = "appended to the open one"))
)]
pub(super) async fn split(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<CaseAsked>,
) -> Result<(StatusCode, Json<CaseShown>), Problem> {
    let wanted = asked.wanted()?;
    let now = state.switchboard.now();
    let (shown, fresh) = state
        .switchboard
        .split_case(insider.hand(), number, wanted)
        .await?;
    let status = if fresh {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(CaseShown::of(&shown, insider.sight(), now))))
}

/// It goes on in another case of the same shop and kind, which is answered.
#[utoipa::path(
    post, path = "/v1/cases/{number}/merge", tag = "cases", params(("number" = String, Path)), request_body = MergeAsked,
    responses((status = 200, body = CaseShown), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn merge(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<MergeAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let now = state.switchboard.now();
    let shown = state
        .switchboard
        .merge_cases(insider.hand(), number, asked.version, asked.into)
        .await?;
    Ok(Json(CaseShown::of(&shown, insider.sight(), now)))
}

/// One more line: a second missing item of one order is a line, not a case.
#[utoipa::path(
    post, path = "/v1/cases/{number}/lines", tag = "cases", params(("number" = String, Path)), request_body = AppendAsked,
    responses((status = 200, body = CaseShown), (status = 409, description = "not as things stand; says why"))
)]
pub(super) async fn append(
    From(state): From<State>,
    insider: Insider,
    Name(number): Name,
    Asked(asked): Asked<AppendAsked>,
) -> Result<Json<CaseShown>, Problem> {
    let now = state.switchboard.now();
    let shown = state
        .switchboard
        .append_to_case(insider.hand(), number, asked.note)
        .await?;
    Ok(Json(CaseShown::of(&shown, insider.sight(), now)))
}

impl std::convert::From<PartyCode> for Party {
    fn from(code: PartyCode) -> Self {
        match code {
            PartyCode::Customer => Self::Customer,
            PartyCode::Warehouse => Self::Warehouse,
            PartyCode::Carrier => Self::Carrier,
            PartyCode::Finance => Self::Finance,
        }
    }
}
