//! What counts, out of the journal: the proofs behind each counter.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use super::{
    Error, Row, Tx, Value,
    tx::{marks, padded},
};
use crate::{
    desk::counters::Counted,
    knowledge::{ShopId, counters::CounterEvent},
};

/// Everything that counts in some shops (`None`: in all) from one moment until another, half-open.
pub fn counted(
    tx: &mut dyn Tx,
    shops: Option<&[ShopId]>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Counted>, Error> {
    let mut args: Vec<Value> = vec![from.into(), until.into()];
    let which = match shops {
        None => String::new(),
        Some([]) => return Ok(Vec::new()),
        Some(shops) => {
            let shops = padded(&shops.iter().map(ShopId::as_str).collect::<Vec<_>>());
            args.extend(shops.iter().map(|shop| Value::from(*shop)));
            format!("AND shop IN ({})", marks(3, shops.len()))
        }
    };
    // Of cases and promises there are many rows, and few that count: the others are not read. Of a promise that one
    // counts since which it is broken: what was put right later does not.
    let sql = format!(
        "SELECT id, at, who, what, shop, became FROM staff_event WHERE at >= ?1 AND at < ?2 {which} \
         AND (what IN ('handover', 'order_note') OR (what = 'case' AND reason = 'overdue') \
           OR (what = 'promise' AND EXISTS (SELECT 1 FROM promise p \
             WHERE p.id = staff_event.subject AND p.state = 'broken' AND p.settled_at = staff_event.at))) \
         ORDER BY id"
    );
    let mut all = Vec::new();
    for row in tx.rows(&sql, &args)? {
        let became: Json = row.json("became")?;
        for (what, agent) in counts(&row, &became)? {
            all.push(Counted {
                event: row.int("id")?,
                at: row.time("at")?,
                shop: row.text("shop")?.into(),
                what,
                agent,
            });
        }
    }
    Ok(all)
}

/// What a row counts as, and for whom.
fn counts(row: &Row, became: &Json) -> Result<Vec<(CounterEvent, String)>, Error> {
    let named = |key: &str| became[key].as_str().map(str::to_owned);
    let act = became["act"].as_str().unwrap_or_default();
    let unaccepted = became["unaccepted"]
        .as_array()
        .is_some_and(|keys| !keys.is_empty());
    let one = |what, agent: Option<String>| agent.map(|agent| (what, agent)).into_iter().collect();
    Ok(match (row.text("what")?, act) {
        ("handover", "left") if unaccepted => one(CounterEvent::LeftUnaccepted, named("agent")),
        ("handover", "refused") => one(CounterEvent::Refused, Some(row.string("who")?)),
        ("handover", "forced") => {
            let leavers = became["leavers"].as_array();
            let whose = match named("from") {
                Some(from) => vec![from],
                None => leavers
                    .into_iter()
                    .flatten()
                    .filter_map(|who| who.as_str().map(str::to_owned))
                    .collect(),
            };
            whose
                .into_iter()
                .map(|agent| (CounterEvent::Forced, agent))
                .collect()
        }
        ("order_note", "missed") => one(CounterEvent::NoteMissed, named("responsible")),
        ("promise", _) if became["state"] == "broken" => {
            one(CounterEvent::PromiseBroken, named("by"))
        }
        ("case", "overdue") => one(CounterEvent::CaseOverdue, named("agent")),
        _ => Vec::new(),
    })
}
