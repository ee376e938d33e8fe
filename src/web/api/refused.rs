//! What the switchboard refuses, as problems.

use axum::http::StatusCode;
use serde_json::json;

use super::insider::not_his_shop;
use crate::{
    desk::case::Refusal,
    service::{people, switchboard::Refused},
    web::problem::Problem,
};

impl From<people::Refused> for Problem {
    fn from(refused: people::Refused) -> Self {
        match refused {
            people::Refused::Unavailable(unavailable) => unavailable.into(),
            _ => Self::busy(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unavailable(unavailable) => unavailable.into(),
            Refused::NotHisShop => not_his_shop(),
            Refused::NoShop(_) => Self::not_found(
                "there is no such shop",
                "use an id of GET /v1/shops",
                "没有这家店，请使用 GET /v1/shops 返回的编号",
            ),
            Refused::NotThere => Self::not_found(
                "there is no such thing",
                "use an id that this API gave",
                "没有这个编号，请使用接口返回的 id",
            ),
            Refused::NotAtLunch => conflict(
                "not-at-lunch",
                "he is not at lunch, so nothing can be prolonged",
                "POST /v1/lunch begins one",
                "现在没有在吃饭，不能延长；请用 POST /v1/lunch 重新登记",
            ),
            Refused::NotOnDuty => conflict(
                "not-on-duty",
                "the shift table does not have him on duty now in any of his shops",
                "who is not on duty need not go to lunch; a swap is arranged by POST /v1/arrangements",
                "排班表里现在不是上班时间，不用登记；如果换了班，请主管先登记换班",
            ),
            Refused::Ended => conflict(
                "ended",
                "it was kept or broken before, so it cannot be moved",
                "write down a new promise, or put right how this one ended",
                "这条承诺已经有结果，不能改期；请另记一条，或先更正结果",
            ),
            Refused::MustStay(stays) => {
                let reasons: Vec<_> = stays
                    .iter()
                    .map(|(shop, stay)| {
                        json!({
                            "shop": shop,
                            "reason": stay.to_string(),
                            "shift": stay.shift,
                            "least": stay.least,
                            "from": stay.from,
                            "staying": stay.staying,
                            "away": stay.away,
                        })
                    })
                    .collect();
                let said: Vec<String> = stays
                    .iter()
                    .map(|(shop, stay)| format!("{shop}：{stay}"))
                    .collect();
                conflict(
                    "must-stay",
                    said.join("；"),
                    "wait until a colleague is back, or go later",
                    "现在不能离开：得有人留下；等同事回来再去",
                )
                .with("refused", json!(reasons))
            }
            Refused::Forbidden(findings) => {
                let words: Vec<String> = findings
                    .iter()
                    .map(|finding| match finding.instead.as_str() {
                        "" => format!("“{}”：{}", finding.written, finding.reason),
                        instead => format!(
                            "“{}”：{}，可以说“{instead}”",
                            finding.written, finding.reason
                        ),
                    })
                    .collect();
                Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "forbidden-words",
                    "These words must not be sent",
                    words.join("；"),
                    "use the safe wording in findings[].instead",
                    "这些话不能发给顾客，请换成 findings 里建议的说法",
                )
                .at("text")
                .with("findings", json!(findings))
            }
            Refused::StaleCase(version) => conflict(
                "case-stale",
                "the case has changed since you looked",
                "look at it again, then say the version you saw",
                "这张工单刚被别人改过，请重新查看后再操作",
            )
            .with("version", json!(version)),
            Refused::Case(refusal) => {
                let problem = Self::new(
                    StatusCode::CONFLICT,
                    refusal.code(),
                    "Not as the case stands",
                    refusal.en(),
                    "do what the detail says",
                    "请按 detail_zh 的说明操作",
                )
                .with("detail_zh", json!(refusal.zh()));
                let problem = match &refusal {
                    Refusal::Missing(fields) => problem.with("missing", json!(fields)),
                    Refusal::Double { numbers } => problem.with("cases", json!(numbers)),
                    Refusal::NoField { known, .. } => problem.with("known", json!(known)),
                    _ => problem,
                };
                match refusal.field() {
                    Some(field) => problem.at(field),
                    None => problem,
                }
            }
            Refused::Wrong { field, what } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "wrong-value",
                "A value that cannot be",
                what,
                "put the named field right",
                "请按提示改正该字段",
            )
            .at(field),
        }
    }
}

fn conflict(
    kind: &'static str,
    detail: impl Into<String>,
    mend: &'static str,
    mend_zh: &'static str,
) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        kind,
        "Not as things stand",
        detail,
        mend,
        mend_zh,
    )
}
