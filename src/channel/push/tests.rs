#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;

#[test]
fn a_status_says_whether_to_try_again() {
    for (code, again) in [
        (301, false),
        (400, false),
        (401, false),
        (404, false),
        (408, true),
        (409, false),
        (410, false),
        (425, true),
        (429, true),
        (500, true),
        (502, true),
        (503, true),
        (599, true),
    ] {
        let outcome = judge(
            StatusCode::from_u16(code).unwrap(),
            Some(Duration::from_secs(7)),
        );
        match outcome {
            Outcome::Retry { after, .. } => {
                assert!(again, "{code}");
                assert_eq!(after, Some(Duration::from_secs(7)));
            }
            Outcome::GiveUp { why } => {
                assert!(!again && why.contains(&code.to_string()), "{code}")
            }
            Outcome::Sent { .. } => panic!("{code} is no success"),
        }
    }
}

#[test]
fn a_receiver_may_put_us_off_for_an_hour() {
    let now = DateTime::from_timestamp(1_767_323_045, 0).unwrap();
    for (text, seconds) in [
        ("0", Some(0)),
        (" 120 ", Some(120)),
        ("86400", Some(3600)),
        ("Fri, 02 Jan 2026 03:05:05 GMT", Some(60)),
        ("Fri, 02 Jan 2026 03:00:00 GMT", Some(0)),
        ("-5", None),
        ("soon", None),
    ] {
        assert_eq!(
            retry_after(text, now),
            seconds.map(Duration::from_secs),
            "{text}"
        );
    }
}

#[test]
fn the_platforms_id_keeps_its_digits() {
    for (body, id) in [
        (r#"{"platform_message_id":"a-1"}"#, Some("a-1")),
        (
            r#"{"platform_message_id":6917529027641081857}"#,
            Some("6917529027641081857"),
        ),
        (
            r#"{"platform_message_id":18446744073709551615}"#,
            Some("18446744073709551615"),
        ),
        (r#"{"platform_message_id":28446744073709551615}"#, None),
        (r#"{"platform_message_id":null}"#, None),
        (r#"{"platform_message_id":""}"#, None),
        (r#"["ok"]"#, None),
        ("ok", None),
        ("", None),
    ] {
        assert_eq!(platform_id(body.as_bytes()).as_deref(), id, "{body}");
    }
}

#[test]
fn backoff_grows_and_is_spread_the_same_everywhere() {
    for (attempt, seconds) in [
        (0, 5),
        (1, 5),
        (2, 30),
        (3, 120),
        (4, 300),
        (5, 300),
        (u32::MAX, 300),
    ] {
        let base = Duration::from_secs(seconds);
        let waits: Vec<_> = (0..200)
            .map(|n| backoff(attempt, &format!("row-{n}")))
            .collect();
        assert!(
            waits
                .iter()
                .all(|wait| (base * 9 / 10..=base * 11 / 10).contains(wait))
        );
        let spread = waits
            .iter()
            .max()
            .unwrap()
            .abs_diff(*waits.iter().min().unwrap());
        assert!(spread > base / 6, "{spread:?}");
        assert_eq!(waits[7], backoff(attempt, "row-7"));
    }
}

mod over_tcp {
    use std::sync::Arc;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::config::Secret;

    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    async fn attempt(url: &str) -> Outcome {
        let keys = Keys::new(&[Secret::from(NEW), Secret::from(OLD)]).unwrap();
        let data = json!({"text": "您好🚚"});
        let push = Push {
            url,
            keys: &keys,
            id: "ob_1",
            event: Event::ReplyCreated,
            data: &data,
        };
        Pusher::new()
            .unwrap()
            .push(push, DateTime::UNIX_EPOCH)
            .await
    }

    /// Reads one request, head and body.
    async fn request(stream: &mut TcpStream) -> (String, Vec<u8>) {
        let mut bytes = Vec::new();
        loop {
            stream.read_buf(&mut bytes).await.unwrap();
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8(bytes[..end].to_vec())
                .unwrap()
                .to_lowercase();
            let length = head
                .split("content-length: ")
                .nth(1)
                .unwrap()
                .split("\r\n")
                .next()
                .unwrap();
            let mut body = bytes.split_off(end + 4);
            let length: usize = length.parse().unwrap();
            while body.len() < length {
                stream.read_buf(&mut body).await.unwrap();
            }
            return (head, body);
        }
    }

    /// A receiver that answers one request with `answer`, then closes.
    async fn receiver(
        answer: impl Into<Vec<u8>>,
    ) -> (String, tokio::task::JoinHandle<(String, Vec<u8>)>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/replies", listener.local_addr().unwrap());
        let answer = answer.into();
        let hand = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let got = request(&mut stream).await;
            // We close first when the answer is longer than we care to read.
            let _ = stream.write_all(&answer).await;
            got
        });
        (url, hand)
    }

    fn answer(head: &str, body: &str) -> Vec<u8> {
        format!(
            "HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    #[tokio::test]
    async fn a_push_is_signed_as_the_reference_library_expects() {
        let (url, hand) = receiver(answer("200 OK", r#"{"platform_message_id":"p-9"}"#)).await;
        assert_eq!(
            attempt(&url).await,
            Outcome::Sent {
                platform_id: Some("p-9".to_owned())
            }
        );
        let (head, body) = hand.await.unwrap();
        assert!(head.starts_with("post /replies http/1.1\r\n"), "{head}");
        let sent: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&sent["type"], &sent["data"]["text"]),
            (&json!("reply.created"), &json!("您好🚚"))
        );
        assert!(DateTime::parse_from_rfc3339(sent["timestamp"].as_str().unwrap()).is_ok());
        // The head was lowered for reading: sign again what it says and compare without case.
        let value = |name: &str| {
            let text = head.split(&format!("{name}: ")).nth(1).unwrap();
            text.split("\r\n").next().unwrap().to_owned()
        };
        assert_eq!(value("webhook-id"), "ob_1");
        let at = value("webhook-timestamp").parse().unwrap();
        let expected: Vec<String> = [NEW, OLD]
            .iter()
            .map(|secret| {
                standardwebhooks::Webhook::new(secret)
                    .unwrap()
                    .sign("ob_1", at, &body)
                    .unwrap()
            })
            .collect();
        assert_eq!(
            value("webhook-signature"),
            expected.join(" ").to_lowercase()
        );
    }

    #[tokio::test]
    async fn every_way_it_can_end() {
        let retry =
            |after: Option<u64>, says: &'static str| (true, after.map(Duration::from_secs), says);
        let give_up = |says: &'static str| (false, None, says);
        for (reply, expected) in [
            (answer("500 Oops", "x"), retry(None, "500")),
            (
                answer("429 Slow\r\nretry-after: 7", ""),
                retry(Some(7), "429"),
            ),
            (
                answer("503 Later\r\nretry-after: 86400", ""),
                retry(Some(3600), "503"),
            ),
            (answer("410 Gone", ""), give_up("410")),
            (answer("422 No", ""), give_up("422")),
            (
                answer("302 Found\r\nlocation: http://169.254.169.254/", ""),
                give_up("redirects"),
            ),
            (b"".to_vec(), retry(None, "uncertain")),
            (b"HTTP/1.1 2".to_vec(), retry(None, "uncertain")),
            (b"nonsense\r\n\r\n".to_vec(), retry(None, "uncertain")),
        ] {
            let name = String::from_utf8_lossy(&reply).into_owned();
            let (url, hand) = receiver(reply).await;
            let (again, wait, why) = match attempt(&url).await {
                Outcome::Retry { after, why, .. } => (true, after, why),
                Outcome::GiveUp { why } => (false, None, why),
                sent @ Outcome::Sent { .. } => panic!("{name}: {sent:?}"),
            };
            assert_eq!((again, wait), (expected.0, expected.1), "{name}: {why}");
            assert!(why.contains(expected.2), "{name}: {why}");
            assert!(!why.contains("127.0.0.1"), "{why}");
            hand.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_success_stays_one_however_its_answer_goes_on() {
        let long = "x".repeat(1 << 20);
        for reply in [
            answer("204 No Content", ""),
            answer("200 OK", "<html>"),
            b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\nbroken off".to_vec(),
            answer("200 OK", &long),
        ] {
            let (url, _hand) = receiver(reply).await;
            assert_eq!(attempt(&url).await, Outcome::Sent { platform_id: None });
        }
    }

    #[tokio::test]
    async fn nobody_there_is_told_apart_from_nobody_answering() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        for url in [format!("http://{address}/"), format!("https://{address}/")] {
            let Outcome::Retry {
                after: None, why, ..
            } = attempt(&url).await
            else {
                panic!()
            };
            assert!(why.contains("nothing was sent"), "{why}");
        }
        assert!(matches!(attempt("nonsense").await, Outcome::GiveUp { .. }));

        // A receiver that takes everything and says nothing: the clock is ours, nobody waits for it.
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let client = Client::builder()
            .timeout(Duration::from_millis(200))
            .no_proxy()
            .build()
            .unwrap();
        let error = client
            .post(format!("http://{}/", listener.local_addr().unwrap()))
            .body("x")
            .send()
            .await
            .unwrap_err();
        let Outcome::Retry { why, .. } = unanswered(&error) else {
            panic!()
        };
        assert!(why.contains("uncertain"), "{why}");
    }
}
