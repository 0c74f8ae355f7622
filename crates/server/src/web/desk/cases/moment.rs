//! A moment that somebody types: a day, an hour and a zone, echoed in UTC before anything follows from it.

use domain::explain::Explain;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::Visit;
use crate::web::parts::Field;

/// Reads what [`field`] sent.
///
/// # Errors
/// One line that says what is missing.
pub fn read(local: &str, zone: &str) -> Result<Timestamp, String> {
    if local.trim().is_empty() {
        return Err("give a day and an hour".to_owned());
    }
    let text = match zone {
        "" | "UTC" => format!("{}Z", local.trim()),
        zone => format!("{}[{zone}]", local.trim()),
    };
    domain::parse_release(&text).map_err(|error| format!("{error}: {}", error.hint()))
}

/// Two fields: the local time, and its zone. The zone's field has the name with `_zone` behind it.
pub fn field(
    visit: &Visit,
    name: &str,
    label: &str,
    value: (&str, &str),
    error: Option<&str>,
    is_required: bool,
) -> Markup {
    let own = visit.zone.iana_name().unwrap_or("UTC").to_owned();
    let zone_name = format!("{name}_zone");
    let mut zones = vec![("UTC", "UTC")];
    if visit.zone != TimeZone::UTC {
        zones.push((&own, &own));
    }
    html! {
        div class="moment" {
            (Field::new(name, label).hint("Day and hour.").error(error)
                .input("datetime-local", value.0, is_required))
            (Field::new(&zone_name, "Zone of this time").hint("Shown in UTC before you confirm.")
                .choice(&zones, value.1))
        }
    }
}

/// A moment as the field holds it, in UTC.
pub fn local(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}
