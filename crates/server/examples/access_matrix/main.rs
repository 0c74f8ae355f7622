//! Who may ask for what: every route × everybody who may ask × every kind of object, against a real router in this
//! process, compared with the table that is committed.
//!
//! `cargo run --release -p server --example access_matrix`
//!
//! - `--write` writes the table anew. Read the difference before it is committed: it is the decision.
//! - `--plant` opens one route of administrators to everybody who is signed in, as a wrong line of the table would, and
//!   succeeds when that is noticed.
//!
//! A request that changes something is sent with a body that is said to be too long: it is refused after the door and
//! before the handler, so the answer tells whether the door would let it in, and nothing changes. Where a partner must
//! find nothing, the request is sent whole: there is nothing that it may change.
#![allow(clippy::print_stdout, reason = "it prints its result")]

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::Request as AxumRequest;
use axum::http::{Request, header};
use axum::middleware::{Next, from_fn};
use http_body_util::BodyExt as _;
use program::{Asker, Place};
use server::access::{self, Need, Route};
use tower::ServiceExt as _;

/// Anything that is no finding.
pub type Broken = Box<dyn std::error::Error>;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/access.tsv");
/// Medians of answers that must look alike may differ by this factor.
const TIMES_APART_MAX: f64 = 1.5;

/// A form with a field for whatever a route may want, so that what is refused is the object and not the form.
const FORM: &str = "reason=x&role=analyst&email=a%40b.example&text=x&name=x&product=x&rules=x&coverage=x&question=x";

/// One answer.
struct Answer {
    status: u16,
    location: String,
    body: String,
}

/// What a route is asked about: the object's name in the table, and what stands in the path.
struct Object {
    name: &'static str,
    case: String,
    seat: &'static str,
    partner: &'static str,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = runtime
        .map_err(Broken::from)
        .and_then(|runtime| runtime.block_on(run()));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("falls short: it could not be measured: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool, Broken> {
    let is_planted = std::env::args().any(|argument| argument == "--plant");
    let place = program::place().await?;
    let scopes: BTreeSet<&'static str> = access::routes()
        .filter_map(|route| route.scope)
        .chain(["metrics"])
        .collect();
    let askers = program::askers(&place.app, &scopes).await?;
    let router = match is_planted {
        true => planted(&place).await?,
        false => server::router(place.app.clone()),
    };
    let mut faults = Vec::new();
    let table = walk(&place, &router, &askers, &mut faults).await?;
    print!("{table}");
    if std::env::args().any(|argument| argument == "--write") {
        std::fs::write(TABLE, &table)?;
    }
    compare(
        &table,
        &std::fs::read_to_string(TABLE).unwrap_or_default(),
        &mut faults,
    );
    let apart = times(&place, &router, &askers).await?;
    let cells = (table.lines().count() - 1) * askers.len();
    Ok(verdict(&faults, cells, apart, is_planted))
}

fn verdict(faults: &[String], cells: usize, apart: Option<f64>, is_planted: bool) -> bool {
    for fault in faults {
        println!("! {fault}");
    }
    let times = apart.map_or_else(
        || "no route of a partner names an object".to_owned(),
        |apart| format!("medians of answers that must look alike differ by {apart:.2}× (at most {TIMES_APART_MAX}×)"),
    );
    let is_alike = apart.is_none_or(|apart| apart <= TIMES_APART_MAX);
    if is_planted {
        match faults.is_empty() {
            false => println!(
                "holds: the planted fault was noticed, {} times in {cells} cells",
                faults.len()
            ),
            true => println!("falls short: a planted fault passed {cells} cells unnoticed"),
        }
        return !faults.is_empty();
    }
    let holds = faults.is_empty() && is_alike;
    let word = if holds { "holds" } else { "falls short" };
    println!(
        "{word}: {} of {cells} cells are not as committed or break a rule (0 may); {times}",
        faults.len()
    );
    holds
}

/// Asks everything; the answer is the table.
async fn walk(
    place: &Place,
    router: &Router,
    askers: &[Asker],
    faults: &mut Vec<String>,
) -> Result<String, Broken> {
    let names: Vec<&str> = askers.iter().map(|asker| asker.name.as_str()).collect();
    let mut table = format!("method\troute\tobject\t{}\n", names.join("\t"));
    for route in access::routes() {
        let mut hidden: BTreeMap<&str, Vec<(&'static str, String)>> = BTreeMap::new();
        for object in objects(place, route) {
            let mut row = format!("{}\t{}\t{}", route.method, route.path, object.name);
            for asker in askers {
                let answer = ask(place, router, asker, route, &object).await?;
                let word = word(&answer);
                row += &format!("\t{word}");
                faults.extend(rule_broken(route, &object, asker, word));
                if asker.is_partner && object.name != "own" && object.name != "-" {
                    hidden
                        .entry(&asker.name)
                        .or_default()
                        .push((object.name, answer.body));
                }
            }
            table += &row;
            table.push('\n');
        }
        for (asker, answers) in hidden {
            if answers.windows(2).any(|pair| pair[0].1 != pair[1].1) {
                faults.push(format!(
                    "{} {}: answers to {asker} tell apart what is hidden",
                    route.method, route.path
                ));
            }
        }
    }
    Ok(table)
}

/// What a route is asked about.
fn objects(place: &Place, route: &Route) -> Vec<Object> {
    let object = |name, case: &str, seat, partner| Object {
        name,
        case: case.to_owned(),
        seat,
        partner,
    };
    let own = object("own", place.own.as_str(), "p-01.s2", "p-01");
    let other = object("another's", place.other.as_str(), "p-02.s1", "p-02");
    let none = object("not there", "HS-2026-9999", "p-09.s9", "p-09");
    if route.path.contains("{case}") {
        let closed = object("not open", place.closed.as_str(), "p-02.s1", "p-02");
        return vec![own, other, closed, none];
    }
    if route.path.contains("{seat}") || route.path.contains("{partner}") {
        return vec![own, other, none];
    }
    vec![Object { name: "-", ..own }]
}

/// Asks one route once, with a session of its own: some routes end it.
async fn ask(
    place: &Place,
    router: &Router,
    asker: &Asker,
    route: &Route,
    object: &Object,
) -> Result<Answer, Broken> {
    let mut request = Request::builder()
        .method(route.method)
        .uri(filled(route.path, object));
    request = request.header(header::HOST, "psirt.example");
    if let Some(account) = &asker.account {
        let cookie = place
            .app
            .sessions()
            .begin(account.clone(), true)
            .await
            .map_err(|problem| problem.title)?;
        request = request.header(header::COOKIE, cookie.split(';').next().unwrap_or_default());
    }
    if let Some(token) = &asker.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    // A suspended partner's own case is as closed to it as another's.
    let is_closed = asker.name == "suspended" && route.path.contains("{case}");
    let is_hidden = asker.is_partner && object.name != "-" && (object.name != "own" || is_closed);
    let mut body = "";
    if route.method != "GET" {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if is_hidden {
            body = FORM;
        } else {
            request = request.header(header::CONTENT_LENGTH, "999999999");
        }
    }
    let response = router
        .clone()
        .oneshot(request.body(Body::from(body))?)
        .await?;
    let location = response.headers().get(header::LOCATION);
    let location = location
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok(Answer {
        status,
        location,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn filled(path: &str, object: &Object) -> String {
    let mut filled = path
        .replace("{case}", &object.case)
        .replace("{seat}", object.seat)
        .replace("{partner}", object.partner);
    while let (Some(from), Some(to)) = (filled.find('{'), filled.find('}')) {
        // A number that is one, so that the object is refused and not how it is written.
        let is_number = ["{number}", "{ordinal}"].contains(&&filled[from..=to]);
        filled.replace_range(from..=to, if is_number { "1" } else { "x" });
    }
    filled
}

/// One word for an answer, as the table has it.
fn word(answer: &Answer) -> &'static str {
    let has_code = |code: &str| {
        answer.body.contains(&format!("<code>{code}</code>"))
            || answer.body.contains(&format!("\"{code}\""))
    };
    match answer.status {
        401 => "sign-in",
        303 if answer.location.starts_with("/sign-in?") || answer.location == "/sign-in" => {
            "sign-in"
        }
        404 if has_code("nothing-here") => "nothing",
        403 if has_code("role") => "role",
        403 => "standing",
        422 if has_code("malformed") => "malformed",
        500.. => "fails",
        _ => "in",
    }
}

/// What no table may say: rules that hold whatever is committed.
fn rule_broken(route: &Route, object: &Object, asker: &Asker, word: &str) -> Option<String> {
    let at = format!(
        "{} {} ({}) for {}",
        route.method, route.path, object.name, asker.name
    );
    let is_in = word == "in";
    let is_open = route.need == Need::Anybody;
    if word == "fails" {
        return Some(format!("{at}: the server fails"));
    }
    if asker.name == "nobody" && is_in && !is_open {
        return Some(format!("{at}: a stranger is let in"));
    }
    if asker.token.is_some() && is_in && !is_open && route.scope.is_none() {
        return Some(format!("{at}: a token opens a page"));
    }
    let is_desk = matches!(route.need, Need::Program(_));
    if asker.is_partner && is_desk && word != "nothing" {
        return Some(format!("{at}: a partner sees that the desk has a page"));
    }
    let is_portal = matches!(route.need, Need::Partner | Need::Lead);
    let names_object = object.name != "-" && object.name != "own";
    if is_portal && names_object && is_in {
        return Some(format!("{at}: a partner is let in to what is hidden"));
    }
    if asker.name == "suspended"
        && is_portal
        && route.path.contains("{case}")
        && is_in
        && route.method != "GET"
    {
        return Some(format!("{at}: a suspended partner is let in to a case"));
    }
    None
}

fn compare(found: &str, committed: &str, faults: &mut Vec<String>) {
    let key = |line: &str| line.splitn(4, '\t').take(3).collect::<Vec<_>>().join(" ");
    let known: BTreeMap<String, &str> = committed.lines().map(|line| (key(line), line)).collect();
    for line in found.lines() {
        match known.get(&key(line)) {
            Some(&same) if same == line => {}
            Some(_) => faults.push(format!("{}: not as committed", key(line))),
            None => faults.push(format!("{}: not in the committed table", key(line))),
        }
    }
    let found: BTreeSet<String> = found.lines().map(key).collect();
    faults.extend(
        known
            .keys()
            .filter(|key| !found.contains(*key))
            .map(|key| format!("{key}: committed, and not there")),
    );
}

/// How far apart the medians of answers are that must look alike: the worst route's factor.
async fn times(place: &Place, router: &Router, askers: &[Asker]) -> Result<Option<f64>, Broken> {
    let rounds = if std::env::args().any(|argument| argument == "--quick") {
        40
    } else {
        200
    };
    let Some(lead) = askers.iter().find(|asker| asker.name == "lead") else {
        return Ok(None);
    };
    let mut worst: Option<f64> = None;
    for route in access::routes() {
        let is_portal = matches!(route.need, Need::Partner | Need::Lead);
        let hidden: Vec<Object> = objects(place, route)
            .into_iter()
            .filter(|object| object.name != "own" && object.name != "-")
            .collect();
        if !is_portal || hidden.is_empty() || route.method != "GET" {
            continue;
        }
        let mut seconds: Vec<Vec<f64>> = vec![Vec::new(); hidden.len()];
        for _ in 0..rounds {
            for (object, seconds) in hidden.iter().zip(&mut seconds) {
                let began = Instant::now();
                ask(place, router, lead, route, object).await?;
                seconds.push(began.elapsed().as_secs_f64());
            }
        }
        let medians: Vec<f64> = seconds.into_iter().map(median).collect();
        let longest = medians.iter().copied().fold(f64::MIN, f64::max);
        let shortest = medians.iter().copied().fold(f64::MAX, f64::min);
        let apart = longest / shortest;
        println!(
            "{:<40} {} rounds, medians {}",
            route.path,
            rounds,
            shown(&medians)
        );
        worst = Some(worst.map_or(apart, |known| known.max(apart)));
    }
    Ok(worst)
}

fn shown(medians: &[f64]) -> String {
    let shown: Vec<String> = medians
        .iter()
        .map(|seconds| format!("{:.2} ms", seconds * 1e3))
        .collect();
    shown.join(", ")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The same router behind a fault: whoever is signed in asks for one route of administrators with an administrator's
/// session.
async fn planted(place: &Place) -> Result<Router, Broken> {
    let (administrator, _) = program::people().into_iter().last().ok_or("nobody")?;
    let account = domain::person::Actor::Person(domain::ids::PersonName::parse(administrator)?);
    let cookie = place
        .app
        .sessions()
        .begin(account, true)
        .await
        .map_err(|problem| problem.title)?;
    let cookie: header::HeaderValue = cookie.split(';').next().unwrap_or_default().parse()?;
    let router = server::router(place.app.clone());
    Ok(Router::new().fallback_service(router).layer(from_fn(
        move |mut request: AxumRequest, next: Next| {
            let cookie = cookie.clone();
            async move {
                let is_there =
                    request.uri().path() == "/settings/people" && request.method() == "GET";
                if is_there && request.headers().contains_key(header::COOKIE) {
                    request.headers_mut().insert(header::COOKIE, cookie);
                }
                next.run(request).await
            }
        },
    )))
}
