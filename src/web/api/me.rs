//! Who somebody is here.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::insider::Insider;

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    /// His name, as the shift table and events write it.
    name: String,
    /// What he does: `agent`, `supervisor`, `reviewer`, `warehouse`, `finance`, `operations`, `editor`, `admin`.
    roles: Vec<String>,
    /// His shops; `null`: all.
    shops: Option<Vec<String>>,
}

/// Who I am, what I may do, and in which shops.
#[utoipa::path(get, path = "/v1/me", tag = "people", responses((status = 200, body = Me)))]
pub(super) async fn who_am_i(insider: Insider) -> Json<Me> {
    Json(Me {
        name: insider.name,
        roles: insider.roles.iter().map(ToString::to_string).collect(),
        shops: insider
            .shops
            .map(|of| of.iter().map(ToString::to_string).collect()),
    })
}
