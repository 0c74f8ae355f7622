//! CVE record format 5.x.
//!
//! # Source
//! CVE record format, schema 5.1.1, CVEProject/cve-schema.

use super::csaf::read_score;
use super::node::{AdvisoryError, Node};
use super::{
    AffectedProduct, CVES_MAX, CaseDetails, Format, Gather, PRODUCTS_MAX, SCORES_MAX,
    SUMMARY_CHARS_MAX, Source, TEXT_CHARS_MAX,
};
use crate::ids::{CveId, excerpt};

pub(super) fn read(root: &Node<'_, '_>) -> Result<CaseDetails, AdvisoryError> {
    let version = root.field("dataVersion")?;
    let given = version.text(TEXT_CHARS_MAX)?;
    if given != "5" && !given.starts_with("5.") {
        return Err(AdvisoryError::Version {
            path: version.path(),
            given: excerpt(given),
            read: "5.x",
        });
    }
    let metadata = root.field("cveMetadata")?;
    let id = metadata.field("cveId")?;
    let cve = CveId::parse(id.text(TEXT_CHARS_MAX)?).map_err(|error| id.fault(error))?;
    let state = metadata.field("state")?.text(TEXT_CHARS_MAX)?;
    if state != "PUBLISHED" {
        return Err(AdvisoryError::NotPublished {
            id: cve.to_string(),
            state: excerpt(&state.to_lowercase()),
        });
    }
    let containers = root.field("containers")?;
    let cna = containers.field("cna")?;
    let mut cves = Gather::new("CVE ids", CVES_MAX);
    cves.add(cve.clone())?;
    let mut scores = Gather::new("scores", SCORES_MAX);
    let mut products = Gather::new("affected products", PRODUCTS_MAX);
    read_container(&cna, &cve, &mut scores, &mut products)?;
    for adp in containers.items("adp")? {
        read_container(&adp, &cve, &mut scores, &mut products)?;
    }
    let summary = read_description(&cna)?;
    let title = match cna.optional("title")? {
        Some(title) => title.text(TEXT_CHARS_MAX)?.to_owned(),
        None => cve.to_string(),
    };
    // `datePublic` is when the details become public; `datePublished` when the record did.
    let release = match cna.optional("datePublic")? {
        Some(date) => Some(date.time(true)?),
        None => match metadata.optional("datePublished")? {
            Some(date) => Some(date.time(true)?),
            None => None,
        },
    };
    Ok(CaseDetails {
        title,
        cves: cves.list,
        products: products.list,
        scores: scores.list,
        tlp: None,
        release,
        source: Some(Source {
            format: Format::Cve,
            id: cve.to_string(),
        }),
        summary,
    })
}

fn read_container(
    container: &Node<'_, '_>,
    cve: &CveId,
    scores: &mut Gather<super::Score>,
    products: &mut Gather<AffectedProduct>,
) -> Result<(), AdvisoryError> {
    for metric in container.items("metrics")? {
        for key in ["cvssV2_0", "cvssV3_0", "cvssV3_1", "cvssV4_0"] {
            if let Some(cvss) = metric.optional(key)? {
                scores.add(read_score(&cvss, Some(cve))?)?;
            }
        }
    }
    for affected in container.items("affected")? {
        read_affected(&affected, products)?;
    }
    Ok(())
}

fn read_affected(
    affected: &Node<'_, '_>,
    products: &mut Gather<AffectedProduct>,
) -> Result<(), AdvisoryError> {
    let text = |name| -> Result<Option<String>, AdvisoryError> {
        match affected.optional(name)? {
            Some(node) => Ok(Some(node.text(TEXT_CHARS_MAX)?.to_owned())),
            None => Ok(None),
        }
    };
    let vendor = text("vendor")?;
    let name = match text("product")? {
        Some(name) => name,
        None => match text("packageName")? {
            Some(name) => name,
            None => affected.field("product")?.text(TEXT_CHARS_MAX)?.to_owned(),
        },
    };
    let mut any = false;
    for version in affected.items("versions")? {
        if version.field("status")?.text(TEXT_CHARS_MAX)? != "affected" {
            continue;
        }
        any = true;
        products.add(AffectedProduct {
            vendor: vendor.clone(),
            name: name.clone(),
            version: Some(read_version(&version)?),
        })?;
    }
    let by_default = text("defaultStatus")?.as_deref() == Some("affected");
    if !any && (by_default || affected.items("versions")?.next().is_none()) {
        products.add(AffectedProduct {
            vendor,
            name,
            version: None,
        })?;
    }
    Ok(())
}

/// A range in the record's own words: `16.0.0, before 16.0.5508.1000`.
fn read_version(version: &Node<'_, '_>) -> Result<String, AdvisoryError> {
    let from = version.field("version")?.text(TEXT_CHARS_MAX)?;
    for (key, word) in [("lessThan", "before"), ("lessThanOrEqual", "up to")] {
        if let Some(end) = version.optional(key)? {
            return Ok(format!("{from}, {word} {}", end.text(TEXT_CHARS_MAX)?));
        }
    }
    Ok(from.to_owned())
}

/// The description in English, or else the first one.
fn read_description(cna: &Node<'_, '_>) -> Result<Option<String>, AdvisoryError> {
    let mut first = None;
    for description in cna.items("descriptions")? {
        let language = description.field("lang")?.text(TEXT_CHARS_MAX)?;
        let value = description.field("value")?.text(SUMMARY_CHARS_MAX)?;
        if language.to_ascii_lowercase().starts_with("en") {
            return Ok(Some(value.to_owned()));
        }
        first.get_or_insert(value);
    }
    Ok(first.map(str::to_owned))
}
