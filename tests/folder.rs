//! The folder as editors leave it: what is accepted, and what is said about what is not.

#![allow(clippy::unwrap_used, clippy::panic)]

use jieban::knowledge::{Files, Knowledge, ScriptId, ShopId, files};

const SHOPS: &str = "店铺:\n  - 编号: main\n    名称: 青禾家居旗舰店\n    平台: taobao\n    账号:\n      - 来源: default\n        账号: 00123\n    变量:\n      发货时间: 付款后48小时内\n";
const INTENT: &str =
    "编号: log.track\n名称: 查物流\n夜间: 回答\n工单: 物流异常\n问法:\n  - 我的快递到哪了\n";
const CASE: &str = "名称: 物流异常\n前缀: WL\n对接: 售后\n审核: 主管\n首响: 30分钟\n完成: 24小时\n";
const SCRIPT: &str = "---\n编号: log-track\n标题: 查物流进度\n意图: log.track\n自动: 回答\n---\n亲，{{订单号|您的订单}}在路上，{{发货时间}}\n";
const WEEKLY: &str = "店铺,星期,开始,结束,类型,班次,人员\n,每天,9:00,18:00,在岗,白班,小青、小禾\n,每天,12:00,13:30,午休,,\n";

/// A good folder.
fn good() -> Files {
    files([
        ("shops.yaml", SHOPS),
        ("intents/log.track.yaml", INTENT),
        ("cases/物流异常.yaml", CASE),
        ("scripts/物流/查物流.md", SCRIPT),
        ("hours/weekly.csv", WEEKLY),
        ("README.md", "# 说明"),
        ("待处理/随便.docx", "?"),
        ("hours/~$weekly.csv", "?"),
    ])
}

/// What is said about a folder, a line each problem.
fn said(files: &Files) -> String {
    let problems = match Knowledge::load(files) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    problems.iter().map(|p| format!("{p}\n")).collect()
}

/// What is said when these files are put into the good folder.
fn said_with<'a>(changed: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut folder = good();
    folder.extend(files(changed));
    said(&folder)
}

#[test]
fn a_good_folder_is_read_as_written() {
    let (knowledge, warnings) = Knowledge::load(&good()).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(knowledge.shops().len(), 1);
    assert_eq!(knowledge.shop_of("default", "00123"), ShopId::from("main"));
    assert_eq!(knowledge.shop_of("default", "123"), ShopId::unassigned());
    assert_eq!(
        knowledge.shop_or_default(&ShopId::unassigned()).name,
        "未分配"
    );
    let script = knowledge.script(&ScriptId::from("log-track")).unwrap();
    assert_eq!(script.reply_line, 7);
    assert_eq!(
        script.reply.to_string(),
        "亲，{{订单号|您的订单}}在路上，{{发货时间}}"
    );
    assert_eq!(knowledge.version().short().len(), 8);
}

#[test]
fn english_keys_and_words_say_the_same() {
    let english = files([
        (
            "shops.yaml",
            "shops:\n  - id: main\n    name: 青禾家居旗舰店\n    platform: 淘宝\n    accounts:\n      - source: default\n        account: \"00123\"\n    values:\n      发货时间: 付款后48小时内\n",
        ),
        (
            "intents/log.track.yaml",
            "id: log.track\nname: 查物流\nnight: answer\ncase: 物流异常\nask: [我的快递到哪了]\n",
        ),
        (
            "cases/物流异常.yaml",
            "name: 物流异常\nprefix: WL\nhandler: 售后\nreviewer: 主管\nfirst: 30min\nfinish: 24h\n",
        ),
        (
            "scripts/物流/查物流.md",
            "---\nid: log-track\ntitle: 查物流进度\nintent: log.track\nauto: answer\n---\n\n亲，{{订单号|您的订单}}在路上，{{发货时间}}",
        ),
        (
            "hours/weekly.csv",
            "\u{feff}shop,days,start,end,kind,shift,people\r\n,daily,09:00,18:00,duty,白班,小青、小禾\r\n,daily,12:00,13:30,lunch,,\r\n",
        ),
    ]);
    let (chinese, _) = Knowledge::load(&good()).unwrap();
    let (english, warnings) = Knowledge::load(&english).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(english.shops(), chinese.shops());
    assert_eq!(english.intents(), chinese.intents());
    assert_eq!(english.case_kinds(), chinese.case_kinds());
    assert_eq!(english.scripts()[0].reply, chinese.scripts()[0].reply);
    assert_ne!(english.version(), chinese.version());
}

#[test]
fn an_empty_folder_says_what_is_needed_at_least() {
    insta::assert_snapshot!(said(&Files::new()), @r#"
    错误 scripts/ 一条话术都没有
        → 在 scripts/ 里至少放一个 .md 文件，例如 scripts/通用/回执.md
    错误 shops.yaml 缺少 shops.yaml
        → 知识库至少要有 shops.yaml（写店铺）和一条话术（scripts/ 里的 .md 文件）
    "#);
}

#[test]
fn every_problem_of_an_intent_is_told_at_once() {
    let intent = "编号：log.trak\n名称: 查物流\n名称: 查快递\nname: 查包裹\n优先: 很高\n夜间: 登记登记\n工单: 物流异长\n首响: 很快\n字段: [订单号, 快递但号]\n关键字: [到哪了]\n句式:\n  - '几天没动'\n  - '(几天|多久没动'\n  - '(?=a)b'\n  - '.*'\n问法:\n  - 订单号: 88 到哪了\n  - 到哪了\n";
    insta::assert_snapshot!(said_with([("intents/log.track.yaml", intent)]), @r#"
    错误 intents/log.track.yaml:1:3 “编号”后面是全角冒号“：”
        → 改成英文冒号“:”，后面空一格
    错误 intents/log.track.yaml:1:5 编号“log.trak”和文件名“log.track”不一样
        → 把编号改成 log.track，或把文件改名为 log.trak.yaml
    错误 intents/log.track.yaml:3:1 “名称”写了两次（第 2 行已经写过）
        → 只留一个（名称 和 name 是同一个键）
    错误 intents/log.track.yaml:4:1 “名称”写了两次（第 2 行已经写过）
        → 只留一个（名称 和 name 是同一个键）
    错误 intents/log.track.yaml:5:5 “优先”应该是 0 到 100 的数字，这里是“很高”
        → 改成数字
    错误 intents/log.track.yaml:6:5 “夜间”不能是“登记登记”
        → 您是不是想写“登记”？
    错误 intents/log.track.yaml:7:5 没有工单类型“物流异长”
        → 您是不是想写“物流异常”？
    错误 intents/log.track.yaml:8:5 “首响”不是时长：“很快”
        → 写成 30分钟、4小时、2天、1个工作日、平台48小时，或 16:00前当天，否则下个工作日10:00
    错误 intents/log.track.yaml:9:11 “字段”里没有“快递但号”这一项
        → 您是不是想写“快递单号”？
    错误 intents/log.track.yaml:10:1 不认识的键“关键字”
        → 您是不是想写“关键词”？
    错误 intents/log.track.yaml:13:5 句式“(几天|多久没动”写错了：小括号没有收尾
        → 检查括号是否成对；不支持 (?=…)、(?!…) 和 \1；要找符号本身时前面加 \
    错误 intents/log.track.yaml:14:5 句式“(?=a)b”写错了：不支持 (?=…) 这类前后查看
        → 检查括号是否成对；不支持 (?=…)、(?!…) 和 \1；要找符号本身时前面加 \
    错误 intents/log.track.yaml:15:5 句式“.*”连空白也能配上，什么话都会算
        → 至少留一个必须出现的字，例如不要整句都用 * 或 ?
    错误 intents/log.track.yaml:17:5 “问法”的每一项应该是一段文字
        → 内容里有英文冒号加空格“: ”时，用英文引号把整句括起来
    "#);
}

#[test]
fn every_problem_of_a_script_is_told_at_once() {
    let script = "---\n编号: Log Track\n标题: [查, 物流]\n意图: log.trace\n用途: 回执\n需要: [订单好]\n店铺: [mian]\n平台: [taobo]\n开始: 2026-11-11\n结束: 2026-02-30\n自动: 会答\n自助: 1\n---\n亲，您的订单{{订单号|}}\n{{发货时见}}，{{快递\n";
    insta::assert_snapshot!(said_with([("scripts/b.md", script)]), @r#"
    错误 scripts/b.md:2:5 编号“Log Track”里有不能用的字
        → 只用小写英文字母、数字和“-”，例如 log-track
    错误 scripts/b.md:3:5 “标题”应该只写一段文字
        → 内容以 [ 或 - 开头时，用英文引号把整句括起来
    错误 scripts/b.md:4:5 没有意图“log.trace”
        → 您是不是想写“log.track”？
    错误 scripts/b.md:5:5 “意图”和“用途”只能写一个
        → 回答顾客问题的写“意图”；通用的回执、转人工写“用途”
    错误 scripts/b.md:6:6 “需要”里没有“订单好”这一项
        → 您是不是想写“订单号”？
    错误 scripts/b.md:7:6 没有店铺“mian”
        → 您是不是想写“main”？
    错误 scripts/b.md:8:6 “平台”不能是“taobo”
        → 您是不是想写“taobao”？
    错误 scripts/b.md:10:5 “结束”不是日期：“2026-02-30”
        → 写成 2026-11-01 或 2026-11-01 20:00，并且这一天真的存在
    错误 scripts/b.md:11:5 “自动”不能是“会答”
        → 您是不是想写“回答”？
    错误 scripts/b.md:12:1 不认识的键“自助”
        → 您是不是想写“自动”？
    错误 scripts/b.md:15:1 不认识的空“{{发货时见}}”
        → 您是不是想写“发货时间”？
    错误 scripts/b.md:15:10 “{{”没有用“}}”收尾
        → 写成 {{名称}} 或 {{名称|备用文字}}，写在一行里
    "#);
}

#[test]
fn a_script_needs_its_header_and_its_reply() {
    insta::assert_snapshot!(said_with([
        ("scripts/1.md", "亲，在的"),
        ("scripts/2.md", "---\n编号: a\n标题: b\n用途: 回执\n亲，在的"),
        ("scripts/3.md", "---\n编号: c\n标题: b\n用途: 回执\n---\n\n  \n"),
        ("scripts/4.md", ""),
        ("scripts/5.md", "---\n---\n在的"),
        ("scripts/6.md", "———\n编号: log-track\n标题: b\n———\n在的"),
    ]), @r#"
    错误 scripts/1.md:1 话术没有抬头：第一行不是“---”
        → 文件写成：第一行“---”，然后编号、标题等，再一行“---”，下面是回复的正文
    错误 scripts/2.md:1 话术的抬头没有收尾：缺少第二行“---”
        → 文件写成：第一行“---”，然后编号、标题等，再一行“---”，下面是回复的正文
    错误 scripts/3.md:8 回复是空的
        → 在第二行“---”下面写上回复顾客的话
    错误 scripts/4.md:1 话术没有抬头：第一行不是“---”
        → 文件写成：第一行“---”，然后编号、标题等，再一行“---”，下面是回复的正文
    错误 scripts/5.md:2 这里是空的
        → 对照 README.md 里的例子写
    错误 scripts/6.md:2 缺少“意图”或“用途”
        → 写一行“意图: log.track”，或“用途: 回执”
    错误 scripts/物流/查物流.md:2:5 话术“log-track”重复，scripts/6.md 已经用了
        → 换一个，或删掉其中一个文件
    "#);
}

#[test]
fn what_a_case_kind_may_say_about_money_forms_and_eyes() {
    let good = "名称: 补差\n前缀: BC\n需要: [订单号, 金额]\n送审: [原因]\n结案: [处理结果]\n字段: [原因, 处理结果]\n对接: 售后\n审核: 主管\n审批: 钱款\n免审: {客服: 5}\n限额: {supervisor: 200.50}\n可见: [客服, finance]\n首响: 30分钟\n完成: 16:00前当天，否则下个工作日10:00\n平台时限: 48小时\n";
    assert_eq!(said_with([("cases/补差.yaml", good)]), "");
    let english = "name: 补差\nprefix: BC\nneeds: [订单号]\nto_review: [金额]\nto_close: []\nfields: []\nhandler: 售后\nreviewer: 主管\napproval: money\nfree: {agent: 5}\nlimits: {supervisor: 200}\nseen_by: [agent]\nfirst: 30min\nfinish: before 16:00 today, else next workday 10:00\nplatform: 48h\n";
    assert_eq!(said_with([("cases/补差.yaml", english)]), "");
    let bad = "名称: 补差\n前缀: BC\n需要: [订单好]\n送审: [原由]\n字段: [原因, 太长太长太长太长太长太长太长]\n对接: 售后\n审核: 主管\n审批: 钱\n首响: 30分钟\n完成: 16:00前当天\n可见: [客户]\n平台时限: 2个工作日\n";
    let no_money =
        "名称: 改单\n前缀: GD\n对接: 审单\n审核: 主管\n免审: {客服: 5}\n首响: 30分钟\n完成: 2天\n";
    let no_amount = "名称: 返现\n前缀: FX\n对接: 审单\n审核: 主管\n审批: 钱款\n限额: {主管: 很多, 老板: 5}\n首响: 30分钟\n完成: 2天\n";
    insta::assert_snapshot!(said_with([("cases/a.yaml", bad), ("cases/b.yaml", no_money), ("cases/c.yaml", no_amount)]), @r#"
    错误 cases/a.yaml:3:6 “需要”里没有“订单好”这一项
        → 您是不是想写“订单号”？
    错误 cases/a.yaml:4:6 “送审”里没有“原由”这一项
        → 您是不是想写“原因”？
    错误 cases/a.yaml:5:10 “字段”里的“太长太长太长太长太长太长太长”太长，或者把几项写成了一项
        → 一项一个名字，用英文逗号隔开：[物品, 原因]
    错误 cases/a.yaml:8:5 “审批”不能是“钱”
        → 您是不是想写“钱款”？
    错误 cases/a.yaml:10:5 “完成”不是时长：“16:00前当天”
        → 写成 30分钟、4小时、2天、1个工作日、平台48小时，或 16:00前当天，否则下个工作日10:00
    错误 cases/a.yaml:11:6 “可见”不能是“客户”
        → 您是不是想写“客服”？
    错误 cases/a.yaml:12:1 “平台时限”夜里和放假也算，只能写小时或天
        → 例如 48小时
    错误 cases/b.yaml:5:1 只有钱款工单才写“免审”
        → 加一行“审批: 钱款”，或删掉这一行
    错误 cases/c.yaml:5:1 钱款工单送审时要有“金额”
        → 在“需要”或“送审”里加上 金额
    错误 cases/c.yaml:6:10 “限额”里主管的金额不对：“很多”
        → 写成元，最多两位小数，例如 50
    错误 cases/c.yaml:6:14 不认识的键“老板”
        → 可以写：客服、主管、审核人、仓库、财务、运营、管理员
    "#);
}

#[test]
fn shops_and_cases() {
    let shops = "店铺:\n  - 编号: main\n    名称: 一店\n    平台: taobao\n    时区: Asia/Shanghia\n    账号:\n      - 来源: default\n        账号: a\n  - 编号: main\n    平台: 淘保\n    模式: 自动驾驶\n    账号:\n      - 来源: default\n        账号: a\n      - 来源: default\n    变量:\n      订单号: 1\n      发货: [1]\n";
    let case = "名称: 物流异常\n前缀: wl\n首响: 一会儿\n级别: 特急\n计时: 上班时间\n";
    insta::assert_snapshot!(said_with([("shops.yaml", shops), ("cases/b.yaml", case)]), @r#"
    错误 cases/b.yaml:1 缺少“完成”
        → 写一行“完成: 24小时”
    提醒 cases/b.yaml:1 没有写“对接”，先算主管的
        → 写一行“对接: 售后”
    提醒 cases/b.yaml:1 没有写“审核”，先算主管的
        → 写一行“审核: 主管”
    错误 cases/b.yaml:2:5 “前缀”应该是两三个大写英文字母，这里是“wl”
        → 例如 LF
    错误 cases/b.yaml:3:5 “首响”不是时长：“一会儿”
        → 写成 30分钟、4小时、2天、1个工作日、平台48小时，或 16:00前当天，否则下个工作日10:00
    错误 cases/b.yaml:4:5 “级别”不能是“特急”
        → 您是不是想写“加急”？
    错误 cases/b.yaml:5:5 “计时”不能是“上班时间”
        → 您是不是想写“任何时间”？
    错误 cases/物流异常.yaml:1:5 工单类型“物流异常”重复，cases/b.yaml 已经用了
        → 换一个，或删掉其中一个文件
    错误 shops.yaml:5:9 不认识的时区“Asia/Shanghia”
        → 您是不是想写“Asia/Shanghai”？
    错误 shops.yaml:9 缺少“名称”
        → 写一行“名称: 青禾家居旗舰店”
    错误 shops.yaml:9:9 店铺编号“main”重复（第 2 行已经用过）
        → 换一个编号
    错误 shops.yaml:10:9 “平台”不能是“淘保”
        → 您是不是想写“淘宝”？
    错误 shops.yaml:11:9 “模式”不能是“自动驾驶”
        → 您是不是想写“自动”？
    错误 shops.yaml:14:13 来源“default”的账号“a”已经属于店铺“main”
        → 一个账号只能属于一家店，删掉其中一处
    错误 shops.yaml:15 缺少“账号”
        → 写一行“账号: demo”
    错误 shops.yaml:17:7 “订单号”是固定的名称，不能再当变量
        → 换一个名称
    错误 shops.yaml:18:11 变量“发货”的内容应该是一段文字
        → 有特殊符号时用英文引号括起来
    "#);
}

#[test]
fn tables_say_which_cell() {
    insta::assert_snapshot!(said_with([
        (
            "hours/weekly.csv",
            "店铺,星期,开始,结束,类型,班次,人员\n\n分店,周八,9点,25:00,上岗,,\n,\"周一,周三\",9:00,18:00,在岗,白班,小青,小禾\n,,9:00,,在岗\n",
        ),
        (
            "hours/holidays.csv",
            "开始日期,结束日期,类型,名称,店铺,按\n2026-10-01,2026-10-32,放假,国庆,,\n2026/10/10,,上班,调休,,周八\n2026-10-07,2026-10-01,放,国庆,,\n",
        ),
        ("rules/forbidden.csv", "写法;类别;级别\n最;极限词;禁止\n"),
        ("rules/mood.csv", "写法,类别\n投诉,投诉\n"),
        ("rules/spelling.csv", "写法,标准,备注\n法货,发货,\n法货,退货,\n,发货,\n"),
        ("rules/ranking.yaml", "匹配线: 高\n领先: 2\n意图: 0.5\n"),
    ]), @r#"
    错误 hours/holidays.csv:2:12 “结束日期”不是日期：“2026-10-32”
        → 写成 2026-10-01 这样的日期，并且这一天真的存在
    错误 hours/holidays.csv:3:20 “按”应该是星期几，这里是“周八”
        → 可以写：周一、周二 …… 周日
    错误 hours/holidays.csv:4 “结束日期”在“开始日期”之前
        → 把两个日期对调，或改正
    错误 hours/holidays.csv:4:23 “类型”不能是“放”
        → 您是不是想写“放假”？
    错误 hours/weekly.csv:3:1 没有店铺“分店”
        → 可以写：main
    错误 hours/weekly.csv:3:4 “星期”看不懂：“周八”
        → 可以写：每天、工作日、周末、周一、周一至周五、周一、周三
    错误 hours/weekly.csv:3:7 “开始”不是时间：“9点”
        → 写成 9:00、13:30 或 24:00
    错误 hours/weekly.csv:3:10 “结束”不是时间：“25:00”
        → 写成 9:00、13:30 或 24:00
    错误 hours/weekly.csv:3:16 “类型”不能是“上岗”
        → 您是不是想写“在岗”？
    错误 hours/weekly.csv:4:30 这一行比表头多一格：“小禾”
        → 格子里有英文逗号时，用英文双引号把这一格括起来
    错误 hours/weekly.csv:5:2 “星期”这一格是空的
        → 填上这一格，或删掉整行
    错误 hours/weekly.csv:5:8 “结束”这一格是空的
        → 填上这一格，或删掉整行
    错误 rules/forbidden.csv:1 表头没有用英文逗号隔开
        → 表头写成：写法,类别,级别,理由,建议,例外
    错误 rules/mood.csv:1 表头缺少这几列：级别
        → 第一行写成：写法,级别,类别,例外
    错误 rules/ranking.yaml:1:6 “匹配线”应该是 0 到 1 的数字，这里是“高”
        → 改成数字
    错误 rules/ranking.yaml:2:5 “领先”应该是 0 到 1 的数字，这里是“2”
        → 改成数字
    错误 rules/ranking.yaml:3:1 不认识的键“意图”
        → 您是不是想写“意图线”？
    错误 rules/spelling.csv:1:7 不认识的列“备注”
        → 可以写：写法、标准
    错误 rules/spelling.csv:3:1 “法货”在第 2 行已经写成“发货”
        → 只留一行
    错误 rules/spelling.csv:4:1 “写法”这一格是空的
        → 填上这一格，或删掉整行
    "#);
    insta::assert_snapshot!(said_with([
        ("rules/forbidden.csv", "写法,类别,级别,理由,建议,例外\n\"/加(v/\",引导,禁止,,,\n最,极限词,严禁,,,\n/.*/,a,提示,,,\n"),
        ("rules/mood.csv", "写法,级别,类别\n投诉,5,投诉\n"),
        ("hours/holidays.csv", ""),
    ]), @r#"
    错误 hours/holidays.csv:1 表格是空的
        → 第一行写表头：开始日期,结束日期,类型,名称,店铺,按,开始,结束,人员,最少在岗,备注
    错误 rules/forbidden.csv:2:1 句式“加(v”写错了：小括号没有收尾
        → 检查括号是否成对；不支持 (?=…)、(?!…) 和 \1；要找符号本身时前面加 \
    错误 rules/forbidden.csv:3:7 “级别”不能是“严禁”
        → 可以写：禁止、确认、提示
    错误 rules/forbidden.csv:4:1 句式“.*”连空白也能配上，什么话都会算
        → 至少留一个必须出现的字，例如不要整句都用 * 或 ?
    错误 rules/mood.csv:2:4 “级别”不能是“5”
        → 写 0 到 4：1 不安、2 不满、3 威胁、4 辱骂或危险
    "#);
}

#[test]
fn broken_yaml_is_explained() {
    let mut all = String::new();
    for text in [
        "编号: log.track\n名称: \"查物流\n夜间: 回答\n",
        "编号: log.track\n名称: '查物流'了\n",
        "编号: log.track\n名称: 查: 物流\n",
        "编号: log.track\n名称\n夜间: 回答\n",
        "编号: log.track\n字段: [订单号, 快递单号\n夜间: 回答\n",
        "编号: log.track\n问法:\n  - *号键怎么按\n  - &和\n  - !急\n  - '好'\n名称: a\n夜间: 不回\n",
        "编号: log.track\n问法:\n  - @客服 在吗\n",
        "编号:log.track\n名称: a\n夜间: 不回\n问法:\n\t- 在吗\n",
        "编号: log.track\n名称: a\n  夜间: 不回\n",
        "编号: log.track\n名称: a\n夜间: 不回\n问法: [a]\n---\n编号: b\n",
        "- 编号: log.track\n",
        "",
        "# 只有注释\n",
        "亲🔑你好: [1, 2\n",
    ] {
        all += &said_with([("intents/log.track.yaml", text)]);
        all += "\n";
    }
    insta::assert_snapshot!(all, @r#"
    错误 intents/log.track.yaml:2:5 引号没有成对
        → 在这句话的末尾补上同样的英文引号

    错误 intents/log.track.yaml:2:10 引号后面还有多余的内容
        → 用一对引号把整句括起来；句子里本来就有引号时，外面换用另一种英文引号

    错误 intents/log.track.yaml:2:6 这里的冒号看不懂
        → 一行只写一个“键: 值”；内容里有“: ”时用英文引号把整句括起来

    错误 intents/log.track.yaml:2:1 这一行看不懂：它不是“键: 值”，或者没有和上面对齐
        → 冒号用英文的“:”，后面空一格；同一级的行左边对齐

    错误 intents/log.track.yaml:2:5 方括号或花括号没有写好
        → 列表写成 [甲, 乙]，用英文方括号和英文逗号；内容以 [ 或 { 开头时用英文引号括起来

    错误 intents/log.track.yaml:3:5 内容不能直接以“*”开头
        → 用英文引号把整句括起来，例如 '…'
    错误 intents/log.track.yaml:4:7 内容不能直接以“&”开头
        → 用英文引号把整句括起来，例如 '…'
    错误 intents/log.track.yaml:5:5 内容不能直接以这个符号开头
        → 用英文引号把整句括起来，例如 '…'

    错误 intents/log.track.yaml:3:5 内容不能直接以这个符号开头
        → 用英文引号把整句括起来，例如 '…'

    错误 intents/log.track.yaml:1:3 “编号:”后面少一个空格
        → 在冒号后面加一个空格
    错误 intents/log.track.yaml:5:1 行首用了 Tab 或全角空格
        → 改用英文空格

    错误 intents/log.track.yaml:3:5 这里的冒号看不懂
        → 一行只写一个“键: 值”；内容里有“: ”时用英文引号把整句括起来

    错误 intents/log.track.yaml:5:1 多了一行“---”，后面的内容不会被读到
        → 删掉这一行

    错误 intents/log.track.yaml:1:1 这里应该是一行行的“键: 值”
        → 可以写的键：编号、名称、优先、夜间、工单、建单、对接、审核、首响、完成、字段、关键词、弱词、排除、句式、问法、反例

    错误 intents/log.track.yaml:1 这里是空的
        → 对照 README.md 里的例子写

    错误 intents/log.track.yaml:1 这里是空的
        → 对照 README.md 里的例子写

    错误 intents/log.track.yaml:1:7 方括号或花括号没有写好
        → 列表写成 [甲, 乙]，用英文方括号和英文逗号；内容以 [ 或 { 开头时用英文引号括起来
    "#);
}

#[test]
fn files_without_a_place_and_doubles() {
    insta::assert_snapshot!(said_with([
        ("shop.yaml", ""),
        ("intents/log.pay.yml", ""),
        ("intents/sub/log.pay.yaml", ""),
        ("hours/weekly.xlsx", ""),
        ("scripts/a.docx", ""),
        ("scripts/b.txt", ""),
        ("图片.png", ""),
        ("scripts/c.md", SCRIPT),
        ("cases/另一个.yaml", CASE),
    ]), @r#"
    错误 cases/物流异常.yaml:1:5 工单类型“物流异常”重复，cases/另一个.yaml 已经用了
        → 换一个，或删掉其中一个文件
    错误 cases/物流异常.yaml:2:5 工单前缀“WL”重复，cases/另一个.yaml 已经用了
        → 换一个，或删掉其中一个文件
    错误 hours/weekly.xlsx 不认识的文件，不知道放在这里做什么用
        → 在 Excel 里另存为“CSV UTF-8（逗号分隔）”
    错误 intents/log.pay.yml 不认识的文件，不知道放在这里做什么用
        → 把文件改名为 intents/log.pay.yaml
    错误 intents/sub/log.pay.yaml 不认识的文件，不知道放在这里做什么用
        → 这里只放 intents/<编号>.yaml；其他的放进“待处理”文件夹
    错误 scripts/a.docx 不认识的文件，不知道放在这里做什么用
        → 把文字复制到 .md 文本文件里
    错误 scripts/b.txt 不认识的文件，不知道放在这里做什么用
        → 把文件改名为 scripts/b.md
    错误 scripts/物流/查物流.md:2:5 话术“log-track”重复，scripts/c.md 已经用了
        → 换一个，或删掉其中一个文件
    错误 shop.yaml 不认识的文件，不知道放在这里做什么用
        → 您是不是想写“shops.yaml”？不用的文件可以放进“待处理”文件夹
    错误 图片.png 不认识的文件，不知道放在这里做什么用
        → 这里只放 shops.yaml、intents/<编号>.yaml、scripts/<文件夹>/<名称>.md、cases/<名称>.yaml、hours/weekly.csv、hours/holidays.csv、rules/forbidden.csv、rules/mood.csv、rules/spelling.csv、rules/ranking.yaml、rules/promises.yaml、rules/notes.csv、rules/counters.csv；其他的放进“待处理”文件夹
    "#);
}

#[test]
fn what_editors_programs_save() {
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    let mut folder = good();
    folder.insert("hours/weekly.csv".into(), gbk(WEEKLY));
    insta::assert_snapshot!(said(&folder), @r#"
    提醒 hours/weekly.csv 表格是 GBK 编码，已经按 GBK 读入
        → 在 Excel 里另存为“CSV UTF-8（逗号分隔）”，以免生僻字丢失
    "#);
    let (knowledge, _) = Knowledge::load(&folder).unwrap();
    let noon = "2026-11-20T04:30:00Z".parse().unwrap();
    assert_eq!(
        knowledge.coverage(&ShopId::from("main"), noon).reason,
        "午休"
    );

    let mut folder = good();
    folder.insert("intents/log.track.yaml".into(), gbk(INTENT));
    folder.insert("scripts/a.md".into(), b"---\n\xff\xff\xff".to_vec());
    folder.insert("scripts/b.md".into(), b"\xff\xfe-\0".to_vec());
    folder.insert("scripts/c.md".into(), vec![b'a'; (1 << 20) + 1]);
    folder.insert("scripts/d.md".into(), b"---\n\0".to_vec());
    insta::assert_snapshot!(said(&folder), @r#"
    错误 intents/log.track.yaml:1 文件不是 UTF-8 编码，看起来是 GBK（ANSI）
        → 用记事本打开，选“另存为”，编码选 UTF-8，再保存
    错误 scripts/a.md:2 文件不是 UTF-8 编码，从这一行起读不了
        → 用记事本打开，选“另存为”，编码选 UTF-8，再保存
    错误 scripts/b.md 文件是 UTF-16 编码，读不了
        → 用记事本打开，选“另存为”，编码选 UTF-8，再保存
    错误 scripts/c.md 文件太大（1025 KB，最多 1024 KB）
        → 拆成几个小文件
    错误 scripts/d.md:2 这不是文字文件
        → 只放 .yaml、.md 和 .csv 文字文件
    "#);

    let mut folder = good();
    let bom = |text: &str| [b"\xef\xbb\xbf", text.replace('\n', "\r\n").as_bytes()].concat();
    folder.insert("intents/log.track.yaml".into(), bom(INTENT));
    folder.insert("scripts/物流/查物流.md".into(), bom(SCRIPT));
    let (knowledge, warnings) = Knowledge::load(&folder).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(
        knowledge.scripts(),
        Knowledge::load(&good()).unwrap().0.scripts()
    );
}

#[test]
fn warnings_do_not_keep_a_folder_out() {
    let mut folder = good();
    folder.remove("hours/weekly.csv");
    folder.extend(files([(
        "cases/物流异常.yaml",
        "名称: 物流异常\n前缀: WL\n审核:\n首响: 30分钟\n完成: 1个工作日\n",
    )]));
    insta::assert_snapshot!(said(&folder), @r#"
    提醒 cases/物流异常.yaml:1 没有写“对接”，先算主管的
        → 写一行“对接: 售后”
    提醒 cases/物流异常.yaml:3:1 没有写“审核”，先算主管的
        → 写一行“审核: 主管”
    提醒 hours/weekly.csv 店铺“青禾家居旗舰店”（main）没有写值守时间，先按全天有人在岗算
        → 加上它的行，或加一行“店铺”为空、对所有店铺有效的值守时间
    "#);
}

#[test]
fn small_files_cannot_grow_large() {
    let bomb = "a: &a [在, 在, 在]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n";
    insta::assert_snapshot!(said_with([("rules/ranking.yaml", bomb)]), @r#"
    错误 rules/ranking.yaml:1:1 不认识的键“a”
        → 可以写：匹配线、意图线、领先、关键词权重、句式权重、弱词权重、问法权重、上文权重
    错误 rules/ranking.yaml:1:7 内容不能直接以“&”开头
        → 用英文引号把整句括起来，例如 '…'
    错误 rules/ranking.yaml:2:1 不认识的键“b”
        → 可以写：匹配线、意图线、领先、关键词权重、句式权重、弱词权重、问法权重、上文权重
    错误 rules/ranking.yaml:2:7 内容不能直接以“&”开头
        → 用英文引号把整句括起来，例如 '…'
    错误 rules/ranking.yaml:2:8 内容不能直接以“*”开头
        → 用英文引号把整句括起来，例如 '…'
    错误 rules/ranking.yaml:2:12 内容不能直接以“*”开头
        → 用英文引号把整句括起来，例如 '…'
    错误 rules/ranking.yaml:2:16 内容不能直接以“*”开头
        → 用英文引号把整句括起来，例如 '…'
    错误 rules/ranking.yaml:3:1 不认识的键“c”
        → 可以写：匹配线、意图线、领先、关键词权重、句式权重、弱词权重、问法权重、上文权重
    错误 rules/ranking.yaml:3:5 内容不能直接以“*”开头
        → 用英文引号把整句括起来，例如 '…'
    错误 rules/ranking.yaml:3:9 内容不能直接以“*”开头
        → 用英文引号把整句括起来，例如 '…'
    错误 rules/ranking.yaml:3:13 内容不能直接以“*”开头
        → 用英文引号把整句括起来，例如 '…'
    "#);
    for deep in [
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(100_000),
    ] {
        let text = format!("编号: log.track\n问法: {deep}");
        assert!(said_with([("intents/log.track.yaml", text.as_str())]).contains("错误"));
    }
    let rows = "写法,级别,类别\n".to_owned() + &"投诉,9,投诉\n".repeat(50_000);
    let said = said_with([("rules/mood.csv", rows.as_str())]);
    assert_eq!(said.matches("错误").count(), 201);
    assert!(said.contains("rules/mood.csv:202:4 问题太多，从这里起不再一一列出"));
}

#[test]
fn a_quote_that_never_closes_is_found() {
    insta::assert_snapshot!(said_with([(
        "rules/mood.csv",
        "写法,级别,类别\n\"投\"\"诉\",3,\"a,b\"\n5\"6,x,\n投诉,\"3,投诉\n差评,2,不满\n",
    )]), @r#"
    错误 rules/mood.csv:3:5 “级别”不能是“x”
        → 写 0 到 4：1 不安、2 不满、3 威胁、4 辱骂或危险
    错误 rules/mood.csv:4:4 这一格的英文双引号没有收尾，后面的行都被它吞掉了
        → 在这一格的末尾补上英文双引号
    "#);
}

#[test]
fn promises_say_what_is_wrong_with_them() {
    insta::assert_snapshot!(said_with([(
        "rules/promises.yaml",
        "种类:\n  - 名称: 补发\n    写法: [补发]\n    工单: [补发货]\n  - 名称: 补发\n    附属: 对\n时段:\n  - 说法: [上午]\n    到: 中午\n随口: 马上\n没说时间: 很久\n",
    )]), @r"
    提醒 rules/promises.yaml:4:10 没有工单类型“补发货”
        → 写 cases/ 里有的名称，或删掉
    错误 rules/promises.yaml:5 缺少“写法”
        → 写一行“写法: [补发, 补寄]”
    错误 rules/promises.yaml:5:9 “补发”写了两次
        → 只留一个
    错误 rules/promises.yaml:6:9 “附属”不能是“对”
        → 写 是 或 否
    错误 rules/promises.yaml:9:8 不是钟点：“中午”
        → 写成 '18:00' 这样，两边加引号
    错误 rules/promises.yaml:10:5 “随口”应该是一个列表
        → 每一项以“- 说法: [马上]”开头
    错误 rules/promises.yaml:11:7 “没说时间”不是时长：“很久”
        → 写成 30分钟、4小时、2天 或 1个工作日
    ");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(200))]
    #[test]
    fn no_bytes_can_break_the_reader(
        place in 0usize..9,
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        text in "[-编号: \\[\\]{}|\n\t\"'#&*!,，：0-9a-z名称]{0,120}",
    ) {
        const PLACES: &[&str] = &[
            "shops.yaml", "intents/a.yaml", "scripts/a.md", "cases/a.yaml",
            "hours/weekly.csv", "hours/holidays.csv", "rules/mood.csv", "rules/ranking.yaml",
            "rules/promises.yaml",
        ];
        let mut folder = good();
        folder.insert(PLACES[place].to_owned(), bytes);
        let _ = Knowledge::load(&folder);
        folder.insert(PLACES[place].to_owned(), text.into_bytes());
        let _ = Knowledge::load(&folder);
    }
}
