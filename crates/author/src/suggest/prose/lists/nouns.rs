//! Nouns and adjectives of everyday language.

use super::super::near::Here;
use super::super::rule::Phrase;
use super::{always, last, phrase, spelling, word};

/// Before a noun, with a small word before it.
fn attribute(here: &Here<'_>) -> bool {
    here.prev(&["ART", "POSS", "this", "no", "any", "some"]) && here.next(&["OPEN"])
}

fn after_be(here: &Here<'_>) -> bool {
    here.head()
        .is_some_and(|t| super::super::near::is_any(Some(t), &["BE"]))
}

fn noun_after(here: &Here<'_>) -> bool {
    here.next(&["OPEN"])
}

/// Nouns and adjectives that mean the same where they stand.
pub(super) const WORDS: &[Phrase] = &[
    word("problem", &["issue"], |h| {
        h.prev(&[
            "DET", "NUM", "similar", "real", "same", "second", "serious", "new", "main", "other",
        ]) && !h.prev(&["known", "open", "security", "no"])
            && !h.next(&["with", "OPEN", "NAME", "-"])
            && !h.before_within(3, &["issue", "issues"])
    }),
    word("problems", &["issues"], |h| {
        !h.prev(&["known", "open", "security", "have", "had", "with"])
            && !h.next(&["OPEN"])
            && !h.starts()
    }),
    word("additional", &["further", "extra"], |h| {
        noun_after(h)
            && !h.prev(&["NUM", "the", "more"])
            && !h.next(&["information", "details", "questions"])
    }),
    word("additional", &["further"], |h| {
        h.next(&["information", "details", "questions"])
    }),
    word("further", &["additional"], |h| {
        h.prev(&["any", "no", "one", "a", "NUM", "for"])
            && noun_after(h)
            && !h.next(&[
                "COMPARATIVE",
                "notice",
                "details",
                "ado",
                "action",
                "reading",
            ])
    }),
    word("whole", &["entire"], |h| {
        h.prev(&["ART", "POSS", "this"])
            && noun_after(h)
            && !h.next(&["number", "numbers", "lot", "point", "thing"])
            && !h.starts()
    }),
    word("entire", &["whole"], |h| {
        h.prev(&["ART", "POSS", "this"]) && noun_after(h)
    }),
    word("complete", &["full"], |h| {
        h.prev(&["ART", "POSS"]) && noun_after(h) && !h.next(&["list"])
    }),
    word("full", &["complete"], |h| {
        h.prev(&["ART", "POSS"])
            && h.next(&[
                "path",
                "list",
                "text",
                "analysis",
                "description",
                "details",
                "history",
                "address",
                "backup",
                "report",
                "record",
                "name",
                "copy",
                "set",
                "content",
                "contents",
            ])
    }),
    word("difficult", &["hard"], |h| {
        h.next(&["to"]) && !h.prev(&["ART"])
    }),
    word("hard", &["difficult"], |h| h.next(&["to"]) && after_be(h)),
    word("large", &["big"], |h| {
        noun_after(h)
            && !h.next(&[
                "number",
                "numbers",
                "amount",
                "amounts",
                "part",
                "parts",
                "extent",
                "majority",
                "scale",
                "share",
                "proportion",
                "quantity",
            ])
            && !h.prev(&["at"])
    }),
    word("largest", &["biggest"], |h| {
        h.next(&["OPEN"]) && !h.next(&["number", "part", "share"])
    }),
    word("larger", &["bigger"], |h| {
        h.next(&["than", "OPEN"]) && !h.next(&["number", "part", "amount", "share"])
    }),
    word("enough", &["sufficient"], |h| {
        h.next(&["OPEN"]) && !h.prev(&["OPEN", "BE", "not", "LY", "ED"]) && !h.next_n(2, &["BE"])
    }),
    word("enough", &["sufficient"], |h| {
        after_be(h) && h.next(&["to", "END"]) && !h.prev(&["LY"])
    }),
    word("sufficient", &["enough"], |h| {
        (after_be(h) && h.next(&["to", "END", "for"]))
            || noun_after(h) && !h.prev(&["ART", "BE", "LY"])
    }),
    word("insufficient", &["not enough"], |h| {
        h.prev(&["is", "are", "was", "were", "be"]) && h.next(&["END", "to", "for"])
    }),
    word("essential", &["vital"], |h| {
        after_be(h) && !h.next(&["OPEN"])
    }),
    word("crucial", &["vital", "essential"], after_be),
    word("vital", &["essential"], after_be),
    word("necessary", &["required", "needed"], |h| {
        after_be(h) && !h.next(&["to", "OPEN"]) && h.head().is_none_or(|t| t.lower != "be")
    }),
    phrase("if necessary", &["if needed", "if required"], always),
    phrase("when necessary", &["when needed", "when required"], always),
    phrase("if needed", &["if necessary"], always),
    word("correct", &["right"], |h| {
        after_be(h) && last(h)
            || h.prev(&["the"])
                && h.next(&[
                    "path", "value", "order", "answer", "address", "name", "time", "place",
                    "version", "result",
                ])
    }),
    word("wrong", &["incorrect"], |h| {
        (after_be(h)
            && last(h)
            && !h.before_within(
                4,
                &[
                    "something",
                    "what",
                    "anything",
                    "nothing",
                    "went",
                    "goes",
                    "somebody",
                    "someone",
                    "nobody",
                ],
            ))
            || h.prev(&["the", "a"])
                && h.next(&[
                    "path", "value", "address", "name", "result", "size", "length", "type",
                    "answer", "number", "checksum",
                ])
    }),
    word("incorrect", &["wrong"], |h| {
        after_be(h) && last(h) || h.prev(&["ART"]) && noun_after(h)
    }),
    word("identical", &["the same"], |h| after_be(h) && last(h)),
    word("previous", &["earlier"], |h| {
        h.prev(&["the", "our", "all", "any"])
            && h.next(&[
                "version",
                "versions",
                "method",
                "release",
                "releases",
                "report",
                "reports",
                "incident",
                "incidents",
                "attempt",
                "attempts",
                "year",
                "test",
                "tests",
                "advisory",
                "design",
                "draft",
            ])
            && !h.next(&["year"])
    }),
    phrase("earlier versions", &["previous versions"], |h| {
        !h.prev(&["or"])
    }),
    phrase("previous versions", &["earlier versions"], always),
    phrase("earlier releases", &["previous releases"], |h| {
        !h.prev(&["or"])
    }),
    word("brief", &["short"], |h| {
        attribute(h)
            && h.next(&[
                "overview",
                "summary",
                "report",
                "description",
                "note",
                "explanation",
                "look",
                "message",
            ])
    }),
    word("short", &["brief"], |h| {
        attribute(h)
            && h.next(&[
                "overview",
                "summary",
                "report",
                "description",
                "note",
                "explanation",
                "time",
                "period",
                "look",
            ])
    }),
    word("main", &["chief", "principal"], |h| {
        attribute(h)
            && h.next(&[
                "reason",
                "cause",
                "difference",
                "purpose",
                "goal",
                "problem",
            ])
    }),
    word("suitable", &["appropriate"], |h| {
        h.next(&["OPEN"]) || after_be(h) && h.next(&["for", "END"])
    }),
    word("appropriate", &["suitable"], |h| {
        h.next(&["OPEN"]) && !h.prev(&["BE"])
    }),
    word("similar", &["comparable"], |h| {
        h.next(&["PLURAL"]) && !h.prev(&["LY", "DET"])
    }),
    word("sure", &["certain"], |h| {
        h.prev(&["not"])
            && h.next(&["whether", "if", "that", "why", "how"])
            && !h.prev_n(2, &["make", "do"])
    }),
    word("certain", &["sure"], |h| {
        after_be(h) && h.next(&["that", "whether", "PRON", "about"])
    }),
    word("happy", &["glad"], |h| h.next(&["to"]) && after_be(h)),
    word("glad", &["happy"], |h| h.next(&["to"]) && after_be(h)),
    word("simple", &["easy"], |h| {
        h.prev(&["a", "no", "is"]) && h.next(&["way"])
    }),
    word("easy", &["simple"], |h| {
        h.prev(&["an", "no"]) && h.next(&["way"])
    }),
    word("trouble", &["difficulty"], |h| {
        h.prev(&["some", "no", "little", "had"]) && h.next(&["with", "ING"])
    }),
    word("help", &["assistance"], |h| {
        h.prev(&["your", "any", "their", "our"]) && h.next(&["END", "from", "with", "in"])
    }),
    word("assistance", &["help"], |h| {
        h.prev(&["your", "any", "their", "our"])
    }),
    word("drawback", &["disadvantage"], always),
    word("disadvantage", &["drawback"], |h| {
        !h.prev(&["at"]) && !h.prev_n(2, &["at"])
    }),
    word("choice", &["option"], |h| {
        h.prev(&["best", "better", "good", "safer", "safest", "sensible"])
    }),
    word("task", &["job"], |h| h.prev(&["the"]) && h.next(&["of"])),
    word("beginning", &["start"], |h| {
        h.prev(&["the"]) && h.next(&["of"])
    }),
    word("colleague", &["coworker"], |h| {
        h.prev(&["DET"]) && !h.next(&["OPEN"])
    }),
    word("opinion", &["view"], |h| {
        h.prev(&["our", "my"]) && h.prev_n(2, &["in"])
    }),
    word("view", &["opinion"], |h| {
        h.prev(&["our", "my"]) && h.prev_n(2, &["in"])
    }),
    word("circumstances", &["conditions"], |h| {
        h.prev(&["certain", "these", "normal", "some"]) && h.before_within(2, &["under"])
    }),
    word("conditions", &["circumstances"], |h| {
        h.prev(&["certain", "normal", "these"]) && h.prev_n(2, &["under"])
    }),
    word("consequence", &["result"], |h| {
        h.prev(&["a"]) && h.prev_n(2, &["as"])
    }),
    // Compounds: fragile.
    spelling("email", &["e-mail"]),
    spelling("e-mail", &["email"]),
    spelling("filename", &["file name"]),
    spelling("timestamp", &["time stamp"]),
    spelling("timestamps", &["time stamps"]),
    spelling("website", &["web site"]),
    spelling("frontend", &["front end"]),
    spelling("backend", &["back end"]),
    spelling("username", &["user name"]),
    spelling("usernames", &["user names"]),
];
