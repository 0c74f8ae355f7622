//! Small pictures at twice their size, in grey: `tesseract` takes the letters of a screen apart better when they are large.
//!
//! Whole numbers alone are computed with, so that a picture gives the same pixels on every machine.

use std::io::Cursor;

use png::{ColorType, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::limits::{
    ENLARGED_MEMORY_BYTES_MAX, ENLARGED_PIXELS_MAX, JPEG_SCANS_MAX, PICTURE_SIDE_MAX,
};
use crate::picture::Size;

/// A picture in grey, 0 being black.
struct Grey {
    width: usize,
    /// One byte a pixel, line by line; not empty.
    pixels: Vec<u8>,
}

/// A PNG or a JPEG at twice its size, as a PGM in grey; `size` is what its header says.
///
/// `None` for what is not small, for other formats, and for what cannot be decoded.
pub fn enlarged(bytes: &[u8], size: Size) -> Option<Vec<u8>> {
    if size.pixels > ENLARGED_PIXELS_MAX || size.width.max(size.height) * 2 > PICTURE_SIDE_MAX {
        return None;
    }
    let grey = match bytes {
        [0x89, b'P', b'N', b'G', ..] => decode_png(bytes),
        [0xff, 0xd8, ..] => decode_jpeg(bytes),
        _ => None,
    }?;
    let is_as_said = grey.width as u64 == size.width && grey.pixels.len() as u64 == size.pixels;
    is_as_said.then(|| pgm(&doubled(&grey)))
}

fn decode_png(bytes: &[u8]) -> Option<Grey> {
    let limits = png::Limits {
        bytes: ENLARGED_MEMORY_BYTES_MAX,
    };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().ok()?;
    let len = reader.output_buffer_size()?;
    if len > ENLARGED_MEMORY_BYTES_MAX {
        return None;
    }
    let mut raw = vec![0; len];
    let frame = reader.next_frame(&mut raw).ok()?;
    raw.truncate(frame.buffer_size());
    let pixels = match frame.color_type {
        ColorType::Grayscale => raw,
        ColorType::GrayscaleAlpha => grey_of(&raw, |p: &[u8; 2]| on_white(p[0].into(), p[1])),
        ColorType::Rgb => grey_of(&raw, |p: &[u8; 3]| luma(*p)),
        ColorType::Rgba => grey_of(&raw, |[r, g, b, alpha]: &[u8; 4]| {
            on_white(luma([*r, *g, *b]).into(), *alpha)
        }),
        ColorType::Indexed => return None,
    };
    Some(Grey {
        width: frame.width as usize,
        pixels,
    })
}

fn grey_of<const N: usize>(raw: &[u8], grey: impl Fn(&[u8; N]) -> u8) -> Vec<u8> {
    raw.as_chunks().0.iter().map(grey).collect()
}

/// How bright a colour is, as ITU-R BT.601 weighs it.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    ((sum + 500) / 1000) as u8
}

/// What is seen through shows white.
fn on_white(grey: u32, alpha: u8) -> u8 {
    let alpha = u32::from(alpha);
    ((grey * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

fn decode_jpeg(bytes: &[u8]) -> Option<Grey> {
    // Without the instructions of one processor or another: the same pixels everywhere.
    let options = DecoderOptions::default()
        .set_use_unsafe(false)
        .jpeg_set_max_scans(JPEG_SCANS_MAX)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let (width, height) = decoder.dimensions()?;
    let pixels = width.checked_mul(height)?;
    if pixels as u64 > ENLARGED_PIXELS_MAX || decoder.output_buffer_size()? != pixels {
        return None;
    }
    let pixels = decoder.decode().ok()?;
    Some(Grey { width, pixels })
}

/// Lanczos' kernel with three lobes, `sinc(x) sinc(x/3)`, at the six pixels around a new one: 2.25, 1.25, 0.25, 0.75,
/// 1.75 and 2.75 pixels from it; 1024 is the whole.
const KERNEL: [i32; 6] = [31, -137, 914, 278, -70, 8];

/// The two new pixels in place of one: of the seven around it, itself in the middle.
fn two(old: [i32; 7]) -> [u8; 2] {
    let [a, b, c, d, e, f, g] = old;
    let weigh = |six: [i32; 6]| {
        let sum: i32 = six.iter().zip(KERNEL).map(|(grey, by)| grey * by).sum();
        ((sum + 512) >> 10).clamp(0, 255) as u8
    };
    // The left one has its nearer neighbour at the left.
    [weigh([f, e, d, c, b, a]), weigh([b, c, d, e, f, g])]
}

/// The seven places around one, those beyond an edge being the last before it.
fn around(at: usize, len: usize) -> [usize; 7] {
    std::array::from_fn(|step| (at + step).saturating_sub(3).min(len - 1))
}

/// A line with twice as many pixels.
fn wider(line: &[u8]) -> Vec<u8> {
    let new = |at| two(around(at, line.len()).map(|x| line[x].into()));
    (0..line.len()).flat_map(new).collect()
}

fn doubled(grey: &Grey) -> Grey {
    let lines: Vec<Vec<u8>> = grey.pixels.chunks_exact(grey.width).map(wider).collect();
    let width = grey.width * 2;
    let mut pixels = Vec::with_capacity(grey.pixels.len() * 4);
    for at in 0..lines.len() {
        let near = around(at, lines.len()).map(|y| lines[y].as_slice());
        let pairs: Vec<[u8; 2]> = (0..width)
            .map(|x| two(near.map(|line| line[x].into())))
            .collect();
        pixels.extend(pairs.iter().map(|pair| pair[0]));
        pixels.extend(pairs.iter().map(|pair| pair[1]));
    }
    Grey { width, pixels }
}

fn pgm(grey: &Grey) -> Vec<u8> {
    let height = grey.pixels.len() / grey.width;
    let mut out = format!("P5\n{} {height}\n255\n", grey.width).into_bytes();
    out.extend(&grey.pixels);
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use png::BitDepth;

    use super::*;
    use crate::picture::size;

    /// Sixteen pixels by eight, the left half black and the right half white: in one pass, and in several.
    const HALVES: &str = "ffd8ffdb0043000302020302020303030304030304050805050404050a070706080c0a0c0c0b0a0b0b0d0e12100d\
        0e110e0b0b1016101113141515150c0f171816141812141514ffc0000b080008001001011100ffc4001500010100000000000000000000\
        00000000090affc40014100100000000000000000000000000000000ffda0008010100003f002a9550ffd9";
    const HALVES_IN_PASSES: &str = "ffd8ffdb0043000302020302020303030304030304050805050404050a070706080c0a0c0c0b0a0b0b0d\
        0e12100d0e110e0b0b1016101113141515150c0f171816141812141514ffc2000b080008001001011100ffc40015000101000000000000\
        00000000000000000809ffda00080101000000012a554fffc40014100100000000000000000000000000000010ffda0008010100010502\
        3fffc40014100100000000000000000000000000000010ffda0008010100063f023fffc400141001000000000000000000000000000000\
        10ffda0008010100013f213fffda0008010100000010ff00ffc40014100100000000000000000000000000000010ffda0008010100013f\
        103fffd9";

    fn hex(text: &str) -> Vec<u8> {
        let pairs = text.as_bytes().as_chunks::<2>().0.iter();
        pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn png(width: u32, color: ColorType, depth: BitDepth, raw: &[u8]) -> Vec<u8> {
        let line = (width as usize * color.samples() * depth as usize).div_ceil(8);
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, (raw.len() / line) as u32);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if color == ColorType::Indexed {
            encoder.set_palette(vec![0, 0, 0, 255, 255, 255]);
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(raw).unwrap();
        writer.finish().unwrap();
        out
    }

    fn of(bytes: &[u8]) -> Option<Vec<u8>> {
        enlarged(bytes, size(bytes)?)
    }

    /// Width, and the pixels behind the header.
    fn pixels(pgm: &[u8]) -> (usize, Vec<u8>) {
        let head = pgm.splitn(4, |b| *b == b'\n');
        let parts: Vec<&[u8]> = head.collect();
        let [b"P5", sides, b"255", pixels] = parts.as_slice() else {
            panic!("no PGM");
        };
        let sides = std::str::from_utf8(sides).unwrap();
        let (width, height) = sides.split_once(' ').unwrap();
        let (width, height): (usize, usize) = (width.parse().unwrap(), height.parse().unwrap());
        assert_eq!(pixels.len(), width * height);
        (width, pixels.to_vec())
    }

    #[test]
    fn one_grey_stays_that_grey_and_every_weight_counts_once() {
        assert_eq!(KERNEL.iter().sum::<i32>(), 1024);
        for grey in [0, 1, 127, 254, 255] {
            let picture = png(3, ColorType::Grayscale, BitDepth::Eight, &[grey; 6]);
            assert_eq!(pixels(&of(&picture).unwrap()), (6, vec![grey; 24]));
        }
    }

    #[test]
    fn a_picture_that_is_turned_over_is_enlarged_the_same() {
        let raw: Vec<u8> = (0..77u32).map(|n| (n * n * 37 % 251) as u8).collect();
        let turned: Vec<u8> = raw.iter().rev().copied().collect();
        let grey = |raw: &[u8]| png(7, ColorType::Grayscale, BitDepth::Eight, raw);
        let (width, mut pixels_of) = pixels(&of(&grey(&raw)).unwrap());
        pixels_of.reverse();
        assert_eq!(pixels(&of(&grey(&turned)).unwrap()), (width, pixels_of));
    }

    #[test]
    fn the_same_picture_in_each_form_of_png_gives_the_same_grey() {
        let grey = png(2, ColorType::Grayscale, BitDepth::Eight, &[0, 255, 255, 0]);
        let wanted = of(&grey).unwrap();
        let (black, white) = ([0, 0, 0, 255], [255; 4]);
        let of_colours = [black, white, white, black];
        let without_alpha: Vec<u8> = of_colours.iter().flat_map(|c| c[..3].to_vec()).collect();
        // What is seen through shows white.
        let through: Vec<u8> = [black, [9, 9, 9, 0], white, black].concat();
        let deep: Vec<u8> = [0u8, 0, 255, 255, 255, 255, 0, 0].to_vec();
        for (color, depth, raw) in [
            (ColorType::Rgb, BitDepth::Eight, without_alpha),
            (ColorType::Rgba, BitDepth::Eight, through),
            (
                ColorType::GrayscaleAlpha,
                BitDepth::Eight,
                vec![0, 255, 7, 0, 255, 255, 0, 255],
            ),
            (ColorType::Grayscale, BitDepth::Sixteen, deep),
            (
                ColorType::Grayscale,
                BitDepth::One,
                vec![0b0100_0000, 0b1000_0000],
            ),
            (
                ColorType::Indexed,
                BitDepth::One,
                vec![0b0100_0000, 0b1000_0000],
            ),
        ] {
            let shown = of(&png(2, color, depth, &raw));
            assert_eq!(shown.as_ref(), Some(&wanted), "{color:?} {depth:?}");
        }
        assert_eq!(
            [luma([255; 3]), luma([0; 3]), luma([255, 0, 0])],
            [255, 0, 76]
        );
    }

    #[test]
    fn a_jpeg_of_one_pass_or_of_several_is_enlarged() {
        for picture in [HALVES, HALVES_IN_PASSES] {
            let (width, pixels) = pixels(&of(&hex(picture)).unwrap());
            assert_eq!((width, pixels.len()), (32, 32 * 16));
            for (at, pixel) in pixels.iter().enumerate() {
                match at % width {
                    0..14 => assert!(*pixel < 16, "{pixel} at {at}"),
                    18.. => assert!(*pixel > 239, "{pixel} at {at}"),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_jpeg_of_more_passes_than_any_needs_is_not_decoded_to_its_end() {
        let picture = hex(HALVES_IN_PASSES);
        let last = picture.windows(2).rposition(|w| w == [0xff, 0xda]).unwrap();
        let (head, pass) = picture[..picture.len() - 2].split_at(last);
        let with = |count: usize| [head, pass.repeat(count).as_slice(), &[0xff, 0xd9]].concat();
        assert!(of(&with(20)).is_some());
        assert_eq!(of(&with(JPEG_SCANS_MAX + 20)), None);
    }

    #[test]
    fn what_is_large_or_long_or_of_another_format_is_left_as_it_is() {
        let grey = |width: u32, height: usize| {
            let raw = vec![255; width as usize * height];
            png(width, ColorType::Grayscale, BitDepth::Eight, &raw)
        };
        let long = (PICTURE_SIDE_MAX / 2) as u32;
        assert!(of(&grey(long, 1)).is_some());
        assert_eq!(of(&grey(long + 1, 1)), None);
        let height = (ENLARGED_PIXELS_MAX / 1000) as usize;
        assert_eq!(of(&grey(1000, height + 1)), None);
        assert_eq!(of(b"P5\n2 2\n255\n\0\0\0\0"), None);
        assert_eq!(of(b"GIF89a\x10\0\x20\0"), None);
    }

    #[test]
    fn a_picture_that_ends_early_or_says_another_size_is_left_as_it_is() {
        let raw: Vec<u8> = (0..=255).collect();
        let whole = png(16, ColorType::Grayscale, BitDepth::Eight, &raw);
        for len in 0..whole.len() - 12 {
            assert_eq!(of(&whole[..len]), None, "{len}");
        }
        let said = size(&whole).unwrap();
        let other = Size { width: 15, ..said };
        assert_eq!(enlarged(&whole, other), None);
    }

    #[test]
    fn a_png_that_unpacks_to_more_than_it_shows_ends_soon() {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..256 {
            packed.write_all(&[0; 1 << 20]).unwrap();
        }
        let data = packed.finish().unwrap();
        let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
        for (name, body) in [
            (
                *b"IHDR",
                [4u32.to_be_bytes(), 4u32.to_be_bytes(), [8, 0, 0, 0], [0; 4]].concat()[..13]
                    .to_vec(),
            ),
            (*b"IDAT", data),
            (*b"IEND", Vec::new()),
        ] {
            let named = [name.as_slice(), &body].concat();
            let mut sum = flate2::Crc::new();
            sum.update(&named);
            picture.extend((body.len() as u32).to_be_bytes());
            picture.extend(named);
            picture.extend(sum.sum().to_be_bytes());
        }
        // Four lines of four black pixels, whatever follows.
        assert_eq!(of(&picture).map(|p| pixels(&p)), Some((8, vec![0; 64])));
    }
}
