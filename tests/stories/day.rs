//! Whole days of a shop with two agents by day and one in the evening: what customers and agents read.

use insta::assert_snapshot;
use jieban::knowledge::arrangement::Arranged;

use super::desk::TestDesk;

#[tokio::test]
async fn a_normal_day() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-20 07:55:00").await;
    // Before anybody is in, the bot answers what it may and hands over the rest.
    assert_snapshot!(desk.on_duty().await, @"非值守时间：无人");
    desk.customer("early", "这个包邮吗").await;
    desk.customer("loss", "少发了一个杯子，订单号 2871234567890123456")
        .await;
    desk.pass(5).await;
    // At nine the agents take over: messages left at night first.
    desk.until("2026-11-20 09:00:00").await;
    assert_snapshot!(desk.on_duty().await, @"早班：小李、小王");
    desk.agent_as("小李", "loss", "早上好，已经让仓库查了")
        .await;
    desk.customer("early", "那今天拍什么时候能发").await;
    assert_snapshot!(desk.suggestions("early").await, @"发货时间：亲，付款后48小时内发出，节假日顺延。");
    desk.agent_as("小王", "early", "今天下午四点前拍都能发")
        .await;
    // Lunch in turns: one stays, so nothing is said alone, and who is kept waiting is helped.
    desk.until("2026-11-20 12:00:00").await;
    desk.lunch("小李", "2026-11-20 12:20:00").await;
    assert_snapshot!(desk.on_duty().await, @"早班：小王");
    desk.customer("noon", "这个包邮吗").await;
    desk.pass(20).await;
    desk.agent_as("小王", "noon", "满39包邮的亲").await;
    desk.until("2026-11-20 12:20:00").await;
    // Both away, against the rule of the house: the bot is in, at once.
    desk.lunch("小王", "2026-11-20 12:40:00").await;
    desk.lunch("小李", "2026-11-20 12:25:00").await;
    assert_snapshot!(desk.on_duty().await, @"午饭：无人");
    desk.customer("noon", "寄到新疆邮费多少").await;
    desk.pass(5).await;
    // Six o'clock: the early shift leaves, and what was theirs is not theirs any more.
    desk.until("2026-11-20 17:58:00").await;
    desk.customer("shift", "在吗").await;
    desk.agent_as("小李", "shift", "在的亲，您说").await;
    desk.customer("shift", "转人工，我要小李").await;
    desk.until("2026-11-20 18:00:00").await;
    assert_snapshot!(desk.on_duty().await, @"晚班：小赵");
    assert_snapshot!(desk.queue().await, @"shift asked 17:58:00 小李");
    desk.agent_as("小赵", "shift", "小李下班了，我来帮您").await;
    // The evening's peak is too much for one: the bot steps in, and says so to him.
    desk.until("2026-11-20 20:30:00").await;
    desk.customer("peak", "这个包邮吗").await;
    desk.pass(110).await;
    assert_snapshot!(desk.queue().await, @"peak rescued 20:30:00 无人");
    // Midnight: the bot is on its own again.
    desk.until("2026-11-21 00:00:00").await;
    assert_snapshot!(desk.on_duty().await, @"非值守时间：无人");
    desk.customer("late", "再不发货我就投诉").await;
    desk.pass(5).await;
    assert_snapshot!(desk.chronicle(&["early", "loss", "noon", "shift", "peak", "late"]), @"
    — early
    07:55:00 顾客：这个包邮吗
    07:55:04 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    09:00:00 顾客：那今天拍什么时候能发
    09:00:00 小王：今天下午四点前拍都能发
    — loss
    07:55:00 顾客：少发了一个杯子，订单号 2871234567890123456
    07:55:04 接班：亲，抱歉让您收到不完整的包裹。已登记核实，请一次补充：①订单号 ②收到的全部商品照片 ③外箱面单照片。同事今天9:00回复您结果。
    09:00:00 小李：早上好，已经让仓库查了
    — noon
    12:00:00 顾客：这个包邮吗
    12:00:20 小王：满39包邮的亲
    12:20:00 顾客：寄到新疆邮费多少
    12:20:04 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    — shift
    17:58:00 顾客：在吗
    17:58:00 小李：在的亲，您说
    17:58:00 顾客：转人工，我要小李
    18:00:00 接班：亲，已为您叫人工，同事正在按顺序接待。
    18:00:00 小赵：小李下班了，我来帮您
    — peak
    20:30:00 顾客：这个包邮吗
    20:31:40 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    — late
    00:00:00 顾客：再不发货我就投诉
    00:00:04 接班：亲，您的消息已收到，同事今天9:00第一时间回复您。
    ");
    assert_snapshot!(desk.queue().await, @"
    late risk 00:00:00 无人
    peak rescued 20:30:00 无人
    ");
    assert_snapshot!(desk.cases("loss").await, @"
    LF-2611-0001 漏发 open 首响11-20 09:30 完成11-21 18:00
    【漏发】订单号 ***************3456（抖音）
    自 11月20日 07:55 起等待
    客户原话：「少发了一个杯子，订单号 ***************3456」
    还缺：收到的全部商品照片、外箱面单照片
    已告知客户：自动回复「亲，抱歉让您收到不完整的包裹。已登记核实，请一次补充：①订单号 ②收到的全部商品照片 ③外箱面单照片。同事今天9:00回…」
    对接：仓库；审核：主管
    ");
    desk.end().await;
}

#[tokio::test]
async fn double_eleven() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-11 00:00:00").await;
    // Overtime until two: somebody is in although the table says night.
    for agent in ["小李", "小赵"] {
        let what = Arranged::OnDuty {
            agent: agent.to_owned(),
        };
        desk.arrange("王主管", what, "2026-11-11 02:00:00", "大促加班")
            .await;
    }
    assert_snapshot!(desk.on_duty().await, @"大促加班：小李、小赵");
    desk.announce(
        "亲，双11订单较多，今天的单72小时内陆续发出。",
        &["pre.shiptime"],
        "2026-11-13 00:00:00",
    )
    .await;
    // More customers than two can answer: each is answered within the shop's time.
    for n in 1..=4 {
        desk.customer(&format!("c{n}"), "今天拍什么时候能发").await;
        desk.pass(1).await;
    }
    desk.agent_as("小李", "c1", "亲，双11订单较多，今天的单72小时内陆续发出。")
        .await;
    desk.pass(120).await;
    // At two they go home, and the bot answers at once; what c1 has read he is not told again.
    desk.until("2026-11-11 02:00:00").await;
    assert_snapshot!(desk.on_duty().await, @"非值守时间：无人");
    desk.customer("c5", "这个包邮吗").await;
    desk.customer("c1", "这个包邮吗").await;
    desk.pass(5).await;
    assert_snapshot!(desk.chronicle(&["c1", "c2", "c5"]), @"
    — c1
    00:00:00 顾客：今天拍什么时候能发
    00:00:04 小李：亲，双11订单较多，今天的单72小时内陆续发出。
    02:00:00 顾客：这个包邮吗
    02:00:04 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    — c2
    00:00:01 顾客：今天拍什么时候能发
    00:01:41 接班：亲，双11订单较多，今天的单72小时内陆续发出。
    — c5
    02:00:00 顾客：这个包邮吗
    02:00:04 接班：亲，双11订单较多，今天的单72小时内陆续发出。
    亲，全店满39元包邮，新疆、西藏补15元运费。
    ");
    assert_snapshot!(desk.queue().await, @"
    c2 rescued 00:00:01 无人
    c3 rescued 00:00:02 无人
    c4 rescued 00:00:03 无人
    ");
    desk.end().await;
}

#[tokio::test]
async fn spring_festival() {
    let desk = TestDesk::of_account("tea-busy", "2027-02-04 23:00:00").await;
    desk.announce(
        "亲，2月4日前付款的年前发出，之后的初五起按付款顺序发。",
        &["pre.shiptime"],
        "2027-02-05 00:00:00",
    )
    .await;
    desk.customer("before", "今天拍什么时候能发").await;
    assert_snapshot!(desk.suggestions("before").await, @"
    公告：亲，2月4日前付款的年前发出，之后的初五起按付款顺序发。
    发货时间：亲，付款后48小时内发出，节假日顺延。
    ");
    desk.agent_as("小赵", "before", "亲，今晚付款都能年前发")
        .await;
    // The holiday begins; its own words stand, the others have stopped by themselves.
    desk.until("2027-02-06 15:00:00").await;
    assert_snapshot!(desk.on_duty().await, @"春节：无人");
    desk.announce(
        "亲，春节期间暂停发货，初五（2月9日）起按付款顺序发出。",
        &["pre.shiptime"],
        "2027-02-09 09:00:00",
    )
    .await;
    desk.customer("during", "今天拍什么时候能发").await;
    desk.customer("loss", "少发了一个杯子").await;
    desk.customer("human", "转人工").await;
    desk.pass(5).await;
    // Back at work, nothing is left of it.
    desk.until("2027-02-09 09:00:00").await;
    assert_snapshot!(desk.on_duty().await, @"早班：小李、小王");
    desk.customer("after", "今天拍什么时候能发").await;
    assert_snapshot!(desk.suggestions("after").await, @"发货时间：亲，付款后48小时内发出，节假日顺延。");
    assert_snapshot!(desk.chronicle(&["before", "during", "loss", "human", "after"]), @"
    — before
    23:00:00 顾客：今天拍什么时候能发
    23:00:00 小赵：亲，今晚付款都能年前发
    — during
    15:00:00 顾客：今天拍什么时候能发
    15:00:04 接班：亲，春节期间暂停发货，初五（2月9日）起按付款顺序发出。
    — loss
    15:00:00 顾客：少发了一个杯子
    15:00:04 接班：亲，春节期间暂停发货，初五（2月9日）起按付款顺序发出。
    亲，抱歉让您收到不完整的包裹。已登记核实，请一次补充：①订单号 ②收到的全部商品照片 ③外箱面单照片。同事周二9:00回复您结果。
    — human
    15:00:00 顾客：转人工
    15:00:04 接班：亲，已为您记下需要人工，同事周二9:00开始接待，会在这里回复您。
    — after
    09:00:00 顾客：今天拍什么时候能发
    ");
    // Cases are due when somebody works again.
    assert_snapshot!(desk.cases("loss").await, @"
    LF-2702-0001 漏发 open 首响02-09 09:30 完成02-10 18:00
    【漏发】订单号未提供（抖音）
    自 2月6日 15:00 起等待
    客户原话：「少发了一个杯子」
    还缺：订单号、收到的全部商品照片、外箱面单照片
    已告知客户：自动回复「亲，春节期间暂停发货，初五（2月9日）起按付款顺序发出。 亲，抱歉让您收到不完整的包裹。已登记核实，请一次补充：①订单号…」
    对接：仓库；审核：主管
    ");
    assert_snapshot!(desk.queue().await, @"human asked 15:00:00 无人");
    desk.end().await;
}

#[tokio::test]
async fn a_sick_agent_at_five_past_six() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-20 18:01:00").await;
    desk.customer("ann", "在吗").await;
    desk.agent_as("小赵", "ann", "在的，您说").await;
    desk.until("2026-11-20 18:04:00").await;
    desk.customer("ann", "这个包邮吗").await;
    desk.until("2026-11-20 18:05:00").await;
    // She goes home without a handover. Nobody else is in: the bot covers, and her conversation is nobody's.
    let what = Arranged::Absent {
        agent: "小赵".to_owned(),
    };
    desk.arrange("王主管", what, "2026-11-21 00:00:00", "病假")
        .await;
    assert_snapshot!(desk.on_duty().await, @"病假：无人");
    desk.pass(5).await;
    desk.customer("bob", "人工").await;
    desk.pass(5).await;
    // A colleague comes back for her: the bot is quiet again.
    desk.until("2026-11-20 19:00:00").await;
    let what = Arranged::OnDuty {
        agent: "小王".to_owned(),
    };
    desk.arrange("王主管", what, "2026-11-20 23:00:00", "替班")
        .await;
    assert_snapshot!(desk.on_duty().await, @"替班：小王");
    assert_snapshot!(desk.queue().await, @"bob asked 18:05:05 无人");
    desk.agent_as("小王", "bob", "您好，我来接待您").await;
    desk.customer("bob", "这个包邮吗").await;
    desk.pass(60).await;
    assert_snapshot!(desk.chronicle(&["ann", "bob"]), @"
    — ann
    18:01:00 顾客：在吗
    18:01:00 小赵：在的，您说
    18:04:00 顾客：这个包邮吗
    18:05:00 接班：亲，全店满39元包邮，新疆、西藏补15元运费。
    — bob
    18:05:05 顾客：人工
    18:05:09 接班：亲，已为您记下需要人工，同事明天9:00开始接待，会在这里回复您。
    19:00:00 小王：您好，我来接待您
    19:00:00 顾客：这个包邮吗
    ");
    assert_eq!(desk.queue().await, "");
    desk.end().await;
}

#[tokio::test]
async fn an_emergency() {
    let desk = TestDesk::of_account("tea-busy", "2026-11-20 03:00:00").await;
    desk.customer("open", "今天拍什么时候能发").await;
    desk.pass(2).await;
    // The warehouse is under water. What was about to be said does not leave any more.
    desk.announce(
        "亲，仓库进水，发货顺延到下周一，给您添麻烦了。",
        &["pre.shiptime", "log.track"],
        "2026-11-22 00:00:00",
    )
    .await;
    desk.pass(10).await;
    desk.customer("open", "怎么还要顺延，到底什么时候能发")
        .await;
    desk.customer("track", "我的快递到哪了").await;
    desk.customer("other", "这个包邮吗").await;
    desk.customer("angry", "再不发货我就投诉").await;
    desk.pass(10).await;
    // By day the agents find the same words first.
    desk.until("2026-11-20 09:30:00").await;
    desk.customer("day", "今天拍什么时候能发").await;
    assert_snapshot!(desk.suggestions("day").await, @"
    公告：亲，仓库进水，发货顺延到下周一，给您添麻烦了。
    发货时间：亲，付款后48小时内发出，节假日顺延。
    ");
    // A wrong word somewhere: everything automatic is stopped at once.
    desk.until("2026-11-21 02:00:00").await;
    desk.customer("stopped", "这个包邮吗").await;
    desk.pass(1).await;
    desk.kill(true).await;
    desk.pass(30).await;
    assert_eq!(desk.verdict("stopped").await, "stopped");
    assert_snapshot!(desk.chronicle(&["open", "track", "other", "angry", "day", "stopped"]), @"
    — open
    03:00:00 顾客：今天拍什么时候能发
    03:00:04 接班：亲，仓库进水，发货顺延到下周一，给您添麻烦了。
    03:00:12 顾客：怎么还要顺延，到底什么时候能发
    03:00:16 接班：亲，您的消息已收到，同事今天9:00第一时间回复您。
    — track
    03:00:12 顾客：我的快递到哪了
    03:00:16 接班：亲，仓库进水，发货顺延到下周一，给您添麻烦了。
    — other
    03:00:12 顾客：这个包邮吗
    03:00:16 接班：亲，仓库进水，发货顺延到下周一，给您添麻烦了。
    亲，全店满39元包邮，新疆、西藏补15元运费。
    — angry
    03:00:12 顾客：再不发货我就投诉
    03:00:16 接班：亲，您的消息已收到，同事今天9:00第一时间回复您。
    — day
    09:30:00 顾客：今天拍什么时候能发
    — stopped
    02:00:00 顾客：这个包邮吗
    ");
    assert_snapshot!(desk.queue().await, @"angry risk 03:00:12 无人");
    desk.end().await;
}
