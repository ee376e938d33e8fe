//! The few weights and thresholds of understanding, as `rules/ranking.yaml` names them.

/// What the ranking multiplies and compares with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranking {
    /// 匹配线: a script at or above this fits, so that the bot may answer with it.
    pub fits: f32,
    /// 意图线: an intent at or above this is understood.
    pub intent: f32,
    /// 领先: best and second intent must differ by this before the bot answers alone.
    pub margin: f32,
    /// 关键词权重.
    pub keyword: f32,
    /// 句式权重.
    pub pattern: f32,
    /// 弱词权重.
    pub weak: f32,
    /// 问法权重: of the similarity to the nearest known sentence.
    pub sentence: f32,
    /// 上文权重: how much of an earlier intent's score a follow-up without words of its own keeps.
    pub context: f32,
}

impl Default for Ranking {
    fn default() -> Self {
        Self {
            fits: 0.53,
            intent: 0.45,
            margin: 0.08,
            keyword: 0.6,
            pattern: 0.7,
            weak: 0.2,
            sentence: 1.0,
            context: 0.8,
        }
    }
}
