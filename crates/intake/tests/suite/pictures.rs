//! Pictures: their words are recognised, and those that are meant to harm never reach the program.

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask, interpret_page,
};
use hayro_syntax::Pdf;
use intake::{Found, Limits, Tools, take};
use kurbo::{Affine, BezPath, Point, Rect, Shape as _};

use crate::made::{one, page_of, refused, small, texts, tools, zip};

const LINES: [&str; 4] = [
    "The gateway issues a short ticket for each preview",
    "and the render worker parses the same ticket again",
    "so the second reading does not match the first one",
    "and anybody who can reach the port may render pages",
];

/// Draws the lines with the outlines of a real font, dark on white: a picture in the format PGM.
fn drawn(lines: &[&str], scale: f64) -> Vec<u8> {
    let pdf = Pdf::new(page_of(lines)).unwrap();
    let cache = InterpreterCache::new();
    let mut pen = Pen {
        outlines: Vec::new(),
    };
    for page in pdf.pages().iter() {
        let settings = InterpreterSettings::default();
        let mut context = Context::new(
            Affine::IDENTITY,
            Rect::new(0.0, 0.0, 1.0, 1.0),
            &cache,
            pdf.xref(),
            settings,
        );
        interpret_page(page, &mut context, &mut pen);
    }
    let (width, height) = ((612.0 * scale) as usize, (200.0 * scale) as usize);
    let mut pixels = vec![255u8; width * height];
    // The text stands in the upper 200 points of a page of 792.
    let onto = Affine::scale(scale) * Affine::new([1.0, 0.0, 0.0, -1.0, 0.0, 792.0]);
    for outline in pen.outlines {
        let outline = onto * outline;
        let bounds = outline.bounding_box();
        for y in bounds.y0.max(0.0) as usize..(bounds.y1.max(0.0) as usize + 1).min(height) {
            for x in bounds.x0.max(0.0) as usize..(bounds.x1.max(0.0) as usize + 1).min(width) {
                let inside = outline.winding(Point::new(x as f64 + 0.5, y as f64 + 0.5)) != 0;
                if inside {
                    pixels[y * width + x] = 0;
                }
            }
        }
    }
    let mut out = format!("P5\n{width} {height}\n255\n").into_bytes();
    out.extend(pixels);
    out
}

struct Pen {
    outlines: Vec<BezPath>,
}

impl<'a> Device<'a> for Pen {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            if let Glyph::Outline(outline) = &**glyph {
                self.outlines
                    .push(props.transform * glyph.transform() * outline.outline());
            }
        }
    }
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

#[test]
fn the_words_of_a_picture_are_recognised() {
    let intake = one("photo.pgm", drawn(&LINES, 2.0)).unwrap();
    let (name, text, how) = texts(&intake).swap_remove(0);
    assert_eq!(name, "photo.pgm.txt");
    assert!(
        how.starts_with("text recognised by tesseract ") && how.ends_with("(eng)"),
        "{how}"
    );
    let seen: Vec<&str> = text.split_whitespace().collect();
    let all: Vec<&str> = LINES.iter().flat_map(|line| line.split(' ')).collect();
    let found = all.iter().filter(|word| seen.contains(word)).count();
    assert!(
        found * 10 >= all.len() * 9,
        "{found} of {} words in: {text}",
        all.len()
    );
}

/// A PGM as a PNG in colours.
fn png_of(pgm: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = pgm.splitn(4, |b| *b == b'\n').collect();
    let sides = std::str::from_utf8(parts[1]).unwrap();
    let (width, height) = sides.split_once(' ').unwrap();
    let raw: Vec<u8> = parts[3].iter().flat_map(|grey| [*grey; 3]).collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width.parse().unwrap(), height.parse().unwrap());
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&raw).unwrap();
    writer.finish().unwrap();
    out
}

#[test]
fn a_small_picture_is_enlarged_and_evidence_says_so() {
    let intake = one("shot.png", png_of(&drawn(&LINES, 96.0 / 72.0))).unwrap();
    let (_, text, how) = texts(&intake).swap_remove(0);
    assert!(how.starts_with("text recognised by tesseract "), "{how}");
    let said = "(eng) in the picture at twice its size, in grey, enlarger 1";
    assert!(how.ends_with(said), "{how}");
    let seen: Vec<&str> = text.split_whitespace().collect();
    let all: Vec<&str> = LINES.iter().flat_map(|line| line.split(' ')).collect();
    let found = all.iter().filter(|word| seen.contains(word)).count();
    assert!(found * 10 >= all.len() * 9, "{found} words in: {text}");
}

#[test]
fn a_large_picture_is_recognised_as_it_is() {
    let intake = one("scan.png", png_of(&drawn(&LINES, 5.0))).unwrap();
    let (_, _, how) = texts(&intake).swap_remove(0);
    assert!(how.ends_with("(eng)"), "{how}");
}

#[test]
fn a_picture_of_billions_of_pixels_is_refused_by_its_header() {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend(50_000u32.to_be_bytes());
    png.extend(50_000u32.to_be_bytes());
    png.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
    refused(one("huge.png", png), "PICTURE_PIXELS_MAX");
    refused(
        one("long.pgm", b"P5\n60000 1\n255\n".to_vec()),
        "PICTURE_SIDE_MAX",
    );
    refused(
        one("none.png", b"\x89PNG\r\n\x1a\n".to_vec()),
        "its size cannot be read",
    );
}

#[test]
fn a_picture_that_is_none_is_refused_with_what_the_program_says() {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10".to_vec();
    png.extend([0xff; 200]);
    refused(one("broken.png", png), "cannot be read as a picture");
}

#[test]
fn without_the_program_a_picture_by_itself_is_an_error_and_beside_others_it_is_skipped() {
    let without = Tools {
        tesseract: "tesseract-is-not-here".into(),
        ..tools()
    };
    let picture = drawn(&["words"], 0.5);
    let found = |name: &str, bytes: Vec<u8>| Found::Bytes {
        name: name.into(),
        bytes,
    };
    let error = take(&[found("a.pgm", picture.clone())], &without, &small()).unwrap_err();
    assert!(error.is_of_the_machine());
    assert!(
        error
            .hint()
            .contains("apt-get install --no-install-recommends tesseract-ocr tesseract-ocr-eng")
    );
    let beside = zip(&[("a.pgm", &picture), ("b.txt", b"words")]);
    let intake = take(&[found("a.zip", beside)], &without, &small()).unwrap();
    assert_eq!(intake.parts.len(), 1);
    assert!(intake.skipped[0].why.to_string().contains("not installed"));
    assert!(intake.skipped[0].why.hint().contains("tesseract-ocr"));
}

#[test]
fn more_pictures_than_are_taken_are_skipped_by_their_limit() {
    let limits = Limits {
        pictures_max: 0,
        ..small()
    };
    let found = Found::Bytes {
        name: "a.zip".into(),
        bytes: zip(&[("a.pgm", &drawn(&["words"], 0.5)), ("b.txt", b"words")]),
    };
    let intake = take(&[found], &tools(), &limits).unwrap();
    assert!(intake.skipped[0].why.to_string().contains("PICTURES_MAX"));
}
