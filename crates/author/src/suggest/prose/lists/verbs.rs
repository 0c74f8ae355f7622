//! Verbs.

use super::super::near::Here;
use super::super::rule::{Test, Verb};
use super::{always, last, object, object_wide};

/// Active forms with these neighbours.
const fn active(base: &'static str, give: &'static [&'static str], when: Test) -> Verb {
    Verb {
        base,
        give,
        active: Some(when),
        passive: None,
        imperative: false,
    }
}

/// `is …ed` with these neighbours.
const fn passive(base: &'static str, give: &'static [&'static str], when: Test) -> Verb {
    Verb {
        base,
        give,
        active: None,
        passive: Some(when),
        imperative: false,
    }
}

/// Active forms with these neighbours, `is …ed` with those.
const fn both(
    base: &'static str,
    give: &'static [&'static str],
    when: Test,
    if_passive: Test,
) -> Verb {
    Verb {
        base,
        give,
        active: Some(when),
        passive: Some(if_passive),
        imperative: false,
    }
}

/// Active forms, also as a request.
const fn asked(base: &'static str, give: &'static [&'static str], when: Test) -> Verb {
    Verb {
        base,
        give,
        active: Some(when),
        passive: None,
        imperative: true,
    }
}

fn to(here: &Here<'_>) -> bool {
    here.next(&["to"]) && !here.next_n(2, &["ART", "POSS", "CODE"])
}

fn not_to(here: &Here<'_>) -> bool {
    !here.next(&["to", "by"])
}

fn that(here: &Here<'_>) -> bool {
    here.next(&["that"])
}

fn with(here: &Here<'_>) -> bool {
    here.next(&["with"])
}

fn wh(here: &Here<'_>) -> bool {
    here.next(&["WH", "if"])
}

/// The thing acted on is one of the words for what is in the way.
fn trouble(here: &Here<'_>) -> bool {
    object(here) && here.after_within(4, &["problem", "problems", "issue", "issues"])
}

fn amount(here: &Here<'_>) -> bool {
    here.next(&["ART", "POSS", "this"])
        && here.after_within(
            4,
            &[
                "limit",
                "level",
                "number",
                "threshold",
                "timeout",
                "value",
                "size",
                "maximum",
            ],
        )
}

fn commands(here: &Here<'_>) -> bool {
    here.next(&[
        "ART", "this", "these", "a", "command", "commands", "scripts", "OPEN",
    ]) && here.after_within(
        3,
        &[
            "command", "commands", "script", "scripts", "query", "queries",
        ],
    ) && !here.next(&["in", "on"])
}

/// Something with a screen does it.
fn screen(here: &Here<'_>) -> bool {
    object(here)
        && here.before_within(
            3,
            &[
                "page",
                "dashboard",
                "interface",
                "window",
                "screen",
                "browser",
                "program",
                "client",
                "console",
                "dialog",
                "command",
                "tool",
                "form",
                "panel",
                "view",
            ],
        )
}

fn place(here: &Here<'_>) -> bool {
    here.next(&["in", "on", "at"])
}

fn begins(here: &Here<'_>) -> bool {
    here.next(&["to", "with", "when", "after", "in", "at", "before"])
        && !here.next_n(2, &["least", "most", "CODE"])
        || here.next(&["END"]) && !here.prev(&["DET", "OPEN"])
}

fn occurs(here: &Here<'_>) -> bool {
    here.next(&[
        "only", "when", "if", "END", "after", "during", "while", "every", "once", "again",
    ])
}

fn happens(here: &Here<'_>) -> bool {
    here.next(&[
        "only", "when", "if", "END", "after", "during", "while", "and", "next", "in", "at", "on",
        "before",
    ])
}

fn it_or_object(here: &Here<'_>) -> bool {
    object(here) || here.next(&["it", "them"])
}

fn adjective(here: &Here<'_>) -> bool {
    here.next(&["OPEN", "to"])
        && !here.next(&["like", "ING"])
        && (!here.next(&["to"]) || here.next_n(2, &["be", "have", "OPEN"]))
}

fn stays(here: &Here<'_>) -> bool {
    here.next(&["OPEN", "in", "on", "within", "the", "ED"]) && !here.next(&["to", "ART"])
        || here.next(&["the"]) && here.next_n(2, &["same"])
}

fn as_infinitive(here: &Here<'_>) -> bool {
    here.next(&["to"]) && here.next_n(2, &["be", "have", "contain", "come", "affect", "work"])
}

fn from_ing(here: &Here<'_>) -> bool {
    here.next(&["it", "this", "ART", "POSS", "them", "us", "you"])
        && (2..=5).any(|n| here.next_n(n, &["from"]) && here.next_n(n + 1, &["ING"]))
}

fn person(here: &Here<'_>) -> bool {
    here.next(&[
        "ART",
        "POSS",
        "us",
        "them",
        "him",
        "her",
        "everybody",
        "everyone",
        "all",
    ]) && !here.next_n(2, &["OPEN"])
        || here.next(&["ART", "POSS"]) && !here.next(&["this"])
}

/// Every list of verbs, from the plainest to the most particular.
pub(super) const VERBS: &[Verb] = &[
    // What somebody may, must or tries to do.
    both("allow", &["permit"], allowed, to),
    both("permit", &["allow"], allowed, to),
    asked("try", &["attempt"], to),
    active("attempt", &["try"], to),
    active("plan", &["intend"], to),
    active("intend", &["plan"], to),
    both("require", &["need"], needs, not_to),
    both("need", &["require"], needs, |h| !h.next(&["by"])),
    active("utilise", &["use"], object_wide),
    active("utilize", &["use"], object_wide),
    active("use", &["make use of"], |h| {
        h.next(&["ART", "this", "these", "another"])
            && !h.after_within(8, &["to", "as", "for"])
            && !h.before_within(2, &["can", "easily", "only"])
    }),
    active("make use of", &["use"], |h| {
        h.next(&["ART", "POSS", "this", "these"])
    }),
    // Beginnings, ends, events.
    active("start", &["begin"], begins),
    active("begin", &["start"], begins),
    active("happen", &["occur"], |h| happens(h) && !h.next(&["to"])),
    active("occur", &["happen"], occurs),
    active("take place", &["happen"], always),
    active("turn out", &["prove"], as_be),
    active("carry on", &["continue"], last),
    active("arrive", &["come in"], |h| {
        last(h)
            && h.before_within(
                3,
                &[
                    "request", "requests", "message", "messages", "reply", "data",
                ],
            )
    }),
    active("remain", &["stay"], stays),
    active("stay", &["remain"], |h| stays(h) && !h.prev(&["the", "a"])),
    active("seem", &["appear"], adjective),
    active("appear", &["seem"], as_infinitive),
    active("consist of", &["be made up of"], |h| {
        h.before(1).is_some() && object_wide(h) && !h.prev(&["MODAL", "to", "PLURAL"])
    }),
    // What is found, known, said.
    both(
        "discover",
        &["find"],
        |h| object(h) && !h.next(&["it"]),
        |h| h.next(&["in", "by", "during", "while", "when"]),
    ),
    both("find", &["discover"], found, |h| {
        h.next(&["in", "during", "by"]) && !h.prev(&["be"])
    }),
    active("notice", &["observe"], that),
    active("observe", &["see"], |h| {
        h.next(&["any", "no", "a", "such", "this"])
    }),
    both(
        "identify",
        &["find"],
        |h| h.next(&["NUM", "several", "a", "no"]),
        |h| h.next(&["in", "during"]),
    ),
    active("believe", &["think"], that),
    active("determine", &["establish", "find out"], wh),
    asked("find out", &["determine"], |h| {
        h.next(&["how", "whether", "which", "if"])
    }),
    active("describe", &["explain"], |h| {
        h.next(&["how", "what", "why"])
    }),
    active("explain", &["describe"], |h| {
        h.next(&["how", "what"]) && !h.next_n(2, &["to"])
    }),
    active("demonstrate", &["show"], |h| {
        h.next(&["that", "how", "the"])
    }),
    asked("verify", &["check"], |h| {
        h.next(&["whether", "if", "that", "the", "this", "its"])
    }),
    asked("check", &["verify"], |h| {
        h.next(&["that"])
            || h.next(&["the", "its", "this"])
                && h.after_within(
                    3,
                    &[
                        "signature",
                        "signatures",
                        "checksum",
                        "certificate",
                        "checksums",
                    ],
                )
    }),
    asked("look for", &["search for"], object_wide),
    active("search for", &["look for"], object_wide),
    active("look at", &["examine"], |h| object(h) && !h.starts()),
    both("inspect", &["examine"], object, always),
    both("examine", &["inspect"], object, |h| !h.next(&["as"])),
    active("investigate", &["look into"], object),
    active("look into", &["investigate"], object),
    active("discuss", &["talk about"], it_or_object),
    active("talk about", &["discuss"], it_or_object),
    both("notify", &["inform"], person, |h| !h.next(&["to"])),
    both("inform", &["notify"], person, |h| {
        !h.next(&["to", "by", "about", "of", "that", "decision"])
    }),
    active("recommend", &["advise"], that),
    active("expect", &["anticipate"], |h| {
        h.next(&["around", "about", "NUM", "roughly", "a", "no"])
            && h.prev(&["PLURAL_PRON"])
            && !h.after_within(6, &["to"])
    }),
    active("write down", &["note down"], |h| object(h) || wh(h)),
    active("respond", &["reply"], with),
    active("reply", &["respond"], with),
    active("answer", &["respond"], |h| {
        h.next(&["with"]) && !h.prev(&["DET", "PLURAL"])
    }),
    // What is done to something.
    active("carry out", &["perform"], object),
    active("perform", &["carry out"], object),
    passive("perform", &["carry out"], not_to),
    passive("carry out", &["perform"], always),
    both("modify", &["change"], object, always),
    both("alter", &["change"], object, always),
    both(
        "change",
        &["modify"],
        |h| {
            h.next(&["the", "this", "any", "a"])
                && !h.after_within(
                    3,
                    &[
                        "address",
                        "addresses",
                        "place",
                        "places",
                        "mind",
                        "password",
                        "passwords",
                        "subject",
                        "fact",
                    ],
                )
        },
        |h| h.next(&["by"]),
    ),
    both("select", &["choose"], object, always),
    both(
        "choose",
        &["select"],
        |h| object(h) && !h.next(&["everything", "nothing"]),
        |h| !h.next(&["to"]),
    ),
    both("retrieve", &["fetch"], object, |h| {
        h.next(&["from", "by", "over"])
    }),
    both("fetch", &["retrieve"], object, |h| {
        h.next(&["from", "by", "over"])
    }),
    both("obtain", &["acquire"], object, |h| h.next(&["from", "by"])),
    both(
        "acquire",
        &["obtain"],
        |h| object(h) && !h.after_within(3, &["lock", "locks"]),
        |h| h.next(&["from", "by"]),
    ),
    active("receive", &["get"], |h| {
        h.next(&["a", "an", "no", "this", "these", "several", "NUM", "any"]) && !h.prev(&["to"])
    }),
    active("get", &["receive"], |h| {
        h.next(&["a", "an", "the"])
            && h.after_within(
                3,
                &[
                    "copy",
                    "copies",
                    "letter",
                    "report",
                    "reports",
                    "message",
                    "answer",
                    "invitation",
                    "reply",
                    "mail",
                    "notice",
                    "notification",
                ],
            )
    }),
    both("collect", &["gather"], object, always),
    both("gather", &["collect"], object, always),
    both("omit", &["leave out"], object, always),
    both(
        "discard",
        &["throw away"],
        |h| object_wide(h) && !h.next(&["it", "them"]),
        last,
    ),
    active("throw away", &["discard"], object),
    both("ignore", &["disregard"], object_wide, last),
    both(
        "reduce",
        &["lower"],
        |h| {
            object(h)
                && h.after_within(
                    4,
                    &[
                        "load", "risk", "number", "limit", "cost", "costs", "value", "amount",
                        "rate", "chance", "size",
                    ],
                )
        },
        |h| h.next(&["by", "from"]) || h.next(&["to"]) && h.next_n(2, &["NUM"]),
    ),
    active("lower", &["reduce"], |h| {
        h.next(&["the", "this", "its"])
            && h.after_within(
                3,
                &["load", "risk", "cost", "costs", "number", "limit", "value"],
            )
    }),
    active("increase", &["raise"], amount),
    active("raise", &["increase"], amount),
    active("solve", &["fix"], trouble),
    active("fix", &["solve"], trouble),
    active("resolve", &["solve"], trouble),
    active("handle", &["deal with"], object),
    active("deal with", &["handle"], object),
    active("prevent", &["stop"], from_ing),
    active("turn off", &["switch off"], object_wide),
    passive("turn off", &["switch off"], always),
    active("switch off", &["turn off"], object_wide),
    passive("switch off", &["turn off"], always),
    active("turn on", &["switch on"], object),
    active("switch on", &["turn on"], object),
    both(
        "disable",
        &["turn off"],
        |h| h.next(&["ART", "POSS", "this"]),
        |h| !h.next(&["PERSON", "OPEN"]),
    ),
    active("run", &["execute"], commands),
    active("execute", &["run"], commands),
    passive("execute", &["run"], |h| !h.next(&["in", "OPEN"])),
    both("generate", &["produce"], object, |h| {
        h.next(&["by", "from"])
    }),
    active("provide", &["offer"], |h| {
        h.next(&["a", "an", "no"])
            && h.after_within(
                3,
                &[
                    "way",
                    "option",
                    "means",
                    "choice",
                    "view",
                    "function",
                    "mechanism",
                    "feature",
                ],
            )
    }),
    active("supply", &["provide"], object),
    passive("store", &["keep"], place),
    passive("keep", &["store"], |h| {
        place(h)
            && h.after_within(
                4,
                &[
                    "memory",
                    "disk",
                    "file",
                    "files",
                    "database",
                    "directory",
                    "folder",
                    "cache",
                    "table",
                    "store",
                    "log",
                    "logs",
                ],
            )
    }),
    active("display", &["show"], object),
    passive("display", &["show"], always),
    active("show", &["display"], screen),
    passive("show", &["display"], |h| {
        h.next(&["on", "at", "in", "as", "END"])
            && h.before_within(
                6,
                &[
                    "page", "message", "text", "name", "value", "button", "list", "icon", "form",
                    "window", "dialog", "warning",
                ],
            )
    }),
    active("lead to", &["result in"], |h| {
        h.next(&["a", "an", "no", "another"])
            && !h.next_n(2, &["CODE"])
            && !h.before_within(2, &["path", "paths", "link", "links", "road"])
    }),
    active("result in", &["lead to"], |h| {
        h.next(&["a", "an", "no", "another", "more", "this"])
    }),
    active("supplement", &["add to"], |h| h.next(&["the", "this"])),
    active("commence", &["begin"], always),
    active("purchase", &["buy"], object),
    both("locate", &["find"], object, |h| h.next(&["by"])),
    active("ensure", &["make sure"], that),
    active("make sure", &["ensure"], that),
    active("get rid of", &["remove"], object),
    active("point to", &["refer to"], |h| {
        h.next(&["the", "a", "itself"])
            && h.before_within(2, &["section", "entry", "record", "field"])
    }),
    active("overlook", &["miss"], |h| object(h) || last(h)),
    passive("overlook", &["miss"], always),
    both(
        "assist",
        &["help"],
        |h| h.next(&["you", "us", "them", "the"]) && !h.after_within(4, &["in", "with"]),
        always,
    ),
];

fn allowed(here: &Here<'_>) -> bool {
    here.next(&[
        "ART", "POSS", "OBJ", "any", "each", "every", "no", "PLURAL", "this", "these", "CODE",
        "some", "all",
    ]) && !here.next(&["for", "this"])
}

fn needs(here: &Here<'_>) -> bool {
    (object(here) || here.next(&["PLURAL", "access"]))
        && !here.next(&["NUM", "any", "to", "more"])
        && !here.after_within(5, &["to"])
        && !here.prev(&["to"])
}

fn found(here: &Here<'_>) -> bool {
    let is_past = here.tokens.get(here.at).is_some_and(|t| t.lower == "found");
    is_past
        && (here.next(&["that"])
            || here.next(&["a", "an", "NUM", "no", "several", "another"])
                && here.after_within(
                    4,
                    &[
                        "problem", "problems", "crash", "crashes", "way", "ways", "cause",
                        "reason", "mistake", "mistakes", "case", "cases", "file", "files", "limit",
                        "place", "places",
                    ],
                ))
        && !here.next_n(2, &["one"])
}

fn as_be(here: &Here<'_>) -> bool {
    here.next(&["to"]) && here.next_n(2, &["be"])
}
