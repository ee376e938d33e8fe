//! The words that every floor uses: identifiers and closed lists.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

id!(
    /// A shop (店铺).
    ShopId
);
id!(
    /// An intent (意图), such as `log.track`.
    IntentId
);
id!(
    /// A script (话术).
    ScriptId
);
id!(
    /// A case kind (工单类型); its Chinese name is its id.
    CaseKindId
);

impl ShopId {
    /// The shop of accounts that no shop has claimed (未分配).
    pub fn unassigned() -> Self {
        Self::from("unassigned")
    }
}

/// A closed list of words that editors write.
pub trait Word: Copy + 'static {
    /// Every accepted spelling: the English code and the Chinese words.
    const SPELLINGS: &'static [&'static str];

    /// Reads one of the spellings.
    fn read(text: &str) -> Option<Self>;
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $code)] $variant),+
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The English code, as stored and sent.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Reads the English code or one of the Chinese words editors write.
            pub fn parse(text: &str) -> Option<Self> {
                match text.trim() {
                    $($code $(| $alias)* => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }

        impl Word for $name {
            const SPELLINGS: &'static [&'static str] = &[$($code $(, $alias)*),+];

            fn read(text: &str) -> Option<Self> {
                Self::parse(text)
            }
        }
    };
}

words!(
    /// How far the bot may go in a shop. Ordered: a request may lower the shop's mode, never raise it.
    Mode {
        /// Suggestions and case drafts only.
        Off = "off" | "关闭",
        /// Automatic replies while nobody is on duty.
        Assist = "assist" | "辅助",
        /// Also while staffed, for scripts whose policy is *answer*.
        Auto = "auto" | "自动",
    }
);

words!(
    /// How much an alarm presses. Ordered: only the last breaks into quiet hours.
    Urgency {
        /// Worth a look.
        Notice = "notice" | "提示",
        /// Somebody should look now.
        Warning = "warning" | "提醒",
        /// Somebody must act now.
        Urgent = "urgent" | "紧急",
        /// People may come to harm (安全事故).
        Safety = "safety" | "安全",
    }
);

words!(
    /// The most the bot may do alone about an intent (夜间). Ordered from silent to answering.
    Policy {
        /// Says nothing.
        Silent = "silent" | "不回",
        /// One neutral receipt.
        Receipt = "receipt" | "回执",
        /// Registers the matter, asks for what is missing, promises nothing.
        Register = "register" | "登记",
        /// Answers from knowledge.
        Answer = "answer" | "回答",
    }
);

words!(
    /// What a script's text may do alone (自动).
    AutoUse {
        /// Only ever a suggestion to an agent.
        Never = "never" | "不自动",
        /// A neutral receipt.
        Receipt = "receipt" | "回执",
        /// Says that the matter is registered.
        Register = "register" | "登记",
        /// Answers the question.
        Answer = "answer" | "回答",
    }
);

words!(
    /// When an intent opens a case (建单).
    Opens {
        /// Never.
        Never = "never" | "从不",
        /// When the bot registers it alone.
        Registered = "registered" | "登记时",
        /// Whenever something is wanted: a demand, or a trouble.
        Always = "always" | "总是",
        /// Also for a mere question, because only somebody who looks can answer it (到哪了).
        Asked = "asked" | "问也建",
    }
);

words!(
    /// The house's generic lines, which belong to no intent (用途).
    Purpose {
        /// A neutral receipt.
        Receipt = "receipt" | "回执",
        /// A truthful word about when a human is there.
        Handoff = "handoff" | "转人工",
        /// The same while somebody is on duty.
        HandoffNow = "handoff_now" | "转人工在岗",
        /// An honest word to a customer whom nobody on duty has answered yet.
        Rescue = "rescue" | "救场",
    }
);

words!(
    /// Where a shop sells.
    Platform {
        /// 淘宝.
        Taobao = "taobao" | "淘宝",
        /// 天猫.
        Tmall = "tmall" | "天猫",
        /// 京东.
        Jd = "jd" | "京东",
        /// 拼多多.
        Pdd = "pdd" | "拼多多",
        /// 抖音.
        Douyin = "douyin" | "抖音" | "抖店",
        /// 快手.
        Kuaishou = "kuaishou" | "快手",
        /// 小红书.
        Xiaohongshu = "xiaohongshu" | "小红书",
        /// 微信.
        Wechat = "wechat" | "微信",
        /// 闲鱼.
        Xianyu = "xianyu" | "闲鱼",
        /// The shop's own site.
        Web = "web" | "自建站" | "网站",
        /// Anything else.
        Other = "other" | "其他",
    }
);

words!(
    /// Who spoke. The platforms' figures cannot be computed without it.
    Speaker {
        /// The customer.
        Customer = "customer",
        /// An agent, in his own words.
        Human = "human",
        /// This service, alone.
        BotAuto = "bot_auto",
        /// An agent, with a suggested reply.
        BotAssist = "bot_assist",
        /// The platform's welcome line.
        Welcome = "welcome",
        /// An out-of-hours notice or another bot of the account.
        Notice = "notice",
        /// A line of the platform itself.
        System = "system",
    }
);

impl Speaker {
    /// An agent speaks, with or without a suggestion's help.
    pub fn is_human(self) -> bool {
        matches!(self, Self::Human | Self::BotAssist)
    }
}

words!(
    /// What a message is made of.
    ContentKind {
        /// Words.
        Text = "text",
        /// A picture.
        Image = "image",
        /// A voice message.
        Voice = "voice",
        /// A video.
        Video = "video",
        /// A file.
        File = "file",
        /// An order card.
        Order = "order",
        /// A product card.
        Product = "product",
        /// Anything else.
        Other = "other",
    }
);

words!(
    /// What somebody does in the house; what a case kind names when it says who may.
    Post {
        /// Answers customers.
        Agent = "agent" | "客服",
        /// Leads agents.
        Supervisor = "supervisor" | "主管",
        /// Approves.
        Reviewer = "reviewer" | "审核人",
        /// Packs and sends.
        Warehouse = "warehouse" | "仓库",
        /// Pays.
        Finance = "finance" | "财务",
        /// Runs shops.
        Operations = "operations" | "运营",
        /// Writes scripts.
        Editor = "editor" | "编辑",
        /// Runs this service.
        Admin = "admin" | "管理员",
    }
);

impl Post {
    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "客服",
            Self::Supervisor => "主管",
            Self::Reviewer => "审核人",
            Self::Warehouse => "仓库",
            Self::Finance => "财务",
            Self::Operations => "运营",
            Self::Editor => "编辑",
            Self::Admin => "管理员",
        }
    }

    /// The post behind a cell of a case kind, which may name it by a narrower word (售后, 审单, 店长). What nobody
    /// knows is the supervisor's.
    pub fn behind(cell: &str) -> Self {
        let cell = cell.trim();
        Self::parse(cell).unwrap_or(match cell {
            "售前" | "售后" | "审单" | "打单" | "技术" | "在岗客服" => Self::Agent,
            "仓管" | "发货" => Self::Warehouse,
            "会计" | "出纳" => Self::Finance,
            "店铺运营" => Self::Operations,
            _ => Self::Supervisor,
        })
    }
}
