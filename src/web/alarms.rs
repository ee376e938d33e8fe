//! The page behind the link in an alarm: shows it, and lets somebody say that he cares. Opening the page changes
//! nothing, because chats open links by themselves to preview them.

use axum::{
    extract::{Path, Query, State as From},
    http::{HeaderName, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

use super::{metrics, problem::Problem, state::State};
use crate::{desk::alarm::text::title, service::Alarm};

/// What the link says beside the alarm.
#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    to: String,
    #[serde(default)]
    token: String,
}

pub(super) async fn show(
    From(state): From<State>,
    Path(alarm): Path<String>,
    Query(link): Query<Link>,
) -> Result<Response, Problem> {
    answer(&state, &alarm, &link, false).await
}

pub(super) async fn acknowledge(
    From(state): From<State>,
    Path(alarm): Path<String>,
    Query(link): Query<Link>,
) -> Result<Response, Problem> {
    answer(&state, &alarm, &link, true).await
}

async fn answer(state: &State, alarm: &str, link: &Link, care: bool) -> Result<Response, Problem> {
    let asked = state.work.alarm(alarm, &link.to, &link.token, care);
    let Ok(found) = tokio::time::timeout(state.limits.request, asked).await else {
        return Err(Problem::slow());
    };
    let Some(alarm) = found? else {
        metrics::refused("sign_in");
        return Err(Problem::not_found(
            "there is no such alarm, or the link is not whole",
            "open the link exactly as it stands in the message",
            "没有这个提醒，或者链接不完整；请从消息里原样打开",
        ));
    };
    let page = page(&alarm);
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
            ),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (
            HeaderName::from_static("x-robots-tag"),
            HeaderValue::from_static("noindex"),
        ),
    ];
    Ok((headers, Html(page)).into_response())
}

/// Holds our own words and figures only.
fn page(alarm: &Alarm) -> String {
    let title = title(&alarm.kind);
    let since = alarm.since.format("%Y-%m-%dT%H:%M:%SZ");
    let (state, button) = match (alarm.over, alarm.acknowledged) {
        (true, _) => ("已经解除。This is over.", ""),
        (false, true) => (
            "已有人处理，不再通知其他人。Somebody cares; nobody else is told.",
            "",
        ),
        (false, false) => (
            "还没有人处理。Nobody cares yet.",
            "<form method=\"post\"><button type=\"submit\">我来处理 (acknowledge)</button></form>",
        ),
    };
    format!(
        "<!doctype html>\n<html lang=\"zh-Hans\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>接班 · {title}</title>\n\
         <style>body{{font:16px/1.7 system-ui,\"PingFang SC\",\"Microsoft YaHei\",sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem}}\
         button{{font:inherit;min-height:48px;width:100%}}</style>\n\
         <main>\n<h1>{title}</h1>\n<p>共 {} 项，开始于 <time datetime=\"{since}\">{since}</time></p>\n\
         <p role=\"status\">{state}</p>\n{button}\n</main>\n</html>\n",
        alarm.count
    )
}
