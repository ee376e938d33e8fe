//! The 懒人客服 plugin, run by Node against the running program.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use super::program::House;

const TOKEN: &str = "lanren-token-of-this-test";

/// What the helper gets for a window.
fn plugin(base: &str, window: &Value) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/lanren-plugin/jieban.js");
    let run = "require(process.argv[1])(JSON.parse(process.argv[2]), JSON.parse(process.argv[3]))
        .then((reply) => process.stdout.write(JSON.stringify(reply)))";
    let ctx = json!({"CTX_PLATFORM": "taobao", "CTX_APP_ID": "qianniu", "CTX_INSTANCE_ID": "tea", "CTX_USERNAME": "ann"});
    let output = Command::new("node")
        .args(["-e", run])
        .arg(file)
        .args([ctx.to_string(), window.to_string()])
        .env("JIEBAN_BRIDGE_URL", base)
        .env("JIEBAN_BRIDGE_SOURCE", "lanren")
        .env("JIEBAN_BRIDGE_TOKEN", TOKEN)
        .output()
        .expect("node is installed (scripts/test installs it)");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{complaint}"))
}

fn house(weekly: &str) -> House {
    let house = House::new();
    let shops = house.path("knowledge/shops.yaml");
    let text = fs::read_to_string(&shops)
        .unwrap()
        .replacen("来源: poll", "来源: lanren", 1);
    fs::write(&shops, text).unwrap();
    fs::write(house.path("knowledge/hours/weekly.csv"), weekly).unwrap();
    let settings = format!("[sources.default]\n\n[sources.lanren]\ntokens = [\"{TOKEN}\"]\n");
    fs::write(house.path("jieban.toml"), settings).unwrap();
    house
}

fn line(role: &str, content: &str) -> Value {
    json!({"sender": "ann", "content": content, "role": role, "type": "TEXT"})
}

#[test]
fn it_replies_while_nobody_is_in_and_never_twice() {
    let house = house("店铺,星期,开始,结束,类型,班次,人员\n,每天,00:00,24:00,午休,一直午休,\n");
    let program = house.start();
    let window = json!([line("OTHER", "这个包邮吗")]);
    let reply = plugin(&program.base, &window);
    assert_eq!(reply["type"], "TEXT", "{reply} {}", program.log());
    let said = reply["content"].as_str().unwrap();
    assert!(said.contains("全店满39元包邮"), "{reply}");
    let echoed = json!([line("OTHER", "这个包邮吗"), line("SELF", said)]);
    assert_eq!(plugin(&program.base, &echoed)["type"], "NO_REPLY");
}

#[test]
fn it_is_silent_while_somebody_is_in() {
    let house = house("店铺,星期,开始,结束,类型,班次,人员\n,每天,00:00,24:00,在岗,一直在岗,\n");
    let program = house.start();
    let reply = plugin(&program.base, &json!([line("OTHER", "这个包邮吗")]));
    assert_eq!(reply, json!({"content": "", "type": "NO_REPLY"}));
}
