//! The words of the command line. What each does stands in `commands/`, one file a command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Under what the flags of every command stand in each command's help.
const EVERY_COMMAND: &str = "Options of every command";

/// The order of the commands, for somebody who sees them for the first time.
const FIRST_STEPS: &str = "\
A case from its beginning to its end:
  headstart init --program NAME
  headstart partner import partners.csv
  headstart seat add --partner ID --email E --recipient age1…
  headstart case import advisory.json
  headstart artifact add CASE write-up.md poc.py
  headstart sites CASE
  headstart wave plan CASE
  headstart wave approve CASE --as PERSON         (two different people)
  headstart press CASE
  headstart wave open CASE                        (again whenever a wave is due)
  headstart package fetch CASE --seat SEAT --out FILE
  headstart trace LEAK
  headstart evidence TRACE --out evidence.json
  headstart verify evidence.json

`headstart demo` tells all of it with an invented product.";

/// Runs an early-disclosure program: embargoed cases in waves, copies that differ, leaks that name their copy.
///
/// Exit codes: 0 done, 1 the answer is no, 2 wrong usage or input, 3 not allowed, 4 the machine failed.
#[derive(Debug, Parser)]
#[command(name = "headstart", version, after_help = FIRST_STEPS)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The data directory; without it, `./headstart-data`.
    #[arg(
        long,
        global = true,
        env = "HEADSTART_DATA",
        value_name = "DIR",
        help_heading = EVERY_COMMAND
    )]
    pub data: Option<PathBuf>,
    /// Print one JSON document instead of text.
    #[arg(long, global = true, help_heading = EVERY_COMMAND)]
    pub json: bool,
    /// File that holds the passphrase of the program key.
    #[arg(
        long,
        global = true,
        env = "HEADSTART_PASSPHRASE_FILE",
        value_name = "FILE",
        help_heading = EVERY_COMMAND
    )]
    pub passphrase_file: Option<PathBuf>,
    /// Ask the program's server at this address instead of a data directory, such as `https://desk.example`.
    #[arg(
        long,
        global = true,
        env = "HEADSTART_SERVER",
        value_name = "URL",
        help_heading = EVERY_COMMAND
    )]
    pub server: Option<String>,
    /// File that holds the token for the server.
    #[arg(
        long,
        global = true,
        env = "HEADSTART_TOKEN_FILE",
        value_name = "FILE",
        help_heading = EVERY_COMMAND
    )]
    pub token_file: Option<PathBuf>,
    /// Set the test clock to this time; only with `init --test-clock`.
    #[arg(long, global = true, value_name = "TIMESTAMP", help_heading = EVERY_COMMAND)]
    pub now: Option<String>,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new data directory: database, program key, log key.
    Init(Init),
    /// Partners: import, list, suspend, resume, remove, agreements.
    #[command(subcommand)]
    Partner(Partner),
    /// Versions of the non-disclosure agreement.
    #[command(subcommand)]
    Agreement(Agreement),
    /// People of the program and their roles.
    #[command(subcommand)]
    Person(Person),
    /// Seats: the people at partners, each with a key of their own.
    #[command(subcommand)]
    Seat(Seat),
    /// Cases under embargo.
    #[command(subcommand)]
    Case(Case),
    /// Masters of a case, with their marks.
    #[command(subcommand)]
    Artifact(Artifact),
    /// Check masters: their marks, what copies would say, whether copies still read as their language.
    Lint {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Also run the commands that the masters name in `check` directives, over sampled copies.
        #[arg(long)]
        run_checks: bool,
    },
    /// The mark sites of a case and what they can prove.
    Sites {
        /// The case, such as HS-2026-0001.
        case: String,
    },
    /// Who gets what when: plan, show, approve, open.
    #[command(subcommand)]
    Wave(Wave),
    /// Make every seat's copies, seal them, and commit them to the log.
    Press {
        /// The case.
        case: String,
    },
    /// A seat's package: fetch it, open it.
    #[command(subcommand)]
    Package(Package),
    /// Read a leak and say whose copy it was, or that it does not prove enough.
    Trace(Trace),
    /// Write the evidence of a trace into one file that anybody can verify.
    Evidence {
        /// The trace, such as T-5f1c….
        trace: String,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Show that the log grew from a checkpoint of this many entries, which somebody keeps; may be repeated.
        #[arg(long, value_name = "SIZE")]
        since: Vec<u64>,
    },
    /// Verify an evidence file, offline, without a data directory.
    Verify {
        /// The evidence file.
        file: PathBuf,
        /// What the reader holds beside the evidence.
        #[command(flatten)]
        held: Box<Held>,
    },
    /// Reads a PDF from standard input, for another process of this program.
    #[command(hide = true)]
    ReadPdf {
        /// Most pages.
        pages_max: Option<usize>,
    },
    /// Everything that was ever given to a partner or a seat: write it with proofs, or check it offline.
    #[command(args_conflicts_with_subcommands = true)]
    Record(Record),
    /// Write what sensors can look for: the values of a case's copies, without a name.
    Detection(Detection),
    /// Look through feeds for the values of copies, and raise sightings.
    ///
    /// Exit code 0 when something was seen, 1 when nothing was.
    Watch(Watch),
    /// What was seen outside: list it, save its records so that they can be traced.
    #[command(subcommand)]
    Sighting(Sighting),
    /// Who fetched what, first and last, in UTC.
    Receipts {
        /// The case.
        case: String,
    },
    /// What is open for a seat.
    Inbox {
        /// The seat; at a server, whose token it is.
        #[arg(long, value_name = "SEAT")]
        seat: Option<String>,
    },
    /// Suggest places of a file that could carry marks, and write what you decide.
    Suggest(Suggest),
    /// The rules that decide who may get what.
    Policy,
    /// The transparency log: show its checkpoint, audit it, publish it, name its witnesses.
    #[command(subcommand)]
    Log(Log),
    /// A witness of logs: it cosigns what only grew, and keeps what did not.
    #[command(subcommand)]
    Witness(Witness),
    /// Program settings, such as the bar for an accusation.
    #[command(subcommand)]
    Settings(Settings),
    /// Write the whole data directory into one file sealed to the program key, while others go on working.
    Backup {
        /// The file to write; a copy of the locked program key is written beside it, as FILE.key.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Make a data directory from a backup, audited before it gets its place.
    Restore(Restore),
    /// A whole program with a leak, told step by step.
    Demo(Demo),
    /// Serve the desk and the portal in the browser, and their API.
    Serve(Serve),
}

/// `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The program's name, as partners know it.
    #[arg(long, value_name = "NAME")]
    pub program: String,
    /// A clock that stands still and moves only by `--now`.
    #[arg(long)]
    pub test_clock: bool,
}

/// `partner …`.
#[derive(Debug, Subcommand)]
pub enum Partner {
    /// Import partners from a CSV file: all of them, or none.
    ///
    /// The header is id,name,tier,country,obligations.
    /// Tiers: validate, advance, entry. Countries: two letters, such as DE.
    /// Obligations: cn-rmsv, eu-cra, eu-nis2, with ; between, or nothing.
    /// Imported partners are active and have accepted the agreement on paper, unless there are the columns
    /// status (active, applicant, suspended) and agreement (paper, none, or a version).
    Import {
        /// The CSV file.
        file: PathBuf,
    },
    /// List the partners.
    List,
    /// Show one partner: status, seats, agreement, duties.
    Show {
        /// The partner's id.
        id: String,
    },
    /// Admit an applicant as an active partner.
    Admit(Why),
    /// Close everything to a partner at once.
    Suspend(Why),
    /// Give a suspended partner its access back.
    Resume(Why),
    /// Remove a partner for good.
    Remove(Why),
    /// Record that a partner accepted an agreement version.
    Accept {
        /// The partner's id.
        id: String,
        /// The version; without it, the current one.
        #[arg(long, value_name = "VERSION")]
        agreement: Option<String>,
        /// Who accepted for the partner.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
}

/// A change of status with its reason.
#[derive(Debug, Args)]
pub struct Why {
    /// The partner's id.
    pub id: String,
    /// The reason, kept for ever.
    #[arg(long)]
    pub reason: String,
    /// Who decided.
    #[arg(long = "as", value_name = "PERSON", default_value = "operator")]
    pub person: String,
}

/// `agreement …`.
#[derive(Debug, Subcommand)]
pub enum Agreement {
    /// Publish a new version; packages wait until a partner accepts it.
    Publish {
        /// The version, such as 2026-11.
        version: String,
        /// The agreement's text, whose digest is recorded.
        #[arg(long, value_name = "FILE")]
        text: Option<PathBuf>,
    },
    /// List the versions and who accepted which, when.
    List,
}

/// `person …`.
#[derive(Debug, Subcommand)]
pub enum Person {
    /// Add a person of the program, or give one another role.
    Add {
        /// The name, as given to `--as`.
        name: String,
        /// The role: coordinator, approver, investigator, auditor or administrator.
        #[arg(long)]
        role: String,
    },
    /// Print a link by which a person makes a first passkey.
    Invite {
        /// The name.
        name: String,
        /// The link.
        #[command(flatten)]
        link: Link,
    },
    /// List the people of the program.
    List,
}

/// A link of an invitation.
#[derive(Debug, Args)]
pub struct Link {
    /// Scheme, host and port at which the server is reached, such as `https://psirt.example`.
    #[arg(long, value_name = "URL", default_value = "http://localhost:8080")]
    pub origin: String,
    /// Days in which it can be used, 30 at most.
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub days: u16,
}

/// `seat …`.
#[derive(Debug, Subcommand)]
pub enum Seat {
    /// Add a seat with its own age recipient.
    Add {
        /// The partner's id.
        #[arg(long, value_name = "ID")]
        partner: String,
        /// The person's mail address.
        #[arg(long)]
        email: String,
        /// An age recipient: age1… or ssh-ed25519 ….
        #[arg(long)]
        recipient: String,
        /// It leads its partner's team: it invites, names and retires others. Without anybody named, the first seat does.
        #[arg(long)]
        lead: bool,
    },
    /// Name the seat that leads its partner's team; further ones may be named.
    Lead {
        /// The seat.
        id: String,
    },
    /// Print a link by which whoever has this seat makes a first passkey.
    Invite {
        /// The seat.
        id: String,
        /// The link.
        #[command(flatten)]
        link: Link,
    },
    /// List the seats.
    List,
    /// Retire a seat: it gets nothing any more.
    Retire {
        /// The seat.
        id: String,
        /// The reason, kept for ever.
        #[arg(long)]
        reason: String,
    },
}

/// `case …`.
#[derive(Debug, Subcommand)]
pub enum Case {
    /// Make a case from a CSAF 2.0 or CVE 5.x file.
    Import {
        /// The advisory.
        file: PathBuf,
        /// The release time, with hour and zone, such as 2026-12-08T18:00:00Z.
        #[arg(long, value_name = "TIMESTAMP")]
        release: Option<String>,
    },
    /// Make a case by hand.
    Create {
        /// The title.
        #[arg(long)]
        title: String,
        /// The release time, with hour and zone, such as 2026-12-08T18:00:00Z.
        #[arg(long, value_name = "TIMESTAMP")]
        release: Option<String>,
        /// The TLP 2.0 label: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.
        #[arg(long, value_name = "LABEL", default_value = "AMBER+STRICT")]
        tlp: String,
        /// What it is about.
        #[command(flatten)]
        about: About,
    },
    /// Change a case.
    Set {
        /// The case.
        case: String,
        /// The release time, with hour and zone, such as 2026-12-08T18:00:00Z.
        #[arg(long, value_name = "TIMESTAMP")]
        release: Option<String>,
        /// The TLP 2.0 label: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.
        #[arg(long, value_name = "LABEL")]
        tlp: Option<String>,
        /// The title.
        #[arg(long)]
        title: Option<String>,
        /// What it is about; what is given replaces what was there.
        #[command(flatten)]
        about: About,
    },
    /// List the cases.
    List,
    /// Show one case whole.
    Show {
        /// The case.
        case: String,
    },
    /// End the embargo early.
    End {
        /// The case.
        case: String,
        /// Why.
        #[arg(long, value_enum)]
        reason: EndReason,
        /// Who decided.
        #[arg(long = "as", value_name = "PERSON")]
        person: String,
    },
}

/// What a case is about.
#[derive(Debug, Clone, Args)]
pub struct About {
    /// A CVE id; may be repeated.
    #[arg(long = "cve", value_name = "CVE")]
    pub cves: Vec<String>,
    /// An affected product with its versions, in your words; may be repeated.
    #[arg(long = "product", value_name = "PRODUCT")]
    pub products: Vec<String>,
    /// A CVSS vector, 2.0 to 4.0; may be repeated.
    #[arg(long = "cvss", value_name = "VECTOR")]
    pub cvss: Vec<String>,
}

/// Why an embargo ends early.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum EndReason {
    /// The details are public.
    DetailsPublic,
    /// Exploitation was seen.
    ExploitationSeen,
}

/// `artifact …`.
#[derive(Debug, Subcommand)]
pub enum Artifact {
    /// Add masters, with their marks.
    Add {
        /// The case.
        case: String,
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The kind, one for all these files: writeup, poc, rule, traffic or indicators; without it, told from each
        /// file's name.
        #[arg(long)]
        kind: Option<String>,
    },
}

/// `wave …`.
#[derive(Debug, Subcommand)]
pub enum Wave {
    /// Plan the waves: each tier's head start before the release.
    Plan {
        /// The case.
        case: String,
        /// TIER=OFFSET, such as validate=14d; without any, the program's defaults.
        #[arg(long = "tier", value_name = "TIER=OFFSET")]
        tiers: Vec<String>,
    },
    /// Show who gets what when.
    Show {
        /// The case.
        case: String,
    },
    /// Approve the plan; two different people must.
    Approve {
        /// The case.
        case: String,
        /// Who approves.
        #[arg(long = "as", value_name = "PERSON")]
        person: String,
    },
    /// Open what is due.
    Open {
        /// The case.
        case: String,
    },
}

/// `package …`.
#[derive(Debug, Subcommand)]
pub enum Package {
    /// Fetch a seat's package; a receipt is in the log before the first byte.
    Fetch {
        /// The case.
        case: String,
        /// The seat.
        #[arg(long)]
        seat: String,
        /// The file to write; FILE.proof and FILE.cosigned are written beside it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// What this client remembers of the log.
        #[command(flatten)]
        client: Client,
    },
    /// Open a package; needs no data directory, and stock age opens the same file to a tar.
    Open {
        /// The package.
        file: PathBuf,
        /// The seat's age identity file, or its OpenSSH ed25519 key.
        #[arg(long, value_name = "KEYFILE")]
        identity: PathBuf,
        /// The folder to make.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The proof that came with the package; without it, FILE.proof where there is one.
        #[arg(long, value_name = "FILE")]
        proof: Option<PathBuf>,
        /// A witness whose cosignatures are checked; may be repeated.
        #[arg(long, value_name = "VKEY")]
        witness: Vec<String>,
        /// What this client remembers of the log.
        #[command(flatten)]
        client: Client,
    },
}

/// What a client remembers.
#[derive(Debug, Args)]
pub struct Client {
    /// The program's published log key. Without it, the one that is remembered, or on first use the package's own.
    #[arg(long, value_name = "VKEY")]
    pub log_key: Option<String>,
    /// The folder with what was seen of each log, and this client's witness key; without it, the user's own
    /// (XDG_STATE_HOME, else ~/.local/state), where programs with a test clock are not remembered.
    #[arg(long, env = "HEADSTART_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// `trace …`.
#[derive(Debug, Args)]
pub struct Trace {
    /// The leak: files, folders, archives; `-` is standard input.
    ///
    /// Text, Markdown, HTML, code, rules, request logs, HAR, packet captures, STIX; DOCX, PDF, mails, and pictures
    /// when Debian's tesseract-ocr is installed; zip, tar, tar.gz; Git repositories.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The case; without it, it is found.
    #[arg(long)]
    pub case: Option<String>,
    /// When the leak was first seen, if somebody else can vouch for it: who had fetched nothing by then is not named.
    #[arg(long, value_name = "TIMESTAMP")]
    pub seen: Option<String>,
}

/// `detection`.
#[derive(Debug, Args)]
pub struct Detection {
    /// The case; it must be pressed.
    pub case: String,
    /// What for: a list for `headstart watch`, or rules for sensors.
    #[arg(long, value_enum)]
    pub form: DetectionForm,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Forms of detection content.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DetectionForm {
    /// A list for `headstart watch --tokens`.
    Tokens,
    /// Suricata and Snort rules.
    Suricata,
    /// A YARA rule.
    Yara,
    /// A Sigma rule.
    Sigma,
    /// A Kusto query.
    Kql,
}

/// `watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// The feeds: logs, captures, pasted text; `-`, or none, is standard input.
    pub feeds: Vec<PathBuf>,
    /// A list that `headstart detection` wrote; may be repeated. Without any, the data directory's cases under embargo
    /// are watched for, and what is seen is recorded.
    #[arg(long, value_name = "FILE")]
    pub tokens: Vec<PathBuf>,
}

/// `sighting …`.
#[derive(Debug, Subcommand)]
pub enum Sighting {
    /// List a case's sightings.
    List {
        /// The case.
        case: String,
    },
    /// Save the records of a sighting; `headstart trace FILE` says whose copy they show.
    Save {
        /// The case.
        case: String,
        /// The sighting, such as S-5f1c….
        sighting: String,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// What the reader of evidence holds.
#[derive(Debug, Args)]
pub struct Held {
    /// The program's published log key; without it the key inside the file is used, and said so.
    #[arg(long, value_name = "VKEY")]
    pub log_key: Option<String>,
    /// The leak as it was found, a file or a folder; may be repeated. Checks that these are the originals that the
    /// evidence names, and that they give the same text.
    #[arg(long, value_name = "FOUND")]
    pub leak: Vec<PathBuf>,
    /// A witness whom the program does not control; may be repeated.
    #[arg(long, value_name = "VKEY")]
    pub witness: Vec<String>,
    /// How many of the witnesses must have seen what the evidence rests on; without it, all of them.
    #[arg(long, value_name = "N", requires = "witness")]
    pub quorum: Option<usize>,
    /// When the leak was first seen, by the word of somebody other than the program: what the evidence rests on must
    /// have been witnessed by then.
    #[arg(long, value_name = "TIMESTAMP", requires = "witness")]
    pub seen: Option<String>,
    /// A checkpoint that was kept, a FILE.proof or FILE.cosigned, or a client's folder; may be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    pub kept: Vec<PathBuf>,
    /// A package that the accused has; its FILE.proof is read where it lies beside it; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub package: Vec<PathBuf>,
    /// The seat's secret key, to look into the packages.
    #[arg(long, value_name = "KEYFILE", requires = "package")]
    pub identity: Option<PathBuf>,
    /// A record that the program signed for the accused; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub record: Vec<PathBuf>,
}

/// `record …`.
#[derive(Debug, Args)]
pub struct Record {
    /// Check a record.
    #[command(subcommand)]
    pub check: Option<RecordCommand>,
    /// The seat.
    #[arg(long, conflicts_with = "partner", required_unless_present = "partner")]
    pub seat: Option<String>,
    /// The partner: all of its seats.
    #[arg(long)]
    pub partner: Option<String>,
    /// The seat's secret key, with which its entries are opened when a server is asked; it stays on this machine.
    #[arg(long, value_name = "KEYFILE")]
    pub identity: Option<PathBuf>,
    /// The file to write.
    #[arg(long, value_name = "FILE", required = true)]
    pub out: Option<PathBuf>,
}

/// `record check`.
#[derive(Debug, Subcommand)]
pub enum RecordCommand {
    /// Check a record offline: each proof, each chain, and against the packages that were kept.
    Check {
        /// The record.
        file: PathBuf,
        /// The program's published log key; without it the key inside the file is used, and said so.
        #[arg(long, value_name = "VKEY")]
        log_key: Option<String>,
        /// A folder with packages that were kept, and their FILE.proof.
        #[arg(long, value_name = "DIR")]
        packages: Option<PathBuf>,
        /// The seat's secret key, to look into the packages.
        #[arg(long, value_name = "KEYFILE", requires = "packages")]
        identity: Option<PathBuf>,
        /// A witness whose cosignature is checked; may be repeated.
        #[arg(long, value_name = "VKEY")]
        witness: Vec<String>,
        /// How many of the witnesses must have cosigned.
        #[arg(long, value_name = "N", default_value_t = 0)]
        quorum: usize,
    },
}

/// `log …`.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// The published key, the signed checkpoint and who cosigned it, and the newest entries.
    Show,
    /// Print the proof that an entry is in the log, as a C2SP tlog-proof.
    Prove {
        /// The entry's number, or a package file.
        #[arg(value_name = "INDEX|FILE", required_unless_present = "case")]
        entry: Option<String>,
        /// The case of the package whose entry is proved.
        #[arg(long, requires = "seat", conflicts_with = "entry")]
        case: Option<String>,
        /// The seat of that package.
        #[arg(long, requires = "case")]
        seat: Option<String>,
    },
    /// Check a tlog-proof offline, without a data directory.
    Check {
        /// The proof.
        proof: PathBuf,
        /// The log's published key.
        #[arg(long, value_name = "VKEY")]
        log_key: String,
        /// The entry's bytes; without it, the entry that a package's FILE.proof carries.
        #[arg(long, value_name = "FILE")]
        entry: Option<PathBuf>,
        /// A witness whose cosignature is checked; may be repeated.
        #[arg(long, value_name = "VKEY")]
        witness: Vec<String>,
        /// How many of the witnesses must have cosigned.
        #[arg(long, value_name = "N", default_value_t = 0)]
        quorum: usize,
    },
    /// Check a fork report offline: whether its two checkpoints convict the log.
    CheckFork {
        /// The report.
        report: PathBuf,
    },
    /// Take in a cosignature that a client gave (FILE.cosigned), so that evidence shows it.
    Collect {
        /// The checkpoint with the client's cosignature.
        file: PathBuf,
        /// The client's public key, as its client.vkey has it.
        #[arg(long, value_name = "VKEY")]
        key: String,
    },
    /// Replay the whole log and name the first difference.
    Audit,
    /// The witnesses of the log: who cosigns its checkpoints.
    #[command(subcommand)]
    Witness(LogWitness),
    /// How many witnesses must have cosigned before a wave opens or a package is given; 0 for none.
    ///
    /// A lower number takes two different people: each gives this command with --as.
    Quorum {
        /// How many.
        needed: u32,
        /// Who asks for it.
        #[arg(long = "as", value_name = "PERSON")]
        person: Option<String>,
    },
    /// Ask every witness to cosign the newest checkpoint, and say what each answered.
    Cosign,
    /// Write the log as files that any web server serves: C2SP tlog-tiles, the checkpoint last.
    Publish {
        /// The folder; it is made, or brought up to date.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// `log witness …`.
#[derive(Debug, Subcommand)]
pub enum LogWitness {
    /// Name a witness. While there is a quorum this takes two different people: each gives this command with --as.
    Add {
        /// The witness's verifier key: name+id+base64.
        #[arg(long, value_name = "VKEY")]
        key: String,
        /// Where it is asked, such as http://127.0.0.1:8090.
        #[arg(long)]
        url: String,
        /// Who asks for it.
        #[arg(long = "as", value_name = "PERSON")]
        person: Option<String>,
    },
    /// Take a witness out.
    Remove {
        /// Its name.
        name: String,
        /// Who asks for it.
        #[arg(long = "as", value_name = "PERSON")]
        person: Option<String>,
    },
    /// List the witnesses and the quorum.
    List,
}

/// `witness …`.
#[derive(Debug, Subcommand)]
pub enum Witness {
    /// Make a witness: a folder with a key of its own.
    Init {
        /// The folder to make.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// A name that no other witness has, such as witness.example/w1.
        #[arg(long)]
        name: String,
    },
    /// Trust a log: its checkpoints are cosigned from now on.
    Trust {
        /// The witness's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// The log's published key: name+id+base64.
        key: String,
    },
    /// Cosign for the logs that are trusted, over HTTP, until it is stopped.
    Serve {
        /// The witness's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Where to listen; TLS is for a proxy in front of it.
        #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8090")]
        listen: std::net::SocketAddr,
    },
    /// Show the witness's key, the logs with what was cosigned last, and every fork with both checkpoints.
    Show {
        /// The witness's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

/// `settings …`.
#[derive(Debug, Subcommand)]
pub enum Settings {
    /// Show the settings.
    Show,
    /// Change settings.
    Set {
        /// The accepted chance, for a whole trace, that anybody innocent is accused.
        #[arg(long, value_name = "CHANCE")]
        innocent_risk: Option<f64>,
    },
}

/// `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    pub file: PathBuf,
    /// The locked program key; without it, the file beside the backup with `.key` behind its name.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where the demo's program is made; it must not exist yet.
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Only tell the story.
    #[arg(long)]
    pub no_serve: bool,
    /// Where to listen afterwards.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: std::net::SocketAddr,
}

/// `suggest`.
///
/// Without a decision it lists. Decisions are written into the file as ordinary marks, and refusals as `{~=word~}` or
/// a `keep` directive, so that they are not asked again. It needs no data directory.
#[derive(Debug, Args)]
pub struct Suggest {
    /// The master, or a text that is to become one.
    pub file: PathBuf,
    /// Accept these suggestions, with commas between their ids, or `all` that are listed.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub accept: Vec<String>,
    /// Refuse these suggestions, or `all` that are listed.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub refuse: Vec<String>,
    /// Accept a suggestion with wordings of your own, such as 1f2e3d4c='each|every|any'; may be repeated.
    #[arg(long, value_name = "ID=WORDINGS")]
    pub change: Vec<String>,
    /// Only suggestions of these classes, with commas between, such as synonym,order.
    #[arg(long, value_name = "CLASSES", value_delimiter = ',')]
    pub class: Vec<String>,
    /// Only suggestions that survive pastes, converters and OCR.
    #[arg(long)]
    pub robust: bool,
    /// Be asked about one suggestion after the other; needs a terminal.
    #[arg(long)]
    pub review: bool,
    /// Write the master to this new file.
    #[arg(long, value_name = "FILE", conflicts_with = "in_place")]
    pub out: Option<PathBuf>,
    /// Write the master over the file.
    #[arg(long)]
    pub in_place: bool,
}

impl Command {
    /// Whether it answers others until it is stopped.
    pub fn serves(&self) -> bool {
        match self {
            Self::Serve(_) => true,
            Self::Demo(demo) => !demo.no_serve,
            _ => false,
        }
    }
}

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: std::net::SocketAddr,
    /// Which side: the desk alone is given the program key.
    #[arg(long, value_enum, default_value = "all")]
    pub role: Side,
    /// Scheme, host and port as browsers see them, such as `https://psirt.example`; needed behind a proxy.
    #[arg(long, value_name = "URL")]
    pub origin: Option<String>,
    /// A proxy in front writes X-Forwarded-For: its last address is the peer's, for rates.
    #[arg(long)]
    pub behind_proxy: bool,
    /// Speak TLS here, with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

/// What a process serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// Both sides.
    All,
    /// The program's side.
    Desk,
    /// The partners' side.
    Portal,
}

impl Side {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Desk => "desk",
            Self::Portal => "portal",
        }
    }
}
