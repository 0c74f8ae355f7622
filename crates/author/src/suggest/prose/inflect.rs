//! Forms of English verbs and nouns.

/// A form of a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// `show`
    Base,
    /// `shows`
    Third,
    /// `showed`
    Past,
    /// `shown`
    Participle,
    /// `showing`
    Ing,
}

impl Form {
    /// Every form.
    pub(super) const ALL: [Form; 5] = [
        Form::Base,
        Form::Third,
        Form::Past,
        Form::Participle,
        Form::Ing,
    ];
}

/// Base, past and participle of the irregular verbs of the lists.
const IRREGULAR: [(&str, &str, &str); 36] = [
    ("be", "was", "been"),
    ("bear", "bore", "borne"),
    ("become", "became", "become"),
    ("begin", "began", "begun"),
    ("break", "broke", "broken"),
    ("bring", "brought", "brought"),
    ("build", "built", "built"),
    ("choose", "chose", "chosen"),
    ("come", "came", "come"),
    ("deal", "dealt", "dealt"),
    ("do", "did", "done"),
    ("draw", "drew", "drawn"),
    ("find", "found", "found"),
    ("get", "got", "got"),
    ("give", "gave", "given"),
    ("go", "went", "gone"),
    ("grow", "grew", "grown"),
    ("have", "had", "had"),
    ("hold", "held", "held"),
    ("keep", "kept", "kept"),
    ("lead", "led", "led"),
    ("leave", "left", "left"),
    ("let", "let", "let"),
    ("lose", "lost", "lost"),
    ("make", "made", "made"),
    ("mean", "meant", "meant"),
    ("run", "ran", "run"),
    ("see", "saw", "seen"),
    ("send", "sent", "sent"),
    ("show", "showed", "shown"),
    ("speak", "spoke", "spoken"),
    ("take", "took", "taken"),
    ("tell", "told", "told"),
    ("think", "thought", "thought"),
    ("throw", "threw", "thrown"),
    ("write", "wrote", "written"),
];

/// Verbs whose last consonant is doubled.
const DOUBLED: [&str; 11] = [
    "begin", "drop", "get", "let", "map", "occur", "omit", "permit", "plan", "run", "stop",
];

/// The form of a verb; of several words, the first is inflected.
pub(super) fn verb(base: &str, form: Form) -> String {
    let (head, rest) = base.split_once(' ').unwrap_or((base, ""));
    let irregular = IRREGULAR.iter().find(|v| v.0 == head);
    let word = match form {
        Form::Base => head.to_owned(),
        Form::Third => match head {
            "have" => "has".into(),
            "be" => "is".into(),
            _ => plural(head),
        },
        Form::Past | Form::Participle => match irregular {
            Some((_, past, _)) if form == Form::Past => (*past).to_owned(),
            Some((_, _, participle)) => (*participle).to_owned(),
            None => match consonant_y(head) {
                Some(stem) => format!("{stem}ied"),
                None if head.ends_with('e') => format!("{head}d"),
                None => format!("{}ed", doubled(head)),
            },
        },
        Form::Ing => match head.strip_suffix('e') {
            Some(stem) if !head.ends_with("ee") && head != "be" => format!("{stem}ing"),
            _ => format!("{}ing", doubled(head)),
        },
    };
    if rest.is_empty() {
        word
    } else {
        format!("{word} {rest}")
    }
}

/// The plural of a noun, and the third person of a verb.
pub(super) fn plural(word: &str) -> String {
    match consonant_y(word) {
        Some(stem) => format!("{stem}ies"),
        None if word.ends_with(['s', 'x', 'z', 'o'])
            || word.ends_with("ch")
            || word.ends_with("sh") =>
        {
            format!("{word}es")
        }
        None => format!("{word}s"),
    }
}

fn consonant_y(word: &str) -> Option<&str> {
    word.strip_suffix('y')
        .filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']))
}

fn doubled(word: &str) -> String {
    match word.chars().last() {
        Some(last) if DOUBLED.contains(&word) => format!("{word}{last}"),
        _ => word.to_owned(),
    }
}

/// Whether `text` is said with a vowel first, so that `an` stands before it.
pub(super) fn begins_with_vowel(text: &str) -> bool {
    let lower = text.trim_start().to_lowercase();
    let starts = |list: &[&str]| list.iter().any(|s| lower.starts_with(s));
    if starts(&[
        "hour", "honest", "honour", "honor", "heir", "8", "11 ", "18 ",
    ]) {
        return true;
    }
    if starts(&[
        "uni", "use", "usu", "user", "eu", "one", "once", "ubiq", "util",
    ]) {
        return starts(&["unim", "unin", "unint"]);
    }
    lower.starts_with(['a', 'e', 'i', 'o', 'u'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_inflected_as_english_does_it() {
        let forms = |base| Form::ALL.map(|form| verb(base, form)).join(" ");
        assert_eq!(forms("show"), "show shows showed shown showing");
        assert_eq!(
            forms("permit"),
            "permit permits permitted permitted permitting"
        );
        assert_eq!(forms("try"), "try tries tried tried trying");
        assert_eq!(forms("choose"), "choose chooses chose chosen choosing");
        assert_eq!(
            forms("employ"),
            "employ employs employed employed employing"
        );
        assert_eq!(verb("carry out", Form::Past), "carried out");
        assert_eq!(verb("be made up of", Form::Third), "is made up of");
    }

    #[test]
    fn articles_follow_the_sound() {
        for vowel in ["hour", "extra", "unimportant", "error", "issue"] {
            assert!(begins_with_vowel(vowel), "{vowel}");
        }
        for consonant in ["user", "useful", "unit", "one", "problem"] {
            assert!(!begins_with_vowel(consonant), "{consonant}");
        }
    }
}
