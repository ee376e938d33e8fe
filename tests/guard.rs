//! The guard on what leaves the house, over the shipped table: what must be found, what must not.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{collections::BTreeSet, path::Path, sync::LazyLock};

use jieban::knowledge::{
    AutoUse, Knowledge,
    forbidden::{
        Ban::{self, Block, Confirm, Hint},
        Finding,
    },
};
use jieban::service::shelf::read_folder;

static SHIPPED: LazyLock<Knowledge> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let files = read_folder(&root).unwrap();
    Knowledge::load(&files).unwrap().0
});

/// Category, level, texts that must be found so.
const FOUND: &[(&str, Ban, &[&str])] = &[
    (
        "引导站外",
        Block,
        &[
            "您加一下我微信细聊",
            "V信同号，搜一下就有",
            "加薇❤看新款",
            "威❤信发您图",
            "有事薇💚",
            "w x：abc8866",
            "vx abc8866",
            "V.X abc8866",
            "ｗｘ聊",
            "微 信聊更快",
            "微.信聊更快",
            "微-信聊更快",
            "微·信聊更快",
            "微，信聊更快",
            "微【信】聊更快",
            "微😊信聊更快",
            "微\u{200b}信聊更快",
            "微\u{3164}信聊更快",
            "微\u{336}信聊更快",
            "請加我的微訊或微信號",
            "加 V 发您优惠",
            "加Ｖ发您优惠",
            "＋V发您优惠",
            "➕v 发您优惠",
            "加个薇，图发您",
            "ѵх聊",
            "weixin 同名",
            "wei xin 同名",
            "We-Chat 同名",
            "加q q聊",
            "Q.Q联系",
            "扣扣联系",
            "扣 扣联系",
            "扣❤扣联系",
            "加個扣，拉您进群",
            "关注公 众 号下单更省",
            "绿~泡~泡找我",
            "走线下交易，私下给您优惠",
        ],
    ),
    (
        "引导站外",
        Confirm,
        &[
            "链接在这 https://shop.example/a",
            "去 www.abcshop.com 看看",
            "扫一下这个二维码",
        ],
    ),
    (
        "站外支付",
        Block,
        &[
            "您把支付宝账号发一下",
            "支付❤宝账号发一下",
            "z f b 转也行",
            "收 款 码发您了",
            "收-款-码发您了",
            "把银行卡號报给我",
            "转给我的卡上就可以",
        ],
    ),
    (
        "站外支付",
        Confirm,
        &["我让财务打款给您", "款打款到哪里", "走对公账户吧"],
    ),
    (
        "好评返现",
        Block,
        &[
            "好评返现三块",
            "好😊评😊返😊现，联系客服",
            "好 评 返 現",
            "五星好评截图领两元",
            "追评送小礼物",
            "差评删掉给您退十块",
            "晒图返现金",
        ],
    ),
    (
        "发票",
        Block,
        &[
            "这个价不开票的",
            "开票要补税点",
            "开票要补 税 点",
            "特價不開",
            "要加6个点",
            "满500元才能开",
        ],
    ),
    (
        "承诺时效",
        Confirm,
        &[
            "今天一定给您发出",
            "保 证明天到",
            "秒.退给您",
            "100%会解决",
            "馬上退款給您",
            "包明天到",
            "三天必到",
        ],
    ),
    (
        "口头承诺补偿",
        Confirm,
        &[
            "我送您一个杯子",
            "差 价退您",
            "双-倍-赔",
            "给您补5元",
            "免費換一件",
            "补偿您十块",
        ],
    ),
    (
        "口头承诺补偿",
        Hint,
        &["直接给您补发", "先 给 您 补 发", "再给您发一件"],
    ),
    (
        "极限词",
        Block,
        &[
            "全网最低就是我们",
            "全 网 最 低",
            "最.低.价",
            "N0.1 品质",
            "NO. 1",
            "TOP 1 单品",
            "頂級面料",
            "质量第一的",
            "國家級品质",
        ],
    ),
    (
        "极限词",
        Confirm,
        &["销售第一", "独-家款式", "永 久有效", "絕對好看"],
    ),
    (
        "极限词",
        Hint,
        &["这款最舒适", "最 漂亮的颜色", "純天然材质"],
    ),
    (
        "医疗功效",
        Block,
        &[
            "用了能治疗失眠",
            "消 炎效果好",
            "減肥很快",
            "一个月瘦十斤",
            "祛.疤的",
            "无副作用，放心",
            "能缓解关节炎",
        ],
    ),
    (
        "虚假夸大",
        Confirm,
        &[
            "假一赔十",
            "假 一 賠 十",
            "我们零-差评",
            "永不褪色的",
            "我们不可能发错",
        ],
    ),
    (
        "诋毁同行",
        Confirm,
        &[
            "别家都是假的",
            "同行的质量差",
            "我们比别的店好多了",
            "其他家都是次品",
            "別 家 質 量不行",
        ],
    ),
    (
        "辱骂讽刺",
        Block,
        &[
            "你是不是傻X",
            "傻.逼",
            "傻❤逼",
            "脑 残",
            "腦😂殘",
            "s b",
            "ｓｂ",
            "爱买不买",
            "穷-鬼",
            "有病吧",
        ],
    ),
    (
        "推诿",
        Block,
        &[
            "这个不归我管",
            "跟 我 沒 關 係",
            "你去投诉吧",
            "你自己看",
            "自己找快递去",
            "不关我们的事",
        ],
    ),
    ("推诿", Hint, &["我不清楚", "我也不知道", "沒辦法"]),
    (
        "骚扰",
        Confirm,
        &[
            "赶紧付款",
            "怎么还不付款呀",
            "再 不 付 款就取消",
            "最后一次提醒您",
            "都催您三遍了，再不回复就关单",
        ],
    ),
    (
        "泄露买家信息",
        Confirm,
        &[
            "他的电话13800138000",
            "電話138 0013 8000",
            "电话138-0013-8000",
            "１３８００１３８０００",
            "1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣",
            "1 3 8 0 0 1 3 8 0 0 0",
            "幺三八零零幺三八零零零",
            "另一位顾客的地址是",
            "身份证正反面拍一下",
        ],
    ),
    (
        "诱导退款原因",
        Confirm,
        &[
            "退款原因选不想要了",
            "原因选“拍错/多拍”",
            "不要選質量問題",
            "改成 协商 一致",
            "退款原因那里别写质量问题",
        ],
    ),
    (
        "拒绝退货",
        Block,
        &[
            "拆封不退",
            "特价的都不能退",
            "特價商品不退不換",
            "一经 售出，概不退换",
            "拒签才退",
            "拆开就不给退了",
        ],
    ),
    (
        "拒绝退货",
        Confirm,
        &["这款不支持七天", "不能 退货", "無法退貨"],
    ),
    (
        "诱导确认收货/虚假发货",
        Block,
        &[
            "先点确认收货",
            "先帮忙点个收货",
            "先 确 认 收 货我再补",
            "單號先上傳",
            "先点-发货",
            "您先确认一下收货我再退",
        ],
    ),
    (
        "敏感违法",
        Block,
        &[
            "来玩六合彩",
            "色❤情内容",
            "赌.博网站",
            "可以代开發票",
            "刷 单兼职",
        ],
    ),
    (
        "竞争平台名",
        Hint,
        &[
            "去淘 宝买",
            "拼-多-多有",
            "京東上也有",
            "某宝同款",
            "小红书看笔记",
        ],
    ),
];

/// Ordinary sentences in which nothing is found.
const HARMLESS: &[(&str, &[&str])] = &[
    (
        "引导站外",
        &[
            "支持微信支付，下单页面可以选",
            "退款会原路回到您的微信零钱",
            "发票可以发到您的接收邮箱，也可以写信到客服邮箱",
            "QQ邮箱也可以收电子发票",
            "QQ 邮箱也可以收",
            "加V领这款的话建议拍大一码",
            "纽扣扣好再洗",
            "请稍微，信号不好的话我再发一次",
            "可以一起加购，一起发货",
            "您参加我们的活动就能用券",
            "方便打扫我们准备了小刷子",
            "能放微波炉加热",
            "尺码S、M、L都有现货",
            "需要增加威士忌杯的话可以一起拍",
        ],
    ),
    (
        "站外支付",
        &[
            "退款按原支付方式返回支付宝或银行卡",
            "付款时选支付宝就可以",
            "请不要转账给任何人",
            "验证码不要告诉别人",
        ],
    ),
    (
        "好评返现",
        &[
            "店铺没有好评返现活动",
            "评价请按真实体验来写",
            "感谢您的好评~送上祝福",
            "请上传截图，返回上一页提交",
        ],
    ),
    (
        "发票",
        &[
            "可以开的，免费，电子发票开好发您邮箱",
            "开票不加税点",
            "满300元减30元",
            "请提供发票抬头和税号",
        ],
    ),
    (
        "承诺时效",
        &[
            "按页面承诺的时间发货",
            "到货时间不能保证，以物流为准",
            "面料是100%棉",
            "把书包到付寄回不收哦",
            "不一定能今天发出",
            "天气不好，我不敢打包票",
            "路上的时间我不能替快递打包票",
            "退回时请保证吊牌都在",
        ],
    ),
    (
        "口头承诺补偿",
        &[
            "已经派送，您留意电话",
            "原路退返~您注意查收",
            "退款会返回，您看一下账户",
            "差额系统原返您的支付方式",
            "运费险赔付会到您的账户",
        ],
    ),
    (
        "极限词",
        &[
            "最近的物流信息已更新",
            "这是最后一件了",
            "我第一时间帮您登记",
            "您是第一次购买吗",
            "最晚以页面为准，最新物流我帮您看",
            "第一步先打开订单",
            "款式一、二、三都有",
            "您的订单号最后一位是1",
            "单独家用也够",
            "第一盒用完再开第二盒",
        ],
    ),
    (
        "医疗功效",
        &[
            "身体不舒服请及时就医",
            "增高鞋垫放在鞋里",
            "成分表在详情页，敏感皮肤先试一小块",
        ],
    ),
    (
        "虚假夸大",
        &[
            "检测报告在详情页",
            "按原单号查询就可以",
            "颜色会有一点色差，以实物为准",
        ],
    ),
    (
        "诋毁同行",
        &[
            "我们只介绍自己的商品",
            "您家里有宝宝的话建议选大一号",
            "可以和家人商量后再下单",
        ],
    ),
    (
        "辱骂讽刺",
        &[
            "尺码 S，B款有货",
            "傻瓜式安装，按图就行",
            "废物利用也可以",
            "抱歉给您添麻烦了",
        ],
    ),
    (
        "推诿",
        &[
            "这件事我先登记，由同事跟进",
            "照片拍不清楚的话可以补一张",
            "您看看有没有办法拍到面单",
            "我去联系快递核实",
        ],
    ),
    (
        "骚扰",
        &[
            "您方便的时候再付就好",
            "付款后按页面时间发货",
            "有问题随时说",
        ],
    ),
    (
        "泄露买家信息",
        &[
            "手机尾号8000的包裹已签收",
            "订单号 240315-123456789012345 已收到",
            "运单号 773012345678901 正在运输",
            "身高155 160 165 170都能穿",
        ],
    ),
    (
        "诱导退款原因",
        &[
            "请按实际情况选择退款原因",
            "质量问题请选质量问题，运费不用您出",
            "原因写错了可以改，按实际的来",
        ],
    ),
    (
        "拒绝退货",
        &[
            "符合条件的可以申请退货",
            "特价款也支持七天无理由",
            "拆开检查后不影响二次销售就能退",
        ],
    ),
    (
        "诱导确认收货/虚假发货",
        &[
            "请收到并检查后再确认收货",
            "请先确认收货地址是否正确",
            "没收到货请不要先确认收货",
            "先确认一下收货人电话",
        ],
    ),
    (
        "敏感违法",
        &[
            "高仿真绿植，不用浇水",
            "请把款式A 货号发我",
            "印刷单张也可以定制",
            "款式A 货到后先检查",
        ],
    ),
    (
        "竞争平台名",
        &[
            "在平台的订单页面就能看到",
            "发的是京东快递",
            "请赶快手动刷新一下页面",
        ],
    ),
];

fn shown(found: &[Finding]) -> Vec<String> {
    found
        .iter()
        .map(|f| format!("{} {:?} {}", f.category, f.ban, f.written))
        .collect()
}

#[test]
fn what_must_not_leave_is_found_however_it_is_written() {
    let missed: Vec<String> = FOUND
        .iter()
        .flat_map(|(category, ban, texts)| texts.iter().map(move |text| (category, ban, text)))
        .filter_map(|(category, ban, text)| {
            let found = SHIPPED.forbidden(text);
            let right = found
                .iter()
                .any(|f| f.category == *category && f.ban == *ban);
            (!right).then(|| format!("{category} {ban:?} {text:?}: {:?}", shown(&found)))
        })
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Every word of the table, not only those thought of above.
#[test]
fn every_chinese_word_is_found_when_it_is_written_apart() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/rules/forbidden.csv");
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(table)
        .unwrap();
    let mut seen = 0;
    let mut missed = Vec::new();
    for record in reader.records().map(Result::unwrap) {
        let word = &record[0];
        if word.starts_with('/') || word.is_ascii() {
            continue;
        }
        let split = record.get(6) == Some("是");
        let everywhere = [" ", ".", "-", "·", "\u{200b}", "\u{2800}"].iter();
        let with_split = ["❤", "，", "~", "（", "😊😊"].iter().filter(|_| split);
        for between in everywhere.chain(with_split) {
            let apart: Vec<String> = word.chars().map(String::from).collect();
            let text = apart.join(between);
            seen += 1;
            if !SHIPPED.forbidden(&text).iter().any(|f| f.written == word) {
                missed.push(text);
            }
        }
    }
    assert!(seen > 2000, "{seen}");
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn ordinary_sentences_pass() {
    let wrong: Vec<String> = HARMLESS
        .iter()
        .flat_map(|(category, texts)| texts.iter().map(move |text| (category, text)))
        .filter_map(|(category, text)| {
            let found = SHIPPED.forbidden(text);
            (!found.is_empty()).then(|| format!("{category} {text}: {:?}", shown(&found)))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_category_has_texts_of_both_kinds() {
    let found: BTreeSet<&str> = FOUND.iter().map(|(category, ..)| *category).collect();
    let harmless: BTreeSet<&str> = HARMLESS.iter().map(|(category, _)| *category).collect();
    assert_eq!(found.len(), 19);
    assert_eq!(found, harmless);
    assert!(FOUND.iter().all(|(.., texts)| texts.len() >= 3));
    assert!(HARMLESS.iter().all(|(_, texts)| texts.len() >= 3));
}

#[test]
fn the_end_of_a_sentence_parts_words() {
    for text in [
        "请稍微！信已寄出",
        "请稍微。信已寄出",
        "请稍微\n信已寄出",
        "先这样吧？退款会原路返回。您放心",
    ] {
        let found = SHIPPED.forbidden(text);
        assert!(found.is_empty(), "{text:?}: {:?}", shown(&found));
    }
}

#[test]
fn shipped_replies_may_leave() {
    let mut wrong = Vec::new();
    for script in SHIPPED.scripts() {
        let most = match script.auto {
            AutoUse::Never => Some(Confirm),
            _ => None,
        };
        for text in [
            script.reply.fill(|_| None).text,
            script.reply.fill(|name| Some(format!("这个{name}"))).text,
        ] {
            for found in SHIPPED.forbidden(&text) {
                if found.ban > most.unwrap_or(Hint) {
                    wrong.push(format!("{}: {:?}", script.id, shown(&[found])));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_finding_says_why_and_what_to_say_instead() {
    let mut wordings = BTreeSet::new();
    for text in FOUND.iter().flat_map(|(.., texts)| *texts) {
        for found in SHIPPED.forbidden(text) {
            assert!(!found.category.is_empty(), "{}", found.written);
            assert!(!found.reason.is_empty(), "{}", found.written);
            assert!(!found.instead.is_empty(), "{}", found.written);
            wordings.insert(found.instead);
        }
    }
    for wording in wordings {
        let found = SHIPPED.forbidden(&wording);
        assert!(found.is_empty(), "{wording}: {:?}", shown(&found));
    }
}

#[test]
fn the_strictest_comes_first() {
    let bans: Vec<Ban> = SHIPPED
        .forbidden("最漂亮的，加我微信保证明天到")
        .iter()
        .map(|f| f.ban)
        .collect();
    assert!(bans.is_sorted_by(|a, b| a >= b), "{bans:?}");
    assert_eq!((bans.first(), bans.last()), (Some(&Block), Some(&Hint)));
}

#[test]
fn a_long_reply_is_checked_quickly() {
    let text: String = "亲~您的包裹已经在派送中😊，请留意电话，有问题随时联系我们哦。"
        .chars()
        .cycle()
        .take(300)
        .collect();
    assert!(SHIPPED.forbidden(&text).is_empty());
    let begin = std::time::Instant::now();
    for _ in 0..200 {
        std::hint::black_box(SHIPPED.forbidden(std::hint::black_box(&text)));
    }
    let each = begin.elapsed() / 200;
    println!("{each:?} a reply of 300 characters");
    // Without optimisation and on a busy machine; optimised it is a small part of this.
    assert!(each < std::time::Duration::from_millis(20), "{each:?}");
}
