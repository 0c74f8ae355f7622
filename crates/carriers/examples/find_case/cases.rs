//! Invented write-ups that resemble each other: many of the same kind of bug, out of the same sentences.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

pub fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    (rng.next_u64() % n.max(1) as u64) as usize
}

fn pick<'a>(rng: &mut ChaCha8Rng, from: &[&'a str]) -> &'a str {
    from[below(rng, from.len())]
}

const KINDS: [&str; 12] = [
    "path traversal",
    "command injection",
    "server side request forgery",
    "heap overflow",
    "use after free",
    "authentication bypass",
    "template injection",
    "unsafe deserialisation",
    "race condition",
    "integer overflow",
    "open redirect",
    "stored scripting",
];
const AREAS: [&str; 20] = [
    "preview",
    "upload",
    "archive",
    "thumbnail",
    "search",
    "session",
    "invite",
    "quota",
    "backup",
    "webhook",
    "export",
    "import",
    "audit",
    "device",
    "share",
    "comment",
    "calendar",
    "gateway",
    "cache",
    "report",
];
const THINGS: [&str; 20] = [
    "service",
    "worker",
    "handler",
    "queue",
    "parser",
    "renderer",
    "scheduler",
    "daemon",
    "helper",
    "broker",
    "resolver",
    "store",
    "loader",
    "agent",
    "router",
    "importer",
    "indexer",
    "listener",
    "monitor",
    "bridge",
];
const VERBS: [&str; 24] = [
    "read", "open", "load", "merge", "copy", "fetch", "parse", "check", "bind", "push", "take",
    "split", "join", "send", "store", "mount", "scan", "route", "drop", "grow", "swap", "lock",
    "wake", "name",
];
const NOUNS: [&str; 28] = [
    "header", "ticket", "token", "frame", "block", "chunk", "record", "cursor", "claim", "folder",
    "label", "origin", "target", "option", "limit", "offset", "length", "window", "layer", "entry",
    "field", "scope", "owner", "digest", "anchor", "marker", "batch", "stream",
];

/// Sentences of all kinds of bugs. `K` kind, `C` component, `F` and `G` functions, `P` a parameter, `Q` another,
/// `N` and `M` numbers, `V` a version, `D` a folder.
const FRAMES: [&str; 64] = [
    "The C of Larkspur Share has a K that an unauthenticated client can {~reach|trigger|hit~} over the network.",
    "An attacker who can {~reach|contact|connect to~} the C {~sends|posts|submits~} one request and the server runs what it holds.",
    "We found it while {~looking at|reading|going through~} how F treats the P field of a request.",
    "The function F {~takes|reads|accepts~} the value of P and {~hands|passes~} it to G {~without any check|unchecked|as it is~}.",
    "In version V the {~check|test|comparison~} was moved from F to G, and one caller was {~forgotten|missed|left out~}.",
    "When P is longer than N bytes, G {~copies|moves~} the rest past the end of the buffer.",
    "The buffer has room for N entries, {~but|and yet~} the loop in F {~runs|goes on~} until it has seen M of them.",
    "A request with an empty Q {~makes|lets~} the C {~fall back|switch|return~} to the settings in D.",
    "The C {~keeps|holds|stores~} the P of the first request for N seconds, and the next client {~gets|receives~} it.",
    "Every version from V on is affected; {~older|earlier~} ones do not have F at all.",
    "We {~tested|tried|checked~} this on a default installation with N clients, and it {~worked|succeeded~} every time.",
    "The log in D shows {~only|just~} a warning from G, so that the attack is easy to {~miss|overlook~}.",
    "To see whether a server is affected, {~send|post~} a request with P set to N and {~look at|watch~} the answer.",
    "A patched server answers with status 400, {~while|whereas~} an affected one answers after about M milliseconds.",
    "The fix is to {~check|verify|test~} P in F before G {~is called|runs~}.",
    "Until an update is there, administrators {~can|may~} turn the C off in D.",
    "Turning off the C {~breaks|stops~} the Q view, which few customers {~use|need~}.",
    "The K is {~possible|there~} because G {~trusts|believes~} the Q that the client {~names|gives~}.",
    "The process runs as the same user as the web server, {~so|therefore~} it can {~read|open~} D as well.",
    "Between the {~check|test~} in F and the use in G there are about N microseconds.",
    "With M parallel requests we {~won|hit~} the race in {~less than|under~} N seconds.",
    "The parameter P is {~documented|described~} as optional, but F {~fails|stops~} without it.",
    "An update to version V {~removes|drops~} the old path and {~rejects|refuses~} a Q that is not signed.",
    "We {~reported|disclosed~} the issue to the vendor together with a proof of concept.",
    "The proof of concept {~reads|fetches~} a harmless file from D and {~prints|shows~} its first N bytes.",
    "No {~account|login~} is needed, and the victim does not have to {~click|open~} anything.",
    "The same pattern {~stands|occurs|appears~} in G, where the Q is {~taken from|read from~} a cookie.",
    "The C {~parses|decodes~} the body twice, and the second time the P {~wins|is used~}.",
    "If the header names N encodings, F {~keeps|remembers~} the last one and G the first.",
    "The length in the P field is {~signed|a signed number~}, and minus one {~passes|gets through~} the check.",
    "{~Afterwards|After that|Then~} the C {~restarts|comes up again~}, and the M clients that waited see an error.",
    "An attacker inside the network {~can|is able to~} {~reach|address~} the C on port M.",
    "The allow list in D {~compares|checks~} the name before redirects are followed.",
    "One redirect is {~enough|sufficient~} to make F {~fetch|load~} an address of the internal network.",
    "The answer {~contains|holds|includes~} the P of the {~other|previous~} session in clear text.",
    "The session stays valid for N hours {~after|once~} the user has logged out.",
    "In the default {~configuration|setup~} the C listens on all addresses.",
    "The vendor {~rates|sees~} the issue as high, and we {~agree|concur~}.",
    "F {~frees|releases~} the record, and G {~still|later~} holds a pointer to its Q.",
    "The freed block has N bytes, which {~matches|is~} the size of a P object.",
    "By {~sending|posting~} M records in one batch, a client {~decides|chooses~} what takes its place.",
    "The template engine {~evaluates|expands~} the Q {~before|earlier than~} it is escaped.",
    "A name with two dots {~passes|gets through~} F, because it {~looks for|searches~} a slash alone.",
    "On a server with the C in a container, the {~impact|damage~} is limited to D.",
    "We {~ask|request~} that the details stay {~private|confidential~} until the update is out.",
    "The crash report {~names|shows~} G at offset N of the module.",
    "The {~patch|change~} adds one line to F and a test for P.",
    "Customers who cannot update {~should|ought to~} block requests with more than N bytes of P.",
    "A rule that {~looks for|matches~} P with M or more digits {~finds|catches~} all attempts that we know of.",
    "We have {~seen|found~} no sign that the K is used in the wild.",
    "The queue {~accepts|takes~} N jobs of one client before the Q limit {~applies|counts~}.",
    "When the disk behind D is full, the C {~skips|leaves out~} the signature check.",
    "The {~error|exception~} from G is {~caught|swallowed~}, and F {~continues|goes on~} as if P were valid.",
    "Each retry {~adds|appends~} the Q once more, until the line has M characters.",
    "The value of P is {~compared|checked~} without regard to case, but D is not.",
    "A second {~bug|flaw~} makes it worse: G {~writes|puts~} the Q into the page as it is.",
    "The {~scripts|jobs~} in D run every N minutes with full rights.",
    "The client library {~hides|masks~} the problem, because it never sends more than M P values.",
    "Whoever can {~upload|store~} a file can {~make|have~} F {~load|open~} it as a module.",
    "It {~takes|needs~} {~roughly|about~} N requests until the C {~gives|hands~} out a predictable Q.",
    "The random numbers of G are {~seeded|started~} with the time, so that M guesses are enough.",
    "The old interface is {~still|yet~} there under another name, and F {~answers|serves~} it.",
    "We {~thank|are grateful to~} the maintainers of the C, who answered within N hours.",
    "Credit goes to the team that {~reported|found~} a similar K in version V.",
];

/// Words of an ordinary write-up, for noise.
pub const NOISE: [&str; 40] = [
    "server", "request", "the", "value", "a", "client", "version", "is", "attack", "with", "file",
    "header", "and", "system", "network", "token", "field", "that", "update", "user", "before",
    "memory", "check", "answer", "of", "process", "remote", "session", "in", "bytes", "path",
    "code", "data", "not", "host", "which", "result", "query", "after", "policy",
];

/// A write-up of about `sentences` sentences, with marks. The same seed and number give the same text.
pub fn write_up(seed: u64, number: u64, sentences: usize) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(1_000_003) ^ number);
    let rng = &mut rng;
    let kind = pick(rng, &KINDS);
    let components: Vec<String> = (0..2)
        .map(|_| format!("{} {}", pick(rng, &AREAS), pick(rng, &THINGS)))
        .collect();
    let mut function = || format!("{}_{}", pick(rng, &VERBS), pick(rng, &NOUNS));
    let functions: Vec<String> = (0..4).map(|_| function()).collect();
    let mut parameter = || pick(rng, &NOUNS).to_owned();
    let parameters: Vec<String> = (0..3).map(|_| parameter()).collect();
    let folders: Vec<String> = (0..2)
        .map(|_| format!("/srv/{}/{}", pick(rng, &AREAS), pick(rng, &NOUNS)))
        .collect();
    let version = format!(
        "{}.{}.{}",
        1 + below(rng, 9),
        below(rng, 20),
        below(rng, 12)
    );
    let numbers: Vec<String> = (0..4).map(|_| (2 + below(rng, 1500)).to_string()).collect();
    let mut order: Vec<usize> = Vec::new();
    while order.len() < sentences {
        let mut round: Vec<usize> = (0..FRAMES.len()).collect();
        for i in (1..round.len()).rev() {
            round.swap(i, below(rng, i + 1));
        }
        order.extend(round);
    }
    let mut out = format!("# A {kind} in the {}\n\n", components[0]);
    for (place, frame) in order.into_iter().take(sentences).enumerate() {
        for word in FRAMES[frame].split_inclusive(' ') {
            let bare = word.trim_end();
            let (name, tail) = bare.split_at(
                bare.find(|c: char| !c.is_ascii_uppercase())
                    .unwrap_or(bare.len()),
            );
            let is_slot = name.len() == 1 && tail.chars().all(|c| c.is_ascii_punctuation());
            let fill = match (is_slot, name) {
                (true, "K") => kind.to_owned(),
                (true, "C") => components[below(rng, 2)].clone(),
                (true, "F" | "G") => functions[below(rng, 4)].clone(),
                (true, "P" | "Q") => parameters[below(rng, 3)].clone(),
                (true, "N" | "M") => numbers[below(rng, 4)].clone(),
                (true, "V") => version.clone(),
                (true, "D") => folders[below(rng, 2)].clone(),
                _ => {
                    out.push_str(word);
                    continue;
                }
            };
            out.push_str(&fill);
            out.push_str(tail);
            out.push(' ');
        }
        if !out.ends_with(' ') {
            out.push(' ');
        }
        if place % 5 == 4 {
            out.push_str("\n\n");
        }
    }
    out
}

/// `words` consecutive words of a text.
pub fn fragment(text: &str, words: usize, rng: &mut ChaCha8Rng) -> String {
    let all: Vec<&str> = text.split_whitespace().collect();
    let from = below(rng, all.len().saturating_sub(words) + 1);
    all[from..(from + words).min(all.len())].join(" ")
}

/// Each word with this chance, in thousandths, is left out, exchanged, or followed by another; a third each.
pub fn noise(text: &str, thousandths: usize, rng: &mut ChaCha8Rng) -> String {
    let mut out = Vec::new();
    for word in text.split_whitespace() {
        if below(rng, 1000) >= thousandths {
            out.push(word);
            continue;
        }
        match below(rng, 3) {
            0 => {}
            1 => out.push(pick(rng, &NOISE)),
            _ => out.extend([word, pick(rng, &NOISE)]),
        }
    }
    out.join(" ")
}
