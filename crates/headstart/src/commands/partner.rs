//! `headstart partner …`: import, list, show, and changes of status.

use desk::Failure;
use domain::duty::DutyId;
use domain::ids::PartnerId;
use serde_json::{Value, json};
use server::wire::PartnerSummary;

use super::Context;
use super::context::{id, read_file};
use crate::cli::{Partner, Why};
use crate::output::{count, table, utc};
use crate::reach::{Reach, Standing};

/// Largest file of partners.
const ROSTER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Runs one of the partner commands.
pub async fn run(context: &Context, command: Partner) -> Result<u8, Failure> {
    let reach = Reach::open(context).await?;
    match command {
        Partner::Import { file } => {
            let csv = read_file(&file, ROSTER_BYTES_MAX)?;
            let ids = reach.import_partners(&csv).await?;
            context
                .output
                .result(&json!({"imported": ids.len(), "partners": ids}), |_| {
                    format!(
                        "{} imported\nNext: headstart seat add --partner {} --email E --recipient age1…\n",
                        count(ids.len(), "partner"),
                        ids.first().map_or("ID", String::as_str),
                    )
                });
        }
        Partner::List => list(context, &reach.partners().await?),
        Partner::Show { id: partner } => show(context, &reach.partner(&id(&partner)?).await?),
        Partner::Admit(why) => change(context, &reach, &why, Standing::Admit).await?,
        Partner::Suspend(why) => change(context, &reach, &why, Standing::Suspend).await?,
        Partner::Resume(why) => change(context, &reach, &why, Standing::Resume).await?,
        Partner::Remove(why) => change(context, &reach, &why, Standing::Remove).await?,
        Partner::Accept {
            id: partner,
            agreement,
            by,
        } => {
            let partner: PartnerId = id(&partner)?;
            let version = reach
                .accept_agreement(&partner, agreement.as_deref(), by)
                .await?;
            context.output.result(
                &json!({"partner": partner.as_str(), "agreement": version}),
                |_| format!("{partner} accepted agreement {version}\n"),
            );
        }
    }
    Ok(0)
}

async fn change(
    context: &Context,
    reach: &Reach<'_>,
    why: &Why,
    standing: Standing,
) -> Result<(), Failure> {
    let partner = id(&why.id)?;
    let status = reach
        .set_standing(&partner, standing, &why.reason, &why.person)
        .await?;
    context
        .output
        .result(&json!({"partner": why.id, "status": status}), |_| {
            format!("{} is now {status}\n", why.id)
        });
    Ok(())
}

fn document(partner: &PartnerSummary) -> Value {
    let seats: Vec<&str> = partner
        .seats
        .iter()
        .map(|seat| seat.seat.as_str())
        .collect();
    let accepted: Vec<Value> = partner
        .accepted
        .iter()
        .map(|how| json!({"version": how.version, "by": how.by, "at": how.at}))
        .collect();
    json!({
        "id": partner.partner,
        "name": partner.name,
        "tier": partner.tier,
        "country": partner.country,
        "obligations": partner.duties,
        "status": partner.status,
        "reason": partner.reason,
        "accepted": accepted,
        "seats": seats,
    })
}

fn list(context: &Context, partners: &[PartnerSummary]) {
    let documents: Vec<Value> = partners.iter().map(document).collect();
    context.output.result(&json!({"partners": documents}), |_| {
        if partners.is_empty() {
            return "no partners yet\nNext: headstart partner import partners.csv\n".to_owned();
        }
        let heading = ["ID", "NAME", "TIER", "COUNTRY", "DUTIES", "SEATS", "STATUS"];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        for partner in partners {
            rows.push(vec![
                partner.partner.clone(),
                partner.name.clone(),
                partner.tier.clone(),
                partner.country.clone(),
                if partner.duties.is_empty() {
                    "-".to_owned()
                } else {
                    partner.duties.join(" ")
                },
                partner.seats.len().to_string(),
                partner.status.clone(),
            ]);
        }
        table(&rows)
    });
}

fn show(context: &Context, partner: &PartnerSummary) {
    context.output.result(&document(partner), |out| {
        let mut text = format!("{}  {}\n", out.strong(&partner.partner), partner.name);
        text += &format!("  status     {}", partner.status);
        text += &partner
            .reason
            .as_ref()
            .map_or("\n".to_owned(), |reason| format!(" ({reason})\n"));
        text += &format!("  tier       {}\n", partner.tier);
        text += &format!("  country    {}\n", partner.country);
        for name in &partner.duties {
            let obliges = DutyId::parse(name).map_or("", |duty| duty.row().obliges);
            text += &format!("  duty       {name}: {obliges}\n");
        }
        for how in &partner.accepted {
            let mark = if how.current { "current" } else { "old" };
            text += &format!(
                "  agreement  {} ({mark}), accepted by {} on {}\n",
                how.version,
                how.by,
                utc(&how.at)
            );
        }
        for seat in &partner.seats {
            text += &format!("  seat       {}  {}\n", seat.seat, seat.email);
        }
        text
    });
}
