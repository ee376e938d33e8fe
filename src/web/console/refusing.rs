//! Why something was not done, as the page that asked says it.

use super::{oops::said, words::Lang};
use crate::{desk::case::Refusal, service::switchboard::Refused};

/// Words for a refusal that the page itself can show; `None` for one that is a page of its own.
pub(super) fn sentence(refused: &Refused, lang: Lang) -> Option<String> {
    let word = |key: &str| lang.say(key).unwrap_or_default().to_owned();
    Some(match refused {
        Refused::Case(Refusal::Double { .. }) => word("refused.double"),
        Refused::Case(refusal) => match lang {
            Lang::Zh => refusal.zh(),
            Lang::En => refusal.en(),
        },
        Refused::StaleCase(_) => word("refused.stale"),
        Refused::Ended => word("refused.ended"),
        Refused::Wrong { .. } | Refused::Forbidden(_) => said(refused),
        _ => return None,
    })
}
