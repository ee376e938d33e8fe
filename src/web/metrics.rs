//! The doors' figures, all of them:
//!
//! | name | labels | what it counts |
//! |---|---|---|
//! | `jieban_build_info` | `version` | always 1 |
//! | `jieban_http_requests_total` | `route`, `status` | answered requests |
//! | `jieban_http_request_seconds` | `route` | time to the answer's head, waits included (histogram) |
//! | `jieban_messages_total` | `source`, `outcome` = `accepted`, `duplicate`, `conflict` | posted messages |
//! | `jieban_refused_total` | `reason` = `sign_in`, `stale`, `rate`, `busy`, `unreadable` | refused requests |
//! | `jieban_customers_waiting` | `reason` | customers who wait too long, now |
//! | `jieban_alarms_total` | `kind` = `waiting`, `safety`, `deaf`, `silent`; `urgency` | alarms |
//! | `jieban_alarms_acknowledged_total`, `jieban_alarms_resolved_total` | | what became of them |
//! | `jieban_inline_replies_total` | `outcome` = `written`, `dropped` | replies in responses |
//!
//! Labels hold configured names and our own words only.

use std::{sync::OnceLock, time::Duration};

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "jieban_http_requests_total";
const SECONDS: &str = "jieban_http_request_seconds";
const MESSAGES: &str = "jieban_messages_total";
const REFUSED: &str = "jieban_refused_total";
const INLINE: &str = "jieban_inline_replies_total";
const BUILD: &str = "jieban_build_info";

/// From 1 ms to the longest wait.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0, 30.0,
];

/// Installs the recorder of this process on first use. `None` when another recorder was there before.
pub fn metrics_handle() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let builder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Full(SECONDS.to_owned()), &BUCKETS)
                .ok()?;
            let handle = builder.install_recorder().ok()?;
            describe_counter!(REQUESTS, "Answered requests");
            describe_histogram!(SECONDS, "Seconds to the answer's head, waits included");
            describe_counter!(MESSAGES, "Posted messages");
            describe_counter!(REFUSED, "Refused requests");
            describe_counter!(INLINE, "Automatic replies in responses");
            describe_gauge!(BUILD, "Always 1");
            gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
            Some(handle)
        })
        .as_ref()
}

pub(super) async fn show() -> Response {
    let text = match metrics_handle() {
        Some(handle) => {
            handle.run_upkeep();
            handle.render()
        }
        None => "# the figures of this process are kept elsewhere\n".to_owned(),
    };
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

pub(super) fn request(route: &str, status: u16, took: Duration) {
    let route = route.to_owned();
    counter!(REQUESTS, "route" => route.clone(), "status" => status.to_string()).increment(1);
    histogram!(SECONDS, "route" => route).record(took.as_secs_f64());
}

pub(super) fn messages(source: &str, outcome: &'static str, count: u64) {
    if count > 0 {
        counter!(MESSAGES, "source" => source.to_owned(), "outcome" => outcome).increment(count);
    }
}

pub(super) fn refused(reason: &'static str) {
    counter!(REFUSED, "reason" => reason).increment(1);
}

pub(super) fn inline(whole: bool) {
    counter!(INLINE, "outcome" => if whole { "written" } else { "dropped" }).increment(1);
}
