//! Every trap of numbers, money, sizes, dates and addresses, as a table.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::*;
use FieldKind::*;

/// The fields of some kinds, `value` with `|kind` for what else it could be.
fn found(text: &str, platform: Platform, kinds: &[FieldKind]) -> Vec<String> {
    extract(text, platform)
        .into_iter()
        .filter(|f| kinds.is_empty() || kinds.contains(&f.kind))
        .map(|f| {
            let or: String = f.or.iter().map(|k| format!("|{k:?}")).collect();
            format!("{:?}={}{or}", f.kind, f.value)
        })
        .collect()
}

const NUMBERS: &[FieldKind] = &[
    OrderNo, TrackingNo, Carrier, RefundNo, PaymentNo, CaseNo, Phone, Hotline, PhoneTail,
];

#[test]
fn numbers_are_whole_tokens() {
    use Platform::*;
    for (text, platform, expected) in [
        (
            "我的快递到哪了，订单号 2871234567890123456",
            Taobao,
            "OrderNo=2871234567890123456",
        ),
        ("6921164271179666529", Douyin, "OrderNo=6921164271179666529"),
        ("3206429408479152128", Wechat, "OrderNo=3206429408479152128"),
        (
            "订单220618-123456789012345",
            Pdd,
            "OrderNo=220618-123456789012345",
        ),
        (
            "220618123456789012345",
            Pdd,
            "OrderNo=220618-123456789012345",
        ),
        (
            "220618-123456789012345",
            Taobao,
            "OrderNo=220618-123456789012345",
        ),
        ("839424306679", Jd, "OrderNo=839424306679"),
        ("839424306679", Other, "OrderNo=839424306679|TrackingNo"),
        ("839424306679", Taobao, "OrderNo=839424306679|TrackingNo"),
        ("订单839424306679", Taobao, "OrderNo=839424306679"),
        (
            "顺丰 839424306679",
            Taobao,
            "Carrier=顺丰 TrackingNo=839424306679",
        ),
        ("快递单号839424306679", Jd, "TrackingNo=839424306679"),
        (
            "退款编号 184512345678901234",
            Taobao,
            "RefundNo=184512345678901234",
        ),
        (
            "2026112222001412341234567890",
            Taobao,
            "PaymentNo=2026112222001412341234567890",
        ),
        (
            "4200001234202611221234567890",
            Wechat,
            "PaymentNo=4200001234202611221234567890",
        ),
        ("工单BF-2611-0007怎么样了", Taobao, "CaseNo=BF-2611-0007"),
        (
            "SF1385628716739",
            Taobao,
            "TrackingNo=SF1385628716739 Carrier=顺丰",
        ),
        (
            "sf 1385628716739到哪了",
            Taobao,
            "TrackingNo=SF1385628716739 Carrier=顺丰",
        ),
        (
            "退货单号YT8962646785389",
            Taobao,
            "TrackingNo=YT8962646785389 Carrier=圆通",
        ),
        (
            "73610555582883",
            Taobao,
            "TrackingNo=73610555582883 Carrier=中通",
        ),
        (
            "773277027280336",
            Taobao,
            "TrackingNo=773277027280336 Carrier=申通",
        ),
        (
            "463431409940372",
            Taobao,
            "TrackingNo=463431409940372|RefundNo",
        ),
        (
            "快递463431409940372",
            Taobao,
            "TrackingNo=463431409940372 Carrier=韵达",
        ),
        (
            "JT5261988016578",
            Taobao,
            "TrackingNo=JT5261988016578 Carrier=极兔",
        ),
        ("1207119765021", Taobao, "TrackingNo=1207119765021"),
        (
            "JDX024407261700",
            Jd,
            "TrackingNo=JDX024407261700 Carrier=京东物流",
        ),
        (
            "JDVC14065102105",
            Jd,
            "TrackingNo=JDVC14065102105 Carrier=京东物流",
        ),
        (
            "DPK202252612836",
            Taobao,
            "TrackingNo=DPK202252612836 Carrier=德邦",
        ),
        (
            "EA123456789CN",
            Taobao,
            "TrackingNo=EA123456789CN Carrier=邮政",
        ),
        ("电话13800138000谢谢", Taobao, "Phone=13800138000"),
        ("１３８００１３８０００", Taobao, "Phone=13800138000"),
        ("8613800138000", Taobao, "Phone=13800138000"),
        ("+86 138-0013-8000", Taobao, "Phone=13800138000"),
        ("138 0013 8000", Taobao, "Phone=13800138000"),
        ("13800138000转1234", Taobao, "Phone=13800138000-1234"),
        ("138oo138ooo", Taobao, "Phone=13800138000"),
        ("一三八零零一三八零零零", Taobao, "Phone=13800138000"),
        ("1️⃣3️⃣8️⃣00138000", Taobao, "Phone=13800138000"),
        ("打400-820-8820", Taobao, "Hotline=4008208820"),
        ("打了95338没人接", Taobao, "Hotline=95338"),
        ("我打12315", Taobao, "Hotline=12315"),
        ("0571-87654321", Taobao, "Phone=0571-87654321"),
        ("0618-12345678", Pdd, "Phone=0618-12345678"),
        ("手机尾号 8000", Taobao, "PhoneTail=8000"),
        (
            "28712345 67890123456",
            Taobao,
            "OrderNo=2871234567890123456",
        ),
        (
            "28712345\n13800138000",
            Taobao,
            "OrderNo=2871234513800138000|Phone",
        ),
        ("https://item.jd.com/378558991234.html", Jd, ""),
        ("11010519491231002X", Taobao, ""),
        ("商品ID:123456789012", Jd, ""),
        (
            "发什么快递 中通还是韵达",
            Taobao,
            "Carrier=中通 Carrier=韵达",
        ),
        ("能发EMS吗", Taobao, "Carrier=邮政"),
        ("我是一二三四五", Taobao, ""),
        (
            "咨询订单号:839424306679 订单金额:84.00 下单时间:2018-08-19",
            Jd,
            "OrderNo=839424306679",
        ),
    ] {
        assert_eq!(
            found(text, platform, NUMBERS).join(" "),
            expected,
            "{text} on {platform}"
        );
    }
}

#[test]
fn money_is_fen_and_false_money_is_none() {
    for (text, expected) in [
        ("退我5块", "500"),
        ("退我5块钱", "500"),
        ("9块9", "990"),
        ("三块五", "350"),
        ("退我五块", "500"),
        ("¥12.50", "1250"),
        ("￥99", "9900"),
        ("rmb 20", "2000"),
        ("差了0.5元", "50"),
        ("垫了12块5毛", "1250"),
        ("赔一百二", "12000"),
        ("一百二十块", "12000"),
        ("3.9包邮", "390"),
        ("花了1w", "1000000"),
        ("五毛钱", "50"),
        ("罚金50米", "5000"),
        ("身高160元旦发", ""),
        ("等了两块", ""),
        ("100-20的券", ""),
        ("满300-40", ""),
        ("满300元可用", ""),
        ("1米65", ""),
        ("八折", ""),
        ("第二件半价", ""),
        ("3毛球", ""),
        ("订单2871234567890123456", ""),
    ] {
        let values: Vec<String> = extract(text, Platform::Taobao)
            .into_iter()
            .filter(|f| f.kind == Money)
            .map(|f| f.value)
            .collect();
        assert_eq!(values.join(" "), expected, "{text}");
    }
}

#[test]
fn sizes_bodies_colours_and_counts() {
    let kinds = &[Size, Height, Weight, Colour, Quantity, Date];
    for (text, expected) in [
        ("穿M吧L也行", "Size=M Size=L"),
        ("M改L", "Size=M Size=L"),
        ("m码胸围多少", "Size=M"),
        ("要2xl的", "Size=2XL"),
        ("iPhone S", ""),
        ("it's m", ""),
        ("165 110斤穿什么码", "Height=165 Weight=110"),
        ("身高158cm体重48公斤", "Height=158 Weight=96"),
        ("1米65", "Height=165"),
        ("38号发货", "Size=38|Date"),
        ("38码有吗", "Size=38"),
        ("鞋子38号能发吗", "Size=38"),
        ("20号发货", "Date=20号"),
        ("3号楼", ""),
        ("我脚37.5拍37还是38", "Size=37.5 Size=37 Size=38"),
        ("一双36一双37", "Quantity=1双 Size=36 Size=37"),
        ("170/88A", "Size=170/88A"),
        ("3个L号", "Quantity=3个 Size=L"),
        ("黑色换成白色", "Colour=黑色 Colour=白色"),
        ("米白的还有吗", "Colour=米白色"),
        ("掉色吗有色差", ""),
        ("图片色", "Colour=图片色"),
        ("买2只收到1只", "Quantity=2只 Quantity=1只"),
        ("第二件", ""),
        ("少了一件", "Quantity=1件"),
        ("3个月了", ""),
    ] {
        assert_eq!(
            found(text, Platform::Taobao, kinds).join(" "),
            expected,
            "{text}"
        );
    }
}

#[test]
fn dates_before_durations() {
    let kinds = &[Date, Duration];
    for (text, expected) in [
        ("11月3号拍的", "Date=11月3号"),
        ("2026-11-03下的单", "Date=2026-11-03"),
        ("三天了还没发", "Duration=三天"),
        ("三天内发货", "Duration=三天"),
        ("三天前拍的", "Date=三天前"),
        ("还有几天", ""),
        ("等了2个小时", "Duration=2个小时"),
        ("24小时没揽收", "Duration=24小时"),
        ("7天无理由", ""),
        ("昨天买的今天就降价", "Date=昨天 Date=今天"),
        ("下周一到", "Date=下周一"),
        ("双十一比我买的便宜", "Date=双十一"),
        ("618还降吗", "Date=618"),
        ("618元", ""),
        ("身高160元旦发", "Date=元旦"),
    ] {
        assert_eq!(
            found(text, Platform::Taobao, kinds).join(" "),
            expected,
            "{text}"
        );
    }
    let waiting = extract("三天了还没发", Platform::Taobao);
    assert_eq!(waiting.first().map(|f| f.said.as_str()), Some("三天了"));
}

#[test]
fn addresses_with_and_without_suffixes() {
    for (text, expected) in [
        (
            "浙江省杭州市西湖区文三路478号",
            "浙江省杭州市西湖区文三路478号",
        ),
        ("广东深圳南山区科技园5栋", "广东深圳南山区科技园5栋"),
        (
            "改成上海浦东新区世纪大道100号 电话13800138000",
            "上海浦东新区世纪大道100号",
        ),
        (
            "收货人: 张三 手机号码: 13800138000 所在地区: 浙江省杭州市西湖区 详细地址: 文三路478号",
            "浙江省杭州市西湖区文三路478号",
        ),
        ("改成公司地址：幸福路12号3楼", "幸福路12号3楼"),
        ("到杭州要几天", ""),
        ("新疆包邮吗", ""),
        ("地址写错了帮我改一下", ""),
        ("我们小区门口有快递柜", ""),
        ("北京能到吗", ""),
    ] {
        let values: Vec<String> = extract(text, Platform::Taobao)
            .into_iter()
            .filter(|f| f.kind == Address)
            .map(|f| f.value)
            .collect();
        assert_eq!(values.join(" "), expected, "{text}");
    }
}

#[test]
fn an_ambiguous_number_fills_no_blank() {
    let fields = Fields(extract("839424306679", Platform::Other));
    assert_eq!(fields.first(OrderNo), None);
    assert_eq!(fields.blank("订单号"), None);
    let fields = Fields(extract("退我5块 订单2871234567890123456", Platform::Taobao));
    assert_eq!(fields.blank("订单号"), Some("2871234567890123456"));
    assert_eq!(fields.blank("金额"), Some("5块"));
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in "\\PC{0,120}") {
        for platform in [Platform::Taobao, Platform::Jd, Platform::Other] {
            extract(&text, platform);
        }
    }

    #[test]
    fn a_phone_is_never_found_inside_an_order(digits in "[1-9][0-9]{17,18}") {
        let fields = extract(&format!("订单{digits}"), Platform::Taobao);
        prop_assert!(fields.iter().all(|f| f.kind != Phone));
        prop_assert_eq!(fields.iter().filter(|f| f.kind == OrderNo).count(), 1);
    }

    #[test]
    fn what_was_said_stands_in_the_text(
        text in "[0-9０-９a-zA-Z一二三块元天個訂單號码米 .\\-]{0,60}"
    ) {
        for field in extract(&text, Platform::Other) {
            prop_assert!(text.contains(&field.said), "{:?}", field);
        }
    }
}
