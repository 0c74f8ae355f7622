//! Style and scripts, embedded. Their names carry a digest of what they say, so that browsers may keep them for ever.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::Problem;
use crate::extract::Path;

/// One embedded file.
struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

/// One style sheet, kept in parts.
const STYLE: &str = concat!(
    include_str!("assets/style.css"),
    include_str!("assets/door.css"),
    include_str!("assets/cases.css"),
    include_str!("assets/program.css"),
    include_str!("assets/portal.css"),
);

const ASSETS: &[Asset] = &[
    Asset {
        name: "style.css",
        kind: "text/css; charset=utf-8",
        bytes: STYLE.as_bytes(),
    },
    Asset {
        name: "page.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("assets/page.js"),
    },
    // One module each, put together here: a name with a digest cannot be imported by its plain name.
    Asset {
        name: "open.js",
        kind: "text/javascript; charset=utf-8",
        bytes: concat!(
            include_str!("assets/age.js"),
            include_str!("assets/proof.js"),
            include_str!("assets/key.js"),
            include_str!("assets/open.js"),
        )
        .as_bytes(),
    },
    Asset {
        name: "record.js",
        kind: "text/javascript; charset=utf-8",
        bytes: concat!(
            include_str!("assets/age.js"),
            include_str!("assets/proof.js"),
            include_str!("assets/key.js"),
            include_str!("assets/record.js"),
        )
        .as_bytes(),
    },
    Asset {
        name: "editor.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("assets/editor.js"),
    },
    Asset {
        name: "passkey.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("assets/passkey.js"),
    },
    Asset {
        name: "age-key.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("assets/age-key.js"),
    },
    Asset {
        name: "icon.svg",
        kind: "image/svg+xml",
        bytes: include_bytes!("assets/icon.svg"),
    },
];

static PATHS: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    ASSETS
        .iter()
        .map(|asset| {
            let digest = Sha256::digest(asset.bytes);
            let mark: String = digest
                .iter()
                .take(6)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let (stem, ending) = asset.name.rsplit_once('.').unwrap_or((asset.name, ""));
            (asset.name, format!("{stem}.{mark}.{ending}"))
        })
        .collect()
});

/// Where an embedded file is to be had.
pub fn path(name: &str) -> String {
    let found = PATHS.iter().find(|(known, _)| *known == name);
    format!("/assets/{}", found.map_or(name, |(_, path)| path))
}

/// `/assets/{name}`.
pub async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let found = PATHS.iter().position(|(_, path)| *path == name);
    let asset = found
        .and_then(|index| ASSETS.get(index))
        .ok_or_else(Problem::nothing_here)?;
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.bytes).into_response())
}
