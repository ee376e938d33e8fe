//! A shop: its name, its accounts, its mode and the words its scripts may use.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;

use super::{
    blank::{FROM_CUSTOMER, FROM_HOUSE},
    form::Form,
    manners::{self, Manners},
    problem::{Report, nearest},
    words::{Mode, Platform, ShopId},
    yaml::{Key, Node, Value},
};

/// One entry of `shops.yaml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Shop {
    /// Unique.
    pub id: ShopId,
    /// What customers know it as.
    pub name: String,
    /// Where it sells.
    pub platform: Platform,
    /// Its zone.
    pub zone: Tz,
    /// How far the bot may go, unless switched otherwise.
    pub mode: Mode,
    /// How it wants to answer.
    pub manners: Manners,
    /// `(source, account)` pairs that are this shop.
    pub accounts: Vec<(String, String)>,
    /// Words its scripts may use as blanks.
    pub values: BTreeMap<String, String>,
}

impl Shop {
    /// The shop of accounts that no shop has claimed (未分配).
    pub fn unassigned() -> Self {
        Self {
            id: ShopId::unassigned(),
            name: "未分配".to_owned(),
            platform: Platform::Other,
            zone: Tz::Asia__Shanghai,
            mode: Mode::Assist,
            manners: Manners::default(),
            accounts: Vec::new(),
            values: BTreeMap::new(),
        }
    }
}

const FILE: &[Key] = &[("店铺", "shops")];
const SHOP: &[Key] = &[
    ("编号", "id"),
    ("名称", "name"),
    ("平台", "platform"),
    ("时区", "zone"),
    ("模式", "mode"),
    manners::RESCUED,
    manners::IDLE,
    manners::UNKNOWN,
    manners::GAP,
    manners::LIMIT,
    manners::PER_CUSTOMER,
    manners::PER_SHOP,
    ("账号", "accounts"),
    ("变量", "values"),
];
const ACCOUNT: &[Key] = &[("来源", "source"), ("账号", "account")];
/// Every key of `shops.yaml`.
pub(super) const KEYS: &[&[Key]] = &[FILE, SHOP, ACCOUNT];

/// Reads `shops.yaml`.
pub(super) fn read(root: &Node, report: &mut Report) -> Vec<Shop> {
    let Some(form) = Form::open(root, FILE, report) else {
        return Vec::new();
    };
    let items = match form.node("店铺").map(|node| (&node.value, node.place)) {
        Some((Value::List(items), _)) => items,
        Some((_, place)) => {
            report.error(place, "“店铺”应该是一个列表", "每家店以“- 编号: …”开头");
            return Vec::new();
        }
        None => {
            form.missing("店铺", "", report);
            return Vec::new();
        }
    };
    let mut ids: HashMap<String, u32> = HashMap::new();
    let mut accounts: HashMap<(String, String), String> = HashMap::new();
    let mut shops = Vec::new();
    for item in items {
        let Some(form) = Form::open(item, SHOP, report) else {
            continue;
        };
        let id = form.need("编号", "main", report);
        let name = form.need("名称", "青禾家居旗舰店", report);
        if form.node("平台").is_none() {
            form.missing("平台", "taobao", report);
        }
        let platform = form.word("平台", report);
        let mode = form.word("模式", report).unwrap_or(Mode::Assist);
        let zone = zone(&form, report);
        let manners = manners::read(&form, report);
        let values = values(&form, report);
        let own = accounts_of(&form, report);
        if let Some(id) = &id {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if id.text == ShopId::unassigned().as_str() || !id.text.chars().all(plain) {
                report.error(
                    id.place,
                    format!("店铺编号不能用“{}”", id.text),
                    "用小写英文字母、数字和“-”，例如 main",
                );
            }
            if let Some(line) = ids.insert(id.text.clone(), id.place.line) {
                report.error(
                    id.place,
                    format!("店铺编号“{}”重复（第 {line} 行已经用过）", id.text),
                    "换一个编号",
                );
            }
            for (place, account) in &own {
                if let Some(other) = accounts.insert(account.clone(), id.text.clone()) {
                    report.error(
                        *place,
                        format!(
                            "来源“{}”的账号“{}”已经属于店铺“{other}”",
                            account.0, account.1
                        ),
                        "一个账号只能属于一家店，删掉其中一处",
                    );
                }
            }
        }
        if let (Some(id), Some(name), Some(platform)) = (id, name, platform) {
            shops.push(Shop {
                id: ShopId::from(id.text),
                name: name.text,
                platform,
                zone,
                mode,
                manners,
                accounts: own.into_iter().map(|(_, account)| account).collect(),
                values,
            });
        }
    }
    if items.is_empty() {
        report.error(form.place(), "一家店都没有", "至少写一家店：- 编号: main");
    }
    shops
}

fn zone(form: &Form, report: &mut Report) -> Tz {
    let Some(written) = form.text("时区", report) else {
        return Tz::Asia__Shanghai;
    };
    written.text.parse().unwrap_or_else(|_| {
        let mend = match nearest(
            &written.text,
            chrono_tz::TZ_VARIANTS.iter().map(|z| z.name()),
        ) {
            Some(near) => format!("您是不是想写“{near}”？"),
            None => "国内的店写 Asia/Shanghai，或删掉这一行".to_owned(),
        };
        report.error(
            written.place,
            format!("不认识的时区“{}”", written.text),
            mend,
        );
        Tz::Asia__Shanghai
    })
}

type Account = (super::problem::Place, (String, String));

fn accounts_of(form: &Form, report: &mut Report) -> Vec<Account> {
    let Some(node) = form.node("账号") else {
        return Vec::new();
    };
    let Value::List(items) = &node.value else {
        report.error(
            node.place,
            "“账号”应该是一个列表",
            "每个账号写两行：“- 来源: default”和“  账号: …”",
        );
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| {
            let form = Form::open(item, ACCOUNT, report)?;
            let source = form.need("来源", "default", report);
            let account = form.need("账号", "demo", report);
            let (source, account) = (source?, account?);
            Some((account.place, (source.text, account.text)))
        })
        .collect()
}

fn values(form: &Form, report: &mut Report) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let Some(node) = form.node("变量") else {
        return values;
    };
    let Value::Map(pairs) = &node.value else {
        report.error(
            node.place,
            "“变量”应该是一行行的“名称: 内容”",
            "例如“发货时间: 付款后48小时内”",
        );
        return values;
    };
    for (key, value) in pairs {
        let Value::Text(name) = &key.value else {
            report.error(key.place, "冒号前面应该是变量的名称", "写成“名称: 内容”");
            continue;
        };
        let name = name.trim();
        if FROM_CUSTOMER.contains(&name) || FROM_HOUSE.contains(&name) {
            report.error(
                key.place,
                format!("“{name}”是固定的名称，不能再当变量"),
                "换一个名称",
            );
        } else if name.contains(['{', '}', '|', '｜']) {
            report.error(
                key.place,
                format!("变量名称“{name}”里有特殊符号"),
                "只用汉字、字母和数字",
            );
        }
        let text = match &value.value {
            Value::Text(text) => text.trim().to_owned(),
            Value::Nothing => String::new(),
            _ => {
                report.error(
                    value.place,
                    format!("变量“{name}”的内容应该是一段文字"),
                    "有特殊符号时用英文引号括起来",
                );
                continue;
            }
        };
        if values.insert(name.to_owned(), text).is_some() {
            report.error(key.place, format!("变量“{name}”写了两次"), "只留一个");
        }
    }
    values
}
