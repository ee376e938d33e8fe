//! A report as one page that needs nothing else: no scripts, no fonts, no other files. Chinese, with a
//! switch to English that is two radio buttons and a style.

use std::fmt::Write;

use super::{
    picture::svg,
    report::{Both, Example, Report, Section, Table},
};

const STYLE: &str = "
:root{color-scheme:light dark;--ink:light-dark(#1c2326,#e4e9ea);--paper:light-dark(#fbfaf7,#14181a);--soft:light-dark(#5d6b70,#9aa8ad);--line:light-dark(#dcd9d0,#2c3438);--good:light-dark(#1d7f68,#3fc6a3);--bad:light-dark(#c0492f,#ff8a6b);--c2:light-dark(#2e66b1,#7db4ff);--c3:light-dark(#8a5a00,#e6b450);--c4:light-dark(#7a3c9a,#cf9bee);--c5:light-dark(#5d6b70,#9aa8ad)}
body{background:var(--paper);color:var(--ink);font:15px/1.6 system-ui,'PingFang SC','Microsoft YaHei',sans-serif;max-width:1080px;margin:0 auto;padding:1.5rem}
h1{font-size:1.5rem;margin:.2em 0}h2{font-size:1.15rem;margin:2.2em 0 .3em;border-top:1px solid var(--line);padding-top:1em}
.soft,.note{color:var(--soft)}table{border-collapse:collapse;margin:.8em 0;font-variant-numeric:tabular-nums}
th,td{padding:.25em .9em .25em 0;text-align:right;border-bottom:1px solid var(--line)}th:first-child,td:first-child{text-align:left}th{font-weight:600;color:var(--soft)}
.figures td:nth-child(2){font-weight:600}
svg{max-width:100%;height:auto;margin:1em 0 0;display:block}svg text{fill:currentColor;font-size:12px}
.right{fill:var(--good);stroke:var(--line)}.wrong{fill:var(--bad);stroke:var(--line)}.grid{stroke:var(--line)}.mark{stroke:var(--soft);stroke-dasharray:4 4}
.line{fill:none;stroke-width:2.2}.line.c0{stroke:var(--good)}.line.c1{stroke:var(--bad)}.line.c2{stroke:var(--c2)}.line.c3{stroke:var(--c3)}.line.c4{stroke:var(--c4)}.line.c5{stroke:var(--c5)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2em 1.4em;padding:0;margin:.3em 0 1em}.legend li::before{content:'';display:inline-block;width:1.4em;height:.25em;margin-right:.5em;vertical-align:middle;background:currentColor}
.legend .c0::before{background:var(--good)}.legend .c1::before{background:var(--bad)}.legend .c2::before{background:var(--c2)}.legend .c3::before{background:var(--c3)}.legend .c4::before{background:var(--c4)}.legend .c5::before{background:var(--c5)}
details{margin:.6em 0}summary{cursor:pointer}.example{border-left:3px solid var(--line);padding:.1em 0 .1em 1em;margin:.8em 0;overflow-wrap:anywhere}.example p{margin:.15em 0;white-space:pre-line}
#zh:checked~main .en,#en:checked~main .zh{display:none}input+label{margin-right:1em;cursor:pointer}
";

/// The report as a page.
pub fn page(report: &Report) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>接班 · 理解测评</title><style>{STYLE}</style></head><body>\
         <input type=\"radio\" name=\"language\" id=\"zh\" checked><label for=\"zh\">中文</label>\
         <input type=\"radio\" name=\"language\" id=\"en\"><label for=\"en\">English</label><main>"
    );
    let _ = write!(
        out,
        "<h1>{}</h1>",
        both(&Both::new("理解测评", "How well it understands"))
    );
    let knowledge = escape(&report.knowledge);
    let about = Both::new(
        format!("知识库版本 {knowledge}，{}。± 后面是标准误。", report.at),
        format!(
            "Knowledge {knowledge}, {}. After ± stands the standard error.",
            report.at
        ),
    );
    let _ = write!(out, "<p class=\"soft\">{}</p>", spans(&about));
    for one in &report.sections {
        section(&mut out, one);
    }
    out.push_str("</main></body></html>\n");
    out
}

fn section(out: &mut String, section: &Section) {
    let _ = write!(
        out,
        "<section><h2>{} <span class=\"soft\">{}</span></h2>",
        both(&section.title),
        escape(&section.source)
    );
    if !section.figures.is_empty() {
        out.push_str("<table class=\"figures\">");
        for figure in &section.figures {
            let _ = write!(
                out,
                "<tr><td>{}</td><td>{}</td><td class=\"soft\">n={}</td></tr>",
                both(&figure.name),
                figure.shown(),
                figure.rows
            );
        }
        out.push_str("</table>");
    }
    for note in &section.notes {
        let _ = write!(out, "<p class=\"note\">{}</p>", both(note));
    }
    for picture in &section.pictures {
        out.push_str(&svg(picture));
    }
    for one in &section.tables {
        table(out, one);
    }
    for (title, examples) in section.examples.iter().filter(|(_, list)| !list.is_empty()) {
        let _ = write!(
            out,
            "<details><summary>{} ({})</summary>",
            both(title),
            examples.len()
        );
        for one in examples {
            example(out, one);
        }
        out.push_str("</details>");
    }
    out.push_str("</section>");
}

fn table(out: &mut String, table: &Table) {
    out.push_str("<table><tr>");
    for name in &table.head {
        let _ = write!(out, "<th>{}</th>", both(name));
    }
    out.push_str("</tr>");
    for row in &table.rows {
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(out, "<td>{}</td>", escape(cell));
        }
        out.push_str("</tr>");
    }
    out.push_str("</table>");
}

fn example(out: &mut String, example: &Example) {
    let _ = write!(
        out,
        "<div class=\"example\"><p>{}</p><p><b>{}</b> → {}</p><p class=\"soft\">{} {}</p></div>",
        escape(&example.said),
        escape(&example.wanted),
        escape(&example.got),
        escape(&example.id),
        escape(&example.because.join(" · "))
    );
}

/// Both languages, escaped; the style shows one.
fn both(words: &Both) -> String {
    spans(&Both::new(escape(&words.zh), escape(&words.en)))
}

fn spans(words: &Both) -> String {
    if words.zh == words.en {
        return words.zh.clone();
    }
    format!(
        "<span class=\"zh\">{}</span><span class=\"en\">{}</span>",
        words.zh, words.en
    )
}

/// Text as it may stand in a page, also within quotation marks.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::report::Figure;

    #[test]
    fn a_page_needs_nothing_else_and_believes_nobody() {
        let mut section = Section::new(Both::new("分类", "labels"), "<a>.jsonl");
        section.figures.push(Figure::new(
            Both::new("准确率", "accuracy"),
            (0.5, 0.05),
            100,
        ));
        section.examples.push((
            Both::new("错了的", "wrong"),
            vec![Example {
                id: "1".into(),
                said: "<script>alert(1)</script>".into(),
                wanted: "a".into(),
                got: "b".into(),
                because: vec!["'\"&".into()],
            }],
        ));
        let page = page(&Report {
            knowledge: "abc".into(),
            at: "now".into(),
            sections: vec![section],
        });
        for never in ["<script", "http://", "https://", "src=", "href=", "<a>"] {
            assert!(!page.contains(never), "{never} in {page}");
        }
        assert!(page.contains("&#39;&quot;&amp;"), "{page}");
        assert!(page.contains("0.500 ± 0.050"), "{page}");
    }
}
