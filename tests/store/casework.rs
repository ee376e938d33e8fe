//! What people do with cases: versions, doubles, merging, splitting, lists that walk indexes, what time brings.

use std::collections::BTreeMap;

use jieban::{
    desk::{
        Decision,
        case::{Act, Actor, Form, Refusal, State},
    },
    knowledge::{Knowledge, Post, files},
    store::{
        Dialect, Error, Row, Tx, Value,
        case_list::{self, After, Asked, By},
        casework::{self, Hand, Kept, New, Stopped},
        staff_event::{self, What, Who},
    },
};

use crate::house::*;

stories!(
    a_case_goes_its_way_and_every_step_is_told,
    who_saw_an_older_version_is_refused,
    the_same_order_is_not_paid_twice,
    a_case_by_hand_is_the_open_one_of_its_order,
    two_cases_become_one_and_one_becomes_two,
    lists_come_page_by_page,
    time_makes_overdue_once_and_lapses_what_was_only_said,
    what_people_have_in_hand_the_bot_leaves_alone,
    what_somebody_has_in_hand_is_his_to_merge,
);

pub(crate) fn knowledge() -> Knowledge {
    let kind = |name: &str, prefix: &str, more: &str| {
        format!(
            "名称: {name}\n前缀: {prefix}\n需要: [订单号]\n对接: 售后\n审核: 主管\n首响: 30分钟\n完成: 24小时\n{more}"
        )
    };
    let money = "送审: [金额]\n结案: [处理结果]\n字段: [处理结果]\n审批: 钱款\n";
    let folder = [
        (
            "shops.yaml",
            "店铺:\n  - 编号: flagship\n    名称: 店\n    平台: taobao\n".to_owned(),
        ),
        (
            "scripts/a.md",
            "---\n编号: a\n标题: 回执\n用途: 回执\n---\n在的\n".to_owned(),
        ),
        (
            "cases/物流.yaml",
            kind("物流", "LF", "结案: [处理结果]\n字段: [处理结果, 电话]\n"),
        ),
        ("cases/返现.yaml", kind("返现", "FX", money)),
        ("cases/补差.yaml", kind("补差", "BC", money)),
        ("cases/隐私.yaml", kind("隐私", "YS", "可见: [主管]\n")),
    ];
    let folder = files(folder.iter().map(|(path, text)| (*path, text.as_str())));
    Knowledge::load(&folder)
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .0
}

pub(crate) fn hand(name: &str, post: Post) -> Hand {
    Hand {
        who: Who {
            name: name.into(),
            role: post.code().into(),
        },
        actor: Actor {
            name: name.into(),
            posts: vec![post],
        },
        shops: None,
    }
}

pub(crate) fn mei() -> Hand {
    hand("小美", Post::Agent)
}

pub(crate) fn boss() -> Hand {
    hand("王主管", Post::Supervisor)
}

pub(crate) fn new(kind: &str, fields: &[(&str, &str)]) -> New {
    New {
        shop: shop(),
        kind: kind.into(),
        conversation: None,
        messages: vec![],
        form: Form::of(fields.iter().copied()),
        note: format!("【{kind}】"),
        draft: false,
        first_due: at(3_600),
        finish_due: at(86_400),
        month: "2611".into(),
    }
}

fn none() -> BTreeMap<String, String> {
    BTreeMap::new()
}

fn fields(name: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), value.to_owned())])
}

impl House {
    async fn open(&self, who: Hand, new: New, seconds: i64) -> (Kept, bool) {
        self.write(move |tx| casework::open(tx, &knowledge(), &who, &new, at(seconds)))
            .await
            .unwrap()
    }

    async fn act(&self, who: Hand, number: &str, act: Act, seconds: i64) -> Result<Kept, Stopped> {
        self.act_on(who, number, None, act, seconds).await
    }

    async fn act_on(
        &self,
        who: Hand,
        number: &str,
        version: Option<i64>,
        act: Act,
        seconds: i64,
    ) -> Result<Kept, Stopped> {
        let number = number.to_owned();
        self.write(move |tx| {
            casework::act(
                tx,
                &knowledge(),
                &who,
                (&number, version),
                &act,
                at(seconds),
            )
        })
        .await
    }

    async fn pays(&self, order: &str, amount: &str) -> String {
        let new = new("返现", &[("订单号", order), ("金额", amount)]);
        self.open(mei(), new, 0).await.0.number
    }

    async fn list(&self, by: By, after: Option<After>) -> Vec<Kept> {
        let asked = Asked {
            by,
            shops: vec![shop()],
            hidden: vec!["隐私".into()],
            after,
            limit: 2,
        };
        self.store
            .read(move |tx| case_list::list(tx, &asked))
            .await
            .unwrap()
    }

    async fn acts_of(&self, id: i64) -> Vec<String> {
        let events = self
            .store
            .read(move |tx| staff_event::of(tx, What::Case, id, 100))
            .await
            .unwrap();
        events
            .iter()
            .rev()
            .map(|event| {
                format!(
                    "{} {}",
                    event.who.name,
                    event.after["act"].as_str().unwrap_or_default()
                )
            })
            .collect()
    }
}

async fn a_case_goes_its_way_and_every_step_is_told(house: House) {
    let number = house.pays("88", "30").await;
    assert_eq!(number, "FX-2611-0001");
    house
        .act(mei(), &number, Act::Submit { despite: vec![] }, 1)
        .await
        .unwrap();
    let approve = |name: &str| Act::Approve {
        comment: "核对过".into(),
        signature: name.into(),
        despite: vec![],
    };
    assert_eq!(
        house.act(mei(), &number, approve("小美"), 2).await,
        Err(Stopped::Refused(Refusal::OwnCase))
    );
    house
        .act(boss(), &number, approve("王主管"), 3)
        .await
        .unwrap();
    // Sent again, it changes nothing.
    let again = house
        .act(boss(), &number, approve("王主管"), 4)
        .await
        .unwrap();
    assert_eq!(again.version, 3);
    let pay = hand("钱姐", Post::Finance);
    house
        .act(pay.clone(), &number, Act::Claim, 5)
        .await
        .unwrap();
    let done = Act::Done {
        result: "已付".into(),
        changes: none(),
    };
    house.act(pay.clone(), &number, done, 6).await.unwrap();
    assert_eq!(
        house
            .act(pay.clone(), &number, Act::Close { changes: none() }, 7)
            .await,
        Err(Stopped::Refused(Refusal::Missing(vec!["处理结果".into()])))
    );
    let close = Act::Close {
        changes: fields("处理结果", "支付宝已付"),
    };
    let closed = house.act(pay, &number, close, 8).await.unwrap();
    let State::Closed {
        consent: Some(consent),
        ..
    } = &closed.case.state
    else {
        panic!("{:?}", closed.case.state)
    };
    assert_eq!((consent.by.as_str(), consent.at), ("王主管", at(3)));
    assert_eq!((closed.version, closed.closed_at), (6, Some(at(8))));
    assert_eq!(
        house.acts_of(closed.id).await,
        [
            "小美 open",
            "小美 submit",
            "王主管 approve",
            "钱姐 claim",
            "钱姐 done",
            "钱姐 close"
        ]
    );
    let kept = house
        .store
        .read(move |tx| casework::by_number(tx, &number))
        .await
        .unwrap();
    assert_eq!(kept, Some(closed));
}

async fn who_saw_an_older_version_is_refused(house: House) {
    let (kept, _) = house.open(mei(), new("物流", &[("订单号", "1")]), 0).await;
    let edit = Act::Edit {
        changes: fields("处理结果", "查到了"),
        steps: None,
    };
    let number = kept.number.as_str();
    house
        .act_on(mei(), number, Some(1), edit.clone(), 1)
        .await
        .unwrap();
    let other = Act::Edit {
        changes: fields("处理结果", "没查到"),
        steps: None,
    };
    assert_eq!(
        house.act_on(boss(), number, Some(1), other, 2).await,
        Err(Stopped::Stale(2))
    );
    // A kind that is not for him is not there for him.
    let (hidden, _) = house.open(boss(), new("隐私", &[("订单号", "1")]), 0).await;
    assert_eq!(
        house.act(mei(), &hidden.number, Act::Claim, 3).await,
        Err(Stopped::NoSuch)
    );
}

async fn the_same_order_is_not_paid_twice(house: House) {
    let first = house.pays("88", "5").await;
    let other = new("补差", &[("订单号", "88"), ("金额", "7")]);
    let (second, _) = house.open(mei(), other, 1).await;
    let submit = |despite: &[&str]| Act::Submit {
        despite: despite.iter().map(|n| (*n).to_owned()).collect(),
    };
    assert_eq!(
        house.act(mei(), &second.number, submit(&[]), 2).await,
        Err(Stopped::Refused(Refusal::Double {
            numbers: vec![first.clone()]
        }))
    );
    house
        .act(mei(), &second.number, submit(&[&first]), 3)
        .await
        .unwrap();
    let reason = "建重了".to_owned();
    house
        .act(mei(), &first, Act::Drop { reason }, 4)
        .await
        .unwrap();
    let approve = Act::Approve {
        comment: "只有这一笔".into(),
        signature: "王主管".into(),
        despite: vec![],
    };
    house.act(boss(), &second.number, approve, 5).await.unwrap();
}

async fn a_case_by_hand_is_the_open_one_of_its_order(house: House) {
    let recorded = house.asked("c", "电话13800138000 没收到").await;
    let mut asked = new("物流", &[("订单号", "7"), ("电话", "13800138000")]);
    asked.conversation = Some(recorded.conversation);
    asked.messages = recorded.last_customer.into_iter().collect();
    let (first, fresh) = house.open(mei(), asked.clone(), 0).await;
    assert!(fresh);
    let (again, fresh) = house.open(boss(), asked, 1).await;
    assert_eq!((again.id, fresh), (first.id, false));
    let id = first.id;
    let causes = house
        .store
        .read(move |tx| casework::causes(tx, id))
        .await
        .unwrap();
    assert_eq!(causes.len(), 1);
    assert_eq!(causes[0].text, "电话13800138000 没收到");
    // Without what opens it, it is refused; a draft may lack everything.
    let mut empty = new("物流", &[]);
    let verb = empty.clone();
    let refused = house
        .write(move |tx| casework::open(tx, &knowledge(), &mei(), &verb, at(2)))
        .await;
    assert_eq!(
        refused,
        Err(Stopped::Refused(Refusal::Missing(vec!["订单号".into()])))
    );
    empty.draft = true;
    let (draft, _) = house.open(mei(), empty, 3).await;
    assert_eq!(draft.case.state, State::Draft);
    // An order that is taken makes two cases of one thing.
    let order = Act::Confirm {
        changes: fields("订单号", "7"),
    };
    assert_eq!(
        house.act(mei(), &draft.number, order, 4).await,
        Err(Stopped::Refused(Refusal::OtherOpen {
            number: first.number
        }))
    );
}

async fn two_cases_become_one_and_one_becomes_two(house: House) {
    let (a, _) = house.open(mei(), new("物流", &[("订单号", "1")]), 0).await;
    let (b, _) = house.open(mei(), new("物流", &[("订单号", "2")]), 1).await;
    let (from, into) = (a.number.clone(), b.number.clone());
    let merged = house
        .write(move |tx| casework::merge(tx, &knowledge(), &mei(), (&from, None), &into, at(2)))
        .await
        .unwrap();
    assert_eq!(merged.number, b.number);
    let lines = house
        .store
        .read(move |tx| casework::lines(tx, b.id))
        .await
        .unwrap();
    assert!(lines[0].note.starts_with("并入 LF-2611-0001"), "{lines:?}");
    let gone = house.act(mei(), &a.number, Act::Claim, 3).await;
    assert!(matches!(
        gone,
        Err(Stopped::Refused(Refusal::NotNow { state: "void", .. }))
    ));
    let demand = new("补差", &[("金额", "30")]);
    let number = b.number.clone();
    let (split, fresh) = house
        .write(move |tx| casework::split(tx, &knowledge(), &mei(), &number, &demand, at(4)))
        .await
        .unwrap();
    assert_eq!(
        (split.order(), split.case.amount(), fresh),
        (Some("2"), Some(3_000), true)
    );
    // A second missing item of one order is a line.
    let number = b.number.clone();
    house
        .write(move |tx| {
            casework::append_line(tx, &knowledge(), &mei(), &number, "还少一个勺子", at(5))
        })
        .await
        .unwrap();
    assert_eq!(
        house.acts_of(b.id).await,
        ["小美 open", "小美 append", "小美 split", "小美 append"]
    );
}

/// Asks the engine how it would walk, before it walks.
struct Explaining<'a> {
    inner: &'a mut dyn Tx,
    scans: Vec<String>,
}

impl Tx for Explaining<'_> {
    fn rows(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, Error> {
        if self.dialect() == Dialect::Sqlite && sql.starts_with("SELECT") {
            let plan = self
                .inner
                .rows(&format!("EXPLAIN QUERY PLAN {sql}"), args)?;
            for step in plan {
                let step = step.string("detail")?;
                if step.starts_with("SCAN") || step.contains("TEMP B-TREE FOR ORDER BY") {
                    self.scans.push(format!("{step}: {sql}"));
                }
            }
        }
        self.inner.rows(sql, args)
    }

    fn run(&mut self, sql: &str, args: &[Value]) -> Result<u64, Error> {
        self.inner.run(sql, args)
    }

    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }
}

async fn lists_come_page_by_page(house: House) {
    for n in 0..5 {
        let mut asked = new(
            "物流",
            &[
                ("订单号", &format!("{n}")),
                ("电话", &format!("1380013800{n}")),
            ],
        );
        // Two are due at the same moment.
        asked.finish_due = at(86_400 - i64::from(n / 2) * 60);
        house.open(mei(), asked, i64::from(n)).await;
    }
    house.open(boss(), new("隐私", &[("订单号", "1")]), 9).await;
    let numbers = |page: &[Kept]| -> Vec<String> {
        page.iter()
            .map(|kept| kept.number[8..].to_owned())
            .collect()
    };
    for by in [By::Person("小美".into()), By::Due] {
        let (mut after, mut pages) = (None, Vec::new());
        loop {
            let page = house.list(by.clone(), after).await;
            let Some(last) = page.last() else { break };
            after = Some(After {
                due: Some(last.case.finish_due),
                id: last.id,
            });
            pages.push(numbers(&page));
        }
        assert_eq!(
            pages.concat(),
            ["0005", "0003", "0004", "0001", "0002"],
            "{by:?}"
        );
    }
    let newest = By::Newest {
        kind: Some("物流".into()),
        state: None,
    };
    let page = house.list(newest.clone(), None).await;
    assert_eq!(numbers(&page), ["0005", "0004"]);
    let after = Some(After {
        due: None,
        id: page[1].id,
    });
    assert_eq!(numbers(&house.list(newest, after).await), ["0003", "0002"]);
    for (by, found) in [
        (By::Order("3".into()), vec!["0004"]),
        (By::PhoneTail("8002".into()), vec!["0003"]),
        (By::Number("LF-2611-0001".into()), vec!["0001"]),
        (By::Customer("谁".into()), vec![]),
    ] {
        assert_eq!(
            numbers(&house.list(by.clone(), None).await),
            found,
            "{by:?}"
        );
    }
    let kinds = [None, Some("物流".into())];
    let states = [None, Some("open".to_owned())];
    let newest = kinds.iter().flat_map(|kind| {
        states.iter().map(|state| By::Newest {
            kind: kind.clone(),
            state: state.clone(),
        })
    });
    let all: Vec<By> = newest
        .chain([
            By::Person("小美".into()),
            By::Due,
            By::Order("1".into()),
            By::Customer("1".into()),
            By::Number("1".into()),
            By::PhoneTail("1".into()),
        ])
        .collect();
    for by in all {
        for page in [false, true] {
            let due = by.is_by_due().then(|| at(0));
            let asked = Asked {
                by: by.clone(),
                shops: vec![shop(), "other".into(), "third".into()],
                hidden: vec!["隐私".into()],
                after: page.then_some(After { due, id: 3 }),
                limit: 50,
            };
            let scans = house
                .store
                .read(move |tx| {
                    let mut tx = Explaining {
                        inner: tx,
                        scans: Vec::new(),
                    };
                    case_list::list(&mut tx, &asked)?;
                    Ok(tx.scans)
                })
                .await
                .unwrap();
            assert_eq!(scans, Vec::<String>::new(), "{by:?}");
        }
    }
}

async fn time_makes_overdue_once_and_lapses_what_was_only_said(house: House) {
    let number = house.pays("88", "30").await;
    house
        .act(mei(), &number, Act::Submit { despite: vec![] }, 1)
        .await
        .unwrap();
    let oral = Act::ApproveOrally {
        by: "王主管".into(),
        comment: "电话里同意".into(),
        until: Some(at(1_000)),
    };
    house.act(mei(), &number, oral, 2).await.unwrap();
    let sweep = |seconds| house.write(move |tx| casework::sweep(tx, at(seconds), 10));
    assert_eq!(sweep(999).await, 0);
    assert_eq!(sweep(1_000).await, 1);
    let of = number.clone();
    let read = house.store.read(move |tx| casework::by_number(tx, &of));
    let kept = read.await.unwrap().unwrap();
    assert_eq!(kept.case.state.code(), "review");
    assert_eq!(sweep(86_400).await, 1);
    assert_eq!(sweep(86_500).await, 0, "told once");
    let later = Act::Postpone {
        until: at(90_000),
        informed: "在会话里说了".into(),
        reason: "等财务".into(),
    };
    house.act(mei(), &number, later, 86_600).await.unwrap();
    assert_eq!(sweep(90_001).await, 1, "and again after its new date");
    assert_eq!(
        house.acts_of(kept.id).await,
        [
            "小美 open",
            "小美 submit",
            "小美 approve_orally",
            "bot lapse",
            "bot overdue",
            "小美 postpone",
            "bot overdue"
        ]
    );
}

async fn what_people_have_in_hand_the_bot_leaves_alone(house: House) {
    let recorded = house.asked("c", "没收到").await;
    let decided = |note: &str| Decision {
        cases: vec![case(Some("7"), note)],
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &decided("一"), 0).await;
    house
        .act(mei(), "LF-2611-0001", Act::Claim, 1)
        .await
        .unwrap();
    house.commit(recorded.conversation, &decided("二"), 2).await;
    let view = house.view("c").await;
    assert_eq!(
        (view.cases[0].state.as_str(), view.cases[0].note.as_str()),
        ("in_hand", "一")
    );
    // What he says next is a line, and the case stays in hand.
    house
        .record(&delivery("c", vec![agent("a", "在查")]), 3)
        .await;
    let next = house
        .record(&delivery("c", vec![customer("2", "还少一个勺子")]), 4)
        .await;
    let more = Decision {
        cases: vec![case(Some("7"), "三")],
        ..decision(next.last_customer)
    };
    house.commit(recorded.conversation, &more, 5).await;
    house.commit(recorded.conversation, &more, 6).await;
    let view = house.view("c").await;
    assert_eq!(
        (view.cases[0].state.as_str(), view.cases[0].note.as_str()),
        ("in_hand", "一\n三")
    );
    let kept = house
        .store
        .read(|tx| casework::by_number(tx, "LF-2611-0001"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        house.acts_of(kept.id).await,
        ["bot open", "小美 claim", "bot append"]
    );
}

async fn what_somebody_has_in_hand_is_his_to_merge(house: House) {
    let a = house.asked("a", "订单8没收到").await;
    let b = house.asked("b", "没收到").await;
    let with = |turn, order| Decision {
        cases: vec![case(order, "n")],
        ..decision(turn)
    };
    house
        .commit(a.conversation, &with(a.last_customer, Some("8")), 0)
        .await;
    house
        .commit(b.conversation, &with(b.last_customer, None), 0)
        .await;
    let release = house
        .act(mei(), "LF-2611-0002", Act::Release, 1)
        .await
        .unwrap();
    assert_eq!(release.version, 0, "nothing changed, nothing is told");
    let edit = Act::Edit {
        changes: fields("处理结果", "在查"),
        steps: None,
    };
    house.act(mei(), "LF-2611-0002", edit, 2).await.unwrap();
    house
        .commit(b.conversation, &with(b.last_customer, Some("8")), 3)
        .await;
    let states: Vec<String> = house
        .view("b")
        .await
        .cases
        .into_iter()
        .map(|case| format!("{} {}", case.number, case.state))
        .collect();
    assert_eq!(states, ["LF-2611-0001 open", "LF-2611-0002 open"]);
}
