//! F7, F8: a disk that is full, and one that fails to sync once. What is not kept is not acknowledged.

use std::{
    collections::HashSet,
    fs,
    io::Write,
    process::Command,
    time::{Duration, Instant},
};

use jieban::{
    channel::standard_webhooks::{self, Keys},
    clock::{Clock, SystemClock},
    config::Secret,
};

use super::{
    program::{Bridge, House, PATIENCE, says},
    tracer::{SYNC, injecting, is_here, stored},
};

/// Posts one message; its status and when to come back.
async fn post(base: &str, keys: &Keys, id: &str, text: &str) -> Option<(u16, Option<String>)> {
    let now = SystemClock.now();
    let body = says(&format!("c-{id}"), id, text).to_string();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = http
        .post(format!("{base}/v1/bridge/default/messages"))
        .header("content-type", "application/json")
        .header(standard_webhooks::ID, id)
        .header(standard_webhooks::TIMESTAMP, now.timestamp())
        .header(
            standard_webhooks::SIGNATURE,
            keys.sign(id, now, body.as_bytes()),
        )
        .body(body)
        .send()
        .await
        .ok()?;
    let after = response.headers().get("retry-after");
    Some((
        response.status().as_u16(),
        after.map(|value| value.to_str().unwrap().to_owned()),
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_a_sync_that_fails_once_is_not_believed_and_the_service_heals() {
    if !is_here() {
        return;
    }
    let mut refused = 0;
    for when in [2, 3, 4, 5, 6, 7, 9] {
        let mut house = House::new();
        assert!(house.start().stop().0);
        let keys = house.keys();
        house.through = injecting(SYNC, &format!("error=EIO:when={when}"));
        let mut acknowledged = HashSet::new();
        // It may stop with an error when its start meets the fault.
        if let Ok(program) = house.try_start() {
            for n in 0..12 {
                let id = format!("m-{n}");
                let began = Instant::now();
                loop {
                    match post(&program.base, &keys, &id, "少发了一个杯子").await {
                        Some((202, _)) => break,
                        Some((503, after)) => {
                            assert!(after.is_some(), "sync {when}: Retry-After");
                            refused += 1;
                        }
                        other => panic!("sync {when}: {other:?}\n{}", program.log()),
                    }
                    assert!(
                        began.elapsed() < PATIENCE,
                        "sync {when}: it never heals\n{}",
                        program.log()
                    );
                }
                acknowledged.insert(id);
            }
            program.kill();
        }
        let kept = stored(&house.path("data"));
        assert!(
            acknowledged.is_subset(&kept),
            "sync {when}: {acknowledged:?} {kept:?}"
        );
        house.through.clear();
        let program = house.start();
        let bridge = Bridge::new(house.keys());
        bridge.settled_quietly(&program.base).await;
        let (_, tally) = bridge.get(&program.base, "/tally").await.unwrap();
        assert_eq!(
            tally["customer_messages"],
            acknowledged.len(),
            "sync {when}: {tally}"
        );
        assert_eq!(tally["cases"], acknowledged.len(), "sync {when}: {tally}");
    }
    assert!(refused > 0, "no delivery met the fault");
    println!("{refused} deliveries were refused");
}

/// What gives the program a disk of its own, where the machine lets us mount.
fn small_disk() -> Option<Vec<String>> {
    let mount = "mount -t tmpfs -o size=8m tmpfs disk && exec \"$@\"";
    for own in [&["unshare", "-m"][..], &["unshare", "-U", "-r", "-m"]] {
        let mut words: Vec<String> = own.iter().map(|word| (*word).to_owned()).collect();
        words.extend(["sh", "-c", mount, "sh"].map(str::to_owned));
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("disk")).unwrap();
        let tried = Command::new(&words[0])
            .args(&words[1..])
            .arg("true")
            .current_dir(&place)
            .output();
        if tried.is_ok_and(|output| output.status.success()) {
            return Some(words);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_full_disk_is_503_and_heals_by_itself() {
    let Some(through) = small_disk() else {
        eprintln!("skipped: no right to mount a small disk here");
        return;
    };
    const SECRET: &str = "whsec_ZnVsbC1kaXNrLWluLWEtdGVhaG91c2UtMDEyMzQ1Njc=";
    let mut house = House::new();
    let settings = format!("data = \"disk/data\"\n[sources.default]\nsecrets = [\"{SECRET}\"]\n");
    fs::write(house.path("jieban.toml"), settings).unwrap();
    fs::create_dir(house.path("disk")).unwrap();
    house.through = through;
    let keys = Keys::new(&[Secret::from(SECRET)]).unwrap();
    let program = house.start();
    // The disk is only seen from inside.
    let inside = format!(
        "/proc/{}/root{}",
        program.id(),
        house.path("disk").display()
    );
    let filler = format!("{inside}/filler");
    let mut acknowledged = 0;
    for round in 0..3 {
        assert_eq!(
            post(&program.base, &keys, &format!("before-{round}"), "你好")
                .await
                .unwrap()
                .0,
            202
        );
        acknowledged += 1;
        let mut file = fs::File::create(&filler).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        // What the log has room for may still be taken; then it is refused.
        let mut refused = 0;
        for n in 0.. {
            let id = format!("full-{round}-{n}");
            match post(&program.base, &keys, &id, &"满".repeat(2000))
                .await
                .unwrap()
            {
                (202, _) => acknowledged += 1,
                (503, after) => {
                    assert!(after.is_some(), "Retry-After");
                    refused += 1;
                }
                other => panic!("{other:?}\n{}", program.log()),
            }
            if refused == 5 {
                break;
            }
            assert!(n < 2000, "the disk is never full");
        }
        let bridge = Bridge::new(Keys::new(&[Secret::from(SECRET)]).unwrap());
        assert_eq!(
            bridge.get(&program.base, "/tally").await.unwrap().0,
            200,
            "it can still be read"
        );
        drop(file);
        fs::remove_file(&filler).unwrap();
        let freed = Instant::now();
        while post(&program.base, &keys, &format!("after-{round}"), "你好")
            .await
            .unwrap()
            .0
            != 202
        {
            assert!(
                freed.elapsed() < Duration::from_secs(30),
                "{}",
                program.log()
            );
        }
        acknowledged += 1;
        println!("healed {:?} after there was room", freed.elapsed());
        assert!(freed.elapsed() < Duration::from_secs(5));
    }
    let bridge = Bridge::new(Keys::new(&[Secret::from(SECRET)]).unwrap());
    bridge.settled_quietly(&program.base).await;
    assert_eq!(
        stored(format!("{inside}/data").as_ref()).len(),
        acknowledged
    );
}
