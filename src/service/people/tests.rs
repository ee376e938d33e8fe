#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::{clock::ManualClock, config::Secret};

fn house() -> (People, Arc<ManualClock>, Store) {
    let clock = Arc::new(ManualClock::at(
        DateTime::from_timestamp(1_767_323_045, 0).unwrap(),
    ));
    let store = Store::memory().unwrap();
    let mei = Person {
        name: "小美".to_owned(),
        roles: vec![Role::Agent],
        shops: Some(vec!["main".into()]),
        tokens: vec![Secret::from("mei-has-a-token")],
    };
    (
        People::new(store.clone(), clock.clone(), [&mei]),
        clock,
        store,
    )
}

const GOOD: &str = "eleven green bottles";

#[tokio::test]
async fn the_first_administrator_comes_in_once_and_lets_others_in() {
    let (people, clock, _) = house();
    let link = people.first_link().await.unwrap().unwrap();
    // A second start before the first was used: only the newest link works.
    let newer = people.first_link().await.unwrap().unwrap();
    assert_eq!(people.invited(&link).await.unwrap(), None);
    assert_eq!(
        people.accept(&newer, "小美", GOOD.into()).await,
        Err(Refused::NameTaken)
    );
    assert_eq!(
        people.accept(&newer, "老板", "short".into()).await,
        Err(Refused::BadPassword)
    );
    let boss = people.accept(&newer, " 老板 ", GOOD.into()).await.unwrap();
    assert_eq!(boss.colleague.roles, [Role::Admin]);
    assert_eq!(
        people.accept(&newer, "他人", GOOD.into()).await,
        Err(Refused::NoLink)
    );
    assert_eq!(people.first_link().await.unwrap(), None);

    // Somebody of the settings chooses a password; what he may do stays as the settings say.
    let link = people.invite_again(&boss.colleague, "小美").await.unwrap();
    let mei = people.accept(&link, "不是我", GOOD.into()).await.unwrap();
    assert_eq!(
        (mei.colleague.name.as_str(), mei.colleague.roles.as_slice()),
        ("小美", &[Role::Agent][..])
    );
    let given = Given {
        roles: vec![Role::Editor],
        shops: None,
    };
    assert_eq!(
        people
            .set_given(&boss.colleague, "小美", given.clone())
            .await,
        Err(Refused::BySettings)
    );

    let link = people
        .invite(&boss.colleague, "小丽", given.clone())
        .await
        .unwrap();
    clock.advance(LINK);
    assert_eq!(people.invited(&link).await.unwrap(), None, "a day later");
    let link = people.invite_again(&boss.colleague, "小丽").await.unwrap();
    let li = people.accept(&link, "", GOOD.into()).await.unwrap();
    assert_eq!(li.colleague.roles, [Role::Editor]);
    assert_eq!(
        people.set_disabled(&boss.colleague, "老板", true).await,
        Err(Refused::LastAdministrator)
    );
    assert_eq!(
        people.invite(&boss.colleague, "小丽", given).await,
        Err(Refused::NameTaken)
    );
}

#[tokio::test]
async fn a_session_ends_with_what_it_stands_on() {
    let (people, clock, _) = house();
    let link = people.first_link().await.unwrap().unwrap();
    let boss = people.accept(&link, "老板", GOOD.into()).await.unwrap();
    let given = Given {
        roles: vec![Role::Agent],
        shops: None,
    };
    let link = people.invite(&boss.colleague, "小丽", given).await.unwrap();
    let li = people.accept(&link, "", GOOD.into()).await.unwrap();
    let alive = |token: Token| {
        let people = people.clone();
        async move { people.session(&token).await.unwrap().is_some() }
    };
    assert!(alive(li.token.clone()).await);
    // Other roles, another password, kept out, signed out, idle, too old.
    let given = Given {
        roles: vec![Role::Editor],
        shops: None,
    };
    people
        .set_given(&boss.colleague, "小丽", given)
        .await
        .unwrap();
    assert!(!alive(li.token.clone()).await);
    let again = people
        .sign_in("小丽", GOOD.into(), "1.2.3.4")
        .await
        .unwrap();
    assert_eq!(again.colleague.roles, [Role::Editor]);
    let changed = people
        .change_password(&again.colleague, GOOD.into(), "twelve green bottles".into())
        .await
        .unwrap();
    assert!(!alive(again.token).await);
    assert!(alive(changed.token.clone()).await);
    people
        .set_disabled(&boss.colleague, "小丽", true)
        .await
        .unwrap();
    assert!(!alive(changed.token).await);
    assert_eq!(
        people
            .sign_in("小丽", "twelve green bottles".into(), "1.2.3.4")
            .await
            .unwrap_err(),
        Refused::Wrong
    );
    people.sign_out(&boss.colleague, &boss.token).await.unwrap();
    assert!(!alive(boss.token).await);
    let boss = people
        .sign_in("老板", GOOD.into(), "1.2.3.4")
        .await
        .unwrap();
    for _ in 0..5 {
        clock.advance(Duration::hours(3));
        assert!(alive(boss.token.clone()).await, "in use");
    }
    clock.advance(Duration::hours(3));
    assert!(!alive(boss.token).await, "too old");
    let boss = people
        .sign_in("老板", GOOD.into(), "1.2.3.4")
        .await
        .unwrap();
    clock.advance(Duration::hours(5));
    assert!(!alive(boss.token).await, "unused");
}

#[tokio::test]
async fn guessing_becomes_slower_and_says_nothing_of_names() {
    let (people, clock, store) = house();
    let link = people.first_link().await.unwrap().unwrap();
    people.accept(&link, "老板", GOOD.into()).await.unwrap();
    for name in ["老板", "没有这个人"] {
        for n in 0..5 {
            let refused = people
                .sign_in(name, format!("wrong guess {n}"), "9.9.9.9")
                .await;
            assert_eq!(refused.unwrap_err(), Refused::Wrong, "{name} {n}");
        }
        // The right password waits, too: else guessing would go on.
        let refused = people
            .sign_in(name, GOOD.into(), "1.1.1.1")
            .await
            .unwrap_err();
        assert_eq!(refused, Refused::Locked(Duration::seconds(30)), "{name}");
    }
    clock.advance(Duration::seconds(30));
    people
        .sign_in("老板", "wrong again".into(), "9.9.9.9")
        .await
        .unwrap_err();
    let refused = people
        .sign_in("老板", GOOD.into(), "1.1.1.1")
        .await
        .unwrap_err();
    assert_eq!(
        refused,
        Refused::Locked(Duration::minutes(1)),
        "longer each time"
    );
    clock.advance(Duration::minutes(1));
    people
        .sign_in("老板", GOOD.into(), "1.1.1.1")
        .await
        .unwrap();
    // An address that tries many names is stopped, whatever the name.
    for n in 0..20 {
        let _ = people
            .sign_in(&format!("name {n}"), "x".into(), "6.6.6.6")
            .await;
    }
    let refused = people
        .sign_in("老板", GOOD.into(), "6.6.6.6")
        .await
        .unwrap_err();
    assert!(matches!(refused, Refused::Locked(_)), "{refused:?}");
    let journal = store
        .read(|tx| crate::store::staff_event::events(tx, &Default::default(), 50))
        .await
        .unwrap();
    let told: Vec<(String, bool)> = journal
        .iter()
        .filter(|event| event.what == crate::store::staff_event::What::SignIn)
        .map(|event| (event.who.name.clone(), event.after["signed_in"] == true))
        .collect();
    let boss = |signed_in| ("老板".to_owned(), signed_in);
    assert_eq!(
        told,
        [boss(true), boss(false), boss(false), boss(true)],
        "only names that exist"
    );
}

#[tokio::test]
async fn many_guesses_at_once_are_not_tried_for_the_price_of_one() {
    let (people, _, _) = house();
    let link = people.first_link().await.unwrap().unwrap();
    people.accept(&link, "老板", GOOD.into()).await.unwrap();
    let mut guesses = tokio::task::JoinSet::new();
    for n in 0..30 {
        let people = people.clone();
        guesses.spawn(async move {
            people
                .sign_in("老板", format!("guess {n}"), "9.9.9.9")
                .await
        });
    }
    let refused = guesses.join_all().await;
    let tried = refused
        .iter()
        .filter(|refused| **refused == Err(Refused::Wrong));
    assert_eq!(tried.count(), 5);
    // Signing in well costs an address nothing, however often.
    let (people, ..) = house();
    let link = people.first_link().await.unwrap().unwrap();
    people.accept(&link, "老板", GOOD.into()).await.unwrap();
    for _ in 0..25 {
        people
            .sign_in("老板", GOOD.into(), "1.1.1.1")
            .await
            .unwrap();
    }
}

#[test]
fn easy_passwords_are_refused() {
    for (password, good) in [
        ("eleven green bottles", true),
        ("一二三四五六七八九十", true),
        ("short", false),
        ("aaaaaaaaaaaaaaaa", false),
        ("1234567890abc", false),
        ("laoban-laoban-1", false),
    ] {
        assert_eq!(
            check_password(password, "laoban").is_ok(),
            good,
            "{password}"
        );
    }
    assert!(check_password(&"长".repeat(201), "x").is_err());
}
