//! What the blanks of a script stand for in this conversation.

use chrono::{DateTime, Utc};

use super::facts::Facts;
use crate::knowledge::{
    Knowledge, Platform, Reading, blank::Filled, fields::FieldKind, hours::Coverage, script::Script,
};

/// Everything a blank may be filled from.
#[derive(Clone, Copy)]
pub struct Filling<'a> {
    /// The house.
    pub knowledge: &'a Knowledge,
    /// The conversation.
    pub facts: &'a Facts,
    /// What the customer named.
    pub reading: &'a Reading,
    /// Who is in.
    pub coverage: &'a Coverage,
    /// The moment.
    pub now: DateTime<Utc>,
}

impl Filling<'_> {
    /// The script's reply with its blanks filled.
    pub fn fill(&self, script: &Script) -> Filled {
        let mut filled = script.reply.fill(|name| self.value(name));
        for need in &script.needs {
            if self.value(need).is_none() && !filled.missing.contains(need) {
                filled.missing.push(need.clone());
            }
        }
        filled
    }

    /// The order this is about, when it is clear: named in the turn, or the one the customer looks at.
    pub fn order(&self) -> Option<&str> {
        match self.reading.fields.all(FieldKind::OrderNo).as_slice() {
            [] => self.facts.order.as_deref(),
            [newest, ..] => Some(newest),
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        let shop = self.knowledge.shop_or_default(&self.facts.shop);
        match name {
            "订单号" => self.order().map(str::to_owned),
            "店铺名" => Some(shop.name.clone()),
            "称呼" => Some("亲".to_owned()),
            "平台" => Some(platform_name(self.facts.platform).to_owned()),
            "今天" => Some(
                self.now
                    .with_timezone(&shop.zone)
                    .format("%-m月%-d日")
                    .to_string(),
            ),
            "下次在岗" => self
                .coverage
                .staffed_at
                .map(|at| self.knowledge.moment(&self.facts.shop, at, self.now)),
            "工单号" => match self.facts.open_cases.as_slice() {
                [only] => Some(only.number.clone()),
                _ => None,
            },
            _ => self
                .reading
                .fields
                .blank(name)
                .map(str::to_owned)
                .or_else(|| shop.values.get(name).cloned()),
        }
    }
}

/// A platform as customers call it.
pub fn platform_name(platform: Platform) -> &'static str {
    match platform {
        Platform::Taobao => "淘宝",
        Platform::Tmall => "天猫",
        Platform::Jd => "京东",
        Platform::Pdd => "拼多多",
        Platform::Douyin => "抖音",
        Platform::Kuaishou => "快手",
        Platform::Xiaohongshu => "小红书",
        Platform::Wechat => "微信",
        Platform::Xianyu => "闲鱼",
        Platform::Web => "官网",
        Platform::Other => "本店",
    }
}
