//! Counters with proofs. They count and remind; nothing is deducted from anybody.

use axum::{Json, extract::State as From};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    asked::Params,
    insider::{Insider, forbidden},
};
use crate::{
    config::Role,
    service::switchboard::{AgentCounters, OneCounter},
    web::{State, problem::Problem},
};

/// The counters of a month.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CountersShown {
    /// Such as `2026-11`; each shop's month is its own zone's.
    month: String,
    agents: Vec<AgentCountersShown>,
}

/// The counters of one agent. Who has none that is not zero is not named.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgentCountersShown {
    agent: String,
    counters: Vec<CounterShown>,
}

/// One number, and what it stands on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CounterShown {
    /// The rule's key, which never changes.
    id: String,
    name: String,
    /// What it counts.
    event: String,
    count: u32,
    /// `above` or `at_least`.
    comparator: String,
    /// The same in Chinese: 大于, 至少.
    comparator_zh: String,
    /// What it is compared with.
    number: u32,
    /// From this number on it is reminded of.
    warn: Option<u32>,
    /// `fine`, `near` or `reached`.
    standing: String,
    /// What is said when it is reached.
    sentence: String,
    /// What it stands on, in the order in which it happened.
    proofs: Vec<ProofShown>,
}

/// An event a number stands on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProofShown {
    /// Its id among `GET /v1/events`.
    event: String,
    at: DateTime<Utc>,
    shop: String,
}

impl std::convert::From<OneCounter> for CounterShown {
    fn from(counter: OneCounter) -> Self {
        let rule = counter.rule;
        Self {
            id: rule.id,
            name: rule.name,
            event: rule.event.code().to_owned(),
            count: counter.count,
            comparator: rule.comparator.code().to_owned(),
            comparator_zh: rule.comparator.name().to_owned(),
            number: rule.number,
            warn: rule.warn,
            standing: counter.standing.code().to_owned(),
            sentence: rule.sentence,
            proofs: counter
                .proofs
                .into_iter()
                .map(|proof| ProofShown {
                    event: proof.event.to_string(),
                    at: proof.at,
                    shop: proof.shop.to_string(),
                })
                .collect(),
        }
    }
}

impl std::convert::From<AgentCounters> for AgentCountersShown {
    fn from(of: AgentCounters) -> Self {
        Self {
            agent: of.agent,
            counters: of.counters.into_iter().map(Into::into).collect(),
        }
    }
}

/// Which counters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Such as `2026-11`; this month when left out.
    month: Option<String>,
    /// Only of this agent. Who does not lead sees his own.
    agent: Option<String>,
    /// Only of this shop.
    shop: Option<String>,
}

/// What is counted in my shops in a month: each number with the events it stands on.
#[utoipa::path(get, path = "/v1/counters", tag = "counters", params(Which), responses((status = 200, body = CountersShown)))]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
    Params(which): Params<Which>,
) -> Result<Json<CountersShown>, Problem> {
    let shops = insider.narrowed(which.shop)?;
    let sees_all = |role: &Role| matches!(role, Role::Supervisor | Role::Operations | Role::Admin);
    let agent = match which.agent {
        agent if insider.roles.iter().any(sees_all) => agent,
        Some(agent) if agent != insider.name => {
            return Err(forbidden(
                "these are somebody else's counters",
                "leave agent out to see your own",
                "只能看自己的计数；不写 agent 就是看自己",
            ));
        }
        _ => Some(insider.name.clone()),
    };
    let counted = state.switchboard.counters(shops, which.month, agent);
    let (month, agents) = counted.await?;
    Ok(Json(CountersShown {
        month,
        agents: agents.into_iter().map(Into::into).collect(),
    }))
}
