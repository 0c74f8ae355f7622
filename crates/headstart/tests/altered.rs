//! Each byte of the small files of a data directory, altered: noticed, or the same program as before.
//!
//! The database's bytes are altered by `cargo run --release -p store --example flip`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use desk::{ClockKind, Config, DataDir, Desk};

const PASSPHRASE: &str = "only for tests";

/// What a data directory says of its program, or why it does not open.
async fn says(dir: &DataDir) -> Result<(Config, String), desk::Failure> {
    let desk = Desk::open(dir.clone(), None).await?;
    let name = desk.program().await?.name().map(str::to_owned);
    let said = (desk.config().clone(), desk.log_key().vkey());
    assert_eq!(name.as_deref(), Some(said.0.program.as_str()));
    desk.store().close().await;
    Ok(said)
}

/// Writes a file with one byte altered, bit by bit and in all bits, and puts it right again.
async fn altered(path: &Path, step: usize, mut look: impl AsyncFnMut(usize, u8)) {
    let whole = std::fs::read(path).unwrap();
    for place in (0..whole.len()).step_by(step) {
        for mask in [0x01, 0x20, 0xff] {
            let mut bytes = whole.clone();
            bytes[place] ^= mask;
            std::fs::write(path, &bytes).unwrap();
            look(place, mask).await;
        }
    }
    std::fs::write(path, &whole).unwrap();
}

#[tokio::test]
async fn an_altered_configuration_or_log_key_is_noticed_or_harmless() {
    let home = tempfile::tempdir().unwrap();
    let dir = DataDir::at(home.path().join("data"));
    let made = desk::init(&dir, "Larkspur PSIRT", ClockKind::System, PASSPHRASE, None).await;
    made.unwrap().store().close().await;
    let before = says(&dir).await.unwrap();
    for path in [dir.config(), dir.log_key()] {
        let (mut noticed, mut harmless) = (0, Vec::new());
        altered(&path, 1, async |place, mask| match says(&dir).await {
            Err(failure) => {
                assert_eq!(failure.class, desk::Class::Machine, "{failure}");
                noticed += 1;
            }
            Ok(said) => {
                assert_eq!(
                    said,
                    before,
                    "byte {place} of {} ^ {mask:#x}",
                    path.display()
                );
                harmless.push((place, mask));
            }
        })
        .await;
        assert!(noticed > 100, "{noticed}");
        // Blanks at an end.
        assert!(harmless.len() < 12, "{}: {harmless:?}", path.display());
    }
    assert_eq!(says(&dir).await.unwrap(), before);
}

#[tokio::test]
async fn an_altered_program_key_does_not_open() {
    let home = tempfile::tempdir().unwrap();
    let dir = DataDir::at(home.path().join("data"));
    let made = desk::init(&dir, "Larkspur PSIRT", ClockKind::System, PASSPHRASE, None).await;
    let desk = made.unwrap();
    let recipient = desk.unlock(PASSPHRASE).unwrap().recipient();
    // Each that comes as far as the passphrase costs half a second on purpose.
    altered(&dir.program_key(), 23, async |place, mask| {
        if let Ok(key) = desk.unlock(PASSPHRASE) {
            assert_eq!(key.recipient(), recipient, "byte {place} ^ {mask:#x}");
            panic!("byte {place} ^ {mask:#x} was not noticed");
        }
    })
    .await;
    desk.unlock(PASSPHRASE).unwrap();
}
