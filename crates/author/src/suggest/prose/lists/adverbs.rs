//! Adverbs, conjunctions and other small words.

use super::super::near::Here;
use super::super::rule::Phrase;
use super::{always, first, inside, last, optional, phrase, word};

/// Not right before the adjective of a noun: `the currently installed version`.
fn free(here: &Here<'_>) -> bool {
    !here.starts() && !here.prev(&["DET", "PREP"])
}

fn number(here: &Here<'_>) -> bool {
    here.next(&["NUM", "half"]) && !here.next_n(2, &["-"])
}

fn about_number(here: &Here<'_>) -> bool {
    number(here)
        && here.prev(&[
            "BE",
            "takes",
            "took",
            "take",
            "for",
            "of",
            "to",
            "HAVE",
            "at",
            "START",
            "and",
            "with",
            "in",
            "until",
            "only",
            "after",
            "lasted",
            "lasts",
            "every",
            "contains",
            "uses",
            "used",
            "needs",
            "expect",
            "processed",
            "received",
            "than",
            "by",
            "costs",
            "cost",
            "CONJ",
        ])
        && !here.prev_n(2, &["talk", "talked", "think", "know", "report", "reports"])
}

fn open_noun_after(here: &Here<'_>) -> bool {
    here.next(&["OPEN"]) && !here.next(&["other", "of", "LY", "ING"])
}

fn clause(here: &Here<'_>) -> bool {
    here.next(&[
        "PRON", "ART", "POSS", "this", "these", "those", "all", "each", "every", "no", "some",
        "most", "many", "both", "there", "PLURAL",
    ])
}

/// Words of one or a few kinds that mean the same, whatever they stand for.
pub(super) const WORDS: &[Phrase] = &[
    // Nobody in particular.
    word("anybody", &["anyone"], always),
    word("anyone", &["anybody"], always),
    word("somebody", &["someone"], |h| !h.next(&["'s"])),
    word("someone", &["somebody"], |h| !h.next(&["'s"])),
    word("nobody", &["no one"], always),
    word("no one", &["nobody"], |h| {
        !h.next(&["OPEN", "of"]) || h.next(&["HAVE", "BE", "MODAL"])
    }),
    word("everybody", &["everyone"], always),
    word("everyone", &["everybody"], always),
    word("each", &["every"], |h| {
        open_noun_after(h)
            && !h.prev(&["of", "between", "both", "two", "to"])
            && !h.next(&["PLURAL"])
            && !h.before_within(8, &["two", "both", "either"])
    }),
    word("every", &["each"], |h| {
        open_noun_after(h)
            && !h.next(&[
                "NUM", "few", "other", "single", "TIME", "time", "once", "part", "effort", "right",
            ])
            && !h.prev(&[
                "almost",
                "nearly",
                "not",
                "virtually",
                "practically",
                "ever",
                "of",
            ])
            && !h.before_within(5, &["not"])
    }),
    word("many", &["numerous"], |h| {
        h.next(&["PLURAL"])
            && !h.prev(&[
                "how", "so", "too", "as", "not", "very", "that", "this", "DET", "are", "times",
            ])
            && !h.next(&["times", "hundreds", "thousands"])
    }),
    word("numerous", &["many"], |h| {
        h.next(&["OPEN"]) && !h.prev(&["the", "LY", "BE"])
    }),
    word("several", &["a number of"], |h| {
        h.next(&["PLURAL", "OPEN"])
            && !h.prev(&["DET", "of", "after"])
            && !h.next(&["times", "hundred", "thousand", "other", "more", "TIME"])
    }),
    phrase("a number of", &["several"], |h| {
        h.next(&["OPEN"]) && !h.next(&["BE"])
    }),
    phrase("a large number of", &["many", "a great many"], |h| {
        h.next(&["PLURAL"])
    }),
    phrase("large numbers of", &["many"], |h| h.next(&["PLURAL"])),
    phrase("the majority of", &["most"], |h| h.next(&["PLURAL"])),
    // About how much.
    word("approximately", &["roughly", "about"], number),
    word("roughly", &["approximately", "about"], number),
    word("about", &["roughly", "around"], about_number),
    word("around", &["about", "roughly"], about_number),
    phrase("more than", &["over"], |h| {
        h.next(&["NUM"])
            && !h.next(&["one"])
            && !h.prev(&[
                "no", "not", "any", "by", "little", "much", "far", "even", "for", "slightly", "has",
            ])
            && !h.next_n(2, &["times", "in"])
            && !h.next_n(3, &["in"])
    }),
    phrase("less than", &["under"], |h| {
        h.next(&["NUM"])
            && !h.prev(&["no", "not", "in", "much", "far", "of", "by"])
            && !h.next(&["one"])
    }),
    phrase("at most", &["no more than"], |h| h.next(&["NUM"])),
    phrase("no more than", &["at most"], |h| {
        h.next(&["NUM"]) && !h.prev(&["are", "is", "was"])
    }),
    word("almost", &["nearly"], |h| {
        h.next(&[
            "all",
            "every",
            "NUM",
            "half",
            "always",
            "twice",
            "full",
            "complete",
            "certainly",
        ])
    }),
    word("nearly", &["almost"], |h| {
        h.next(&["all", "every", "NUM", "half", "always", "twice", "full"])
    }),
    word("slightly", &["a little"], |h| {
        !h.prev(&["DET", "PREP"]) && (last(h) || h.next(&["COMPARATIVE"]))
    }),
    word("exactly", &["precisely"], |h| {
        h.next(&["how", "what", "where", "when", "why"]) || h.next(&["the", "this"]) && !h.starts()
    }),
    word("precisely", &["exactly"], |h| {
        h.next(&["how", "what", "the", "this", "NUM"])
    }),
    word("completely", &["entirely"], |h| {
        !h.prev(&["DET"]) && !h.starts()
    }),
    word("entirely", &["completely"], |h| {
        !h.prev(&["DET", "not", "almost"]) && !h.starts() && !h.next(&["of", "in", "on", "by"])
    }),
    word("altogether", &["completely"], |h| {
        last(h) && !h.prev(&["NUM", "OPEN"]) || last(h) && h.prev(&["ING"])
    }),
    word("significantly", &["considerably"], inside),
    word("considerably", &["significantly"], inside),
    word("substantially", &["considerably"], inside),
    word("far", &["much"], |h| h.next(&["COMPARATIVE"])),
    word("much", &["far"], |h| {
        h.next(&["COMPARATIVE"])
            && !h.prev(&[
                "very", "so", "too", "how", "as", "not", "that", "this", "BE", "n't",
            ])
            && !h.next_n(2, &["than"]) | h.next(&["more", "less"])
    }),
    word("fairly", &["reasonably"], |h| {
        h.next(&[
            "certain", "sure", "good", "common", "easy", "simple", "well",
        ])
    }),
    word("hardly", &["scarcely"], |h| {
        h.next(&["any", "anybody", "anyone", "ever", "anything"])
    }),
    word("mainly", &["mostly", "chiefly"], inside),
    word("mostly", &["mainly"], inside),
    word("primarily", &["mainly", "chiefly"], inside),
    word("largely", &["mostly", "for the most part"], |h| {
        h.prev(&["BE"])
    }),
    word("solely", &["only"], |h| inside(h) && !h.prev(&["DET"])),
    word("merely", &["only", "just"], |h| {
        inside(h) && !h.prev(&["not", "DET"]) && !h.before_within(2, &["not"])
    }),
    word("especially", &["particularly"], inside),
    word("particularly", &["especially"], |h| {
        inside(h) && !h.prev(&["not", "a", "DET"])
    }),
    // How often, how likely, when.
    word("usually", &["normally", "generally"], |h| {
        !h.prev(&["than", "as"])
    }),
    word("normally", &["usually"], |h| {
        !h.prev(&["DET", "than", "behave", "behaves", "perfectly"]) && !last(h)
    }),
    word("generally", &["usually"], |h| {
        !h.prev(&["DET", "more", "very"])
            && !last(h)
            && !h.next(&["speaking", "available", "COMMA"])
    }),
    word("typically", &["usually", "normally"], |h| !h.prev(&["DET"])),
    word("often", &["frequently"], |h| {
        !h.prev(&["how", "as", "so"]) && !h.next(&["than"])
    }),
    word("frequently", &["often"], |h| {
        !h.prev(&["DET", "most"]) && !h.next(&["asked"])
    }),
    word("sometimes", &["at times"], |h| !h.prev(&["DET"])),
    word("occasionally", &["from time to time"], |h| {
        !h.prev(&["DET"]) && !h.next(&["OPEN"]) | h.starts()
    }),
    phrase("from time to time", &["occasionally"], always),
    phrase(
        "once in a while",
        &["from time to time", "now and then"],
        always,
    ),
    word("probably", &["most likely"], |h| {
        !h.prev(&["most", "very", "DET", "quite"]) && !h.starts()
    }),
    phrase("most likely", &["probably"], |h| {
        h.prev(&["BE", "MODAL"]) && !h.next(&["END", "to"])
    }),
    word("presumably", &["probably"], |h| !h.prev(&["DET"])),
    word("perhaps", &["maybe"], |h| h.starts()),
    word("maybe", &["perhaps"], always),
    word("obviously", &["clearly"], |h| !h.prev(&["DET", "most"])),
    word("currently", &["at present", "at the moment"], |h| {
        free(h) && (h.prev(&["BE", "MODAL"]) && !h.next(&["END"]) || last(h))
    }),
    phrase("at the moment", &["at present", "right now"], |h| {
        !h.next(&["of", "that", "when", "it", "the"])
    }),
    phrase("at present", &["at the moment", "currently"], |h| {
        !h.prev(&["in"])
    }),
    phrase("right now", &["at the moment"], always),
    phrase("right away", &["immediately", "at once"], always),
    word("immediately", &["at once", "right away"], |h| {
        last(h) && !h.starts() && !h.prev(&["DET", "almost"]) || h.next(&["if"]) && !h.starts()
    }),
    phrase("at the same time", &["simultaneously"], |h| {
        !h.starts() && last(h) && !h.prev(&[",", "and", "but"])
    }),
    word("simultaneously", &["at the same time"], last),
    word("initially", &["at first"], |h| h.starts() || last(h)),
    phrase("at first", &["initially"], |h| {
        h.next(&["PRON", "the", "this", ","]) && !h.next(&["glance"])
    }),
    word("meanwhile", &["in the meantime"], |h| h.starts()),
    phrase("in the meantime", &["meanwhile"], |h| {
        h.starts() && h.next(&[",", "PRON", "the"])
    }),
    phrase(
        "shortly afterwards",
        &["soon afterwards", "soon after that"],
        |h| !h.starts(),
    ),
    word("afterwards", &["after that"], |h| {
        h.starts() || h.prev(&["and"])
    }),
    word("soon", &["shortly"], |h| {
        h.prev(&["will", "be", "would"]) && !h.next(&["as", "after"])
    }),
    phrase("until now", &["so far"], last),
    phrase("so far", &["until now", "up to now"], |h| {
        h.next(&["END", "it", "we", "the", "he", "she", "they"])
            && !h.prev(&["as", "HAVE", "BE", "go", "went", "gone", "got"])
    }),
    phrase("in advance", &["beforehand"], |h| {
        last(h) || h.next(&["so", "and"])
    }),
    word("beforehand", &["in advance"], always),
    phrase("by hand", &["manually"], |h| {
        !h.next(&["OPEN", "-"]) && !h.prev(&["PLURAL"])
    }),
    word("manually", &["by hand"], last),
    phrase("again and again", &["repeatedly"], |h| !h.prev(&["PREP"])),
    phrase("one by one", &["one after another", "one at a time"], |h| {
        !h.next(&["OPEN"])
    }),
    phrase("one after another", &["one by one"], |h| !h.next(&["OPEN"])),
    word("quickly", &["rapidly"], |h| {
        !h.starts() && !h.prev(&["as", "how", "too", "DET"])
    }),
    word("rapidly", &["quickly"], |h| {
        !h.starts() && !h.prev(&["DET"])
    }),
    word("silently", &["without notice"], |h| h.next(&["END"])),
    // Joining sentences and clauses.
    phrase("however ,", &["but", "still,"], |h| h.starts() && clause(h)),
    word("but", &["however,"], |h| {
        h.starts() && clause(h) && !h.next(&["no", "all"])
    }),
    word("nevertheless", &["nonetheless"], always),
    word("nonetheless", &["nevertheless"], always),
    word("therefore", &["consequently", "for this reason"], |h| {
        h.starts() && !h.next(&["END"])
    }),
    word("therefore", &["thus", "consequently"], |h| {
        !h.starts() && !h.next(&["END"]) && !h.prev(&["PUNCT"])
    }),
    word("consequently", &["therefore"], always),
    word("thus", &["therefore"], |h| {
        !h.next(&["far", "ING", ",", "be"]) && !h.prev(&[",", "DET"])
    }),
    word("hence", &["therefore"], |h| {
        h.starts() && !h.next(&["the"]) || h.starts() && h.after_within(6, &["BE", "MODAL", "HAVE"])
    }),
    phrase("moreover ,", &["in addition,", "furthermore,"], first),
    phrase("furthermore ,", &["in addition,", "moreover,"], first),
    phrase("additionally ,", &["in addition,", "furthermore,"], first),
    phrase("in addition ,", &["furthermore,", "moreover,"], first),
    phrase("in addition", &["furthermore,", "moreover,"], |h| {
        h.starts() && h.next(&["PRON", "ART", "this", "these"])
    }),
    word("finally", &["lastly"], |h| h.starts() && h.next(&[","])),
    word("lastly", &["finally"], |h| h.starts()),
    word("unfortunately", &["regrettably"], |h| h.starts()),
    word("although", &["though", "even though"], |h| {
        clause(h) && !h.starts()
    }),
    word("although", &["even though"], |h| clause(h) && h.starts()),
    phrase("even though", &["although"], clause),
    word("whereas", &["while"], |h| clause(h) && !h.starts()),
    word("because", &["since"], |h| {
        clause(h) && !h.starts() && h.prev(&[","]) && !h.next(&["of"])
    }),
    word("because", &["since"], |h| {
        clause(h)
            && (h.starts() && h.after_within(24, &[","])
                || !h.starts()
                    && !h.prev(&[
                        "just",
                        "only",
                        "simply",
                        "BE",
                        "merely",
                        "mainly",
                        "partly",
                        "not",
                        "probably",
                        "PUNCT",
                        "happens",
                        "happened",
                        "occurs",
                        "occurred",
                        "largely",
                        "perhaps",
                        "and",
                        "or",
                        "precisely",
                    ]))
    }),
    word("since", &["because"], |h| {
        clause(h)
            && h.prev(&[","])
            && !h.after_within(3, &["TIME", "version", "beginning", "start", "release"])
            && h.after_within(4, &["BE", "HAVE", "MODAL", "DO", "OPEN"])
    }),
    phrase("as soon as", &["once"], |h| {
        clause(h) && !h.next(&["possible"]) && !h.prev(&["LY"])
    }),
    word("once", &["as soon as"], |h| {
        h.next(&["the", "PRON", "all", "this", "these", "both"])
            && !h.next(&["a"])
            && !h.prev(&["at", "only", "than", "least", "just", "for", "HAVE", "BE"])
            && (h.after_within(7, &["HAVE", "BE"]))
    }),
    word("whenever", &["every time", "each time"], |h| {
        clause(h) && !h.prev(&["or", "and"])
    }),
    phrase("every time", &["whenever", "each time"], |h| {
        h.next(&["PRON", "ART"]) && !h.prev(&["almost", "nearly"])
    }),
    phrase("each time", &["whenever", "every time"], |h| {
        h.next(&["PRON", "ART"])
    }),
    phrase("provided that", &["as long as"], |h| {
        h.prev(&[","]) && clause(h)
    }),
    phrase("as if", &["as though"], |h| clause(h) && !h.prev(&["just"])),
    phrase("as though", &["as if"], clause),
    word("whether", &["if"], |h| {
        h.prev(&[
            "know",
            "check",
            "see",
            "ask",
            "asked",
            "checks",
            "checked",
            "tell",
            "wonder",
            "sure",
            "determine",
            "test",
            "checking",
            "seeing",
        ]) && clause(h)
            && !h.next(&["to", "or"])
            && !h.after_within(12, &["or"])
            && !h.prev_n(2, &["WH", "of", "DET"])
    }),
    word("if", &["whether"], |h| {
        h.prev(&[
            "know", "check", "see", "ask", "asked", "checks", "checked", "wonder", "sure",
            "checking", "out",
        ]) && (!h.prev(&["out"]) || h.prev_n(2, &["find", "finding", "found"]))
            && !h.prev_n(2, &["you", "me", "please"])
            && clause(h)
            && !h.after_within(14, &[",", "then"])
    }),
    phrase("for example", &["for instance"], always),
    phrase("for instance", &["for example"], always),
    word("e.g.", &["for example"], |h| {
        !h.starts() && h.prev(&["(", ","])
    }),
    word("i.e.", &["that is"], |h| {
        h.next(&[","]) && h.prev(&["(", ","])
    }),
    phrase("as well", &["too"], last),
    word("too", &["as well"], |h| {
        last(h) && !h.prev(&[",", "me", "not"])
    }),
    word("so", &["therefore"], |h| {
        h.starts()
            && h.next(&[
                "ART", "we", "it", "they", "these", "this", "all", "there", "only", "POSS",
            ])
            && !h.next_n(2, &["far"])
    }),
    word("so", &["and so"], |h| {
        h.prev(&[","])
            && h.next(&["ART", "we", "it", "they", "there", "POSS"])
            && !h.after_within(6, &["can", "could", "may", "might", "MODAL"])
    }),
    optional("then", |h| {
        h.prev(&[","]) && h.next(&["PRON", "ART", "POSS", "this"]) && h.before_within(20, &["if"])
    }),
    optional("actually", |h| {
        h.prev(&["BE", "HAVE", "PRON", "MODAL", "OPEN"])
            && !h.next(&["END"])
            && !h.prev(&["not", "what"])
            && !h.before_within(3, &["not"])
    }),
    optional("basically", |h| !h.next(&["END"]) && !h.prev(&["PUNCT"])),
    optional("simply", |h| {
        h.prev(&["MODAL", "BE", "will", "can"])
            && !h.before_within(2, &["not", "do", "does"])
            && !h.next(&["a", "the", "END"])
    }),
];
