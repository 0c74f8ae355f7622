//! Pictures: their size told from the header, their words recognised by Debian's `tesseract`.

use std::ffi::OsString;

use crate::Why;
use crate::child::Run;
use crate::enlarge::enlarged;
use crate::kind::find;
use crate::layout::join_hyphens;
use crate::limits::{
    DOCUMENT_TEXT_BYTES_MAX, Limits, OCR_MEMORY_BYTES_MAX, PICTURE_SIDE_MAX, Tools,
};

/// Pages of a TIFF that are followed.
const FRAMES_MAX: usize = 1000;

/// What a picture's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right, of the widest frame.
    pub width: u64,
    /// Pixels from top to bottom, of the highest frame.
    pub height: u64,
    /// Pixels of all frames that are recognised.
    pub pixels: u64,
}

impl Size {
    fn of(width: u64, height: u64) -> Option<Self> {
        (width > 0 && height > 0).then_some(Self {
            width,
            height,
            pixels: width.saturating_mul(height),
        })
    }
}

/// The size of a PNG, JPEG, GIF, TIFF, BMP, WebP or PNM, without decoding it; `None` when the header does not tell.
pub fn size(bytes: &[u8]) -> Option<Size> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Size::of(big(bytes, 16, 4)?, big(bytes, 20, 4)?),
        [b'G', b'I', b'F', ..] => Size::of(little(bytes, 6, 2)?, little(bytes, 8, 2)?),
        [b'B', b'M', ..] => bitmap(bytes),
        [0xff, 0xd8, ..] => jpeg(bytes),
        [b'I', b'I', ..] | [b'M', b'M', ..] => tiff(bytes),
        [b'R', b'I', b'F', b'F', ..] => webp(bytes),
        [b'P', b'1'..=b'6', ..] => pnm(bytes),
        _ => None,
    }
}

fn number(bytes: &[u8], at: usize, len: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(len)?)
}

fn big(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let digits = number(bytes, at, len)?;
    Some(digits.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
}

fn little(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let digits = number(bytes, at, len)?;
    Some(digits.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
}

fn bitmap(bytes: &[u8]) -> Option<Size> {
    if little(bytes, 14, 4)? < 40 {
        return Size::of(little(bytes, 18, 2)?, little(bytes, 20, 2)?);
    }
    // A negative height counts from the top.
    let signed = |at| Some((little(bytes, at, 4)? as u32 as i32).unsigned_abs().into());
    Size::of(signed(18)?, signed(22)?)
}

fn jpeg(bytes: &[u8]) -> Option<Size> {
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            // Start of frame, but not the tables that share its numbers.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Size::of(big(bytes, at + 7, 2)?, big(bytes, at + 5, 2)?);
            }
            _ => at += 2 + usize::try_from(big(bytes, at + 2, 2)?).ok()?.max(2),
        }
    }
}

fn tiff(bytes: &[u8]) -> Option<Size> {
    let read = if bytes.starts_with(b"II") {
        little
    } else {
        big
    };
    let place = |n: u64| usize::try_from(n).ok();
    let mut at = place(read(bytes, 4, 4)?)?;
    let mut all = Size {
        width: 0,
        height: 0,
        pixels: 0,
    };
    for _ in 0..FRAMES_MAX {
        let entries = place(read(bytes, at, 2)?)?;
        let (mut width, mut height) = (None, None);
        for entry in 0..entries {
            let start = at + 2 + entry * 12;
            let len = if read(bytes, start + 2, 2)? == 3 {
                2
            } else {
                4
            };
            match read(bytes, start, 2)? {
                256 => width = read(bytes, start + 8, len),
                257 => height = read(bytes, start + 8, len),
                _ => {}
            }
        }
        let frame = Size::of(width?, height?)?;
        all.width = all.width.max(frame.width);
        all.height = all.height.max(frame.height);
        all.pixels = all.pixels.saturating_add(frame.pixels);
        match place(read(bytes, at + 2 + entries * 12, 4)?)? {
            0 => return Some(all),
            // Frames that go back could go round for ever.
            next if next <= at => return None,
            next => at = next,
        }
    }
    None
}

fn webp(bytes: &[u8]) -> Option<Size> {
    match bytes.get(12..16)? {
        b"VP8X" => Size::of(little(bytes, 24, 3)? + 1, little(bytes, 27, 3)? + 1),
        b"VP8L" => {
            let packed = little(bytes, 21, 4)?;
            Size::of((packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1)
        }
        b"VP8 " => {
            let key = find(bytes.get(20..32)?, b"\x9d\x01\x2a")? + 20;
            Size::of(
                little(bytes, key + 3, 2)? & 0x3fff,
                little(bytes, key + 5, 2)? & 0x3fff,
            )
        }
        _ => None,
    }
}

fn pnm(bytes: &[u8]) -> Option<Size> {
    let head = bytes.get(2..bytes.len().min(4096))?;
    let text = String::from_utf8_lossy(head);
    let mut numbers = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(str::split_ascii_whitespace)
        .map_while(|word| word.parse().ok());
    Size::of(numbers.next()?, numbers.next()?)
}

/// What evidence says of a picture that was enlarged, behind the program's name; the number changes with the pixels.
pub(crate) const ENLARGED: &str = " in the picture at twice its size, in grey, enlarger 1";

/// The Debian packages that recognise English text.
pub(crate) const PACKAGES: &str = "tesseract-ocr tesseract-ocr-eng";

fn missing(tools: &Tools) -> Why {
    Why::NoProgram {
        what: "a picture",
        program: tools.tesseract.to_string_lossy().into_owned(),
        packages: PACKAGES,
    }
}

/// What was recognised.
pub(crate) struct Recognised {
    /// The words.
    pub(crate) text: String,
    /// The picture was enlarged for it.
    pub(crate) is_enlarged: bool,
}

/// The words in a picture; small ones are enlarged first.
pub(crate) fn recognise(bytes: &[u8], tools: &Tools, limits: &Limits) -> Result<Recognised, Why> {
    let size = size(bytes).ok_or_else(|| Why::damaged("a picture", "its size cannot be read"))?;
    if size.pixels > limits.picture_pixels_max {
        return Err(Why::limit(
            "the number of pixels",
            "PICTURE_PIXELS_MAX",
            limits.picture_pixels_max,
        ));
    }
    if size.width.max(size.height) > PICTURE_SIDE_MAX {
        return Err(Why::limit(
            "the longest side in pixels",
            "PICTURE_SIDE_MAX",
            PICTURE_SIDE_MAX,
        ));
    }
    let arguments = ["stdin", "stdout", "-l", tools.language.as_str()];
    let enlarged = enlarged(bytes, size);
    let input = enlarged.as_deref().unwrap_or(bytes);
    let said = run(&arguments, input, tools, limits)?;
    if !said.status.success() {
        return Err(Why::damaged(
            "a picture",
            format!("tesseract: {}", said.complaint),
        ));
    }
    let text = String::from_utf8_lossy(&said.output).replace('\u{c}', "\n");
    if text.trim().is_empty() {
        return Err(Why::NoText { what: "a picture" });
    }
    Ok(Recognised {
        text: join_hyphens(&text),
        is_enlarged: enlarged.is_some(),
    })
}

/// Name, version and language of the program, as they stand in the evidence.
pub(crate) fn version(tools: &Tools, limits: &Limits) -> Result<String, Why> {
    let said = run(&["--version"], &[], tools, limits)?;
    let output = String::from_utf8_lossy(&said.output).into_owned() + &said.complaint;
    let line = output.lines().next().unwrap_or_default();
    let version: String = line
        .trim_start_matches("tesseract")
        .trim()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || ".-+".contains(*c))
        .take(40)
        .collect();
    Ok(format!("tesseract {version} ({})", tools.language))
}

fn run(
    arguments: &[&str],
    input: &[u8],
    tools: &Tools,
    limits: &Limits,
) -> Result<crate::child::Said, Why> {
    Run {
        program: &tools.tesseract,
        missing: missing(tools),
        arguments: arguments.iter().map(OsString::from).collect(),
        // One thread: the same picture gives the same text, and one picture does not take the whole machine.
        environment: vec![("OMP_THREAD_LIMIT", "1".into())],
        input,
        time_max: (limits.ocr_time_max, "OCR_SECONDS_MAX"),
        memory_bytes_max: (OCR_MEMORY_BYTES_MAX, "OCR_MEMORY_BYTES_MAX"),
        output_bytes_max: (DOCUMENT_TEXT_BYTES_MAX, "DOCUMENT_TEXT_BYTES_MAX"),
    }
    .run()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of(bytes: &[u8]) -> Option<(u64, u64)> {
        size(bytes).map(|size| (size.width, size.height))
    }

    #[test]
    fn the_size_of_each_format_is_read_from_its_header() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xc3\x50\0\0\xc3\x51";
        assert_eq!(size_of(png), Some((50_000, 50_001)));
        assert_eq!(size_of(b"GIF89a\x10\0\x20\0"), Some((16, 32)));
        assert_eq!(size_of(b"P5\n# made\n300 200\n255\n"), Some((300, 200)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc4\0\x02\xff\xc0\0\x0b\x08\0\x02\0\x03";
        assert_eq!(size_of(jpeg), Some((3, 2)));
        let mut bitmap = b"BM".to_vec();
        bitmap.resize(14, 0);
        bitmap.extend(40u32.to_le_bytes());
        bitmap.extend(7i32.to_le_bytes());
        bitmap.extend((-9i32).to_le_bytes());
        assert_eq!(size_of(&bitmap), Some((7, 9)));
        let webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x09\0\0\x13\0\0";
        assert_eq!(size_of(webp), Some((10, 20)));
    }

    #[test]
    fn a_tiff_whose_frames_go_round_is_refused() {
        let mut tiff = b"II*\0\x08\0\0\0".to_vec();
        tiff.extend([2, 0]);
        tiff.extend([0, 1, 3, 0, 1, 0, 0, 0, 5, 0, 0, 0]);
        tiff.extend([1, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
        let mut round = tiff.clone();
        round.extend([8, 0, 0, 0]);
        tiff.extend([0; 4]);
        assert_eq!(size_of(&tiff), Some((5, 6)));
        assert_eq!(size_of(&round), None);
    }

    #[test]
    fn a_header_that_is_cut_off_tells_no_size() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xc3\x50\0\0\xc3\x51";
        for len in 0..png.len() {
            assert_eq!(size(&png[..len]), None);
        }
    }
}
