//! After the story: the same program in the browser, with a link that signs each role in once.

use std::net::SocketAddr;

use desk::{Desk, Failure};
use domain::ids::{PersonName, SeatId};
use domain::person::{Actor, Role};
use server::Serving;

use super::Told;
use crate::commands::serve::{Transport, bind};
use crate::output::Output;

/// The people of the story, and what each may do.
pub(super) const PEOPLE: [(&str, &[Role]); 5] = [
    ("Ada Lindqvist", &[Role::Coordinator, Role::Approver]),
    ("Grace Okoye", &[Role::Approver]),
    ("Ines Moreau", &[Role::Investigator]),
    ("Jonas Aalto", &[Role::Auditor]),
    ("Mei Tanaka", &[Role::Administrator]),
];
/// A seat that leads its partner's team, a colleague of it, and one whose partner was suspended.
const SEATS: [(&str, &str); 3] = [
    ("p-04.s1", "partner, leads its team"),
    ("p-04.s2", "partner, analyst"),
    ("p-11.s2", "partner, suspended in the story"),
];

/// The port that is listened on when nobody names another.
const USUAL_PORT: u16 = 8080;

/// Serves the program of the story until the process is asked to stop.
pub async fn serve(told: Told, listen: SocketAddr, out: &Output) -> Result<(), Failure> {
    let desk = Desk::open(told.data.clone(), None).await?;
    let key = desk.unlock(super::PASSPHRASE)?;
    let ready = bind(
        desk,
        Some(key),
        Serving::All,
        free(listen),
        None,
        Transport::default(),
    )
    .await?;
    let mut links = Vec::new();
    for (name, roles) in PEOPLE {
        let person = PersonName::parse(name).map_err(Failure::from_refusal)?;
        let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        links.push((
            name,
            words.join(", "),
            ready.link(Actor::Person(person)).await?,
        ));
    }
    for (name, words) in SEATS {
        let seat = SeatId::parse(name).map_err(Failure::from_refusal)?;
        links.push((name, words.to_owned(), ready.link(Actor::Seat(seat)).await?));
    }
    if !out.is_json() {
        let mut text = format!(
            "\n{}\n\n  {}\n\nEach of these links signs in once; use a private window for each role.\n\n",
            out.strong("In the browser"),
            out.strong(&ready.url)
        );
        for (name, words, link) in links {
            text += &format!("  {name:<14} {words}\n    {link}\n");
        }
        text += "\nIt serves until you press Ctrl-C.\n";
        out.text(&text);
    }
    ready.serve().await;
    Ok(())
}

/// Another program may have the usual port: a story that was told to its end does not end in an error for that.
fn free(listen: SocketAddr) -> SocketAddr {
    let is_taken = std::net::TcpListener::bind(listen).is_err();
    match is_taken && listen.port() == USUAL_PORT {
        true => SocketAddr::new(listen.ip(), 0),
        false => listen,
    }
}
