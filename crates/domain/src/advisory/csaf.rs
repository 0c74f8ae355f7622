//! CSAF 2.0.
//!
//! # Source
//! OASIS, Common Security Advisory Framework Version 2.0, OASIS Standard, 2022-11-18, section 3.

use super::node::{AdvisoryError, Node};
use super::{
    AffectedProduct, CVES_MAX, CaseDetails, Format, Gather, PRODUCTS_MAX, SCORES_MAX,
    SUMMARY_CHARS_MAX, Score, Source, TEXT_CHARS_MAX,
};
use crate::ids::CveId;
use crate::tlp::Tlp;
use std::collections::BTreeMap;

/// Product ids of the tree, and what they stand for.
type Tree = BTreeMap<String, AffectedProduct>;

pub(super) fn read(root: &Node<'_, '_>) -> Result<CaseDetails, AdvisoryError> {
    let document = root.field("document")?;
    let version = document.field("csaf_version")?;
    let given = version.text(TEXT_CHARS_MAX)?;
    if given != "2.0" {
        return Err(AdvisoryError::Version {
            path: version.path(),
            given: crate::ids::excerpt(given),
            read: "2.0",
        });
    }
    let tracking = document.field("tracking")?;
    let mut cves = Gather::new("CVE ids", CVES_MAX);
    let mut scores = Gather::new("scores", SCORES_MAX);
    let mut products = Gather::new("affected products", PRODUCTS_MAX);
    let tree = match root.optional("product_tree")? {
        Some(tree) => read_tree(&tree)?,
        None => Tree::new(),
    };
    let mut affected_given = false;
    for vulnerability in root.items("vulnerabilities")? {
        let cve = match vulnerability.optional("cve")? {
            Some(node) => Some(read_cve(&node)?),
            None => None,
        };
        if let Some(cve) = &cve {
            cves.add(cve.clone())?;
        }
        for score in vulnerability.items("scores")? {
            for key in ["cvss_v2", "cvss_v3", "cvss_v4"] {
                if let Some(cvss) = score.optional(key)? {
                    scores.add(read_score(&cvss, cve.as_ref())?)?;
                }
            }
        }
        let Some(status) = vulnerability.optional("product_status")? else {
            continue;
        };
        for key in ["known_affected", "first_affected", "last_affected"] {
            for id in status.items(key)? {
                affected_given = true;
                let text = id.text(TEXT_CHARS_MAX)?;
                let product = tree.get(text).ok_or_else(|| {
                    let shown = crate::ids::excerpt(text);
                    id.fault(format!("product `{shown}` is not in the product tree"))
                })?;
                products.add(product.clone())?;
            }
        }
    }
    if !affected_given {
        for product in tree.into_values() {
            products.add(product)?;
        }
    }
    Ok(CaseDetails {
        title: document.field("title")?.text(TEXT_CHARS_MAX)?.to_owned(),
        cves: cves.list,
        products: products.list,
        scores: scores.list,
        tlp: read_tlp(&document)?,
        release: Some(tracking.field("initial_release_date")?.time(false)?),
        source: Some(Source {
            format: Format::Csaf,
            id: tracking.field("id")?.text(TEXT_CHARS_MAX)?.to_owned(),
        }),
        summary: read_summary(&document)?,
    })
}

fn read_cve(node: &Node<'_, '_>) -> Result<CveId, AdvisoryError> {
    CveId::parse(node.text(TEXT_CHARS_MAX)?).map_err(|error| node.fault(error))
}

pub(super) fn read_score(cvss: &Node<'_, '_>, cve: Option<&CveId>) -> Result<Score, AdvisoryError> {
    let vector = cvss.field("vectorString")?;
    Score::new(vector.text(TEXT_CHARS_MAX)?, cve.cloned()).map_err(|error| vector.fault(error))
}

fn read_tlp(document: &Node<'_, '_>) -> Result<Option<Tlp>, AdvisoryError> {
    let Some(distribution) = document.optional("distribution")? else {
        return Ok(None);
    };
    let Some(tlp) = distribution.optional("tlp")? else {
        return Ok(None);
    };
    let label = tlp.field("label")?;
    Tlp::parse(label.text(TEXT_CHARS_MAX)?)
        .map(Some)
        .map_err(|error| label.fault(error))
}

/// The notes that say what it is about: summaries, or else descriptions.
fn read_summary(document: &Node<'_, '_>) -> Result<Option<String>, AdvisoryError> {
    for wanted in ["summary", "description"] {
        for note in document.items("notes")? {
            if note.field("category")?.text(TEXT_CHARS_MAX)? == wanted {
                return Ok(Some(
                    note.field("text")?.text(SUMMARY_CHARS_MAX)?.to_owned(),
                ));
            }
        }
    }
    Ok(None)
}

/// What the branches above a product say about it.
#[derive(Clone, Copy, Default)]
struct Above<'a> {
    vendor: Option<&'a str>,
    name: Option<&'a str>,
    version: Option<&'a str>,
}

fn read_tree(tree: &Node<'_, '_>) -> Result<Tree, AdvisoryError> {
    let mut products = Tree::new();
    for branch in tree.items("branches")? {
        read_branch(&branch, Above::default(), &mut products)?;
    }
    for product in tree.items("full_product_names")? {
        add_product(&product, Above::default(), &mut products)?;
    }
    for relationship in tree.items("relationships")? {
        let product = relationship.field("full_product_name")?;
        add_product(&product, Above::default(), &mut products)?;
    }
    Ok(products)
}

/// The depth is bounded by that of the JSON, which the parser bounds by 128.
fn read_branch<'a>(
    branch: &Node<'a, '_>,
    mut above: Above<'a>,
    products: &mut Tree,
) -> Result<(), AdvisoryError> {
    let category = branch.field("category")?.text(TEXT_CHARS_MAX)?;
    let name = branch.field("name")?.text(TEXT_CHARS_MAX)?;
    match category {
        "vendor" => above.vendor = Some(name),
        "product_name" => above.name = Some(name),
        "product_version" | "product_version_range" | "patch_level" | "service_pack" => {
            above.version = Some(name);
        }
        _ => {}
    }
    if let Some(product) = branch.optional("product")? {
        add_product(&product, above, products)?;
    }
    for inner in branch.items("branches")? {
        read_branch(&inner, above, products)?;
    }
    Ok(())
}

fn add_product(
    product: &Node<'_, '_>,
    above: Above<'_>,
    products: &mut Tree,
) -> Result<(), AdvisoryError> {
    let full_name = product.field("name")?.text(TEXT_CHARS_MAX)?;
    let id = product
        .field("product_id")?
        .text(TEXT_CHARS_MAX)?
        .to_owned();
    if products.len() >= PRODUCTS_MAX {
        return Err(AdvisoryError::TooMany {
            what: "products",
            max: PRODUCTS_MAX,
        });
    }
    products.insert(
        id,
        AffectedProduct {
            vendor: above.vendor.map(str::to_owned),
            name: above.name.unwrap_or(full_name).to_owned(),
            version: above.version.map(str::to_owned),
        },
    );
    Ok(())
}
