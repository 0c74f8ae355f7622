//! Fixed phrases.

use super::super::near::Here;
use super::super::rule::Phrase;
use super::{always, first, inside, last, object_wide, optional, phrase};

fn infinitive(here: &Here<'_>) -> bool {
    here.next(&["OPEN", "be", "have", "do", "not"])
}

fn clause(here: &Here<'_>) -> bool {
    here.next(&[
        "PRON", "ART", "POSS", "this", "these", "all", "no", "PLURAL", "NAME",
    ])
}

/// `To check whether …, log in`: a purpose that begins the sentence.
fn purpose(here: &Here<'_>) -> bool {
    here.starts()
        && here.next(&["OPEN"])
        && !here.next(&["ING", "ED"])
        && here.after_within(16, &[","])
}

fn aside(here: &Here<'_>) -> bool {
    here.starts() || here.prev(&["PUNCT"])
}

fn per_unit(here: &Here<'_>) -> bool {
    here.prev(&["PLURAL", "OPEN", "NUM", "once", "twice", "times"])
}

/// Phrases that mean the same, whatever the subject is.
pub(super) const PHRASES: &[Phrase] = &[
    phrase("in order to", &["to"], infinitive),
    phrase("so as to", &["to"], infinitive),
    phrase("to", &["in order to"], purpose),
    phrase("due to", &["because of", "owing to"], |h| {
        object_wide(h) && !h.prev(&["BE", "LY", "mainly"])
    }),
    phrase("because of", &["due to", "owing to"], |h| {
        object_wide(h) && !h.prev(&["BE", "LY", "just", "only"])
    }),
    phrase("despite", &["in spite of"], always),
    phrase("in spite of", &["despite"], always),
    phrase("prior to", &["before"], always),
    phrase("instead of", &["rather than"], |h| h.next(&["ING", "NUM"])),
    phrase("instead of", &["in place of"], |h| h.next(&["ART", "POSS"])),
    phrase("in place of", &["instead of"], always),
    phrase("rather than", &["instead of"], |h| {
        h.next(&["NUM", "ING", "ART", "POSS"]) && !h.prev(&["COMPARATIVE"])
    }),
    phrase("together with", &["along with"], always),
    phrase("along with", &["together with"], always),
    phrase("in addition to", &["besides"], object_wide),
    phrase("apart from", &["aside from"], aside),
    phrase("aside from", &["apart from"], aside),
    phrase("except for", &["apart from"], |h| {
        !h.prev(&["PUNCT", "all"])
    }),
    phrase("with regard to", &["regarding", "concerning"], always),
    phrase("with respect to", &["regarding"], always),
    phrase("regardless of", &["irrespective of"], always),
    phrase("irrespective of", &["regardless of"], always),
    phrase("by means of", &["with the help of"], always),
    phrase("with the help of", &["by means of"], |h| {
        !h.next(&["POSS", "NAME", "PERSON"])
    }),
    phrase("with the exception of", &["except for"], always),
    phrase("via", &["through"], |h| h.next(&["ART", "POSS"])),
    phrase("upon", &["on"], |h| {
        h.prev(&["depends", "depending", "based", "rely", "relies"])
    }),
    phrase("outside of", &["outside"], |h| {
        h.next(&["ART", "POSS", "this"])
    }),
    phrase("inside of", &["inside"], |h| {
        h.next(&["ART", "POSS", "this"])
    }),
    phrase(
        "as a result ,",
        &["as a consequence,", "consequently,"],
        first,
    ),
    phrase("as a result", &["as a consequence"], |h| {
        h.starts() && clause(h)
    }),
    phrase("for this reason", &["therefore"], |h| {
        h.starts() && h.next(&[",", "PRON", "ART"])
    }),
    phrase("that is why", &["this is why", "for this reason"], |h| {
        h.starts() && clause(h)
    }),
    phrase("that's why", &["that is why", "this is why"], |h| {
        h.starts()
    }),
    phrase(
        "that is the reason why",
        &["that is why", "this is why"],
        first,
    ),
    phrase("the reason why", &["the reason"], always),
    phrase("for this purpose", &["to this end"], always),
    phrase("to this end", &["for this purpose"], always),
    phrase("in our tests", &["during our tests"], always),
    phrase("in most cases", &["usually", "most of the time"], |h| {
        h.starts() && clause(h)
    }),
    phrase("in many cases", &["often", "frequently"], |h| {
        h.starts() && clause(h)
    }),
    phrase("in some cases", &["sometimes"], |h| {
        clause(h) || h.next(&[","]) && !h.starts()
    }),
    phrase("in general ,", &["generally,"], first),
    phrase("in particular ,", &["notably,"], first),
    phrase(
        "as soon as possible",
        &["as quickly as possible", "at the earliest opportunity"],
        |h| !h.prev(&["LY"]),
    ),
    phrase("in the last", &["in the past", "during the last"], |h| {
        h.next(&["TIME", "NUM", "few"])
            && !h.next_n(2, &["of"])
            && !h.next(&["minute", "minutes", "second", "seconds"])
            && !h.next_n(2, &["OPEN"]) | h.next_n(2, &["TIME"])
    }),
    phrase(
        "over the last",
        &["over the past", "during the last"],
        |h| h.next(&["TIME", "NUM", "few"]),
    ),
    phrase("per second", &["a second", "each second"], per_unit),
    phrase("per minute", &["a minute", "each minute"], per_unit),
    phrase("per hour", &["an hour", "each hour"], per_unit),
    phrase("per day", &["a day", "each day"], per_unit),
    phrase("per week", &["a week", "each week"], per_unit),
    phrase("per month", &["a month", "each month"], per_unit),
    phrase("per year", &["a year", "each year"], per_unit),
    phrase("a day", &["per day"], rate),
    phrase("a week", &["per week"], rate),
    phrase("a month", &["per month"], rate),
    phrase("a year", &["per year"], rate),
    phrase("a second", &["per second"], rate),
    phrase("an hour", &["per hour"], rate),
    phrase("all of the", &["all the"], |h| h.next(&["OPEN"])),
    phrase("all of our", &["all our"], |h| h.next(&["OPEN"])),
    phrase("all of their", &["all their"], |h| h.next(&["OPEN"])),
    phrase("all of its", &["all its"], |h| h.next(&["OPEN"])),
    phrase("all of these", &["all these"], |h| h.next(&["PLURAL"])),
    phrase("all the", &["all of the"], |h| {
        h.next(&["PLURAL"]) && !h.prev(&["of", "PUNCT"])
    }),
    phrase("a part of", &["part of"], always),
    phrase("this kind of", &["this sort of", "this type of"], always),
    phrase("a kind of", &["a sort of"], always),
    phrase("the way in which", &["how", "the way"], clause),
    phrase("in such a way that", &["so that"], always),
    phrase("which means that", &["meaning that"], |h| h.prev(&[","])),
    phrase("meaning that", &["which means that"], |h| h.prev(&[","])),
    phrase("so that", &["so"], |h| {
        h.next(&["PRON", "ART", "POSS", "these"])
            && h.after_within(5, &["can", "could", "may", "might", "cannot", "MODAL"])
    }),
    // Verbs with their small words.
    phrase("have to", &["need to"], |h| {
        need(h) && !h.prev(&["HAVE", "will", "would", "not", "may"])
    }),
    phrase("have to", &["need to"], |h| {
        need(h) && h.prev(&["will", "would", "not", "may"])
    }),
    phrase("has to", &["needs to", "must"], |h| {
        need(h) && !h.next(&["be", "have", "do"])
    }),
    phrase("need to", &["have to"], |h| {
        need(h)
            && !h.prev(&["DET", "the", "no"])
            && h.prev(&[
                "PLURAL_PRON",
                "PLURAL",
                "will",
                "would",
                "not",
                "MODAL",
                "DO",
            ])
    }),
    phrase("needs to", &["has to", "must"], |h| {
        need(h) && !h.prev(&["DET", "their", "PLURAL"])
    }),
    phrase("you must", &["you have to", "you need to"], |h| {
        infinitive(h) && !h.next(&["not", "have", "be"])
    }),
    phrase("we must", &["we have to", "we need to"], |h| {
        infinitive(h) && !h.next(&["not", "have", "be"])
    }),
    phrase("are able to", &["can"], |h| {
        infinitive(h) && !h.prev(&["not"])
    }),
    phrase("is able to", &["can"], infinitive),
    phrase("were able to", &["managed to"], |h| {
        infinitive(h) && !h.prev(&["not", "WH"])
    }),
    phrase("was able to", &["managed to"], |h| {
        infinitive(h) && !h.prev(&["not", "WH", "OPEN"])
    }),
    phrase("managed to", &["was able to"], |h| {
        infinitive(h) && h.prev(&["he", "she", "it", "i"])
    }),
    phrase("are going to", &["will"], |h| {
        infinitive(h) && h.prev(&["we", "they", "you"])
    }),
    phrase("is going to", &["will"], infinitive),
    phrase("would like to", &["wish to"], |h| {
        h.next(&["thank", "point", "add", "stress", "apologise", "apologize"])
            && h.prev(&["we", "i"])
    }),
    phrase("are not aware of", &["do not know of"], |h| h.prev(&["we"])),
    phrase("are aware of", &["know of"], |h| h.prev(&["we"])),
    phrase("is intended for", &["is meant for"], always),
    phrase("is meant for", &["is intended for"], always),
    phrase("are intended for", &["are meant for"], always),
    phrase("keep in mind", &["bear in mind"], always),
    phrase("bear in mind", &["keep in mind"], always),
    phrase("please note that", &["note that"], first),
    phrase("note that", &["please note that"], first),
    phrase("please remember that", &["please keep in mind that"], first),
    phrase("thank you for", &["many thanks for"], first),
    phrase("take a look at", &["look at"], always),
    phrase("make certain that", &["make sure that"], always),
    phrase("as far as we know", &["to our knowledge"], always),
    phrase("to our knowledge", &["as far as we know"], always),
    phrase("such as", &["like"], |h| {
        h.prev(&["PLURAL"]) && !h.next(&["PRON", "that", "this"])
    }),
    phrase("for a number of reasons", &["for several reasons"], always),
    phrase("no matter what", &["whatever"], |h| {
        h.next(&["PRON", "the"]) && !h.next_n(3, &["it"])
    }),
    phrase("regardless of whether", &["no matter whether"], always),
    phrase("whether or not", &["whether"], clause),
    phrase("the same as", &["identical to"], |h| h.prev(&["BE"])),
    phrase("case where", &["case in which"], |h| {
        clause(h) || h.next(&["OPEN"])
    }),
    phrase("cases where", &["cases in which"], |h| {
        clause(h) || h.next(&["OPEN"])
    }),
    phrase("case in which", &["case where"], always),
    phrase("cases in which", &["cases where"], always),
    phrase("a great deal of", &["a lot of"], always),
    phrase("a test in which", &["a test where"], always),
    phrase("on a regular basis", &["regularly"], always),
    phrase("in the end", &["eventually"], |h| h.starts() && clause(h)),
    phrase("help you", &["help you to"], |h| {
        h.next(&["OPEN"]) && helps(h)
    }),
    phrase("helps you", &["helps you to"], |h| {
        h.next(&["OPEN"]) && helps(h)
    }),
    phrase("helps us", &["helps us to"], |h| {
        h.next(&["OPEN"]) && helps(h)
    }),
    phrase("help us", &["help us to"], |h| {
        h.next(&["OPEN"]) && helps(h)
    }),
    phrase("help us to", &["help us"], infinitive),
    phrase("helps us to", &["helps us"], infinitive),
    phrase("helped us to", &["helped us"], infinitive),
    phrase("help you to", &["help you"], infinitive),
    phrase("help to", &["help"], |h| {
        infinitive(h) && h.prev(&["MODAL", "PLURAL"])
    }),
    phrase("helps to", &["helps"], infinitive),
    phrase(
        "that we are aware of",
        &["that we know of", "known to us"],
        always,
    ),
    phrase("both of these", &["both"], |h| h.next(&["PLURAL"])),
    optional("of", |h| {
        h.prev(&["all"])
            && h.next(&["the"])
            && inside(h)
            && !last(h)
            && h.next_n(2, &["OPEN"])
            && h.prev_n(2, &["almost", "nearly", "not"])
    }),
];

fn helps(here: &Here<'_>) -> bool {
    !here.next(&["PLURAL", "ING"])
        && here.next_n(2, &["ART", "POSS", "WH", "if", "the", "PRON", "this"])
}

fn need(here: &Here<'_>) -> bool {
    infinitive(here) && !here.next(&["do", "not"])
}

/// `twice a day`, `one reading a day`.
fn rate(here: &Here<'_>) -> bool {
    !here.next(&[
        "of", "OPEN", "or", "ago", "later", "before", "after", "LY", "when", "to",
    ]) && (here.prev(&["twice", "once", "times"])
        || here.prev(&["PLURAL"]) && here.prev_n(2, &["NUM"]))
}
